"""An open browser. Everything in here runs on the one thread that its event loop belongs to."""

import asyncio
import base64
import re
import time
from collections.abc import Coroutine
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image
from playwright.async_api import BrowserContext, Error, Page, Playwright, async_playwright
from playwright.async_api import TimeoutError as LateError

from ..actions import (
    Action,
    Back,
    Click,
    Drag,
    Home,
    Hotkey,
    LongPress,
    Navigate,
    OpenApp,
    Type,
    Wait,
    map_points,
    points_of,
)
from ..env import ActionRefused, Done, EnvLost, EnvUnavailable, Observation
from ..geometry import DevicePoint, DeviceTransform, ScreenPoint, Size
from ..screenshot import Screenshot
from .addresses import full_address
from .chromium import launch, overlay_page
from .downloads import Downloads
from .hands import Hands
from .overlay import Answer, ListOfOptions, Overlay, Strip, Tab
from .overlay.overlay import STRIP_PX
from .questions import Questions
from .settings import BrowserSettings, View
from .settle import Settling
from .shortcuts import Shortcut, shortcut
from .tabs import Tabs, TabWatch
from .traffic import Traffic

T = TypeVar("T")

_CAPTURE_S = 15.0
_ACT_S = 10.0
_CLOSE_S = 10.0
_ERROR_PAGE_S = 2.0
_NEWS_S = 0.05
"""Trouble is told at once, its cause a moment later."""
_DOWNLOAD_S = 1.0
_CALL = re.compile(r"^\w+\.\w+: | at \S+$")
_DIALOG = "a dialog"
_DOCUMENT_S = 0.2
_BLANK = ((255, 255), (255, 255), (255, 255))
_ASK_HISTORY = "() => [navigation?.canGoBack ?? true, navigation?.canGoForward ?? false]"


class Session:
    """A browser with its tabs, one of which is seen and worked, and what lies over it."""

    def __init__(
        self,
        playwright: Playwright,
        context: BrowserContext,
        view: View,
        settings: BrowserSettings,
        downloads: Downloads,
    ) -> None:
        screen, scale = view.screen, view.scale
        self._playwright = playwright
        self._context = context
        self._settings = settings
        self._top = STRIP_PX if settings.tab_strip else 0
        self._device = DeviceTransform(scale)
        self._screen = Size(round(screen.width * scale), round(screen.height * scale))
        self._traffic = Traffic(context)
        self._downloads = downloads
        self._tabs = Tabs(context, self._traffic, TabWatch(self._opened, self._crashed))
        self._hands = Hands(self._device, DevicePoint(screen.width / 2, (screen.height - self._top) / 2))
        self._overlay = Overlay(lambda: overlay_page(playwright, context, view, settings), screen, scale)
        self._questions = Questions(
            self._tabs, self._overlay, settings, lambda: self._hands.pointer, self._top, self._go
        )
        self._start = "about:blank"
        self._exposure: dict[str, object] = {"format": "png", "optimizeForSpeed": True}
        if scale != 1:  # without a clip of that scale, Chromium hands out CSS pixels
            height = screen.height - self._top
            self._exposure["clip"] = {"x": 0, "y": 0, "width": screen.width, "height": height, "scale": scale}
        self._beginnings: dict[Page, int] = {}
        self._wanted: dict[Page, str] = {}
        self._last_png: bytes | None = None
        self._strip: Strip | None = None
        self._held_up: asyncio.Task[str] | None = None
        self._asides: set[asyncio.Task[None]] = set()
        self.program = "Chromium"

    @classmethod
    async def open(cls, url: str, view: View, settings: BrowserSettings) -> "Session":
        """Start Chromium and open `url`.

        Raises:
            EnvUnavailable: there is no Chromium, it does not start, or the address cannot be opened.
        """
        playwright = await async_playwright().start()
        kept = Path(settings.downloads) if settings.downloads else None
        downloads = Downloads(kept, settings.download_limit_mb * 10**6)
        try:
            page_size = Size(view.screen.width, view.screen.height - (STRIP_PX if settings.tab_strip else 0))
            context, version = await launch(playwright, page_size, view, settings, downloads.parts)
            session = cls(playwright, context, view, settings, downloads)
            session.program = f"Chromium {version}"
            await session.begin(url)
        except BaseException as error:
            await downloads.close()
            await playwright.stop()
            if isinstance(error, Error):
                raise EnvUnavailable(f"Chromium did not start: {_line(error)}") from error
            if isinstance(error, EnvLost | ActionRefused):
                raise EnvUnavailable(str(error)) from error
            raise
        return session

    async def begin(self, url: str) -> None:
        """Open the first tab at `url`."""
        await self._questions.start(self._context)
        await self._context.add_init_script(_page_scripts())
        await self._tabs.start()
        self._start = full_address(url)
        await self._go(self._start)
        await self._settle(0.0, self._settings.load_limit_s)
        if not self._questions.hold_up():
            self._beginnings[self._tabs.current] = await self._history_place()
        await self._tabs.take_facts()

    # -- what an environment does

    async def observe(self) -> Observation:
        """See `Env`."""
        screenshot = await self._look()
        await self._downloads.rest(0)
        facts = (*await self._tabs.take_facts(), *self._questions.take_facts(), *self._downloads.take_facts())
        origin = DeviceTransform(self._device.scale, 0.0, -float(self._top))
        return Observation(screenshot, facts, self._tabs.current.url, origin)

    async def execute(self, action: Action) -> Done:
        """See `Env`."""
        for point in points_of(action):
            if not (0 <= point.x < self._screen.width and 0 <= point.y < self._screen.height):
                raise ActionRefused(f"({point.x:g}, {point.y:g}) is outside the screen of {self._screen}")
        started, started_at_s = time.perf_counter(), time.time()
        self._traffic.mark_action()
        method = await self._carry_out(action)
        await self._tabs.ready()
        acted = time.perf_counter()
        settled = await self._settle(started_at_s, self._settings.settle_limit_s)
        return Done(acted - started, *settled, method)

    async def release(self) -> None:
        """See `Env`."""
        await self._overlay.release()
        if not (self._tabs.is_lost or self._questions.hold_up()):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hands.release(self._tabs.current), _ACT_S)

    async def close(self) -> None:
        """Close the browser and the driver behind it, which takes along whatever did not answer."""
        try:
            for task in (*self._asides, *([self._held_up] if self._held_up else [])):
                task.cancel()
            await self._downloads.close()
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(self._overlay.close(), _CLOSE_S)
                await asyncio.wait_for(self._context.close(), _CLOSE_S)
                if self._context.browser is not None:
                    await asyncio.wait_for(self._context.browser.close(), _CLOSE_S)
        finally:
            await self._playwright.stop()

    # -- acting

    async def _carry_out(self, action: Action) -> str:
        """Do `action`, patiently but not for ever; what Playwright complains of becomes what `Env` promises."""
        page = self._tabs.current
        try:
            return await self._unless_held_up(self._act(action), self._patience_s(action))
        except TimeoutError:
            return "the page has not answered"
        except Error as error:
            await asyncio.sleep(_NEWS_S)
            if self._tabs.current is page and not page.is_closed():
                raise ActionRefused(f"the browser did not do it: {_line(error)}") from error
            return ""  # it closed the tab that it was done in

    async def _unless_held_up(self, work: Coroutine[Any, Any, str], patience_s: float) -> str:
        """Do `work`, until it is done or a dialog holds it up; it then goes on when the dialog is answered."""
        task = asyncio.ensure_future(work)
        if self._questions.hold_up():  # it is the dialog that is being answered
            method = await asyncio.wait_for(task, patience_s)
            if self._held_up is not None and not self._questions.hold_up():
                task, self._held_up = self._held_up, None
                return await self._unless_held_up(_rest_of(task), patience_s) or method
            return method
        opened = asyncio.ensure_future(self._questions.opened.wait())
        try:
            done, _ = await asyncio.wait({task, opened}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            task.cancel()
            raise
        finally:
            opened.cancel()
        if task in done:
            return task.result()
        if not self._questions.hold_up():
            task.cancel()
            raise TimeoutError
        self._held_up = task
        return ""

    async def _act(self, action: Action) -> str:
        if isinstance(action, Navigate | Back | Home | OpenApp):
            if self._questions.hold_up():
                raise ActionRefused("a dialog is open; answer it first")
            await self._overlay.cancel_dialogs()
        if await self._overlay.takes(action):
            method = await self._overlay.do(action)
            await self._overlay.answers(self._settings.load_limit_s)
            return method
        await self._clear_away(action)
        match action:
            case Navigate(url):
                await self._go(full_address(url))
            case Home():
                await self._go(self._start)
            case Back():
                await self._back()
            case OpenApp():
                raise ActionRefused("a browser page cannot open programs")
            case Hotkey(keys) if (wanted := shortcut(keys)) and self._is_ours(wanted):
                await self._do_shortcut(wanted)
            case _:
                self._questions.mark_action()
                return await self._hands.do(self._tabs.current, self._on_page(action))
        return ""

    def _is_ours(self, wanted: Shortcut) -> bool:
        return wanted is not Shortcut.ADDRESS or self._settings.tab_strip

    async def _clear_away(self, action: Action) -> None:
        """What is done on the page closes the menu or picker over it; suggestions live with the typing."""
        if isinstance(action, Wait):
            return
        popup = self._overlay.popup
        if popup is not None and (points_of(action) or not isinstance(popup, ListOfOptions)):
            await self._overlay.close_popup()
        if not isinstance(action, Hotkey | Type):
            await self._overlay.stop_typing()

    def _on_page(self, action: Action) -> Action:
        """`action` with its points in pixels of the page, which lies below the strip."""
        if not self._top:
            return action
        top = self._top * self._device.scale
        return map_points(action, lambda point: ScreenPoint(point.x, point.y - top))

    async def _do_shortcut(self, wanted: Shortcut) -> None:
        page, limit_ms = self._tabs.current, self._settings.load_limit_s * 1000
        match wanted:
            case Shortcut.BACK:
                await self._back()
            case Shortcut.FORWARD:
                with self._tabs.leaving():
                    await page.go_forward(timeout=limit_ms, wait_until="commit")
            case Shortcut.RELOAD:
                with self._tabs.leaving():
                    await page.reload(timeout=limit_ms, wait_until="commit")
            case Shortcut.HOME:
                await self._go(self._start)
            case Shortcut.CLOSE_TAB:
                await self._tabs.close_current()
            case Shortcut.NEW_TAB:
                await self._tabs.open()
            case Shortcut.NEXT_TAB:
                await self._tabs.show_next(1)
            case Shortcut.PREVIOUS_TAB:
                await self._tabs.show_next(-1)
            case Shortcut.ADDRESS:
                await self._overlay.do(Click(ScreenPoint(self._screen.width / 2, 53 * self._device.scale)))

    async def _go(self, address: str) -> None:
        page = self._tabs.current
        self._wanted[page] = address
        try:
            with self._tabs.leaving():
                await page.goto(address, timeout=self._settings.load_limit_s * 1000, wait_until="commit")
        except Error as error:
            if "Download is starting" in error.message or self._overlay.has_dialog:  # such as one to sign in
                return
            if self._tabs.is_lost:
                raise
            await asyncio.sleep(_NEWS_S)
            await self._tabs.ready()
            if self._tabs.current is not page:  # it crashed
                return
            await self._settle(time.time(), _ERROR_PAGE_S)  # Chromium is about to show a page that tells of it
            raise ActionRefused(f"{address} cannot be opened: {_line(error)}") from error

    async def _back(self) -> None:
        if await self._history_place() <= self._beginnings.get(self._tabs.current, 0):
            raise ActionRefused("there is no page to go back to")
        with self._tabs.leaving():
            await self._tabs.current.go_back(timeout=self._settings.load_limit_s * 1000, wait_until="commit")

    async def _history_place(self) -> int:
        """How many pages lie before this one in its tab."""
        history = await (await self._tabs.session()).send("Page.getNavigationHistory")
        return int(history["currentIndex"])

    def _patience_s(self, action: Action) -> float:
        """How long `action` may take before we take the page to hang."""
        match action:
            case Wait(seconds) | LongPress(seconds=seconds):
                return _ACT_S + seconds
            case Type(text):
                return _ACT_S + len(text) * 0.05
            case Drag(path):
                return _ACT_S + len(path)
            case Navigate() | Back() | Home():
                return _ACT_S + self._settings.load_limit_s
            case _:
                return _ACT_S

    async def _settle(self, since_s: float, limit_s: float) -> tuple[float, str]:
        """Wait for rest; a dialog ends the wait."""
        began = time.monotonic()
        settling = asyncio.ensure_future(
            Settling(self._tabs, self._traffic, since_s).wait(limit_s, self._settings.load_limit_s)
        )
        opened = asyncio.ensure_future(self._questions.opened.wait())
        try:
            await asyncio.wait({settling, opened}, return_when=asyncio.FIRST_COMPLETED)
            if self._questions.hold_up() or not settling.done():
                return time.monotonic() - began, _DIALOG
            settled = settling.result()
            if self._traffic.shows_document(self._tabs.current.main_frame):
                await self._wait_for_the_document(limit_s)
            await self._downloads.rest(_DOWNLOAD_S)
            return settled.seconds, settled.by
        finally:
            opened.cancel()
            settling.cancel()

    async def _wait_for_the_document(self, limit_s: float) -> None:
        """A viewer's page is at rest when two looks are the same and there is something to see."""
        end, before = time.monotonic() + limit_s, b""
        while time.monotonic() < end:
            seen = await self._shot()
            if seen == before and Screenshot(png=seen).image.getextrema() != _BLANK:
                return
            before = seen
            await asyncio.sleep(_DOCUMENT_S)

    # -- looking

    async def _look(self) -> Screenshot:
        """The screen: the page, and what lies over it."""
        if not self._questions.hold_up():
            self._last_png = await self._photograph() or self._last_png
        if self._settings.tab_strip:
            await self._draw_strip()
        if self._overlay.is_empty and self._last_png is not None:
            return Screenshot(png=self._last_png)
        screen = Image.new("RGB", (self._screen.width, self._screen.height), "white")
        if self._last_png is not None:
            screen.paste(Screenshot(png=self._last_png).image, (0, round(self._top * self._device.scale)))
        return Screenshot(screen if self._overlay.is_empty else await self._overlay.over(screen))

    async def _photograph(self) -> bytes | None:
        """The page as PNG, by the way of Chromium's that takes half the time of Playwright's; None if it cannot be.

        Then a dialog says why.
        """
        page = self._tabs.current
        shot, opened = asyncio.ensure_future(self._shot()), asyncio.ensure_future(self._questions.opened.wait())
        try:
            await asyncio.wait({shot, opened}, timeout=_CAPTURE_S, return_when=asyncio.FIRST_COMPLETED)
            if shot.done():
                return shot.result()
            if not self._questions.hold_up():
                await self._questions.hangs()
            return None
        except Error as error:
            await asyncio.sleep(_NEWS_S)
            await self._tabs.ready()
            if self._tabs.current is page and not page.is_closed():
                raise EnvLost(f"the page cannot be looked at: {_line(error)}") from error
            return await self._photograph()  # its tab was just closing
        finally:
            shot.cancel()
            opened.cancel()

    async def _shot(self) -> bytes:
        session = await self._tabs.session()
        answer = await session.send("Page.captureScreenshot", self._exposure)
        return base64.b64decode(answer["data"])

    # -- the strip

    async def _draw_strip(self) -> None:
        page = self._tabs.current
        titles = await self._tabs.titles()
        tabs = tuple([Tab(title, each is page) for title, each in zip(titles, self._tabs.all, strict=True)])
        back = forward = False
        if not self._questions.hold_up():
            with suppress(Error, TimeoutError):
                back, forward = await asyncio.wait_for(page.evaluate(_ASK_HISTORY), 1.0)
        strip = Strip(tabs, self._address_of(page), back, forward)
        if strip != self._strip:
            self._strip = strip
            await self._overlay.show(strip, self._strip_answered)

    def _address_of(self, page: Page) -> str:
        """What stands in the address field: where we are, or wanted to go."""
        if page.url == "about:blank":
            return ""
        return self._wanted.get(page, "") if page.url.startswith("chrome-error:") else page.url

    async def _strip_answered(self, answer: Answer) -> None:
        what, _, number = answer.value.partition(" ")
        with suppress(Error, ActionRefused):
            match what:
                case "show":
                    await self._tabs.show(int(number))
                case "close":
                    await self._tabs.close(int(number))
                case "go":
                    await self._go(full_address(answer.fields[0]))
                case _:
                    await self._do_shortcut(_STRIP[what])

    # -- news of tabs

    def _opened(self, page: Page) -> None:
        self._questions.listen(page)
        page.on("download", self._downloads.begin)

    def _crashed(self, address: str) -> None:
        task = asyncio.ensure_future(self._questions.crashed(address))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)


_STRIP = {
    "back": Shortcut.BACK,
    "forward": Shortcut.FORWARD,
    "reload": Shortcut.RELOAD,
    "new": Shortcut.NEW_TAB,
}


async def _rest_of(task: "asyncio.Task[T]") -> T:
    return await task


def _page_scripts() -> str:
    folder = resources.files(__name__.rpartition(".")[0])
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("page_news.js", "page_script.js"))


def _line(error: Error) -> str:
    """The first line of what Playwright says, without the name of the call and the address at its end."""
    if isinstance(error, LateError):
        return "it does not answer"
    return _CALL.sub("", error.message.strip().partition("\n")[0])
