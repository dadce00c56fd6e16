"""A page of our own that lies over the page.

Chromium draws dialogs, pickers, menus and tooltips outside its pages, where a page's screenshot does not show them and
a page's mouse does not reach them; while a dialog is open it takes no screenshots at all. So they are drawn on a
transparent page in a context of its own, which no site can see or touch. Its picture is laid over that of the page, and
what is clicked or typed on it is carried out there, by a real mouse and keyboard.
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

from ....actions import ActionIn, ButtonDown, ButtonUp, Click, Drag, Hotkey, KeyDown, KeyUp, LongPress, Move, Scroll
from ....env import EnvLost
from ....geometry import DevicePoint, DeviceTransform, ScreenPoint, Size
from ....keys import canonical_key
from ...page.input import InputDriver
from .panels import Dialog, ListOfOptions, Panel, PanelAnswer, Strip, Tooltip

T = TypeVar("T")
Answered = Callable[[PanelAnswer], Awaitable[None]]

STRIP_PX = 72
"""Height of the tab strip with the address, in CSS pixels."""

_PATIENCE_S = 4.0
_OPENING_S = 15.0
_TRIES = 3
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_CALL = "([name, ...given]) => screenwrightOverlay[name](...given)"
_ANSWER = TypeAdapter(PanelAnswer)


@dataclass(frozen=True, slots=True)
class _Open:
    """A panel that is shown, and who hears its answer."""

    id: str
    panel: Panel
    answered: Answered


class Overlay:
    """The panels over a page, of the `size` of the screen in CSS pixels at `scale`.

    `open_page` opens the page that they are drawn on, when the first one is. Dialogs queue up; of everything else there
    is one at a time.
    """

    def __init__(self, open_page: Callable[[], Awaitable[Page]], size: Size, scale: float) -> None:
        self._open_page = open_page
        self._device = DeviceTransform(scale)
        self._hands = InputDriver(self._device, DevicePoint(size.width / 2, size.height / 2))
        self._page: Page | None = None
        self._drawing = asyncio.Lock()
        self._count = 0
        self._dialogs: list[_Open] = []
        self._popup: _Open | None = None
        self._tooltip: _Open | None = None
        self._strip: _Open | None = None
        self._picture: Image.Image | None = None
        self._answers: set[asyncio.Task[None]] = set()
        self._endings: set[asyncio.Task[None]] = set()

    # -- what lies there

    @property
    def has_dialog(self) -> bool:
        """Whether there is a question that nothing else can be done before."""
        return bool(self._dialogs)

    @property
    def popup(self) -> Panel | None:
        """The picker, list or menu that is open."""
        return self._popup.panel if self._popup else None

    @property
    def is_empty(self) -> bool:
        """Whether the page is to be seen as it is."""
        return not (self._dialogs or self._popup or self._tooltip or self._strip)

    async def show(self, panel: Panel, answered: Answered) -> None:
        """Show `panel`; `answered` hears what it was answered.

        A picker, list or menu takes the place of the one before, which then was answered with nothing. A strip takes
        the place of the one before, and may be answered again and again.
        """
        self._count += 1
        shown = _Open(f"panel{self._count}", panel, answered)
        before: _Open | None = None
        if isinstance(panel, Dialog):
            self._dialogs.append(shown)
        elif isinstance(panel, Strip):
            self._strip = shown
        elif isinstance(panel, Tooltip):
            before, self._tooltip = self._tooltip, shown
        else:
            before, self._popup = self._popup, shown
        async with self._drawing:
            self._picture = None
            if before is not None:
                await self._call("close", before.id)
            await self._call("show", shown.id, asdict(panel))
        if before is not None:
            await before.answered(PanelAnswer())

    async def close_popup(self) -> None:
        """Take away the picker, list or menu that is open; whoever asked hears that nothing was chosen."""
        if self._popup is not None:
            await self._end(self._popup, PanelAnswer())

    async def cancel_dialogs(self) -> None:
        """Whoever asked is being left, and hears that the answer is no."""
        for dialog in list(self._dialogs):
            await self._end(dialog, PanelAnswer("cancel"))

    async def close_tooltip(self) -> None:
        """Take away the tooltip."""
        await self._replace(self._tooltip)

    async def close(self) -> None:
        """Take it all away, and the page with it. Questions that are open are not answered any more."""
        for task in (*self._answers, *self._endings):
            task.cancel()
        page, self._page = self._page, None
        if page is not None:
            await page.context.close()

    # -- looking

    async def over(self, picture: Image.Image) -> Image.Image:
        """`picture` of the whole screen with the panels over it."""
        async with self._drawing:
            if self._picture is None:
                png = await self._on_page(_photograph)
                self._picture = Image.open(io.BytesIO(png)).convert("RGBA")
            panels = self._picture
        covered = picture.copy()
        covered.paste(panels, (0, 0), panels)
        return covered

    # -- acting

    async def takes(self, action: ActionIn[ScreenPoint]) -> bool:
        """Whether `action` goes to a panel and not to the page."""
        if self._dialogs:
            return True
        async with self._drawing:  # what is being drawn is there for whoever acts on it
            pass
        if self.is_empty or self._page is None:
            return False
        at = _place(action)
        if at is not None:
            point = self._device.apply(at)
            return await self._call("isOver", point.x, point.y)
        return await self._call("isTyping") or (self._popup is not None and await self._steers(action))

    async def _steers(self, action: ActionIn[ScreenPoint]) -> bool:
        """Whether `action` is a key for the picker, list or menu that is open."""
        if not isinstance(action, Hotkey | KeyDown | KeyUp) or self._page is None:
            return False
        keys = action.keys if isinstance(action, Hotkey) else (action.key,)
        key = canonical_key(keys[0]) if len(keys) == 1 else ""
        if key == "enter" and self._popup is not None and isinstance(self._popup.panel, ListOfOptions):
            return await self._call("hasChoice")
        return key in ("escape", "enter", "up", "down")

    async def do(self, action: ActionIn[ScreenPoint]) -> str:
        """Carry out `action` on the panels.

        Raises:
            ActionRefused: an unknown key, an odd path, or no work of the hand.
        """
        async with self._drawing:
            page = await self._ready()
            self._picture = None
        method = await self._hands.do(page, action)
        await self._on_page(_drawn)
        return method

    async def answers(self, within_s: float) -> None:
        """Wait until every answer that was given has been acted upon."""
        if self._answers:
            await asyncio.wait(self._answers, timeout=within_s)

    async def stop_typing(self) -> None:
        """The page is being worked: the strip's address field is left."""
        if self._strip is not None and self._page is not None:
            self._picture = None
            await self._call("stopTyping")

    async def release(self) -> None:
        """Let go of everything that is held."""
        if self._page is not None:
            await self._hands.release(self._page)

    # -- inside

    async def _ready(self) -> Page:
        """The page that the panels are drawn on; whoever draws holds the lock."""
        if self._page is None:
            page = await self._open_page()
            await page.expose_binding("screenwrightAnswer", self._heard)
            await page.set_content(_document())
            for shown in self._all():
                await page.evaluate(_CALL, ["show", shown.id, asdict(shown.panel)])
            self._page = page
        return self._page

    async def _call(self, function: str, *arguments: object) -> bool:
        """Call a function of the page; what it says."""

        async def call(page: Page) -> bool:
            return bool(await page.evaluate(_CALL, [function, *arguments]))

        return await self._on_page(call)

    async def _on_page(self, work: Callable[[Page], Awaitable[T]]) -> T:
        """Do `work` on the page. One that died or hangs is replaced, with all that it showed, and it is done again.

        Raises:
            EnvLost: the browser brings up no page that works.
        """
        for _ in range(_TRIES):
            try:
                page = await asyncio.wait_for(self._ready(), _OPENING_S)
                return await asyncio.wait_for(work(page), _PATIENCE_S)
            except (Error, TimeoutError):
                dead, self._page = self._page, None
                if dead is not None:
                    self._later(_close(dead), self._endings)
        raise EnvLost("the browser does not draw what lies over its pages")

    def _later(self, work: Awaitable[None], among: "set[asyncio.Task[None]]") -> None:
        task = asyncio.ensure_future(work)
        among.add(task)
        task.add_done_callback(among.discard)

    def _heard(self, _source: object, panel_id: str, said: object) -> None:
        answer = _ANSWER.validate_python(said)
        shown = next((shown for shown in self._all() if shown.id == panel_id), None)
        if shown is None:
            return
        ending = self._end(shown, answer) if shown is not self._strip else shown.answered(answer)
        self._later(ending, self._answers)

    async def _end(self, shown: _Open, answer: PanelAnswer) -> None:
        await self._replace(shown)
        await shown.answered(answer)

    async def _replace(self, shown: _Open | None) -> None:
        """Take a panel away, if it is still there."""
        if shown is None or shown not in self._all():
            return
        self._dialogs = [dialog for dialog in self._dialogs if dialog is not shown]
        self._popup = None if self._popup is shown else self._popup
        self._tooltip = None if self._tooltip is shown else self._tooltip
        self._picture = None
        if self._page is not None:
            await self._call("close", shown.id)

    def _all(self) -> list[_Open]:
        return [each for each in (*self._dialogs, self._popup, self._tooltip, self._strip) if each is not None]


def _place(action: ActionIn[ScreenPoint]) -> ScreenPoint | None:
    """Where `action` begins on the screen, if it is the mouse's."""
    match action:
        case Click(at) | LongPress(at) | Move(at):
            return at
        case Drag(path):
            return path[0] if path else None
        case Scroll(at=at) | ButtonDown(at=at) | ButtonUp(at=at):
            return at
        case _:
            return None


async def _drawn(page: Page) -> None:
    await page.evaluate(_DRAWN)


async def _photograph(page: Page) -> bytes:
    await _drawn(page)
    return await page.screenshot(omit_background=True, caret="initial")


async def _close(page: Page) -> None:
    with suppress(Error, TimeoutError):
        await asyncio.wait_for(page.context.close(), _PATIENCE_S)


def _document() -> str:
    files = resources.files(__name__.rpartition(".")[0])
    page, style, script = (files.joinpath(name).read_text("utf-8") for name in ("page.html", "page.css", "page.js"))
    return page.replace("STYLE", style).replace("SCRIPT", script)
