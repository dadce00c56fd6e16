"""Builds moves from the arguments of the vendors' calls."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ...envs.actions import Button, ButtonDown, ButtonUp, Click, Direction, KeyDown, KeyUp, Scroll
from ...envs.env import ActionRefused
from ...envs.keys import canonical_key, split_keys
from ..core.coordinates import ModelPoint
from ..core.decision import ModelMove

Moves: TypeAlias = tuple[ModelMove, ...]

PIXELS_PER_NOTCH = 100
"""Pixels of a scroll that one notch of the wheel stands for, as in Chromium."""


class CallError(Exception):
    """A call cannot be carried out; the message is for the model."""


def is_number(value: object) -> bool:
    """Whether `value` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(arguments: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """The finite number `name`.

    Raises:
        CallError: it is missing, without a `default`, or it is not a number.
    """
    value = arguments.get(name, default)
    if value is None:
        raise CallError(f"{name} is missing")
    if not is_number(value):
        raise CallError(f"{name} is not a number")
    return float(value)


def text(arguments: Mapping[str, Any], name: str) -> str:
    """The string `name`.

    Raises:
        CallError: it is missing or not a string.
    """
    value = arguments.get(name)
    if not isinstance(value, str):
        raise CallError(f"{name} is missing" if value is None else f"{name} is not a string")
    return value


def point(arguments: Mapping[str, Any], x: str = "x", y: str = "y") -> ModelPoint:
    """The point whose coordinates have the names `x` and `y`."""
    return ModelPoint(number(arguments, x), number(arguments, y))


def pair(arguments: Mapping[str, Any], name: str) -> ModelPoint | None:
    """The point `name`, a list of two numbers; None if there is none.

    Raises:
        CallError: it is something else.
    """
    value = arguments.get(name)
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise CallError(f"{name} is not a list of x and y")
    return point({"x": value[0], "y": value[1]})


def keys(names: object) -> tuple[str, ...]:
    """The canonical names of a list of keys, or of a combination such as `ctrl+s`.

    Raises:
        CallError: one is unknown, or there is none.
    """
    try:
        if isinstance(names, str):
            return split_keys(names)
        if isinstance(names, list | tuple) and names:
            return tuple(canonical_key(str(name)) for name in names)
    except ActionRefused as refusal:
        raise CallError(str(refusal)) from None
    raise CallError("no key is named")


def held(names: Sequence[str], moves: Moves) -> Moves:
    """`moves` with the keys held down."""
    down = tuple(KeyDown(name) for name in names)
    return (*down, *moves, *(KeyUp(name) for name in reversed(names)))


def click(at: ModelPoint | None, button: Button = Button.LEFT, count: int = 1, modifiers: Sequence[str] = ()) -> Moves:
    """A click at a point, or at the pointer."""
    if at is not None:
        return (Click(at, button, count, tuple(modifiers)),)
    return held(modifiers, (ButtonDown(button), ButtonUp(button)) * count)


def scroll(direction: str, notches: float, at: ModelPoint | None) -> Moves:
    """A scroll by at least one notch.

    Raises:
        CallError: there is no such direction.
    """
    if direction not in tuple(Direction):
        raise CallError(f"there is no direction {direction!r:.20}: use up, down, left or right")
    return (Scroll(Direction(direction), max(1, round(abs(notches))), at),)


def read(make: Callable[[], Moves]) -> tuple[Moves, str]:
    """The moves of a call, or why there are none."""
    try:
        return make(), ""
    except (CallError, ValueError) as error:
        return (), str(error)
