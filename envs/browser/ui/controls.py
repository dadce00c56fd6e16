"""What the browser draws for the controls of a page: pickers, suggestions, lists of `<select>`, tooltips."""

import asyncio
from contextlib import suppress
from typing import TypeAlias

from playwright.async_api import Error, Frame

from ...actions import Action, Move, points_of
from ..page.tabs import Tabs
from .overlay.overlay import Overlay
from .overlay.panels import Option, Panel, PanelAnchor, PanelAnswer, Picker, SelectList, Suggestions, Tooltip
from .page_events import (
    MAX_TEXT,
    ListClosedEvent,
    ListEvent,
    PickerEvent,
    SuggestionsClosedEvent,
    SuggestionsEvent,
    TooltipEvent,
)

PRESSED = "press"
"""The answer for a panel that the press of an action closes."""

ControlEvent: TypeAlias = (
    PickerEvent | SuggestionsEvent | SuggestionsClosedEvent | ListEvent | ListClosedEvent | TooltipEvent
)

_EVALUATE_S = 1.0
_SET_VALUE = "value => window[Symbol.for('screenwright.setValue')]?.(value)"
_LIST = "window[Symbol.for('screenwright.list')]"
_CLOSE = f"([number, byPress]) => {_LIST}?.close(number, byPress)"
_CHOOSE = f"([number, row]) => {_LIST}?.choose(number, row) ?? []"
_FINISH = f"() => {_LIST}?.finish()"
_SHOWS = "kind => window[Symbol.for('screenwright.shows')]?.(kind) ?? false"
_IN_PARENT = """(element, box) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const [scaleX, scaleY] = [width / element.offsetWidth || 1, height / element.offsetHeight || 1];
  return {
    x: x + (element.clientLeft + parseFloat(style.paddingLeft) + box.x) * scaleX,
    y: y + (element.clientTop + parseFloat(style.paddingTop) + box.y) * scaleY,
    width: box.width * scaleX,
    height: box.height * scaleY,
  };
}"""


def closes(popup: Panel | None, action: Action) -> bool:
    """Whether `action` on the page closes `popup`: a list stays under moves, suggestions while the user types."""
    if isinstance(popup, SelectList):
        return not isinstance(action, Move)
    return popup is not None and (bool(points_of(action)) or not isinstance(popup, Suggestions))


class Controls:
    """Draws the panels of controls on the overlay and passes the answers to the page.

    Pages start `page_top` CSS pixels below the top of the screen.
    """

    def __init__(self, tabs: Tabs, overlay: Overlay, page_top: float) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._page_top = page_top
        self._owners: dict[str, Frame] = {}
        self._placing = asyncio.Lock()

    async def handle(self, frame: Frame, event: ControlEvent, pointer_x: float, pointer_y: float) -> None:
        """Show or close the panel of `event` in `frame`; the pointer is at a CSS pixel of the page."""
        match event:
            case PickerEvent():
                anchor = await self._anchor(frame, event)
                picker = Picker(event.type, anchor, event.value, event.min, event.max, event.step)
                await self._show_choice(frame, picker)
            case SuggestionsEvent():
                options = tuple([Option(each.value[:MAX_TEXT], each.label[:MAX_TEXT]) for each in event.options])
                await self._show_choice(frame, Suggestions(await self._anchor(frame, event), options))
            case ListEvent():
                await self._show_list(frame, event)
            case SuggestionsClosedEvent() | ListClosedEvent():
                kind = Suggestions if isinstance(event, SuggestionsClosedEvent) else SelectList
                if isinstance(self._overlay.popup, kind) and self._owners.get(self._overlay.popup.kind) is frame:
                    await self._overlay.close_popup()
            case TooltipEvent(text=text) if text and not self._overlay.has_dialog:
                await self._overlay.close_tooltip()
                self._owners["tooltip"] = frame
                await self._overlay.show(Tooltip(pointer_x, pointer_y + self._page_top, text[:MAX_TEXT]), _ignore)
            case TooltipEvent():
                if self._owners.get("tooltip") is frame:
                    await self._overlay.close_tooltip()

    def opened(self, panel: Panel, frame: Frame) -> None:
        """Remember that `panel` belongs to the document in `frame`."""
        self._owners[panel.kind] = frame

    async def close_outdated(self) -> None:
        """Close the tooltip and the popup if what they belong to is gone: its element, its document or its tab."""
        async with self._placing:
            pass
        for panel in (self._overlay.tooltip, self._overlay.popup):
            if panel is None or await self._is_shown(panel):
                continue
            if isinstance(panel, Tooltip):
                await self._overlay.close_tooltip()
            else:
                await self._overlay.close_popup()

    async def _is_shown(self, panel: Panel) -> bool:
        frame = self._owners.get(panel.kind)
        if frame is None or frame.is_detached() or frame.page is not self._tabs.current:
            return False
        try:
            return bool(await asyncio.wait_for(frame.evaluate(_SHOWS, panel.kind), _EVALUATE_S))
        except TimeoutError:  # the page is busy
            return True
        except Error:
            return False

    async def _show_choice(self, frame: Frame, panel: Picker | Suggestions) -> None:
        async def on_answer(answer: PanelAnswer) -> None:
            if answer.value and answer.value != PRESSED:
                value = "" if isinstance(panel, Picker) and answer.value == "clear" else answer.value
                with suppress(Error):  # the frame has navigated
                    await frame.evaluate(_SET_VALUE, value)

        self.opened(panel, frame)
        await self._overlay.show(panel, on_answer)

    # -- lists

    async def _show_list(self, frame: Frame, event: ListEvent) -> None:
        async def on_answer(answer: PanelAnswer) -> None:
            row, _, key = answer.value.partition(" ")
            with suppress(Error):  # the frame has navigated
                if row.isdecimal():
                    await self._choose(frame, event.number, int(row))
                else:
                    await frame.evaluate(_CLOSE, [event.number, answer.value == PRESSED])
                if key == "tab" or row == "tab":
                    await frame.page.keyboard.press("Tab")

        anchor = await self._anchor(frame, event)
        panel = SelectList(anchor, event.rows, event.selected, event.text * anchor.width)
        self.opened(panel, frame)
        await self._overlay.show(panel, on_answer)

    async def _choose(self, frame: Frame, number: int, row: int) -> None:
        """Choose a row: where the browser can open its own list, with the keys of a user."""
        for key in await frame.evaluate(_CHOOSE, [number, row]):
            await frame.page.keyboard.press(key)
        await frame.evaluate(_FINISH)

    # -- positions

    async def _anchor(self, frame: Frame, event: PickerEvent | SuggestionsEvent | ListEvent) -> PanelAnchor:
        """The box of a control on the screen; within its frame, if the frames around it do not respond."""
        box = {"x": event.x, "y": event.y, "width": event.width, "height": event.height}
        async with self._placing:
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(_EVALUATE_S):
                    while frame.parent_frame is not None:
                        element = await frame.frame_element()
                        box = await element.evaluate(_IN_PARENT, box)
                        frame = frame.parent_frame
        return PanelAnchor(box["x"], box["y"] + self._page_top, box["width"], box["height"])


async def _ignore(_answer: PanelAnswer) -> None:
    """Tooltips have no answer."""
