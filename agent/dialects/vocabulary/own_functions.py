"""Calls of the program's functions, for the families whose checkpoints call functions by name."""

import json
from collections.abc import Container, Sequence
from functools import partial

from pydantic import JsonValue

from ....envs.actions import CallFunction
from ...core.functions import FunctionSpec
from ..parser.call import ParseError, Value
from .arguments import Arguments
from .ui_tars import Moves, Vocabulary


def function_calls(functions: Sequence[FunctionSpec]) -> Vocabulary:
    """How calls of `functions` are read."""
    return {spec.name.lower(): partial(_call, spec) for spec in functions}


def check_names(functions: Sequence[FunctionSpec], taken: Container[str], dialect: str) -> None:
    """Refuse a name that an action of the family has.

    Raises:
        ValueError: with the name.
    """
    for spec in functions:
        if spec.name.lower() in taken:
            raise ValueError(f"{dialect} has an action {spec.name!r} itself: give yours another name")


def _call(spec: FunctionSpec, args: Arguments) -> Moves:
    names = {name.lower(): name for name in spec.parameters}
    order, given = list(spec.parameters), dict[str, JsonValue]()
    for index, argument in enumerate(args.call.arguments):
        if argument.name is None and index >= len(order):
            raise ParseError("bad_argument", argument.position, f"{spec.name} has {len(order)} parameters")
        name = order[index] if argument.name is None else names.get(argument.name.lower(), argument.name)
        given[name] = json_value(argument.value)
    return (CallFunction(spec.name, json.dumps(given, ensure_ascii=False)),)


def json_value(value: Value) -> JsonValue:
    """The value of an argument as JSON."""
    return [json_value(item) for item in value] if isinstance(value, tuple) else value
