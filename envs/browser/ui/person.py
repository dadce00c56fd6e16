"""What a person does in the pages of a headed browser, for a demonstration; reported by `scripts/person.js`."""

import asyncio
import time
from collections.abc import Callable

from playwright.async_api import Error, Frame

from ...actions import Button, Direction
from ...demonstration import KeyInput, PersonInput, PointerInput, TextInput, WheelInput
from ...env import ActionRefused
from ...geometry import DevicePoint, DeviceTransform
from ...keys import canonical_key
from ..launch.view import View
from .page_events import PersonEvent

_BUTTONS = {0: Button.LEFT, 1: Button.MIDDLE, 2: Button.RIGHT, 3: Button.BACK, 4: Button.FORWARD}
_NOTCH_PX = 100.0
_MOST_LATE_S = 5.0


class PagePerson:
    """Turns the events of pages into input, with points in pixels of the screenshot, which `device` converts to."""

    def __init__(self, listener: Callable[[PersonInput], None], device: DeviceTransform) -> None:
        self.listener = listener
        self._device = device
        self._in_order = asyncio.Lock()
        """A frame inside the page is asked for its position, which takes a moment."""

    @classmethod
    def of(cls, view: View, page_top: float) -> "PagePerson | None":
        """That of `view`, whose pages start `page_top` CSS pixels below its top; None without a person."""
        return None if view.person is None else cls(view.person, DeviceTransform(view.scale, 0.0, 0.0 - page_top))

    async def handle(self, frame: Frame, event: PersonEvent) -> None:
        """Report `event` of `frame`."""
        age_s = time.time() - event.time / 1000
        time_s = time.monotonic() - min(max(age_s, 0.0), _MOST_LATE_S)
        async with self._in_order:
            try:
                left, top = await _position(frame)
            except Error:  # it has just been removed
                return
        at = self._device.inverse(DevicePoint(event.x + left, event.y + top))
        match event.kind:
            case "press" | "release" | "move" as kind if event.button in _BUTTONS:
                self.listener(PointerInput(kind, at, time_s, _BUTTONS[event.button]))
            case "wheel" if event.dx or event.dy:
                direction, amount = _turn(event)
                self.listener(WheelInput(direction, amount, at, time_s))
            case "text":
                self.listener(TextInput(event.text, time_s, event.hidden))
            case "key":
                self._key(event, time_s)
            case _:
                pass

    def _key(self, event: PersonEvent, time_s: float) -> None:
        name = ""
        if not event.hidden:
            try:
                name = canonical_key(event.key)
            except ActionRefused:  # a key that no action presses
                return
        self.listener(KeyInput(name, event.text, event.pressed, time_s, event.hidden))


async def _position(frame: Frame) -> tuple[float, float]:
    """The left top corner of a frame in the page, in CSS pixels."""
    if frame.parent_frame is None:
        return 0.0, 0.0
    box = await (await frame.frame_element()).bounding_box()
    return (box["x"], box["y"]) if box is not None else (0.0, 0.0)


def _turn(event: PersonEvent) -> tuple[Direction, float]:
    if abs(event.dx) > abs(event.dy):
        return (Direction.RIGHT if event.dx > 0 else Direction.LEFT), abs(event.dx) / _NOTCH_PX
    return (Direction.DOWN if event.dy > 0 else Direction.UP), abs(event.dy) / _NOTCH_PX
