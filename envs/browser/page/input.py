"""Mouse and keyboard input to a page."""

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
"""CSS pixels that one notch of the wheel scrolls, Chromium's value on most systems."""

_DRAG_MOVES = 20
_DRAG_S = 0.15

_MAX_WHEEL_EVENTS = 10
_EPSILON = 1e-6
"""Rounding error of the division by the scale."""

_MouseAction: TypeAlias = (
    Click[ScreenPoint]
    | Move[ScreenPoint]
    | Drag[ScreenPoint]
    | Scroll[ScreenPoint]
    | ButtonDown[ScreenPoint]
    | ButtonUp[ScreenPoint]
    | LongPress[ScreenPoint]
)


class InputDriver:
    """Performs mouse and keyboard actions, and tracks the pressed keys and buttons."""

    def __init__(self, device: DeviceTransform, pointer: DevicePoint) -> None:
        self._device = device
        self._pointer = pointer
        self._keys: list[str] = []
        self._buttons: list[Button] = []

    @property
    def pointer(self) -> DevicePoint:
        """The position of the mouse."""
        return self._pointer

    async def execute(self, page: Page, action: ActionIn[ScreenPoint]) -> str:
        """Perform `action`; returns the method if there was a choice.

        Raises:
            ActionRefused: an unknown key, an invalid path, or not a mouse or keyboard action.
        """
        match action:
            case Click() | Move() | Drag() | ButtonDown() | ButtonUp() | LongPress() | Scroll():
                await self._mouse(page, action)
            case Type(text, submit):
                return await self._type(page, text, submit)
            case Hotkey(keys):
                async with self._pressed(page.keyboard, keys):
                    pass
            case KeyDown(key):
                await self._key_down(page.keyboard, playwright_key(key))
            case KeyUp(key):
                await self._key_up(page.keyboard, playwright_key(key))
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case _:
                raise ActionRefused(f"{type(action).__name__} is not supported in a browser")
        return ""

    async def release(self, page: Page) -> None:
        """Release all pressed keys and buttons."""
        for key in reversed(list(self._keys)):
            with suppress(Error):
                await page.keyboard.up(key)
        for button in list(self._buttons):
            with suppress(Error):
                await page.mouse.up(button=button.value)
        self._keys.clear()
        self._buttons.clear()

    # -- the mouse

    def _css_pixel(self, at: ScreenPoint) -> DevicePoint:
        """The CSS pixel that contains `at`. Rounded down, since Chromium rounds fractional points up."""
        point = self._device.apply(at)
        return DevicePoint(math.floor(point.x + _EPSILON), math.floor(point.y + _EPSILON))

    async def _mouse(self, page: Page, action: _MouseAction) -> None:
        mouse = page.mouse
        match action:
            case Click():
                await self._click(page, action)
            case Move(to):
                await self._move(mouse, to)
            case Drag():
                await self._drag(page, action)
            case ButtonDown(button, at):
                await self._move(mouse, at)
                await self._button_down(mouse, button)
            case ButtonUp(button, at):
                await self._move(mouse, at)
                await self._button_up(mouse, button)
            case LongPress(at, seconds):
                await self._move(mouse, at)
                await self._button_down(mouse, Button.LEFT)
                await asyncio.sleep(seconds)
                await self._button_up(mouse, Button.LEFT)
            case Scroll():
                await self._scroll(page, action)
            case _:
                assert_never(action)

    async def _move(self, mouse: Mouse, at: ScreenPoint | None) -> None:
        if at is not None:
            point = self._css_pixel(at)
            await mouse.move(point.x, point.y)
            self._pointer = point

    async def _click(self, page: Page, click: Click[ScreenPoint]) -> None:
        async with self._pressed(page.keyboard, click.modifiers):
            at = self._pointer = self._css_pixel(click.at)
            await page.mouse.click(at.x, at.y, button=click.button.value, click_count=click.count)

    async def _drag(self, page: Page, drag: Drag[ScreenPoint]) -> None:
        """Press, move in many small steps, release: HTML drag and drop needs several move events."""
        points = [self._css_pixel(point) for point in drag.path]
        async with self._pressed(page.keyboard, drag.modifiers):
            await self._move(page.mouse, drag.path[0])
            await self._button_down(page.mouse, drag.button)
            try:
                for start, end in itertools.pairwise(points):
                    await self._glide(page.mouse, start, end, _DRAG_S / (len(points) - 1))
            finally:
                await self._button_up(page.mouse, drag.button)

    async def _glide(self, mouse: Mouse, start: DevicePoint, end: DevicePoint, seconds: float) -> None:
        for step in range(1, _DRAG_MOVES + 1):
            part = step / _DRAG_MOVES
            at = self._pointer = DevicePoint(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part)
            await mouse.move(at.x, at.y)
            await asyncio.sleep(seconds / _DRAG_MOVES)

    async def _scroll(self, page: Page, scroll: Scroll[ScreenPoint]) -> None:
        """Send one wheel event per notch, since some pages count events; large amounts are split into ten events."""
        if scroll.at is None:
            await page.mouse.move(self._pointer.x, self._pointer.y)  # a new tab has not seen the mouse yet
        await self._move(page.mouse, scroll.at)
        x, y = _WHEEL[scroll.direction]
        events = min(scroll.amount, _MAX_WHEEL_EVENTS)
        for _ in range(events):
            delta_px = NOTCH_PX * scroll.amount / events
            await page.mouse.wheel(x * delta_px, y * delta_px)

    async def _button_down(self, mouse: Mouse, button: Button) -> None:
        self._buttons.append(button)
        await mouse.down(button=button.value)

    async def _button_up(self, mouse: Mouse, button: Button) -> None:
        await mouse.up(button=button.value)
        self._buttons = [held for held in self._buttons if held is not button]

    # -- the keyboard

    async def _type(self, page: Page, text: str, submit: bool) -> str:
        methods: set[str] = set()
        for method, piece in typing_pieces(text):
            methods.add(method)
            if method == "keys":
                await page.keyboard.type(piece)
            elif method == "insert":
                await page.keyboard.insert_text(piece)
            else:
                await page.keyboard.press(piece)
        if submit:
            await page.keyboard.press("Enter")
        return "+".join(sorted(methods - {"press"}))

    @asynccontextmanager
    async def _pressed(self, keyboard: Keyboard, names: tuple[str, ...]) -> AsyncGenerator[None]:
        """Press the keys in order, and release them in reverse order at the end."""
        keys = [playwright_key(name) for name in names]
        pressed: list[str] = []
        try:
            for key in keys:
                await self._key_down(keyboard, key)
                pressed.append(key)
            yield
        finally:
            for key in reversed(pressed):
                await self._key_up(keyboard, key)

    async def _key_down(self, keyboard: Keyboard, key: str) -> None:
        await keyboard.down(key)
        self._keys.append(key)

    async def _key_up(self, keyboard: Keyboard, key: str) -> None:
        await keyboard.up(key)
        self._keys = [held for held in self._keys if held != key]


_WHEEL: dict[Direction, tuple[int, int]] = {
    Direction.UP: (0, -1),
    Direction.DOWN: (0, 1),
    Direction.LEFT: (-1, 0),
    Direction.RIGHT: (1, 0),
}
