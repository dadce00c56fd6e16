"""A page of our own that is drawn over the browser's page.

Chromium draws dialogs, pickers, menus and tooltips outside its pages: they are missing from screenshots of a page, and
mouse events sent to a page do not reach them. While a dialog is open, no screenshot can be taken at all. So we draw
them on a transparent page in a separate context, which no site can access. Its screenshot is composited over that of
the page, and clicks and keys on it are sent to it by a real mouse and keyboard.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import resources
from typing import TypeVar

from PIL import Image
from playwright.async_api import Error, Page
from pydantic import TypeAdapter

from ....actions import (
    ActionIn,
    ButtonDown,
    ButtonUp,
    Click,
    Drag,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Scroll,
    Type,
)
from ....env import EnvLost
from ....geometry import DevicePoint, DeviceTransform, ScreenPoint, Size
from ....keys import canonical_key
from ...page.input import InputDriver
from .panels import Dialog, Panel, PanelAnswer, SelectList, Suggestions, TabStripPanel, Tooltip

T = TypeVar("T")
AnswerHandler = Callable[[PanelAnswer], Awaitable[None]]

TAB_STRIP_PX = 72
"""Height of the tab strip with the address bar, in CSS pixels."""

_CALL_S = 4.0
_OPEN_S = 15.0
_ATTEMPTS = 3
_WAIT_FOR_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_CALL = "([name, ...given]) => screenwrightOverlay[name](...given)"
_ANSWER = TypeAdapter(PanelAnswer)
_LIST_KEYS = ("escape", "enter", "up", "down", "home", "end", "pageup", "pagedown", "space", "tab", "f4")
_ALT_ARROWS = (frozenset({"alt", "up"}), frozenset({"alt", "down"}))


@dataclass(frozen=True, slots=True)
class _OpenPanel:
    id: str
    panel: Panel
    on_answer: AnswerHandler


class Overlay:
    """The panels over a page, on a screen of `size` in CSS pixels at `scale`.

    `open_page` opens the page for the panels when the first one is shown; `redact` takes secrets out of them. Dialogs
    are stacked; of every other kind only one is open at a time.
    """

    def __init__(
        self,
        open_page: Callable[[], Awaitable[Page]],
        size: Size,
        scale: float,
        redact: Callable[[Panel], Panel] = lambda panel: panel,
    ) -> None:
        self._open_page = open_page
        self._redact = redact
        self._device = DeviceTransform(scale)
        self._input = InputDriver(self._device, DevicePoint(size.width / 2, size.height / 2))
        self._page: Page | None = None
        self._drawing = asyncio.Lock()
        self._count = 0
        self._dialogs: list[_OpenPanel] = []
        self._popup: _OpenPanel | None = None
        self._tooltip: _OpenPanel | None = None
        self._tab_strip: _OpenPanel | None = None
        self._image: Image.Image | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()

    # -- state

    @property
    def has_dialog(self) -> bool:
        """Whether a modal dialog is open."""
        return bool(self._dialogs)

    @property
    def dialog(self) -> Panel | None:
        """The modal dialog on top."""
        return self._dialogs[-1].panel if self._dialogs else None

    @property
    def popup(self) -> Panel | None:
        """The open picker, suggestions, list or menu."""
        return self._popup.panel if self._popup else None

    @property
    def tooltip(self) -> Panel | None:
        """The tooltip."""
        return self._tooltip.panel if self._tooltip else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn over the page."""
        return not self._panels()

    async def show(self, panel: Panel, on_answer: AnswerHandler) -> None:
        """Show `panel` and call `on_answer` with the answer.

        A new picker, suggestions, list or menu closes the previous one, whose answer is empty. A tab strip replaces the
        previous one and may be answered many times.
        """
        self._count += 1
        opened = _OpenPanel(f"panel{self._count}", panel, on_answer)
        replaced: _OpenPanel | None = None
        if isinstance(panel, Dialog):
            self._dialogs.append(opened)
        elif isinstance(panel, TabStripPanel):
            self._tab_strip = opened
        elif isinstance(panel, Tooltip):
            replaced, self._tooltip = self._tooltip, opened
        else:
            replaced, self._popup = self._popup, opened
        async with self._drawing:  # one panel at a time, and no screenshot of a half-drawn one
            self._image = None
            if replaced is not None:
                await self._call("close", replaced.id)
            if opened in self._panels():  # not closed in the meantime
                await self._call("show", opened.id, asdict(self._redact(panel)))
        if replaced is not None:
            await replaced.on_answer(PanelAnswer())

    async def close_popup(self, value: str = "") -> None:
        """Close the open picker, suggestions, list or menu with the answer `value`."""
        if self._popup is not None:
            await self._answer(self._popup, PanelAnswer(value))

    async def cancel_dialogs(self) -> None:
        """Cancel all dialogs, since their page is being left."""
        for dialog in list(self._dialogs):
            await self._answer(dialog, PanelAnswer("cancel"))

    async def close_tooltip(self) -> None:
        """Close the tooltip."""
        await self._remove(self._tooltip)

    async def close(self) -> None:
        """Close the page of the overlay. Open panels are not answered."""
        for task in (*self._answering, *self._closing):
            task.cancel()
        page, self._page = self._page, None
        if page is not None:
            await page.context.close()

    # -- screenshots

    async def composite(self, screenshot: Image.Image) -> Image.Image:
        """`screenshot` of the whole screen with the panels drawn over it."""
        async with self._drawing:
            if self._image is None:
                png = await self._on_page(_capture)
                self._image = Image.open(io.BytesIO(png)).convert("RGBA")
            panels = self._image
        result = screenshot.copy()
        result.paste(panels, (0, 0), panels)
        return result

    # -- actions

    async def handles(self, action: ActionIn[ScreenPoint]) -> bool:
        """Whether `action` goes to a panel and not to the page."""
        if self._dialogs:
            return True
        async with self._drawing:  # wait for panels that are being drawn
            pass
        if self.is_empty or self._page is None:
            return False
        at = _start_point(action)
        if at is not None:
            point = self._device.apply(at)
            return await self._call("isOver", point.x, point.y)
        return await self._call("isTyping") or (self._popup is not None and await self._is_popup_key(action))

    async def _is_popup_key(self, action: ActionIn[ScreenPoint]) -> bool:
        """Whether `action` is a key or a text for the open picker, suggestions, list or menu."""
        if isinstance(action, Type):
            return isinstance(self.popup, SelectList)
        if not isinstance(action, Hotkey | KeyDown | KeyUp) or self._page is None:
            return False
        keys = action.keys if isinstance(action, Hotkey) else (action.key,)
        key = canonical_key(keys[0]) if len(keys) == 1 else ""
        if key == "enter" and isinstance(self.popup, Suggestions):
            return await self._call("hasChoice")
        if isinstance(self.popup, SelectList):
            return len(key) == 1 or key in _LIST_KEYS or frozenset(map(canonical_key, keys)) in _ALT_ARROWS
        return key in ("escape", "enter", "up", "down")

    async def execute(self, action: ActionIn[ScreenPoint]) -> str:
        """Perform `action` on the panels.

        Raises:
            ActionRefused: an unknown key, an invalid path, or not a mouse or keyboard action.
        """
        async with self._drawing:
            page = await self._ready()
            self._image = None
        method = await self._input.execute(page, action)
        await self._on_page(_wait_for_frame)
        return method

    async def wait_for_answers(self, within_s: float) -> None:
        """Wait until the answers given so far have taken effect."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=within_s)

    async def blur(self) -> None:
        """Remove the focus from the address bar."""
        if self._tab_strip is not None and self._page is not None:
            self._image = None
            await self._call("blur")

    async def release(self) -> None:
        """Release all pressed keys and buttons."""
        if self._page is not None:
            await self._input.release(self._page)

    # -- internals

    async def _ready(self) -> Page:
        """The page of the overlay, opened if needed; the caller holds the lock."""
        if self._page is None:
            page = await self._open_page()
            await page.expose_binding("screenwrightAnswer", self._on_answer)
            await page.set_content(_document())
            for opened in self._panels():
                await page.evaluate(_CALL, ["show", opened.id, asdict(self._redact(opened.panel))])
            self._page = page
        return self._page

    async def _call(self, function: str, *arguments: object) -> bool:
        """Call a function of `page.js`."""

        async def call(page: Page) -> bool:
            return bool(await page.evaluate(_CALL, [function, *arguments]))

        return await self._on_page(call)

    async def _on_page(self, operation: Callable[[Page], Awaitable[T]]) -> T:
        """Run `operation` on the page. If the page crashed or hangs, reopen it with its panels and retry.

        Raises:
            EnvLost: the browser cannot open a working page.
        """
        for _ in range(_ATTEMPTS):
            try:
                page = await asyncio.wait_for(self._ready(), _OPEN_S)
                return await asyncio.wait_for(operation(page), _CALL_S)
            except (Error, TimeoutError):
                dead, self._page = self._page, None
                if dead is not None:
                    _start(_close(dead), self._closing)
        raise EnvLost("the browser cannot draw its dialogs and menus")

    def _on_answer(self, _source: object, panel_id: str, data: object) -> None:
        answer = _ANSWER.validate_python(data)
        opened = next((opened for opened in self._panels() if opened.id == panel_id), None)
        if opened is None:
            return
        handling = opened.on_answer(answer) if opened is self._tab_strip else self._answer(opened, answer)
        _start(handling, self._answering)

    async def _answer(self, opened: _OpenPanel, answer: PanelAnswer) -> None:
        await self._remove(opened)
        await opened.on_answer(answer)

    async def _remove(self, opened: _OpenPanel | None) -> None:
        """Close a panel if it is still open."""
        if opened is None or opened not in self._panels():
            return
        self._dialogs = [dialog for dialog in self._dialogs if dialog is not opened]
        self._popup = None if self._popup is opened else self._popup
        self._tooltip = None if self._tooltip is opened else self._tooltip
        self._image = None
        if self._page is not None:
            await self._call("close", opened.id)

    def _panels(self) -> list[_OpenPanel]:
        return [each for each in (*self._dialogs, self._popup, self._tooltip, self._tab_strip) if each is not None]


def _start(work: Awaitable[None], tasks: "set[asyncio.Task[None]]") -> None:
    task = asyncio.ensure_future(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _start_point(action: ActionIn[ScreenPoint]) -> ScreenPoint | None:
    """Where a mouse action starts; None for other actions."""
    match action:
        case Click(at) | LongPress(at) | Move(at):
            return at
        case Drag(path):
            return path[0] if path else None
        case Scroll(at=at) | ButtonDown(at=at) | ButtonUp(at=at):
            return at
        case _:
            return None


async def _wait_for_frame(page: Page) -> None:
    await page.evaluate(_WAIT_FOR_FRAME)


async def _capture(page: Page) -> bytes:
    await _wait_for_frame(page)
    return await page.screenshot(omit_background=True, caret="initial")


async def _close(page: Page) -> None:
    with suppress(Error, TimeoutError):
        await asyncio.wait_for(page.context.close(), _CALL_S)


def _document() -> str:
    files = resources.files(__name__.rpartition(".")[0])
    page, style, script = (files.joinpath(name).read_text("utf-8") for name in ("page.html", "page.css", "page.js"))
    return page.replace("STYLE", style).replace("SCRIPT", script)
