"""Mouse and keyboard input to a page."""

import asyncio
import itertools
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal, TypeAlias, assert_never

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
from .keyboard import SHIFTS, playwright_keys
from .typing import Typing, without_text

NOTCH_PX = 100
"""CSS pixels that one notch of the wheel scrolls, Chromium's value on most systems."""

_DRAG_MOVES = 20
_DRAG_S = 0.15
_DRAG_HOLD_S = 0.12
"""Pause after the press, since many pages start a drag only if the button is held for a tenth of a second, and before
the release, since others go on moving what is released in motion."""

_DRAWN = "() => window[Symbol.for('screenwright.drawn')]?.()"
_PRESS_ENDS = "() => window[Symbol.for('screenwright.pressEnds')]?.()"
_DRAWN_S = 0.5

_MAX_WHEEL_EVENTS = 10

_EVALUATE_S = 3.0
_NEXT_SNAP = 0.6
"""Share of the visible extent after which scrolling snaps to the next position."""
_SNAPPED = """async ([left, top, x, y]) => {
  let element = document.elementFromPoint(left, top);
  const root = document.documentElement;
  const snaps = each => /mandatory/.test(getComputedStyle(each).scrollSnapType);
  const scrolls = each => x ? each.scrollWidth > each.clientWidth : each.scrollHeight > each.clientHeight;
  while (element && !(element !== root && element !== document.body && snaps(element) && scrolls(element))) {
    element = element.parentElement ?? element.getRootNode().host;
  }
  if (!element && (snaps(root) || (document.body && snaps(document.body)))) element = document.scrollingElement;
  if (!element) return null;
  const position = () => Math.round(x ? element.scrollLeft : element.scrollTop);
  const wait = () => new Promise(done => setTimeout(done, 100));
  let last = NaN;
  for (let count = 0; count < 15 && last !== position(); count++) {
    last = position();
    await wait();
  }
  return [position(), x ? element.clientWidth : element.clientHeight];
}"""
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
        self.typing_problem = ""
        """See `Typing.problem`, of the last text that was typed."""

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
                    await self._wait(page, _PRESS_ENDS)
            case KeyDown(key):
                for one in playwright_keys((key,)):
                    await self._key_down(page.keyboard, one)
            case KeyUp(key):
                for one in reversed(playwright_keys((key,))):
                    await self._key_up(page.keyboard, one)
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
                await self._button_up(page, button)
        self._keys.clear()
        self._buttons.clear()

    # -- the mouse

    def css_pixel(self, at: ScreenPoint) -> DevicePoint:
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
                await self._button_down(page, button)
            case ButtonUp(button, at):
                await self._move(mouse, at)
                await self._button_up(page, button)
            case LongPress(at, seconds):
                await self._move(mouse, at)
                await self._button_down(page, Button.LEFT)
                try:
                    await asyncio.sleep(seconds)
                finally:
                    await self._button_up(page, Button.LEFT)
            case Scroll():
                await self._scroll(page, action)
            case _:
                assert_never(action)

    async def _move(self, mouse: Mouse, at: ScreenPoint | None) -> None:
        if at is not None:
            self._pointer = point = self.css_pixel(at)  # before the page reports what the move has caused
            await mouse.move(point.x, point.y)

    async def _click(self, page: Page, click: Click[ScreenPoint]) -> None:
        async with self._pressed(page.keyboard, click.modifiers):
            await self._move(page.mouse, click.at)
            for count in range(1, click.count + 1):
                if count > 1:
                    await self._wait(page, _DRAWN)
                await self._button_down(page, click.button, count)
                try:
                    await self._wait(page, _PRESS_ENDS)
                finally:
                    await self._button_up(page, click.button, count)

    async def _wait(self, page: Page, until: str) -> None:
        """Wait until the page has drawn a frame: some only look at the mouse and the keys then, others draw between."""
        with suppress(Error, TimeoutError):  # the press has left the page, or it is busy
            await asyncio.wait_for(page.evaluate(until), _DRAWN_S)

    async def _drag(self, page: Page, drag: Drag[ScreenPoint]) -> None:
        """Press, move in many small steps, release: HTML drag and drop needs several move events."""
        points = [self.css_pixel(point) for point in drag.path]
        async with self._pressed(page.keyboard, drag.modifiers):
            await self._move(page.mouse, drag.path[0])
            await self._button_down(page, drag.button)
            await asyncio.sleep(_DRAG_HOLD_S)
            try:
                for start, end in itertools.pairwise(points):
                    await self._glide(page.mouse, start, end, _DRAG_S / (len(points) - 1))
                await asyncio.sleep(_DRAG_HOLD_S)
                await page.mouse.move(points[-1].x, points[-1].y)
            finally:
                await self._button_up(page, drag.button)

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
        before = await self._snapped(page, x, y)
        events = min(scroll.amount, _MAX_WHEEL_EVENTS)
        for _ in range(events):
            delta_px = NOTCH_PX * scroll.amount / events
            await page.mouse.wheel(x * delta_px, y * delta_px)
        if before is not None and (after := await self._snapped(page, x, y)) and before[0] == after[0]:
            # it snapped back: in a browser window, even one notch reaches the next position
            await page.mouse.wheel(x * before[1] * _NEXT_SNAP, y * before[1] * _NEXT_SNAP)

    async def _snapped(self, page: Page, x: int, y: int) -> tuple[float, float] | None:
        """Position and extent of what scrolls under the mouse, once it rests, if it has to snap; else None."""
        with suppress(Error, TimeoutError):
            found = await asyncio.wait_for(
                page.evaluate(_SNAPPED, [self._pointer.x, self._pointer.y, x, y]), _EVALUATE_S
            )
            return (float(found[0]), float(found[1])) if found else None
        return None

    async def _button_down(self, page: Page, button: Button, count: int = 1) -> None:
        self._buttons.append(button)
        if button in _SIDE_BUTTONS:
            await self._side_button(page, "mousePressed", button, count)
        else:
            await page.mouse.down(button=_BUTTONS[button], click_count=count)

    async def _button_up(self, page: Page, button: Button, count: int = 1) -> None:
        if button in _SIDE_BUTTONS:
            await self._side_button(page, "mouseReleased", button, count)
        else:
            await page.mouse.up(button=_BUTTONS[button], click_count=count)
        self._buttons = [held for held in self._buttons if held is not button]

    async def _side_button(self, page: Page, kind: str, button: Button, count: int) -> None:
        """Press or release a button that Playwright does not know, through DevTools."""
        session = await page.context.new_cdp_session(page)
        try:
            at = self._pointer
            down = _SIDE_BUTTONS[button] if kind == "mousePressed" else 0
            modifiers = sum(
                bit for name, bit in _MODIFIER_BITS.items() if any(key.startswith(name) for key in self._keys)
            )
            event = {"type": kind, "x": at.x, "y": at.y, "button": button.value, "buttons": down}
            await session.send("Input.dispatchMouseEvent", event | {"clickCount": count, "modifiers": modifiers})
        finally:
            with suppress(Error):  # the press may have left the page
                await session.detach()

    # -- the keyboard

    async def type_secret(self, page: Page, text: str, before_key: Callable[[], Awaitable[None]]) -> None:
        """Type `text`, with `before_key` before each of its keys; no report contains it."""
        typing = Typing(page, any(shift in self._keys for shift in SHIFTS), before_key)
        await typing.type(text, submit=False)
        self.typing_problem = without_text(typing.problem)

    async def _type(self, page: Page, text: str, submit: bool) -> str:
        typing = Typing(page, any(shift in self._keys for shift in SHIFTS))
        method = await typing.type(text, submit)
        self.typing_problem = typing.problem
        return method

    @asynccontextmanager
    async def _pressed(self, keyboard: Keyboard, names: tuple[str, ...]) -> AsyncGenerator[None]:
        """Press the keys in order, and release them in reverse order at the end."""
        keys = playwright_keys(names)
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


_BUTTONS: dict[Button, Literal["left", "middle", "right"]] = {
    Button.LEFT: "left",
    Button.MIDDLE: "middle",
    Button.RIGHT: "right",
}
_SIDE_BUTTONS = {Button.BACK: 8, Button.FORWARD: 16}
"""The bits of `Input.dispatchMouseEvent.buttons`."""

_MODIFIER_BITS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}

_WHEEL: dict[Direction, tuple[int, int]] = {
    Direction.UP: (0, -1),
    Direction.DOWN: (0, 1),
    Direction.LEFT: (-1, 0),
    Direction.RIGHT: (1, 0),
}
