"""The tabs of a browser: which one is shown, and the facts about tabs that a screenshot may not show."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import Browser, CDPSession, Error, Frame, Page

from ...env import ActionRefused, EnvLost, Fact
from ..launch.attach import AttachedContext, Context
from .traffic import Traffic

EVENT_DELAY_S = 0.05
"""Playwright reports an error at once, the event that caused it a moment later."""
_TITLE_S = 1.0
_CLOSE_S = 5.0
_TITLES = {"about:blank": "New tab", "chrome-error://chromewebdata/": "Not available"}


@dataclass(frozen=True, slots=True)
class TabCallbacks:
    """`opened` is called with each new tab, `crashed` with the URL of a tab that crashed and was replaced."""

    opened: Callable[[Page], None]
    crashed: Callable[[str], None]


class Tabs:
    """The open tabs. A new tab is shown when it opens; when it closes, the previous one is shown again."""

    def __init__(self, context: Context, traffic: Traffic, callbacks: TabCallbacks) -> None:
        self._context = context
        self._traffic = traffic
        self._callbacks = callbacks
        self._pages: list[Page] = []
        self._recent: list[Page] = []  # ordered by when they were last shown; the last one is the current tab
        self._sessions: dict[Page, CDPSession] = {}
        self._facts: list[Fact | Page] = []
        self._titles: dict[Page, str] = {}
        self._opening_targets: set[str] = set()
        self._own_targets: set[str] = set()
        self._visited_origins: set[str] = set()
        self._context_id: str | None = None
        self._lost = ""
        self._replacing = asyncio.Lock()
        self._browser_session: CDPSession | None = None
        self._is_navigating = False
        self._is_opening_own = False
        self._is_opening_hidden = False

    async def start(self) -> None:
        """Open the first tab and watch for more."""
        pages = self._context.pages
        await self._add(pages[0] if pages else await self._context.new_page())
        self._context.on("page", self._add)
        self._context.on("close", self._on_disconnected)
        if self._context.browser is not None:
            await self._watch_targets(self._context.browser)

    @property
    def has_devtools(self) -> bool:
        """Whether there are DevTools sessions; Firefox and WebKit have none."""
        browser = self._context.browser
        return browser is not None and browser.browser_type.name == "chromium"

    @property
    def current(self) -> Page:
        """The tab that is shown.

        Raises:
            EnvLost: the browser is gone.
        """
        if self._lost:
            raise EnvLost(self._lost)
        return self._recent[-1]

    @property
    def all(self) -> tuple[Page, ...]:
        """The tabs in the order in which they were opened."""
        return tuple(self._pages)

    async def ready(self) -> None:
        """Wait until a tab that crashed, or the last one that closed, has been replaced."""
        async with self._replacing:
            pass

    async def still_shows(self, page: Page) -> bool:
        """After an error: whether `page` is still the current tab. If not, its closing or crash caused the error."""
        await asyncio.sleep(EVENT_DELAY_S)
        await self.ready()
        return self.current is page and not page.is_closed()

    @property
    def has_all_requests(self) -> bool:
        """Whether the requests of tabs that are opening are reported; those of an attached browser are not."""
        return not isinstance(self._context, AttachedContext)

    @property
    def is_opening(self) -> bool:
        """Whether a tab is about to open."""
        is_expected = isinstance(self._context, AttachedContext) and self._context.is_opening
        return bool(self._opening_targets) or is_expected

    def stop_waiting_for_tabs(self) -> None:
        """Wait no longer for the tabs that are opening: some never show a page, such as one for a blocked address."""
        self._opening_targets.clear()
        if isinstance(self._context, AttachedContext):
            self._context.stop_waiting_for_pages()

    @property
    def is_lost(self) -> bool:
        """Whether the browser is gone."""
        return bool(self._lost)

    @property
    def is_navigating(self) -> bool:
        """Whether we are navigating to another page ourselves."""
        return self._is_navigating

    async def session(self) -> CDPSession:
        """The DevTools session of the current tab."""
        page = self.current
        if page not in self._sessions:
            self._sessions[page] = await self._context.new_cdp_session(page)
        return self._sessions[page]

    async def titles(self) -> tuple[str, ...]:
        """The titles of the tabs, or their URLs. A tab that does not respond keeps its last title."""
        titles = await asyncio.gather(*(_title(page) for page in self._pages))
        for page, title in zip(self._pages, titles, strict=True):
            if title is not None:
                self._titles[page] = title
        return tuple(
            [self._titles.get(page) or _TITLES.get(page.url.partition("?")[0], page.url) for page in self._pages]
        )

    @contextmanager
    def navigating(self) -> Generator[None]:
        """Mark that we navigate ourselves, so that `beforeunload` dialogs do not stop us."""
        self._is_navigating = True
        try:
            yield
        finally:
            self._is_navigating = False

    async def show(self, index: int) -> None:
        """Show the tab with the given index, from 0.

        Raises:
            ActionRefused: there is no such tab.
        """
        self._check_index(index)
        page = self._pages[index]
        self._recent.remove(page)
        self._recent.append(page)
        await page.bring_to_front()

    async def show_next(self, offset: int) -> None:
        """Show the tab `offset` positions further, wrapping around at the end."""
        await self.show((self._pages.index(self.current) + offset) % len(self._pages))

    async def open(self) -> None:
        """Open an empty tab and show it."""
        self._is_opening_own = True
        try:
            await self._add(await self._context.new_page())
        finally:
            self._is_opening_own = False

    @asynccontextmanager
    async def hidden_tab(self) -> AsyncGenerator[Page]:
        """A temporary tab that is never shown."""
        self._is_opening_hidden = True
        try:
            page = await self._context.new_page()
        finally:
            self._is_opening_hidden = False
        try:
            yield page
        finally:
            await _close(page)
            self._traffic.closed(page)

    async def close(self, index: int) -> None:
        """Close the tab with the given index, from 0.

        Raises:
            ActionRefused: it is the only one, or there is no such tab.
        """
        if len(self._pages) == 1:
            raise ActionRefused("this is the only tab; it cannot be closed")
        self._check_index(index)
        await self._pages[index].close()

    async def close_current(self) -> None:
        """Close the current tab.

        Raises:
            ActionRefused: it is the only one.
        """
        await self.close(self._pages.index(self.current))

    async def replace_current(self) -> None:
        """Replace the current tab, which crashed or does not respond, by an empty one.

        Raises:
            EnvLost: the browser cannot open one.
        """
        dead = self.current
        self._is_opening_own = True
        try:
            page = await asyncio.wait_for(self._context.new_page(), _CLOSE_S)
            await self._add(page)
        except (Error, TimeoutError) as error:
            self._lose("the page crashed and the browser cannot open another")
            raise EnvLost(self._lost) from error
        finally:
            self._is_opening_own = False
        # `_add` appended the new tab; move it to the position of the old one
        self._pages.remove(page)
        self._pages[self._pages.index(dead)] = page
        self._recent.remove(dead)
        self._sessions.pop(dead, None)
        await _close(dead)

    @property
    def loads_endlessly(self) -> bool:
        """See `Traffic.loads_endlessly`, of the current tab."""
        return self._traffic.loads_endlessly(self.current)

    @asynccontextmanager
    async def scripts_halted(self) -> AsyncGenerator[None]:
        """Disable scripts in the current tab, if the engine supports that."""
        session = await self.session() if self.has_devtools else None
        if session is not None:
            await session.send("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            yield
        finally:
            if session is not None:
                with suppress(Error):  # its tab is gone
                    await session.send("Emulation.setScriptExecutionDisabled", {"value": False})

    async def set_permission(self, name: str, setting: str, origin: str | None = None) -> None:
        """Set the permission with DevTools name `name` to `granted` or `denied` for `origin`, or for all pages."""
        if self._browser_session is None or self._context_id is None:
            await self._context.grant_permissions([name] if setting == "granted" else [], origin=origin)
            return
        command = {"permission": {"name": name}, "setting": setting, "browserContextId": self._context_id}
        await self._browser_session.send("Browser.setPermission", {**command, "origin": origin} if origin else command)

    async def clear_storage(self) -> None:
        """Delete all cookies, and with DevTools the storage of the origins visited since the last time.

        Does nothing in a browser that we are only attached to.
        """
        if isinstance(self._context, AttachedContext):
            return
        await self._context.clear_cookies()
        origins, self._visited_origins = self._visited_origins, set()
        if self.has_devtools:
            session = await self.session()
            for origin in origins:
                await session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})

    async def take_facts(self) -> tuple[Fact, ...]:
        """The events since the last call."""
        facts, self._facts = self._facts, []
        return tuple(
            [
                fact if isinstance(fact, Fact) else Fact("A new tab opened: {}.", (await _title(fact) or fact.url,))
                for fact in facts
            ]
        )

    # -- internals

    def _check_index(self, index: int) -> None:
        if not 0 <= index < len(self._pages):
            raise ActionRefused(f"there is no tab {index + 1}; there are {len(self._pages)}")

    async def _watch_targets(self, browser: Browser) -> None:
        """Detect early that a tab is opening: Playwright reports it only once its page has loaded."""
        browser.on("disconnected", self._on_disconnected)
        if not self.has_devtools:
            return
        session = self._browser_session = await browser.new_browser_cdp_session()
        session.on("Target.targetCreated", self._on_target_created)
        session.on("Target.targetDestroyed", self._on_target_destroyed)
        await session.send("Target.setDiscoverTargets", {"discover": True})
        self._opening_targets.clear()  # the existing tabs were reported too

    def _on_target_created(self, event: dict[str, dict[str, str]]) -> None:
        target = event["targetInfo"]
        if self._is_opening_hidden:
            return
        if isinstance(self._context, AttachedContext) and target.get("openerId") not in self._own_targets:
            return
        if target["type"] == "page" and target.get("browserContextId") == self._context_id:
            self._opening_targets.add(target["targetId"])

    def _on_target_destroyed(self, event: dict[str, str]) -> None:
        self._opening_targets.discard(event["targetId"])

    async def _add(self, page: Page) -> None:
        if page in self._pages or self._is_opening_hidden or page.is_closed():  # such as one opened for a download
            return
        self._pages.append(page)
        self._recent.append(page)
        page.on("framenavigated", self._on_navigated)
        page.on("close", self._on_close)
        page.on("crash", self._on_crash)
        self._callbacks.opened(page)
        if len(self._pages) > 1 and not self._is_opening_own:
            self._facts.append(page)
        if not self.has_devtools:
            return
        with suppress(Error):  # a tab that closes immediately, such as one opened for a download
            session = self._sessions[page] = await self._context.new_cdp_session(page)
            target = (await session.send("Target.getTargetInfo"))["targetInfo"]
            self._context_id = target.get("browserContextId")
            self._own_targets.add(target["targetId"])
            self._opening_targets.discard(target["targetId"])

    def _on_navigated(self, frame: Frame) -> None:
        self._traffic.committed(frame)
        parts = urlsplit(frame.url)
        if parts.scheme in ("http", "https"):
            self._visited_origins.add(f"{parts.scheme}://{parts.netloc}")

    async def _on_close(self, page: Page) -> None:
        self._traffic.closed(page)
        self._sessions.pop(page, None)
        self._titles.pop(page, None)
        if page not in self._pages or self._lost:
            return
        was_current = self._recent[-1] is page
        self._facts = [fact for fact in self._facts if fact is not page]
        fact = Fact("The tab was closed. The previous tab is shown.")
        if self._pages == [page]:
            async with self._replacing:
                with suppress(Error, TimeoutError):  # the browser is closing
                    await asyncio.wait_for(self.open(), _CLOSE_S)
            fact = Fact("The last tab was closed. A new empty tab is shown.")
        if len(self._pages) > 1:  # else no tab could be opened, because the browser is closing
            self._pages.remove(page)
            self._recent.remove(page)
        if was_current:
            self._facts.append(fact)

    async def _on_crash(self, page: Page) -> None:
        if page not in self._pages:
            return
        url = page.url
        if page is not self._recent[-1]:
            self._pages.remove(page)
            self._recent.remove(page)
            await _close(page)
            return
        async with self._replacing:
            with suppress(EnvLost):
                await self.replace_current()
                self._callbacks.crashed(url)

    def _on_disconnected(self, _source: object) -> None:
        self._lose("the browser ended unexpectedly")

    def _lose(self, reason: str) -> None:
        self._lost = self._lost or reason


async def _title(page: Page) -> str | None:
    """The title of `page`, which may be empty; None if the page does not respond."""
    with suppress(Error, TimeoutError):
        return await asyncio.wait_for(page.title(), _TITLE_S)
    return None


async def _close(page: Page) -> None:
    with suppress(Error, TimeoutError):
        await asyncio.wait_for(page.close(), _CLOSE_S)
