"""Translates actions to shell commands with Android's `input`."""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, hypot

from ..actions import (
    Action,
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Home,
    Hotkey,
    LongPress,
    Navigate,
    Scroll,
)
from ..env import ActionRefused
from ..geometry import ScreenPoint, Size
from .keycodes import BACK, ENTER, HOME, TAB, keycode

NOTCH = 0.1
"""The share of the screen that one notch of a wheel scrolls."""

_SWIPE_MS = 500
_BETWEEN_TAPS_S = 0.1
_PATH_STEP_PX = 40
_MOVES_AT_ONCE = 10
_LONGEST_COMMAND_S = 2.0
_LONGEST_SWIPE, _MARGIN = 0.6, 0.05
_MOST_SWIPES = 10
_LONGEST_TEXT = 400
_ADDRESS = re.compile(r"https?://\S+")


def commands_of(action: Action, size: Size) -> tuple[str, ...]:
    """The commands for `action` on a screen of `size`, each of at most about two seconds.

    The finger that a drag along a path or a long press puts down is lifted by the last command.

    Raises:
        ActionRefused: a phone does not support it.
    """
    match action:
        case Click(_, Button.BACK, 1, ()):  # Android takes this button of a mouse for its back key
            return (f"input keyevent {BACK}",)
        case Click(at, button, count, modifiers):
            return (_taps(at, button, count, modifiers),)
        case LongPress(at, seconds) if seconds <= _LONGEST_COMMAND_S:
            return (f"input swipe {_at(at)} {_at(at)} {round(seconds * 1000)}",)
        case LongPress(at):
            return (f"input motionevent DOWN {_at(at)}", f"input motionevent UP {_at(at)}")
        case Drag(path, button, modifiers):
            _check_touch(button, modifiers)
            return _drag(path)
        case Scroll(direction, amount, at):
            swipes = swipes_of_scroll(direction, amount, at, size)
            return tuple(f"input swipe {_at(start)} {_at(end)} {_SWIPE_MS}" for start, end in swipes)
        case ButtonDown(button, at):
            _check_touch(button, ())
            return (f"input motionevent DOWN {_at(_required(at))}",)
        case ButtonUp(button, at):
            _check_touch(button, ())
            return (f"input motionevent UP {_at(_required(at))}",)
        case Hotkey(keys):
            codes = " ".join(str(keycode(key)) for key in keys)
            return (f"input {'keycombination' if len(keys) > 1 else 'keyevent'} {codes}",)
        case Back() | Home():
            return (f"input keyevent {BACK if isinstance(action, Back) else HOME}",)
        case Navigate(url):
            if not _ADDRESS.fullmatch(url):
                raise ActionRefused(f"{url!r:.80} is not a URL, such as https://example.org")
            return (f"am start -a android.intent.action.VIEW -d {shlex.quote(url)}",)
        case _:
            name = type(action).__name__.lower()
            raise ActionRefused(f"a phone has no {name} action, and its keys cannot be held")


def text_commands(text: str) -> Iterator[str]:
    """The commands that type ASCII `text`; line breaks and tabs are keys."""
    for part in re.findall(r"[\n\t]|[^\n\t]+", text):
        if part in "\n\t":
            yield f"input keyevent {ENTER if part == chr(10) else TAB}"
            continue
        for start in range(0, len(part), _LONGEST_TEXT):
            # `input` types a space for %s, so a literal "%s" has to be typed in two pieces
            for piece in re.split(r"(?<=%)(?=s)", part[start : start + _LONGEST_TEXT]):
                yield f"input text {shlex.quote(piece.replace(' ', '%s'))}"


def _taps(at: ScreenPoint, button: Button, count: int, modifiers: tuple[str, ...]) -> str:
    """Several taps run in parallel, since `input` takes longer to start than a double tap may last."""
    _check_touch(button, modifiers)
    tap = f"input tap {_at(at)}"
    if count == 1:
        return tap
    return f"{f' & sleep {_BETWEEN_TAPS_S}; '.join([tap] * count)} & wait"


def _drag(path: Sequence[ScreenPoint]) -> tuple[str, ...]:
    if len(path) == 2:
        return (f"input swipe {_at(path[0])} {_at(path[1])} {_SWIPE_MS}",)
    moves = [f"input motionevent MOVE {_at(point)}" for point in _between(path)]
    parts = ["; ".join(moves[start : start + _MOVES_AT_ONCE]) for start in range(0, len(moves), _MOVES_AT_ONCE)]
    return (f"input motionevent DOWN {_at(path[0])}", *parts, f"input motionevent UP {_at(path[-1])}")


def _between(path: Sequence[ScreenPoint]) -> Iterator[ScreenPoint]:
    """Closely spaced points along the path, without the first one."""
    for start, end in pairwise(path):
        steps = max(1, ceil(hypot(end.x - start.x, end.y - start.y) / _PATH_STEP_PX))
        for step in range(1, steps + 1):
            part = step / steps
            yield ScreenPoint(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part)


def swipes_of_scroll(
    direction: Direction, amount: int, at: ScreenPoint | None, size: Size
) -> tuple[tuple[ScreenPoint, ScreenPoint], ...]:
    """The swipes against `direction` that scroll a screen of `size`, each from a point to a point.

    As few as the screen allows; around `at`, or the middle of the screen.
    """
    upright = direction in (Direction.UP, Direction.DOWN)
    extent, across = (size.height, size.width) if upright else (size.width, size.height)
    middle = at or ScreenPoint(size.width / 2, size.height / 2)
    along, cross = (middle.y, middle.x) if upright else (middle.x, middle.y)
    distance = amount * NOTCH * extent
    swipes = min(_MOST_SWIPES, max(1, ceil(distance / (_LONGEST_SWIPE * extent))))
    length = min(distance / swipes, _LONGEST_SWIPE * extent)
    least, most = _MARGIN * extent + length / 2, (1 - _MARGIN) * extent - length / 2
    centre = min(max(along, least), most)
    cross = min(max(cross, 1.0), across - 2.0)
    start, end = centre + length / 2, centre - length / 2
    if direction in (Direction.UP, Direction.LEFT):
        start, end = end, start
    first, last = (ScreenPoint(cross, value) if upright else ScreenPoint(value, cross) for value in (start, end))
    return ((first, last),) * swipes


def _check_touch(button: Button, modifiers: tuple[str, ...]) -> None:
    if button is not Button.LEFT:
        raise ActionRefused(f"a touch screen has no {button.value} button; use a long press")
    if modifiers:
        raise ActionRefused("a phone has no modifier keys")


def _required(at: ScreenPoint | None) -> ScreenPoint:
    if at is None:
        raise ActionRefused("a touch needs a point")
    return at


def _at(point: ScreenPoint) -> str:
    return f"{int(point.x)} {int(point.y)}"
