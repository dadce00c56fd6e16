"""Going to pages: by address, back and forward, and what a browser's window does by hotkey."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from playwright.async_api import Error, Page

from ...env import ActionRefused
from ..firewall.rules import Firewall
from ..page.addresses import full_address
from ..page.shortcuts import Shortcut
from ..page.tabs import Tabs
from .compositor import line
from .overlay import Overlay

_ERROR_PAGE_S = 2.0
_NEWS_S = 0.05
_CRASH_S = 0.5
_INTERRUPTED = "is interrupted by another navigation"
_NO_WAY_BACK = "there is no page to go back to"
_MOST_INTERRUPTIONS = 5


class Navigation:
    """Goes to pages in the tab that is seen. Going ends when the new page begins to come in; `rest` waits for more.

    `limit_s` is how long a server may take to answer. What lies outside `firewall` is not gone to.
    """

    def __init__(
        self,
        tabs: Tabs,
        overlay: Overlay,
        limit_s: float,
        rest: Callable[[float], Awaitable[object]],
        firewall: Firewall | None,
    ) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._limit_ms = limit_s * 1000
        self._rest = rest
        self._firewall = firewall
        self._start = "about:blank"
        self._wanted: dict[Page, str] = {}
        self._beginnings: dict[Page, int] = {}

    async def begin(self, url: str) -> None:
        """Go to the page that everything begins with, behind which there is no way back.

        Raises:
            ActionRefused: it cannot be opened.
        """
        self._start = full_address(url)
        await self.go(self._start)

    async def mark_beginning(self) -> None:
        """What was opened so far lies behind the beginning."""
        self._beginnings[self._tabs.current] = await self._place()

    async def home(self) -> None:
        """Go to the page that everything began with."""
        await self.go(self._start)

    async def go(self, address: str) -> None:
        """Go to `address`, which is complete.

        Raises:
            ActionRefused: it cannot be opened, or lies outside the firewall.
        """
        if self._firewall is not None and (why := self._firewall.refusal(address)):
            raise ActionRefused(f"{address} was not opened: {why}")
        page = self._tabs.current
        self._wanted[page] = address
        try:
            with self._tabs.leaving():
                await self._open(page, address)
        except Error as error:
            if "Download is starting" in error.message or self._overlay.has_dialog:  # such as one to sign in
                return
            if self._tabs.is_lost:
                raise
            if await self._has_crashed(page, error):
                return
            await self._rest(_ERROR_PAGE_S)  # Chromium is about to show a page that tells of it
            raise ActionRefused(f"{address} cannot be opened: {line(error)}") from error

    async def _open(self, page: Page, address: str) -> None:
        """Open `address` in `page`, even if the one there keeps going elsewhere: its scripts are halted then."""
        try:
            await page.goto(address, timeout=self._limit_ms, wait_until="commit")
        except Error as error:
            if _INTERRUPTED not in error.message:
                raise
            async with self._tabs.scripts_halted():
                await self._leave(page)
            await page.goto(address, timeout=self._limit_ms, wait_until="commit")

    async def _leave(self, page: Page) -> None:
        """Go to an empty page; what the page before had begun may still come in between."""
        for left in reversed(range(_MOST_INTERRUPTIONS)):
            await asyncio.sleep(_NEWS_S)
            try:
                await page.goto("about:blank", timeout=self._limit_ms, wait_until="commit")
            except Error as error:
                if _INTERRUPTED not in error.message or not left:
                    raise
            else:
                return

    async def _has_crashed(self, page: Page, error: Error) -> bool:
        """Whether `page` is gone; that it crashed may come to be known a moment after what it caused."""
        end = time.monotonic() + (_CRASH_S if "ERR_ABORTED" in error.message else _NEWS_S)
        while self._tabs.current is page and time.monotonic() < end:
            await asyncio.sleep(_NEWS_S)
            await self._tabs.ready()
        return self._tabs.current is not page

    async def back(self) -> None:
        """Go to the page before.

        Raises:
            ActionRefused: there is none.
        """
        if await self._place() <= self._beginnings.get(self._tabs.current, 0):
            raise ActionRefused(_NO_WAY_BACK)
        page = self._tabs.current
        with self._tabs.leaving():
            await page.go_back(timeout=self._limit_ms, wait_until="commit")
            if page.url == "about:blank" != self._start and not self._tabs.have_devtools:
                await page.go_forward(timeout=self._limit_ms, wait_until="commit")  # it was the empty page before all
                raise ActionRefused(_NO_WAY_BACK)

    async def do(self, wanted: Shortcut) -> None:
        """Do what a browser's window does.

        Raises:
            ActionRefused: there is no page to go to, or no tab to close.
        """
        page = self._tabs.current
        match wanted:
            case Shortcut.BACK:
                await self.back()
            case Shortcut.FORWARD:
                with self._tabs.leaving():
                    await page.go_forward(timeout=self._limit_ms, wait_until="commit")
            case Shortcut.RELOAD:
                with self._tabs.leaving():
                    await page.reload(timeout=self._limit_ms, wait_until="commit")
            case Shortcut.HOME:
                await self.home()
            case Shortcut.CLOSE_TAB:
                await self._tabs.close_current()
            case Shortcut.NEW_TAB:
                await self._tabs.open()
            case Shortcut.NEXT_TAB:
                await self._tabs.show_next(1)
            case Shortcut.PREVIOUS_TAB:
                await self._tabs.show_next(-1)
            case Shortcut.ADDRESS:
                raise ActionRefused("there is no address bar here; go to an address instead")

    def address_of(self, page: Page) -> str:
        """Where `page` is, or wanted to go, as a person reads it in the address bar."""
        if page.url == "about:blank":
            return ""
        return self._wanted.get(page, "") if page.url.startswith("chrome-error:") else page.url

    async def _place(self) -> int:
        """How many pages lie before this one in its tab; without DevTools, how many lie in it but one."""
        if not self._tabs.have_devtools:
            return int(await self._tabs.current.evaluate("() => history.length - 1"))
        history = await (await self._tabs.session()).send("Page.getNavigationHistory")
        return int(history["currentIndex"])
