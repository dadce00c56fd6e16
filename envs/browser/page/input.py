"""Mouse and keyboard on a page."""

import asyncio
import itertools
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias, assert_never

from playwright.async_api import Error, Keyboard, Mouse, Page

from ...actions import (
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
from ...env import ActionRefused
from ...geometry import DevicePoint, DeviceTransform, ScreenPoint
from .keyboard import playwright_key, typing_pieces

NOTCH_PX = 100
"""CSS pixels that one notch of the wheel scrolls, as Chromium has it on most systems."""

_DRAG_MOVES = 20
_DRAG_S = 0.15

_MOST_TURNS = 10
_HAIR = 1e-6
"""What a division may fall short by."""

_WithMouse: TypeAlias = (
    Click[ScreenPoint]
    | Move[ScreenPoint]
    | Drag[ScreenPoint]
    | Scroll[ScreenPoint]
    | ButtonDown[ScreenPoint]
    | ButtonUp[ScreenPoint]
    | LongPress[ScreenPoint]
)


class InputDriver:
    """Does with the mouse and the keyboard what an action says, and knows what it holds."""

    def __init__(self, device: DeviceTransform, pointer: DevicePoint) -> None:
        self._device = device
        self._pointer = pointer
        self._keys: list[str] = []
        self._buttons: list[Button] = []

    @property
    def pointer(self) -> DevicePoint:
        """Where the mouse is."""
        return self._pointer

    async def do(self, page: Page, action: ActionIn[ScreenPoint]) -> str:
        """Do `action`; returns how, where there was a choice.

        Raises:
            ActionRefused: an unknown key, an odd path, or no work of the hand.
        """
        match action:
            case Click() | Move() | Drag() | ButtonDown() | ButtonUp() | LongPress() | Scroll():
                await self._mouse(page, action)
            case Type(text, submit):
                return await self._type(page, text, submit)
            case Hotkey(keys):
                async with self._holding(page.keyboard, keys):
                    pass
            case KeyDown(key):
                await self._hold(page.keyboard, playwright_key(key))
            case KeyUp(key):
                await self._let_go(page.keyboard, playwright_key(key))
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case _:
                raise ActionRefused(f"a page has no way to do {type(action).__name__}")
        return ""

    async def release(self, page: Page) -> None:
        """Let go of everything that is held."""
        for key in reversed(list(self._keys)):
            with suppress(Error):
                await page.keyboard.up(key)
        for button in list(self._buttons):
            with suppress(Error):
                await page.mouse.up(button=button.value)
        self._keys.clear()
        self._buttons.clear()

    # -- the mouse

    def _spot(self, at: ScreenPoint) -> DevicePoint:
        """The CSS pixel that holds `at`. Of a point between two, Chromium finds what lies on the further one."""
        point = self._device.apply(at)
        return DevicePoint(math.floor(point.x + _HAIR), math.floor(point.y + _HAIR))

    async def _mouse(self, page: Page, action: _WithMouse) -> None:
        mouse = page.mouse
        match action:
            case Click():
                await self._click(page, action)
            case Move(to):
                await self._to(mouse, to)
            case Drag():
                await self._drag(page, action)
            case ButtonDown(button, at):
                await self._to(mouse, at)
                await self._press(mouse, button)
            case ButtonUp(button, at):
                await self._to(mouse, at)
                await self._lift(mouse, button)
            case LongPress(at, seconds):
                await self._to(mouse, at)
                await self._press(mouse, Button.LEFT)
                await asyncio.sleep(seconds)
                await self._lift(mouse, Button.LEFT)
            case Scroll():
                await self._scroll(page, action)
            case _:
                assert_never(action)

    async def _to(self, mouse: Mouse, at: ScreenPoint | None) -> None:
        if at is not None:
            point = self._spot(at)
            await mouse.move(point.x, point.y)
            self._pointer = point

    async def _click(self, page: Page, click: Click[ScreenPoint]) -> None:
        if click.count < 1:
            raise ActionRefused(f"a click of {click.count} presses is none")
        async with self._holding(page.keyboard, click.modifiers):
            at = self._pointer = self._spot(click.at)
            await page.mouse.click(at.x, at.y, button=click.button.value, click_count=click.count)

    async def _drag(self, page: Page, drag: Drag[ScreenPoint]) -> None:
        """Press, move in many small steps, release: dropping in a page needs motion, and a moment for it."""
        if len(drag.path) < 2:
            raise ActionRefused("a drag needs two points or more")
        points = [self._spot(point) for point in drag.path]
        async with self._holding(page.keyboard, drag.modifiers):
            await self._to(page.mouse, drag.path[0])
            await self._press(page.mouse, drag.button)
            try:
                for start, end in itertools.pairwise(points):
                    await self._glide(page.mouse, start, end, _DRAG_S / (len(points) - 1))
            finally:
                await self._lift(page.mouse, drag.button)

    async def _glide(self, mouse: Mouse, start: DevicePoint, end: DevicePoint, seconds: float) -> None:
        for step in range(1, _DRAG_MOVES + 1):
            part = step / _DRAG_MOVES
            at = self._pointer = DevicePoint(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part)
            await mouse.move(at.x, at.y)
            await asyncio.sleep(seconds / _DRAG_MOVES)

    async def _scroll(self, page: Page, scroll: Scroll[ScreenPoint]) -> None:
        """Turn the wheel notch by notch, as pages that zoom by it count turns; very many turns in ten goes."""
        if scroll.at is None:
            await page.mouse.move(self._pointer.x, self._pointer.y)  # a tab that is new does not know the place yet
        await self._to(page.mouse, scroll.at)
        across, along = _WHEEL[scroll.direction]
        turns = min(scroll.amount, _MOST_TURNS)
        for _ in range(turns):
            step_px = NOTCH_PX * scroll.amount / turns
            await page.mouse.wheel(across * step_px, along * step_px)

    async def _press(self, mouse: Mouse, button: Button) -> None:
        self._buttons.append(button)
        await mouse.down(button=button.value)

    async def _lift(self, mouse: Mouse, button: Button) -> None:
        await mouse.up(button=button.value)
        self._buttons = [held for held in self._buttons if held is not button]

    # -- the keyboard

    async def _type(self, page: Page, text: str, submit: bool) -> str:
        ways: set[str] = set()
        for way, piece in typing_pieces(text):
            ways.add(way)
            if way == "keys":
                await page.keyboard.type(piece)
            elif way == "insert":
                await page.keyboard.insert_text(piece)
            else:
                await page.keyboard.press(piece)
        if submit:
            await page.keyboard.press("Enter")
        return "+".join(sorted(ways - {"press"}))

    @asynccontextmanager
    async def _holding(self, keyboard: Keyboard, names: tuple[str, ...]) -> AsyncGenerator[None]:
        """Press the keys in order, and release them in reverse however it ends."""
        keys = [playwright_key(name) for name in names]
        pressed: list[str] = []
        try:
            for key in keys:
                await self._hold(keyboard, key)
                pressed.append(key)
            yield
        finally:
            for key in reversed(pressed):
                await self._let_go(keyboard, key)

    async def _hold(self, keyboard: Keyboard, key: str) -> None:
        await keyboard.down(key)
        self._keys.append(key)

    async def _let_go(self, keyboard: Keyboard, key: str) -> None:
        await keyboard.up(key)
        self._keys = [held for held in self._keys if held != key]


_WHEEL: dict[Direction, tuple[int, int]] = {
    Direction.UP: (0, -1),
    Direction.DOWN: (0, 1),
    Direction.LEFT: (-1, 0),
    Direction.RIGHT: (1, 0),
}
