"""The form of an answer: a type of the program or a JSON schema, in which the model is asked for its answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, runtime_checkable

from pydantic import JsonValue, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json
from typing_extensions import TypeIs, TypeVar

from screenwright._text import plain

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)

MAX_PROBLEMS = 5
"""Problems of one answer that are sent to the model."""

_NO_JSON = "it is not a JSON value"


class AnswerMismatch(Exception):
    """An answer does not have the form; `problems` are one line each, such as `total: Field required`."""

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(plain(problem) for problem in problems[:MAX_PROBLEMS])
        super().__init__("; ".join(self.problems))


@runtime_checkable
class AnswerFormat(Protocol[A_co]):
    """The form of an answer: the JSON schema that the model gets, and how its answer is read."""

    @property
    def schema(self) -> Mapping[str, JsonValue]:
        """The JSON schema."""
        ...

    def read(self, answer: str) -> A_co:
        """The value of `answer`, the text of the model.

        Raises:
            AnswerMismatch: it does not have this form.
        """
        ...


class TypedAnswer(Generic[A]):
    """An answer of a type that pydantic can validate, such as a model, a dataclass or `list[int]`.

    JSON may stand in a code block or between other text. A text, number, date or choice may also stand alone, as models
    often write it.

    Raises:
        ValueError: the type has no JSON schema.
    """

    def __init__(self, kind: type[A] | TypeAdapter[A]) -> None:
        try:
            self._adapter: TypeAdapter[A] = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
            self._schema: dict[str, JsonValue] = self._adapter.json_schema()
        except PydanticUserError as error:
            raise ValueError(f"{kind!r:.200} cannot be the type of an answer: {plain(error.message)}") from error

    @property
    def schema(self) -> Mapping[str, JsonValue]:
        """See `AnswerFormat`."""
        return self._schema

    def read(self, answer: str) -> A:
        """See `AnswerFormat`."""
        problems: tuple[str, ...] = ()
        for text in _json_texts(answer):
            try:
                return self._adapter.validate_json(text)
            except ValidationError as error:
                problems = problems or _problems(error)
        try:
            return self._adapter.validate_strings(answer.strip())
        except ValidationError:
            raise AnswerMismatch(*(problems or (_NO_JSON,))) from None


@dataclass(frozen=True, slots=True)
class SchemaAnswer:
    """An answer that matches a JSON schema; its value is the parsed JSON. Needs the extra `schema`.

    Raises:
        ValueError: it is not a JSON schema, or it refers to other documents, which are never loaded.
    """

    schema: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        from jsonschema import SchemaError

        try:
            self._validator().check_schema(self.schema)
        except SchemaError as error:
            raise ValueError(f"not a JSON schema: {_where(error)}{plain(error.message)}") from None
        if remote := next((ref for ref in _references(self.schema) if not ref.startswith("#")), None):
            raise ValueError(f"the JSON schema refers to {remote!r:.100}; only references inside it are supported")

    def read(self, answer: str) -> JsonValue:
        """See `AnswerFormat`."""
        problems: tuple[str, ...] = ()
        for text in _json_texts(answer):
            value: JsonValue = from_json(text, allow_inf_nan=False)
            found = tuple(f"{_where(error)}{error.message}" for error in self._validator().iter_errors(value))
            if not found:
                return value
            problems = problems or found
        raise AnswerMismatch(*(problems or (_NO_JSON,)))

    def _validator(self) -> Any:
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        registry: Registry[Any] = Registry()  # which loads nothing
        return validator_for(dict(self.schema), Draft202012Validator)(dict(self.schema), registry=registry)


def answer_format(output: type[A] | TypeAdapter[A] | AnswerFormat[A]) -> AnswerFormat[A]:
    """The form of an answer of the type `output`, unless it is a form already.

    Raises:
        ValueError: the type has no JSON schema.
    """
    return output if _is_form(output) else TypedAnswer(output)


def _is_form(output: type[A] | TypeAdapter[A] | AnswerFormat[A]) -> TypeIs[AnswerFormat[A]]:
    return isinstance(output, AnswerFormat) and not isinstance(output, type | TypeAdapter)


def _json_texts(answer: str) -> Iterator[str]:
    """The parts of `answer` that are JSON: all of it, a single code block, or from the first bracket to the last."""
    blocks = answer.split("```")
    block = blocks[1].lstrip().removeprefix("json") if len(blocks) == 3 else ""
    starts = [at for at in (answer.find("{"), answer.find("[")) if at >= 0]
    between = answer[min(starts) : max(answer.rfind("}"), answer.rfind("]")) + 1] if starts else ""
    for text in dict.fromkeys(part.strip() for part in (answer, block, between)):
        try:
            from_json(text, allow_inf_nan=False)
        except ValueError:
            continue
        yield text


def _problems(error: ValidationError) -> tuple[str, ...]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return tuple(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" if one["loc"] else one["msg"] for one in found)


def _where(error: Any) -> str:
    path = ".".join(map(str, error.absolute_path))
    return f"{path}: " if path else ""


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for name, value in schema.items():
            if name in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """Asks for the answer of a task that is done once more, after `answer` was rejected for `problems`."""

    answer: str
    problems: tuple[str, ...]
    schema: Mapping[str, JsonValue]
    attempt: int


def schema_text(schema: Mapping[str, JsonValue]) -> str:
    """The schema as the model gets it: compact JSON."""
    return to_json(schema).decode()
