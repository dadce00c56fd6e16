"""Navigation: by address, back and forward, and the commands of a browser window."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from playwright.async_api import Error, Page, Response

from ...env import ActionRefused, Fact
from ..page.addresses import full_address
from ..page.errors import error_message, retry_between_documents
from ..page.shortcuts import Shortcut
from ..page.tabs import EVENT_DELAY_S, Tabs
from ..page.traffic import Traffic
from .overlay.overlay import Overlay

_ERROR_PAGE_S = 2.0

_CRASH_S = 0.5
_INTERRUPTED = "is interrupted by another navigation"
_NO_PREVIOUS_PAGE = "there is no page to go back to"
_MAX_INTERRUPTIONS = 5

_LEAVE_FULL_SCREEN = """() => {
  const isTaken = document.fullscreenElement ?? document.pointerLockElement;
  document.exitPointerLock();
  if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  return Boolean(isTaken);
}"""


class Navigation:
    """Navigates the current tab. Methods return when the new page is committed; call `settle` to wait for more.

    `limit_s` is how long a server may take to respond. `refusal` is why a URL may not be opened, or None.
    """

    def __init__(
        self,
        tabs: Tabs,
        overlay: Overlay,
        traffic: Traffic,
        limit_s: float,
        settle: Callable[[float], Awaitable[object]],
        refusal: Callable[[str], Awaitable[str | None]],
    ) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._traffic = traffic
        self._limit_ms = limit_s * 1000
        self._settle = settle
        self._refusal = refusal
        self._home = "about:blank"
        self._requested: dict[Page, str] = {}
        self._first_entries: dict[Page, int] = {}
        self._facts: list[Fact] = []

    def take_facts(self) -> tuple[Fact, ...]:
        """HTTP errors of servers, and links that were not followed, since the last call."""
        facts, self._facts = self._facts, []
        return tuple(facts)

    async def leave_full_screen(self) -> bool:
        """Leave full screen and release the pointer, as Escape does in a browser window; returns whether it did."""
        left = False
        for frame in self._tabs.current.frames:
            with suppress(Error):  # it is being replaced
                left = bool(await frame.evaluate(_LEAVE_FULL_SCREEN)) or left
        return left

    async def open_home(self, url: str) -> None:
        """Open the start page.

        Raises:
            ActionRefused: it cannot be opened.
        """
        self._home = full_address(url)
        await self.go(self._home)

    async def mark_history_start(self) -> None:
        """Let `back` in the current tab stop at its current page."""
        self._first_entries[self._tabs.current] = await retry_between_documents(self._history_index)

    async def home(self) -> None:
        """Go to the start page."""
        await self.go(self._home)

    async def go(self, url: str) -> None:
        """Go to the complete `url`.

        Raises:
            ActionRefused: it cannot be opened, or is not allowed.
        """
        await self._check(url)
        page = self._tabs.current
        self._requested[page] = url
        try:
            with self._tabs.navigating():
                await self._goto(page, url)
        except Error as error:
            if "Download is starting" in error.message or self._overlay.has_dialog:  # such as a sign-in dialog
                return
            if self._tabs.is_lost:
                raise
            if await self._has_crashed(page, error):
                return
            await self._settle(_ERROR_PAGE_S)  # Chromium is about to show its error page
            reason = error_message(error)
            if "ERR_CERT_" in reason:
                reason += f"; if the site can be trusted, run with --ignore-certificate {urlsplit(url).netloc}"
            raise ActionRefused(f"{url} cannot be opened: {reason}") from error

    async def go_in_new_tab(self, url: str) -> None:
        """Open `url`, a link of a page, in a new tab; if that is not allowed, report it as a fact."""
        try:
            await self._check(url)
        except ActionRefused as refusal:
            self._facts.append(Fact("The link was not followed: {}", (str(refusal),)))
        else:
            await self._tabs.open()
            await self.go(url)

    async def _check(self, url: str) -> None:
        if reason := await self._refusal(url):
            raise ActionRefused(f"{url:.200} was not opened: {reason}")

    async def _goto(self, page: Page, url: str) -> None:
        """Open `url` in `page`. If the current page keeps navigating elsewhere, halt its scripts first.

        A navigation that it has begun could otherwise interrupt ours, or follow it.
        """
        response: Response | None = None
        halt = self._traffic.keeps_loading(page)
        if not halt:
            try:
                response = await page.goto(url, timeout=self._limit_ms, wait_until="commit")
            except Error as error:
                if _INTERRUPTED not in error.message:
                    raise
                halt = True
        if halt:
            async with self._tabs.scripts_halted():
                await self._go_blank(page)
            response = await page.goto(url, timeout=self._limit_ms, wait_until="commit")
        if response is not None and response.status >= HTTPStatus.BAD_REQUEST:
            status = f"{response.status} {response.status_text}".strip()
            self._facts.append(Fact("The server answered with the HTTP error {} for {}.", (status, url)))

    async def _go_blank(self, page: Page) -> None:
        """Go to an empty page; navigations that the previous page started may still interrupt."""
        for left in reversed(range(_MAX_INTERRUPTIONS)):
            await asyncio.sleep(EVENT_DELAY_S)
            try:
                await page.goto("about:blank", timeout=self._limit_ms, wait_until="commit")
            except Error as error:
                if _INTERRUPTED not in error.message or not left:
                    raise
            else:
                return

    async def _has_crashed(self, page: Page, error: Error) -> bool:
        """Whether `page` has crashed; the crash may be reported a moment after the error that it caused."""
        end = time.monotonic() + (_CRASH_S if "ERR_ABORTED" in error.message else EVENT_DELAY_S)
        while self._tabs.current is page and time.monotonic() < end:
            await asyncio.sleep(EVENT_DELAY_S)
            await self._tabs.ready()
        return self._tabs.current is not page

    async def back(self) -> None:
        """Go back to the previous page.

        Raises:
            ActionRefused: there is none.
        """
        if await retry_between_documents(self._history_index) <= self._first_entries.get(self._tabs.current, 0):
            raise ActionRefused(_NO_PREVIOUS_PAGE)
        page = self._tabs.current
        with self._tabs.navigating():
            await self._move(page.go_back)
            if page.url == "about:blank" != self._home and not self._tabs.has_devtools:
                await self._move(page.go_forward)  # it was the initial empty page
                raise ActionRefused(_NO_PREVIOUS_PAGE)

    async def run_shortcut(self, command: Shortcut) -> None:
        """Run a command of the browser window.

        Raises:
            ActionRefused: there is no page to go to, or no tab to close.
        """
        page = self._tabs.current
        match command:
            case Shortcut.BACK:
                await self.back()
            case Shortcut.FORWARD:
                with self._tabs.navigating():
                    await self._move(page.go_forward)
            case Shortcut.RELOAD:
                with self._tabs.navigating():
                    await self._move(page.reload)
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
                raise ActionRefused("there is no address bar; navigate to an address instead")

    def address_of(self, page: Page) -> str:
        """The URL of `page` as the address bar shows it; the requested URL if an error page is shown."""
        if page.url == "about:blank":
            return ""
        return self._requested.get(page, "") if page.url.startswith("chrome-error:") else page.url

    async def _move(self, move: Callable[..., Awaitable[object]]) -> None:
        await retry_between_documents(partial(move, timeout=self._limit_ms, wait_until="commit"))

    async def _history_index(self) -> int:
        """The index of the page in its tab's history; without DevTools the last index of that history."""
        if not self._tabs.has_devtools:
            return int(await self._tabs.current.evaluate("() => history.length - 1"))
        history = await (await self._tabs.session()).send("Page.getNavigationHistory")
        return int(history["currentIndex"])
