"""Settings trees: frozen pydantic models whose leaves are the settings of the command line.

A leaf has one flat name, which is its flag (`--model-name`), its variable (`SCREENWRIGHT_MODEL_NAME`) and its key in
`screenwright.toml` (`model_name`). A tree is built from nested values, as any pydantic model, or from flat names:

    LimitsConfig(steps=20) == LimitsConfig.from_flat({"steps": "20"})
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import from_json, to_jsonable_python

KIND = "kind"
"""The leaf that discriminates the members of a union. Its flat name is that of the union's field, such as `env`."""


def _parsed(value: object) -> object:
    """The value of a JSON text; what is no JSON stays a text, which the type then rejects."""
    with suppress(ValueError):
        return from_json(value) if isinstance(value, str) else value
    return value


JsonObject: TypeAlias = Annotated[dict[str, JsonValue], BeforeValidator(_parsed)]
"""A setting that is a JSON object: a text, or a table of `screenwright.toml`."""


class SettingError(ValueError):
    """An invalid setting. `name` is its flat name, empty if the error concerns several; `problem` is one line.

    `excluded_by` is the name of the setting whose value leaves this one without a meaning, if that is the problem.
    """

    def __init__(self, name: str, problem: str, *, excluded_by: str = "") -> None:
        super().__init__(f"--{name.replace('_', '-')} {problem}" if name else problem)
        self.name = name
        self.problem = problem
        self.excluded_by = excluded_by


def setting(
    default: Any, description: str, *, common: bool = False, name: str = "", group: str = "", **constraints: Any
) -> Any:
    """A leaf. `common` lists it in the short help; `name` and `group` replace the field's name and the node's group."""
    extra: Any = {"common": common, "name": name, "group": group}
    return Field(default, description=description, json_schema_extra=extra, **constraints)


ENV_HELP = "environment variable that started programs get besides the usual ones, such as MY_TOKEN; repeatable"
"""The description of a setting that several nodes have; see `clean_environment`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A leaf of a tree. `kinds` are the members of a union that have it; empty if all do."""

    name: str
    path: tuple[str, ...]
    annotation: Any
    default: object
    description: str
    group: str
    common: bool
    kinds: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def is_bool(self) -> bool:
        """Whether it is a boolean."""
        return self.annotation is bool

    @property
    def is_repeatable(self) -> bool:
        """Whether it takes several values."""
        return get_origin(self.annotation) is tuple


class Config(BaseModel):
    """A node of a settings tree. `group` is the heading of its leaves in help texts, such as `screen: browser`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)
    group: ClassVar[str] = ""

    @classmethod
    def members(cls) -> tuple[type["Config"], ...]:
        """The classes that a field of this type accepts; several make a union with a field `kind`."""
        return (cls,)

    @classmethod
    def kind_name(cls) -> str:
        """The member's kind; empty outside a union."""
        return str(cls.model_fields[KIND].default) if KIND in cls.model_fields else ""

    @classmethod
    def settings(cls) -> Mapping[str, Setting]:
        """All leaves by flat name."""
        return _settings_of(cls, tuple(sys.path))  # where plugins are found

    @classmethod
    def from_flat(cls, values: Mapping[str, object]) -> Self:
        """The tree with these values, by flat name; all others have their defaults.

        Raises:
            SettingError: a setting is unknown, invalid, or does not apply.
        """
        return cls.of_tree(cls.tree_of(values))

    @classmethod
    def of_tree(cls, tree: Mapping[str, object]) -> Self:
        """The tree with these nested values; raises as `from_flat`."""
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            raise _first_problem(error, cls.settings()) from error

    @classmethod
    def of(cls, **values: object) -> Self:
        """`from_flat` with keyword arguments."""
        return cls.from_flat(values)

    @classmethod
    def tree_of(cls, values: Mapping[str, object]) -> dict[str, Any]:
        """Flat values as nested ones, not validated yet.

        Raises:
            SettingError: a setting is unknown, or does not apply.
        """
        tree: dict[str, Any] = {}
        for name, value in values.items():
            found = cls.settings().get(name)
            if found is None:
                raise SettingError(name, "is not a setting")
            _check_applies(found, values)
            *nodes, leaf = found.path
            branch = tree
            for node in nodes:
                branch = branch.setdefault(node, {})
            branch[leaf] = value
        return tree

    def changed(self) -> frozenset[str]:
        """The flat names of the leaves that differ from their defaults, with those of nested nodes outside unions."""
        names: set[str] = set()
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, Config):
                names |= value.changed()
            elif value != field.default:
                names.add(_extra(field, "name") or name)
        return frozenset(names)

    def flat(self, *, set_only: bool = False) -> dict[str, Any]:
        """The values of all leaves by flat name, as JSON values; `set_only` omits those that were not given."""
        values: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, Config):
                nested = value.flat(set_only=set_only)
                if KIND in type(value).model_fields and (not set_only or name in self.model_fields_set):
                    nested = {name: getattr(value, KIND), **nested}
                values |= {flat: one for flat, one in nested.items() if flat != KIND}
            elif not set_only or name in self.model_fields_set:
                values[_extra(field, "name") or name] = to_jsonable_python(value)
        return values


def _check_applies(found: Setting, values: Mapping[str, object]) -> None:
    """Refuse a setting of another member of the union, such as a browser's with `--env desktop`."""
    if not found.kinds:
        return
    union = found.path[-2]
    kind = str(values.get(union, "browser"))
    if kind not in found.kinds:
        problem = f"applies to --{union} {' or '.join(found.kinds)}, not to {kind}"
        raise SettingError(found.name, problem, excluded_by=union)


def _extra(field: FieldInfo, key: str) -> Any:
    extra = field.json_schema_extra
    return extra.get(key) if isinstance(extra, Mapping) else None


@cache
def _settings_of(cls: type[Config], _path: tuple[str, ...]) -> Mapping[str, Setting]:
    found: dict[str, Setting] = {}
    for leaf in _walk(cls):
        same = found.get(leaf.name)
        if same is None:
            found[leaf.name] = leaf
        else:  # the same setting in several members of a union
            kinds = (*same.kinds, *leaf.kinds) if same.kinds else ()
            group = same.group.partition(":")[0]
            choices = (*same.choices, *leaf.choices) if leaf.path[-1] == KIND else same.choices
            found[leaf.name] = replace(same, kinds=kinds, group=group, choices=choices)
    return found


def _walk(node: type[Config], path: tuple[str, ...] = (), kind: str = "") -> Iterator[Setting]:
    for name, field in sorted(node.model_fields.items(), key=lambda item: item[0] != KIND):  # the kind comes first
        members = sorted(_nodes(field.annotation), key=lambda member: member is not type(field.default))
        for member in members:
            yield from _walk(member, (*path, name), member.kind_name() if len(members) > 1 else kind)
        if members:
            continue
        yield Setting(
            name=path[-1] if name == KIND and path else _extra(field, "name") or name,
            path=(*path, name),
            annotation=field.annotation,
            default=None if field.is_required() else field.default,
            description="what to operate" if name == KIND else field.description or "",
            group=_extra(field, "group") or node.group,
            common=name == KIND or bool(_extra(field, "common")),
            kinds=(kind,) if kind and name != KIND else (),
            choices=_choices(field.annotation),
        )


def _nodes(annotation: Any) -> Iterator[type[Config]]:
    if isinstance(annotation, type) and issubclass(annotation, Config):
        yield from annotation.members()
    elif get_origin(annotation) is not Literal:
        for argument in get_args(annotation):
            yield from _nodes(argument)


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple(annotation)
    return tuple(choice for argument in get_args(annotation) for choice in _choices(argument))


def _first_problem(error: ValidationError, settings: Mapping[str, Setting]) -> SettingError:
    """One line about the first invalid value."""
    problem = error.errors(include_url=False)[0]
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, SettingError):
        return cause
    leaves = {leaf.path[-1]: leaf for leaf in settings.values()} | dict(settings)
    found = next((leaves[part] for part in reversed(problem["loc"]) if part in leaves), None)
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if found is None or problem["type"] == "value_error":
        return SettingError("", message)
    if problem["type"] == "missing":
        return SettingError(found.name, "is missing")
    if problem["type"].endswith("_parsing"):  # "a valid integer, unable to parse string as an integer"
        message = message.partition(", unable")[0].replace("a valid boolean", "true or false")
    if problem["type"] == "dict_type":
        message = "a JSON object"
    if problem["type"] == "string_pattern_mismatch":
        message = f"of the form: {found.description}"
    return SettingError(found.name, f"is {problem['input']!r}, but should be {message}")
