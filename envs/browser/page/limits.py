"""How long an action may take before its page counts as unresponsive."""

from collections.abc import Callable

from ...actions import ActionIn, Back, Drag, Home, LongPress, Navigate, Type, Wait
from ...geometry import ScreenPoint

ACT_S = 10.0
_CHARACTER_S = 0.25


def action_limit_s(action: ActionIn[ScreenPoint], load_limit_s: float, length_of: Callable[[str], int]) -> float:
    """The time limit of `action` in seconds; `length_of` is how many characters typing a text takes."""
    match action:
        case Wait(seconds) | LongPress(seconds=seconds):
            return ACT_S + seconds
        case Type(text):
            return ACT_S + length_of(text) * _CHARACTER_S
        case Drag(path):
            return ACT_S + len(path)
        case Navigate() | Back() | Home():
            return ACT_S + load_limit_s
        case _:
            return ACT_S
