"""Actions out of bounds cannot be constructed."""

from collections.abc import Callable

import pytest

from screenwright.envs.actions import Click, Direction, Drag, Hotkey, LongPress, Navigate, OpenApp, Scroll, Type, Wait
from screenwright.envs.bounds import MAX_PATH_POINTS, MAX_TEXT_CHARACTERS, OutOfBounds
from screenwright.envs.geometry import ScreenPoint

AT = ScreenPoint(5, 5)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Click(AT, count=0), "the count of a click must be 1 to 10, not 0"),
        (lambda: Click(AT, count=20_000), "the count of a click must be 1 to 10, not 20000"),
        (lambda: Click(AT, modifiers=("ctrl",) * 11), "the modifiers of a click must be at most 10, not 11"),
        (lambda: Drag((AT,)), "the points of a drag must be 2 to 500, not 1"),
        (lambda: Drag((AT,) * (MAX_PATH_POINTS + 1)), "the points of a drag must be 2 to 500, not 501"),
        (lambda: Scroll(Direction.DOWN, 999_999_999, AT), "the notches of a scroll must be 0 to 1000, not 1e+09"),
        (lambda: Scroll(Direction.DOWN, -1, AT), "the notches of a scroll must be 0 to 1000, not -1"),
        (lambda: Type("a" * (MAX_TEXT_CHARACTERS + 1)), "the characters of a text must be at most 100000, not 100001"),
        (lambda: Hotkey(("a",) * 600), "the keys pressed together must be at most 10, not 600"),
        (lambda: LongPress(AT, 999_999_999), "the seconds of a long press must be 0 to 60, not 1e+09"),
        (lambda: Wait(999_999_999), "the seconds of a wait must be 0 to 600, not 1e+09"),
        (lambda: Wait(-1), "the seconds of a wait must be 0 to 600, not -1"),
        (lambda: Wait(float("nan")), "the seconds of a wait must be 0 to 600, not nan"),
        (lambda: Navigate("a" * 100_001), "the characters of a URL must be at most 100000, not 100001"),
        (lambda: OpenApp("a" * 100_001), "the characters of the name of an app must be at most 100000, not 100001"),
    ],
)
def test_an_action_out_of_bounds_cannot_be_constructed(make: Callable[[], object], problem: str) -> None:
    with pytest.raises(OutOfBounds) as caught:
        make()
    assert str(caught.value) == problem


def test_the_bounds_themselves_are_allowed() -> None:
    assert Wait(600).seconds == 600
    assert Click(AT, count=10).count == 10
    assert len(Type("a" * MAX_TEXT_CHARACTERS).text) == MAX_TEXT_CHARACTERS
