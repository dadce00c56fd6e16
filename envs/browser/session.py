"""An open browser. Everything in here runs on the one thread that its event loop belongs to."""

import asyncio
import base64
import re
import time
from contextlib import suppress
from importlib import resources

from playwright.async_api import BrowserContext, Error, Page, Playwright, async_playwright
from playwright.async_api import TimeoutError as LateError

from ..actions import Action, Back, Drag, Home, Hotkey, LongPress, Navigate, OpenApp, Type, Wait, points_of
from ..env import ActionRefused, Done, EnvLost, EnvUnavailable, Observation
from ..geometry import DevicePoint, DeviceTransform, Size
from ..screenshot import Screenshot
from .addresses import full_address
from .chromium import launch
from .hands import Hands
from .settings import BrowserSettings
from .settle import Settling
from .shortcuts import Shortcut, shortcut
from .tabs import Tabs
from .traffic import Traffic

_CAPTURE_S = 15.0
_ACT_S = 10.0
_CLOSE_S = 10.0
_ERROR_PAGE_S = 2.0
_NEWS_S = 0.05
"""Trouble is told at once, its cause a moment later."""
_CALL = re.compile(r"^\w+\.\w+: | at \S+$")


class Session:
    """A browser with its tabs; the newest one is the one that is seen and worked."""

    def __init__(
        self, playwright: Playwright, context: BrowserContext, viewport: Size, scale: float, settings: BrowserSettings
    ) -> None:
        self._playwright = playwright
        self._context = context
        self._settings = settings
        self._device = DeviceTransform(scale)
        self._traffic = Traffic(context)
        self._tabs = Tabs(context, self._traffic)
        self._size = Size(round(viewport.width * scale), round(viewport.height * scale))
        self._hands = Hands(self._device, DevicePoint(viewport.width / 2, viewport.height / 2))
        self._start = "about:blank"
        self._exposure: dict[str, object] = {"format": "png", "optimizeForSpeed": True}
        if scale != 1:  # without a clip of that scale, Chromium hands out CSS pixels
            whole = {"x": 0, "y": 0, "width": viewport.width, "height": viewport.height, "scale": scale}
            self._exposure["clip"] = whole
        self._beginnings: dict[Page, int] = {}
        self.program = "Chromium"

    @classmethod
    async def open(cls, url: str, viewport: Size, scale: float, headless: bool, settings: BrowserSettings) -> "Session":
        """Start Chromium and open `url`.

        Raises:
            EnvUnavailable: there is no Chromium, it does not start, or the address cannot be opened.
        """
        playwright = await async_playwright().start()
        try:
            context, version = await launch(playwright, viewport, scale, headless, settings)
            session = cls(playwright, context, viewport, scale, settings)
            session.program = f"Chromium {version}"
            await session.begin(url)
        except BaseException as error:
            await playwright.stop()
            if isinstance(error, Error):
                raise EnvUnavailable(f"Chromium did not start: {_line(error)}") from error
            if isinstance(error, EnvLost | ActionRefused):
                raise EnvUnavailable(str(error)) from error
            raise
        return session

    async def begin(self, url: str) -> None:
        """Open the first tab at `url`."""
        await self._context.add_init_script(_page_script())
        await self._tabs.start()
        self._start = full_address(url)
        await self._go(self._start)
        await self._settle(0.0, self._settings.load_limit_s)
        self._beginnings[self._tabs.current] = await self._history_place()
        await self._tabs.take_facts()

    # -- what an environment does

    async def observe(self) -> Observation:
        """See `Env`."""
        png = await self._photograph()
        screenshot = Screenshot(png=png)
        self._size = screenshot.size
        return Observation(screenshot, await self._tabs.take_facts(), self._tabs.current.url, self._device)

    async def execute(self, action: Action) -> Done:
        """See `Env`."""
        for point in points_of(action):
            if not (0 <= point.x < self._size.width and 0 <= point.y < self._size.height):
                raise ActionRefused(f"({point.x:g}, {point.y:g}) is outside the screen of {self._size}")
        started, started_at_s = time.perf_counter(), time.time()
        self._traffic.mark_action()
        method = await self._carry_out(action)
        acted = time.perf_counter()
        settled = await self._settle(started_at_s, self._settings.settle_limit_s)
        return Done(acted - started, *settled, method)

    async def release(self) -> None:
        """See `Env`."""
        if not self._tabs.is_lost:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hands.release(self._tabs.current), _ACT_S)

    async def close(self) -> None:
        """Close the browser and the driver behind it, which takes along whatever did not answer."""
        try:
            with suppress(Error, TimeoutError):
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
            return await asyncio.wait_for(self._act(action), self._patience_s(action))
        except TimeoutError:
            return "the page has not answered"
        except Error as error:
            await asyncio.sleep(_NEWS_S)
            if self._tabs.current is page and not page.is_closed():
                raise ActionRefused(f"the browser did not do it: {_line(error)}") from error
            return ""  # it closed the tab that it was done in

    async def _act(self, action: Action) -> str:
        match action:
            case Navigate(url):
                await self._go(full_address(url))
            case Home():
                await self._go(self._start)
            case Back():
                await self._back()
            case OpenApp():
                raise ActionRefused("a browser page cannot open programs")
            case Hotkey(keys) if wanted := shortcut(keys):
                await self._do_shortcut(wanted)
            case _:
                return await self._hands.do(self._tabs.current, action)
        return ""

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

    async def _go(self, address: str) -> None:
        try:
            with self._tabs.leaving():
                await self._tabs.current.goto(address, timeout=self._settings.load_limit_s * 1000, wait_until="commit")
        except Error as error:
            if "Download is starting" in error.message:
                return
            if self._tabs.is_lost:
                raise
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
        settled = await Settling(self._tabs, self._traffic, since_s).wait(limit_s, self._settings.load_limit_s)
        return settled.seconds, settled.by

    # -- looking

    async def _photograph(self) -> bytes:
        """The page as PNG, by the way of Chromium's that takes half the time of Playwright's."""
        page = self._tabs.current
        try:
            return await asyncio.wait_for(self._shot(), _CAPTURE_S)
        except TimeoutError as error:
            raise EnvLost(f"the page has not answered for {_CAPTURE_S:g} seconds") from error
        except Error as error:
            await asyncio.sleep(_NEWS_S)
            if self._tabs.current is page and not page.is_closed():
                raise EnvLost(f"the page cannot be looked at: {_line(error)}") from error
            return await self._photograph()  # its tab was just closing

    async def _shot(self) -> bytes:
        session = await self._tabs.session()
        answer = await session.send("Page.captureScreenshot", self._exposure)
        return base64.b64decode(answer["data"])


def _page_script() -> str:
    return resources.files(__name__.rpartition(".")[0]).joinpath("page_script.js").read_text(encoding="utf-8")


def _line(error: Error) -> str:
    """The first line of what Playwright says, without the name of the call and the address at its end."""
    if isinstance(error, LateError):
        return "it does not answer"
    return _CALL.sub("", error.message.strip().partition("\n")[0])
