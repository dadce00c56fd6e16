"""Mouse and keyboard on a page."""

import itertools
import time
from contextlib import suppress
from typing import assert_never

from playwright.sync_api import Error, Keyboard, Mouse, Page

from ..actions import (
    ActionIn,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Scroll,
    Type,
    Wait,
)
from ..env import ActionRefused
from ..geometry import DevicePoint, DeviceTransform, ScreenPoint
from .keyboard import playwright_key, typing_pieces

NOTCH_PX = 100
"""CSS pixels that one notch of the wheel scrolls, as Chromium has it on most systems."""

_DRAG_MOVES = 20
_DRAG_S = 0.15

Manual = (
    Click[ScreenPoint]
    | Move[ScreenPoint]
    | Drag[ScreenPoint]
    | Scroll[ScreenPoint]
    | ButtonDown[ScreenPoint]
    | ButtonUp[ScreenPoint]
    | LongPress[ScreenPoint]
    | Type
    | Hotkey
    | KeyDown
    | KeyUp
    | Wait
)


class Hands:
    """Does with the mouse and the keyboard what an action says, and knows what it holds."""

    def __init__(self, device: DeviceTransform) -> None:
        self._device = device
        self._keys: list[str] = []
        self._buttons: list[Button] = []

    def do(self, page: Page, action: ActionIn[ScreenPoint]) -> str:
        """Do `action`; returns how, where there was a choice.

        Raises:
            ActionRefused: an unknown key, an odd path, or no work of the hand.
        """
        match action:
            case Click() | Move() | Drag() | ButtonDown() | ButtonUp() | LongPress() | Scroll():
                self._mouse(page, action)
            case Type(text, submit):
                return self._type(page, text, submit)
            case Hotkey(keys):
                self._press_together(page.keyboard, [playwright_key(key) for key in keys])
            case KeyDown(key):
                self._hold(page.keyboard, playwright_key(key))
            case KeyUp(key):
                self._let_go(page.keyboard, playwright_key(key))
            case Wait(seconds):
                page.wait_for_timeout(max(seconds, 0) * 1000)
            case _:
                raise ActionRefused(f"a page has no way to do {type(action).__name__}")
        return ""

    def release(self, page: Page) -> None:
        """Let go of everything that is held."""
        for key in reversed(self._keys):
            with suppress(Error):
                page.keyboard.up(key)
        for button in self._buttons:
            with suppress(Error):
                page.mouse.up(button=button.value)
        self._keys.clear()
        self._buttons.clear()

    # -- the mouse

    def _mouse(
        self,
        page: Page,
        action: Click[ScreenPoint]
        | Move[ScreenPoint]
        | Drag[ScreenPoint]
        | ButtonDown[ScreenPoint]
        | ButtonUp[ScreenPoint]
        | LongPress[ScreenPoint]
        | Scroll[ScreenPoint],
    ) -> None:
        mouse = page.mouse
        match action:
            case Click(at, button, count, modifiers):
                self._click(page, self._device.apply(at), button, count, modifiers)
            case Move(to):
                self._to(mouse, to)
            case Drag():
                self._drag(page, action)
            case ButtonDown(button, at):
                self._to(mouse, at)
                self._buttons.append(button)
                mouse.down(button=button.value)
            case ButtonUp(button, at):
                self._to(mouse, at)
                self._buttons = [held for held in self._buttons if held is not button]
                mouse.up(button=button.value)
            case LongPress(at, seconds):
                self._to(mouse, at)
                mouse.down()
                page.wait_for_timeout(seconds * 1000)
                mouse.up()
            case Scroll(direction, amount, at):
                self._to(mouse, at)
                across, along = _WHEEL[direction]
                mouse.wheel(across * amount * NOTCH_PX, along * amount * NOTCH_PX)
            case _:
                assert_never(action)

    def _to(self, mouse: Mouse, at: ScreenPoint | None) -> None:
        if at is not None:
            point = self._device.apply(at)
            mouse.move(point.x, point.y)

    def _click(self, page: Page, at: DevicePoint, button: Button, count: int, modifiers: tuple[str, ...]) -> None:
        if count < 1:
            raise ActionRefused(f"a click of {count} presses is none")
        keys = [playwright_key(key) for key in modifiers]
        try:
            for key in keys:
                self._hold(page.keyboard, key)
            page.mouse.click(at.x, at.y, button=button.value, click_count=count)
        finally:
            for key in reversed(keys):
                self._let_go(page.keyboard, key)

    def _drag(self, page: Page, drag: Drag[ScreenPoint]) -> None:
        """Press, move in many small steps, release: dropping in a page needs motion, and a moment for it."""
        if len(drag.path) < 2:
            raise ActionRefused("a drag needs two points or more")
        points = [self._device.apply(point) for point in drag.path]
        keys = [playwright_key(key) for key in drag.modifiers]
        for key in keys:
            self._hold(page.keyboard, key)
        page.mouse.move(points[0].x, points[0].y)
        page.mouse.down(button=drag.button.value)
        self._buttons.append(drag.button)
        try:
            pause_s = _DRAG_S / _DRAG_MOVES / (len(points) - 1)
            for start, end in itertools.pairwise(points):
                for step in range(1, _DRAG_MOVES + 1):
                    part = step / _DRAG_MOVES
                    page.mouse.move(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part)
                    time.sleep(pause_s)
        finally:
            page.mouse.up(button=drag.button.value)
            self._buttons.remove(drag.button)
            for key in reversed(keys):
                self._let_go(page.keyboard, key)

    # -- the keyboard

    def _type(self, page: Page, text: str, submit: bool) -> str:
        ways: set[str] = set()
        for way, piece in typing_pieces(text):
            ways.add(way)
            if way == "keys":
                page.keyboard.type(piece)
            elif way == "insert":
                page.keyboard.insert_text(piece)
            else:
                page.keyboard.press(piece)
        if submit:
            page.keyboard.press("Enter")
        return "+".join(sorted(ways - {"press"}))

    def _press_together(self, keyboard: Keyboard, keys: list[str]) -> None:
        pressed: list[str] = []
        try:
            for key in keys:
                keyboard.down(key)
                pressed.append(key)
        finally:
            for key in reversed(pressed):
                keyboard.up(key)

    def _hold(self, keyboard: Keyboard, key: str) -> None:
        keyboard.down(key)
        self._keys.append(key)

    def _let_go(self, keyboard: Keyboard, key: str) -> None:
        keyboard.up(key)
        self._keys = [held for held in self._keys if held != key]


_WHEEL: dict[Direction, tuple[int, int]] = {
    Direction.UP: (0, -1),
    Direction.DOWN: (0, 1),
    Direction.LEFT: (-1, 0),
    Direction.RIGHT: (1, 0),
}
