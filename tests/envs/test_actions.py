"""Invalid actions cannot be constructed."""

import pytest

from screenwright.envs.actions import Click, Drag
from screenwright.envs.geometry import ScreenPoint


def test_a_click_presses_at_least_once() -> None:
    with pytest.raises(ValueError, match="1 or more, not 0"):
        Click(ScreenPoint(5, 5), count=0)


def test_a_drag_needs_two_points() -> None:
    with pytest.raises(ValueError, match="two points or more, not 1"):
        Drag((ScreenPoint(5, 5),))
