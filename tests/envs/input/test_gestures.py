"""Gestures, with a driver that records its calls."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from screenwright import Button, Direction, ScreenPoint
from screenwright.envs.actions import ButtonDown, Click, Drag, Hotkey, LongPress
from screenwright.envs.env import ActionRefused
from screenwright.envs.geometry import DeviceTransform
from screenwright.envs.input.driver import COMMON_BUTTONS
from screenwright.envs.input.gestures import Gestures


@dataclass
class RecordingDriver:
    moves: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    rests: list[int] = field(default_factory=list[int])
    buttons: list[tuple[Button, bool, int]] = field(default_factory=list[tuple[Button, bool, int]])
    keys: list[str] = field(default_factory=list[str])

    def check(self) -> None: ...

    def move(self, x: float, y: float) -> None:
        self.moves.append((x, y))

    def dwell_s(self) -> float:
        self.rests.append(len(self.moves))
        return 0.0

    def can_press(self, button: Button) -> bool:
        return button in COMMON_BUTTONS

    def button(self, button: Button, down: bool) -> None:
        self.buttons.append((button, down, len(self.moves)))

    def scroll(self, direction: Direction) -> None: ...

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        return (key,)

    def key(self, code: str | int, down: bool) -> None:
        self.keys.append(f"{'+' if down else '-'}{code}")

    def type(self, text: str) -> str:
        return "keys"

    def close(self) -> None: ...


def test_a_drag_moves_in_small_equal_steps_with_the_button_held() -> None:
    driver = RecordingDriver()
    Gestures(driver, DeviceTransform()).do(Drag((ScreenPoint(60, 220), ScreenPoint(260, 320))))
    (_, is_pressed, before), (_, is_still_pressed, after) = driver.buttons
    assert (is_pressed, is_still_pressed) == (True, False)
    dragged = driver.moves[before - 1 : after]
    assert (dragged[0], dragged[-1]) == ((60, 220), (260, 320))
    assert len(dragged) > 15
    assert all(abs(b[0] - a[0]) <= 20 and 0 <= b[1] - a[1] <= 10 for a, b in pairwise(dragged))


def test_the_pointer_rests_between_a_move_and_a_press_but_not_where_it_is_already() -> None:
    driver = RecordingDriver()
    gestures = Gestures(driver, DeviceTransform())
    there, elsewhere = ScreenPoint(10, 10), ScreenPoint(100, 100)
    for action in (Click(there), Click(there, count=2), LongPress(elsewhere, 0.0), Drag((there, elsewhere))):
        gestures.do(action)
    assert driver.rests == [1, 3, 4]


def test_a_move_between_two_presses_is_a_drag_without_a_rest() -> None:
    driver = RecordingDriver()
    gestures = Gestures(driver, DeviceTransform())
    gestures.do(ButtonDown(Button.LEFT, ScreenPoint(10, 10)))
    gestures.do(ButtonDown(Button.RIGHT, ScreenPoint(100, 100)))
    assert len(driver.moves) > 15
    assert driver.rests == [1]


def test_a_button_that_the_screen_lacks_is_refused_before_anything_is_done() -> None:
    driver = RecordingDriver()
    with pytest.raises(ActionRefused, match="cannot press the back button of a mouse"):
        Gestures(driver, DeviceTransform()).do(Click(ScreenPoint(10, 10), Button.BACK))
    assert not driver.moves
    assert not driver.buttons


@pytest.mark.parametrize(
    ("keys", "events"),
    [
        (("alt", "shift", "tab"), "+alt +shift +tab -tab wait -shift -alt"),
        (("super", "tab"), "+super +tab -tab wait -super"),
        (("alt", "f4"), "+alt +f4 -f4 -alt"),
        (("tab",), "+tab -tab"),
    ],
)
def test_alt_is_held_after_tab_until_a_window_manager_has_shown_its_list(keys: tuple[str, ...], events: str) -> None:
    driver = RecordingDriver()
    Gestures(driver, DeviceTransform(), lambda _: driver.keys.append("wait")).do(Hotkey(keys))
    assert " ".join(driver.keys) == events
