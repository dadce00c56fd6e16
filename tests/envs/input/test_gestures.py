"""Gestures, with a driver that records its calls."""

from dataclasses import dataclass, field
from itertools import pairwise

from screenwright import Button, Direction, ScreenPoint
from screenwright.envs.actions import Drag
from screenwright.envs.geometry import DeviceTransform
from screenwright.envs.input.gestures import Gestures


@dataclass
class RecordingDriver:
    moves: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    buttons: list[tuple[Button, bool, int]] = field(default_factory=list[tuple[Button, bool, int]])

    def check(self) -> None: ...

    def move(self, x: float, y: float) -> None:
        self.moves.append((x, y))

    def button(self, button: Button, down: bool) -> None:
        self.buttons.append((button, down, len(self.moves)))

    def scroll(self, direction: Direction) -> None: ...

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        return (key,)

    def key(self, code: str | int, down: bool) -> None: ...

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
