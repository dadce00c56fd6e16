"""JSON forms of actions, endings and observations, derived from their dataclasses.

An action is a flat object: `type` is the class name in snake case, the other keys are the field names, and points are
`[x, y]` in screenshot pixels, unrounded. Fields with a default may be left out. An ending has the same form.

    {"type": "click", "at": [640.5, 12], "button": "left", "count": 1, "modifiers": []}
    {"type": "type", "text": "hello"}
    {"type": "finish", "answer": "The total is 42."}

An observation names its screenshot by SHA-256; the pixels are loaded on first use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    JsonValue,
    SerializerFunctionWrapHandler,
    Tag,
    TypeAdapter,
    ValidationInfo,
    WrapSerializer,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ...envs.actions import Action, ActionIn
from ...envs.env import Fact, Observation
from ...envs.geometry import DeviceTransform, ScreenPoint, Size
from ...envs.screenshot import Screenshot
from ..core.decision import Ending
from ..core.describe import type_name

LoadScreenshot: TypeAlias = Callable[[str, Size], bytes]
"""Returns the PNG with a SHA-256, which has that size."""

_SHA256 = r"^[0-9a-f]{64}$"

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)
"""Rejects unknown keys, values of the wrong type, and non-finite numbers; built at the first use, which takes 0.1 s."""


def _stored_as(form: Any, read: Callable[[Any, ValidationInfo], Any], write: Callable[[Any], Any]) -> GetPydanticSchema:
    """Annotation for a type that is serialized as another type, `form`."""

    def schema(_: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(write, return_schema=handler(form))
        return core_schema.with_info_after_validator_function(read, handler(form), serialization=written)

    return GetPydanticSchema(schema)


def _tagged(*kinds: type) -> GetPydanticSchema:
    """Annotation for the union of `kinds`, discriminated by the key `type`."""
    expected = "'type' must be one of " + ", ".join(map(type_name, kinds))
    discriminator = Discriminator(_tag_of_value, "unknown_type", expected)
    union: Any = Union[tuple(map(_variant, kinds))]  # noqa: UP007 -- built from a list at run time
    return GetPydanticSchema(lambda _, handler: handler(Annotated[union, discriminator]))


def _variant(kind: type) -> Any:
    tag = type_name(kind)

    def read(value: JsonValue) -> object:
        # Strict validation accepts a list as a tuple only in JSON input, not in a dict.
        if not isinstance(value, dict):
            return value
        return {name: _with_tuples(one) for name, one in value.items() if name != "type"}

    def write(value: object, fields_of: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {"type": tag, **{name: one for name, one in fields_of(value).items() if one is not None}}

    return Annotated[kind, BeforeValidator(read), WrapSerializer(write), Tag(tag)]


def _with_tuples(value: JsonValue) -> object:
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _tag_of_value(value: object) -> object:
    return value.get("type") if isinstance(value, dict) else type_name(type(value))


@dataclass(frozen=True, slots=True)
class _StoredObservation:
    screenshot: Annotated[str, Field(pattern=_SHA256)]
    size: Size
    facts: tuple[Fact, ...]
    location: str
    device: DeviceTransform
    program: str = ""
    asks_for_file: bool = False


def _read_observation(stored: _StoredObservation, info: ValidationInfo) -> Observation:
    load: LoadScreenshot = (info.context or {})["load"]
    read = partial(load, stored.screenshot, stored.size)
    screenshot = Screenshot.in_file(stored.screenshot, stored.size, read)
    return Observation(screenshot, stored.facts, stored.location, stored.device, stored.program, stored.asks_for_file)


def _write_observation(observation: Observation) -> _StoredObservation:
    shot, seen = observation.screenshot, observation
    return _StoredObservation(
        shot.sha256, shot.size, seen.facts, seen.location, seen.device, seen.program, seen.asks_for_file
    )


_Pair = _stored_as(tuple[float, float], lambda pair, _: ScreenPoint(*pair), lambda point: (point.x, point.y))
_ACTIONS = get_args(ActionIn[Annotated[ScreenPoint, _Pair]])  # type: ignore[misc]  # a type argument that only pydantic uses
_ENDINGS = get_args(Ending)

LoggedAction: TypeAlias = Annotated[Action, _tagged(*_ACTIONS)]
LoggedEnding: TypeAlias = Annotated[Ending, _tagged(*_ENDINGS)]
LoggedObservation: TypeAlias = Annotated[
    Observation, _stored_as(_StoredObservation, _read_observation, _write_observation)
]

_MOVE: TypeAdapter[Action | Ending] = TypeAdapter(
    Annotated[Action | Ending, _tagged(*_ACTIONS, *_ENDINGS)], config=STRICT
)


def action_schema(kind: type[Action]) -> dict[str, Any]:
    """The JSON Schema of an action of `kind` without its key `type`, as tools of other agents and models take it.

    It is one object without references, null types and `prefixItems`, which many of them do not support: what may be
    null is not required, and a point is an array of two numbers.
    """
    return plain_schema(next(one for one in _ACTIONS if (get_origin(one) or one) is kind))


def plain_schema(form: Any) -> dict[str, Any]:
    """The JSON Schema of `form`, a class with fields, as `action_schema` makes it."""
    schema = TypeAdapter[Any](form).json_schema(schema_generator=_PlainSchema)
    definitions = schema.pop("$defs", {})
    properties = {name: _without_references(one, definitions) for name, one in schema.get("properties", {}).items()}
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"type": "object", "properties": properties, **required, "additionalProperties": False}


class _PlainSchema(GenerateJsonSchema):
    """Schemas with what all readers of schemas know."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return {name: one for name, one in super().default_schema(schema).items() if (name, one) != ("default", None)}

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        made = super().tuple_schema(schema)
        if items := made.pop("prefixItems", None):
            made["items"] = items[0]
        return made


def _without_references(schema: JsonSchemaValue, definitions: JsonSchemaValue) -> JsonSchemaValue:
    """`schema` with what it refers to in its place, and without the titles that pydantic makes of names."""
    found = {name: one for name, one in schema.items() if name not in ("$ref", "title")}
    if reference := schema.get("$ref"):
        found = {**_without_references(definitions[reference.rpartition("/")[2]], definitions), **found}
    if "items" in found:
        found["items"] = _without_references(found["items"], definitions)
    return found


def move_to_json(move: Action | Ending) -> dict[str, JsonValue]:
    """The JSON object of an action or an ending."""
    data: dict[str, JsonValue] = _MOVE.dump_python(move, mode="json")
    return data


def move_from_json(text: str | bytes) -> Action | Ending:
    """The inverse of `move_to_json`, from the text of the object.

    Raises:
        ValueError: it is not an action or an ending; the message names the field.
    """
    return _MOVE.validate_json(text)
