"""Functions of the program that a model may call in addition to its actions on the screen.

@action
def stock(article: str) -> int:
'''The number of articles in the warehouse.'''
return warehouse[article]

Agent(model, actions=[stock]).run("Order what is out of stock", env)
"""

import asyncio
import inspect
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NotRequired, ParamSpec, TypeVar, get_type_hints, overload

from pydantic import ConfigDict, JsonValue, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json, to_jsonable_python
from typing_extensions import TypedDict

from ...envs import interrupt
from ...envs.actions import CallFunction
from ...envs.env import ActionRefused, ActionResult
from .validation import first_problem

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")

TIMEOUT_S = 60.0
MAX_OUTPUT = 4000
"""Characters of a result that are recorded, and that the model gets."""

_MAX_DEPTH = 5
_NAME = re.compile(r"[A-Za-z_]\w{0,63}")
_UNNAMED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function as it is described to a model. `schema` is the JSON schema of its arguments, an object."""

    name: str
    description: str
    schema: Mapping[str, JsonValue]

    @property
    def parameters(self) -> dict[str, JsonValue]:
        """The schema of each argument; the optional ones have a default."""
        properties = self.schema.get("properties")
        return properties if isinstance(properties, dict) else {}

    def tool(self) -> dict[str, JsonValue]:
        """The function in OpenAI's form of `tools`."""
        described: JsonValue = {"name": self.name, "description": self.description, "parameters": dict(self.schema)}
        return {"type": "function", "function": described}


class ActionFunction(Generic[P, R_co]):
    """A function that a model may call; the program can call it as before. See `action`."""

    def __init__(self, function: Callable[P, R_co], name: str, timeout_s: float) -> None:
        description = inspect.cleandoc(function.__doc__ or "")
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r:.80} cannot be the name of an action: use at most 64 of a-z, A-Z, 0-9 and _")
        if not description:
            raise ValueError(f"the action {name} needs a docstring, from which the model learns what it does")
        if not timeout_s > 0:
            raise ValueError(f"the timeout of the action {name} must be above 0, not {timeout_s}")
        self._function = function
        self._arguments = _arguments_of(function, name)
        self.spec = FunctionSpec(name, description, _schema_of(function, name, self._arguments))
        self.timeout_s = timeout_s
        self.__doc__ = function.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the function itself."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<action {self.spec.name}>"

    def perform(
        self, call: CallFunction, interrupted: Callable[[], bool], loop: asyncio.AbstractEventLoop | None = None
    ) -> ActionResult:
        """Validate the arguments of `call` and call the function on a thread of its own; a coroutine runs on `loop`.

        Raises:
            ActionRefused: the arguments are invalid, or it raised an exception or did not return in time.
            Interrupted: the caller no longer waits. A function that is no coroutine goes on by itself.
        """
        name, arguments, started = self.spec.name, self._read(call), time.monotonic()

        def is_late() -> bool:
            return time.monotonic() - started >= self.timeout_s

        try:
            with interrupt.interruptible(by=lambda: is_late() or interrupted()):
                value = interrupt.call(lambda: self._run(arguments, loop))
        except interrupt.Interrupted:
            if interrupted() or not is_late():
                raise
            raise ActionRefused(f"{name} did not return within {self.timeout_s:g} s") from None
        except Exception as error:  # a function of the user may raise anything; it refuses one action and ends no run
            raise ActionRefused(f"{name} failed: {type(error).__name__}: {error}") from error
        return ActionResult(time.monotonic() - started, output=_text_of(value))

    def _read(self, call: CallFunction) -> dict[str, Any]:
        try:
            return self._arguments.validate_json(call.arguments)
        except ValidationError as error:
            problem = first_problem(error)
        try:  # some syntaxes of calls have only texts
            given = from_json(call.arguments)
            return self._arguments.validate_python({name: _decoded(value) for name, value in given.items()})
        except (AttributeError, ValueError):
            raise ActionRefused(f"the arguments of {self.spec.name} are invalid: {problem}") from None

    def _run(self, arguments: Mapping[str, Any], loop: asyncio.AbstractEventLoop | None) -> object:
        function: Any = self._function
        value = function(**arguments)
        if not inspect.isawaitable(value):
            return value
        if loop is not None and loop.is_running():
            return asyncio.run_coroutine_threadsafe(_until_interrupted(value), loop).result()
        return asyncio.run(_until_interrupted(value))


@overload
def action(function: Callable[P, R], /) -> ActionFunction[P, R]: ...
@overload
def action(
    *, name: str | None = None, timeout_s: float = TIMEOUT_S
) -> Callable[[Callable[P, R]], ActionFunction[P, R]]: ...
def action(
    function: Callable[P, R] | None = None, /, *, name: str | None = None, timeout_s: float = TIMEOUT_S
) -> ActionFunction[P, R] | Callable[[Callable[P, R]], ActionFunction[P, R]]:
    """Decorates a function, or a coroutine function, that models may call: `Agent(..., actions=[...])`.

    Its docstring and the types of its parameters tell the model what it does and takes; a description of a parameter is
    written as `Annotated[str, Field(description=...)]`. Parameters are texts, numbers, truth values, choices, and lists
    of them. What it returns, as text or JSON, is shown to the model as data.

    Raises:
        ValueError: it has no docstring, or a parameter has no type or one that models cannot give.
    """

    def decorate(function: Callable[P, R]) -> ActionFunction[P, R]:
        return ActionFunction(function, name or str(getattr(function, "__name__", "")), timeout_s)

    return decorate if function is None else decorate(function)


def _arguments_of(function: Callable[..., object], name: str) -> TypeAdapter[dict[str, Any]]:
    """Validates the arguments of `function`, by name."""
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise ValueError(f"the types of the action {name} are unknown: {error}") from error
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in _UNNAMED:
            raise ValueError(f"the parameter {parameter} of the action {name} has no name that a model could use")
        if parameter.name not in hints:
            raise ValueError(f"the parameter {parameter.name} of the action {name} needs a type")
        kind = hints[parameter.name]
        fields[parameter.name] = kind if parameter.default is parameter.empty else NotRequired[kind]
    make: Any = TypedDict
    arguments = make(name, fields)
    arguments.__pydantic_config__ = ConfigDict(extra="forbid")
    try:
        return TypeAdapter(arguments)
    except PydanticUserError as error:
        raise ValueError(f"the parameters of the action {name} cannot be validated: {error.message}") from error


def _schema_of(
    function: Callable[..., object], name: str, arguments: TypeAdapter[dict[str, Any]]
) -> dict[str, JsonValue]:
    try:
        schema = arguments.json_schema()
    except PydanticUserError as error:
        raise ValueError(f"the parameters of the action {name} have no JSON schema: {error.message}") from error
    properties: dict[str, Any] = _inlined(schema.get("properties", {}), schema.pop("$defs", {}))
    if _has_object(properties):
        raise ValueError(f"a parameter of the action {name} is an object: give its fields as parameters of their own")
    schema["properties"] = properties
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is not parameter.empty:
            properties[parameter.name]["default"] = to_jsonable_python(parameter.default, fallback=str)
    return {"type": "object", **{key: value for key, value in schema.items() if key not in ("title", "type")}}


def _inlined(schema: Any, definitions: Mapping[str, Any], depth: int = 0) -> Any:
    """`schema` with its references replaced; what refers to itself, or has fields, counts as an object."""
    if isinstance(schema, list):
        return [_inlined(one, definitions, depth) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if (name := str(schema.get("$ref", "")).rpartition("/")[2]) in definitions:
        return _inlined(definitions[name], definitions, depth + 1) if depth < _MAX_DEPTH else {"type": "object"}
    return {key: _inlined(one, definitions, depth) for key, one in schema.items()}


def _has_object(schema: object) -> bool:
    if isinstance(schema, Mapping):
        return schema.get("type") == "object" or any(map(_has_object, schema.values()))
    return isinstance(schema, list) and any(map(_has_object, schema))


def _decoded(value: object) -> object:
    try:
        return from_json(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _text_of(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else to_json(value, fallback=str).decode()
    return text if len(text) <= MAX_OUTPUT else f"{text[: MAX_OUTPUT - 1]}…"


async def _until_interrupted(awaitable: Awaitable[object]) -> object:
    task = asyncio.ensure_future(awaitable)
    try:
        while not task.done():
            interrupt.check_interrupted()
            await asyncio.wait([task], timeout=interrupt.SLICE_S)
    finally:
        task.cancel()
    return task.result()
