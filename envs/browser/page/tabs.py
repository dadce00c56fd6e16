"""The tabs of a browser: which one is seen, and what happened to them that a screenshot may not show."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import Browser, CDPSession, Error, Frame, Page

from ...env import ActionRefused, EnvLost
from ..launch.attach import AttachedContext, Context
from .traffic import Traffic

_TITLE_S = 1.0
_CLOSE_S = 5.0
_NAMES = {"about:blank": "New tab", "chrome-error://chromewebdata/": "Not available"}


@dataclass(frozen=True, slots=True)
class TabWatch:
    """Who hears of tabs: `opened` of each, when it comes up; `crashed` of the address of one that is there no more."""

    opened: Callable[[Page], None]
    crashed: Callable[[str], None]


class Tabs:
    """The tabs, in the order of their opening: follows each new one, comes back when it closes, keeps facts to tell."""

    def __init__(self, context: Context, traffic: Traffic, watch: TabWatch) -> None:
        self._context = context
        self._traffic = traffic
        self._watch = watch
        self._pages: list[Page] = []
        self._seen: list[Page] = []
        self._sessions: dict[Page, CDPSession] = {}
        self._facts: list[str | Page] = []
        self._titles: dict[Page, str] = {}
        self._coming: set[str] = set()
        self._targets: set[str] = set()
        self._origins: set[str] = set()
        self._context_id: str | None = None
        self._lost = ""
        self._replacing = asyncio.Lock()
        self._watcher: CDPSession | None = None
        self._is_leaving = False
        self._is_ours = False
        self._is_aside = False

    async def start(self) -> None:
        """Open the first tab and watch for more."""
        pages = self._context.pages
        await self._follow(pages[0] if pages else await self._context.new_page())
        self._context.on("page", self._follow)
        self._context.on("close", self._ended)
        if self._context.browser is not None:
            await self._watch_targets(self._context.browser)

    @property
    def have_devtools(self) -> bool:
        """Whether there are DevTools sessions: not in Firefox and WebKit."""
        browser = self._context.browser
        return browser is not None and browser.browser_type.name == "chromium"

    @property
    def current(self) -> Page:
        """The tab that is seen.

        Raises:
            EnvLost: there is none any more.
        """
        if self._lost:
            raise EnvLost(self._lost)
        return self._seen[-1]

    @property
    def all(self) -> tuple[Page, ...]:
        """The tabs, in the order of their opening."""
        return tuple(self._pages)

    async def ready(self) -> None:
        """Return when no tab that crashed is being replaced."""
        async with self._replacing:
            pass

    @property
    def opening(self) -> bool:
        """Whether a tab is about to open."""
        return bool(self._coming)

    @property
    def is_lost(self) -> bool:
        """Whether there is nothing left to see."""
        return bool(self._lost)

    @property
    def is_leaving(self) -> bool:
        """Whether we are going to another page ourselves."""
        return self._is_leaving

    async def session(self) -> CDPSession:
        """The DevTools session of the tab that is seen, where there is one."""
        page = self.current
        if page not in self._sessions:
            self._sessions[page] = await self._context.new_cdp_session(page)
        return self._sessions[page]

    async def titles(self) -> tuple[str, ...]:
        """The titles of the tabs, else their addresses. A tab that hangs keeps the title that it had."""
        found = await asyncio.gather(*(_title(page) for page in self._pages))
        for page, title in zip(self._pages, found, strict=True):
            if title is not None:
                self._titles[page] = title
        return tuple(
            [self._titles.get(page) or _NAMES.get(page.url.partition("?")[0], page.url) for page in self._pages]
        )

    @contextmanager
    def leaving(self) -> Generator[None]:
        """While we are going to another page ourselves, this one may not hold us back."""
        self._is_leaving = True
        try:
            yield
        finally:
            self._is_leaving = False

    async def show(self, index: int) -> None:
        """Show the tab with that number, from 0.

        Raises:
            ActionRefused: there is no such tab.
        """
        if not 0 <= index < len(self._pages):
            raise ActionRefused(f"there is no tab {index + 1}; there are {len(self._pages)}")
        page = self._pages[index]
        self._seen.remove(page)
        self._seen.append(page)
        await page.bring_to_front()

    async def show_next(self, by: int) -> None:
        """Show the tab `by` places further, coming round at the end."""
        await self.show((self._pages.index(self.current) + by) % len(self._pages))

    async def open(self) -> None:
        """Open an empty tab and show it."""
        self._is_ours = True
        try:
            await self._follow(await self._context.new_page())
        finally:
            self._is_ours = False

    @asynccontextmanager
    async def aside(self) -> AsyncGenerator[Page]:
        """A tab that is not seen, for a moment."""
        self._is_aside = True
        try:
            page = await self._context.new_page()
        finally:
            self._is_aside = False
        try:
            yield page
        finally:
            with suppress(Error, TimeoutError):
                await asyncio.wait_for(page.close(), _CLOSE_S)
            self._traffic.closed(page)

    async def close(self, index: int) -> None:
        """Close the tab with that number, from 0.

        Raises:
            ActionRefused: it is the only one, or there is none.
        """
        if len(self._pages) == 1:
            raise ActionRefused("this is the only tab; it cannot be closed")
        if not 0 <= index < len(self._pages):
            raise ActionRefused(f"there is no tab {index + 1}; there are {len(self._pages)}")
        await self._pages[index].close()

    async def close_current(self) -> None:
        """Close the tab that is seen.

        Raises:
            ActionRefused: it is the only one.
        """
        await self.close(self._pages.index(self.current))

    async def replace_current(self) -> None:
        """Put a fresh tab in the place of the one that is seen, which crashed or hangs.

        Raises:
            EnvLost: the browser cannot open one.
        """
        dead = self.current
        self._is_ours = True
        try:
            fresh = await asyncio.wait_for(self._context.new_page(), _CLOSE_S)
            await self._follow(fresh)
        except (Error, TimeoutError) as error:
            self._lose("the page crashed, and the browser opens no other")
            raise EnvLost(self._lost) from error
        finally:
            self._is_ours = False
        self._pages.remove(fresh)
        self._pages[self._pages.index(dead)] = fresh
        self._seen.remove(dead)
        self._sessions.pop(dead, None)
        with suppress(Error, TimeoutError):
            await asyncio.wait_for(dead.close(), _CLOSE_S)

    @asynccontextmanager
    async def scripts_halted(self) -> AsyncGenerator[None]:
        """While no script runs in the tab that is seen, where the engine can do that."""
        session = await self.session() if self.have_devtools else None
        if session is not None:
            await session.send("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            yield
        finally:
            if session is not None:
                with suppress(Error):  # its tab is gone
                    await session.send("Emulation.setScriptExecutionDisabled", {"value": False})

    async def set_permission(self, name: str, setting: str, origin: str | None = None) -> None:
        """Let the pages of `origin` have the permission that DevTools calls `name`, or not: `granted` or `denied`.

        Without `origin`, all pages.
        """
        if self._watcher is None or self._context_id is None:
            await self._context.grant_permissions([name] if setting == "granted" else [], origin=origin)
            return
        wanted = {"permission": {"name": name}, "setting": setting, "browserContextId": self._context_id}
        await self._watcher.send("Browser.setPermission", {**wanted, "origin": origin} if origin else wanted)

    async def forget(self) -> None:
        """Delete all cookies, and what the pages visited since the last time have stored, where DevTools can do that.

        In a browser that is somebody else's nothing is deleted.
        """
        if isinstance(self._context, AttachedContext):
            return
        await self._context.clear_cookies()
        origins, self._origins = self._origins, set()
        if self.have_devtools:
            session = await self.session()
            for origin in origins:
                await session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})

    async def take_facts(self) -> tuple[str, ...]:
        """What happened since the last call, in sentences."""
        facts, self._facts = self._facts, []
        return tuple(
            [
                fact if isinstance(fact, str) else f"A new tab opened: {await _title(fact) or fact.url}."
                for fact in facts
            ]
        )

    # -- inside

    async def _watch_targets(self, browser: Browser) -> None:
        """Learn of a tab when it begins to open: Playwright tells of it only when its page has arrived."""
        browser.on("disconnected", self._ended)
        if not self.have_devtools:
            return
        watcher = self._watcher = await browser.new_browser_cdp_session()
        watcher.on("Target.targetCreated", self._note_coming)
        watcher.on("Target.targetDestroyed", self._note_gone)
        await watcher.send("Target.setDiscoverTargets", {"discover": True})
        self._coming.clear()  # the tabs that were there already

    def _note_coming(self, event: dict[str, dict[str, str]]) -> None:
        target = event["targetInfo"]
        if self._is_aside:
            return
        if isinstance(self._context, AttachedContext) and target.get("openerId") not in self._targets:
            return  # it is somebody else's
        if target["type"] == "page" and target.get("browserContextId") == self._context_id:
            self._coming.add(target["targetId"])

    def _note_gone(self, event: dict[str, str]) -> None:
        self._coming.discard(event["targetId"])

    async def _follow(self, page: Page) -> None:
        if page in self._pages or self._is_aside:
            return
        self._pages.append(page)
        self._seen.append(page)
        page.on("framenavigated", self._navigated)
        page.on("close", self._forget)
        page.on("crash", self._crash)
        self._watch.opened(page)
        if len(self._pages) > 1 and not self._is_ours:
            self._facts.append(page)
        if not self.have_devtools:
            return
        with suppress(Error):  # a tab that closes at once, such as one that was only there for a download
            session = self._sessions[page] = await self._context.new_cdp_session(page)
            target = await session.send("Target.getTargetInfo")
            self._context_id = target["targetInfo"].get("browserContextId")
            self._targets.add(target["targetInfo"]["targetId"])
            self._coming.discard(target["targetInfo"]["targetId"])

    def _navigated(self, frame: Frame) -> None:
        self._traffic.committed(frame)
        parts = urlsplit(frame.url)
        if parts.scheme in ("http", "https"):
            self._origins.add(f"{parts.scheme}://{parts.netloc}")

    async def _forget(self, page: Page) -> None:
        self._traffic.closed(page)
        self._sessions.pop(page, None)
        self._titles.pop(page, None)
        if page not in self._pages or self._lost:
            return
        was_seen = self._seen[-1] is page
        self._facts = [fact for fact in self._facts if fact is not page]
        told = "The tab closed; this is the tab before it."
        if self._pages == [page]:
            with suppress(Error):  # the browser is closing
                await self.open()
            told = "The last tab closed; this is an empty one."
        if len(self._pages) > 1:
            self._pages.remove(page)
            self._seen.remove(page)
        if was_seen:
            self._facts.append(told)

    async def _crash(self, page: Page) -> None:
        if page not in self._pages:
            return
        address, was_seen = page.url, page is self._seen[-1]
        if not was_seen:
            await self._forget_silently(page)
            return
        async with self._replacing:
            with suppress(EnvLost):
                await self.replace_current()
                self._watch.crashed(address)

    async def _forget_silently(self, page: Page) -> None:
        self._pages.remove(page)
        self._seen.remove(page)
        with suppress(Error, TimeoutError):
            await asyncio.wait_for(page.close(), _CLOSE_S)

    def _ended(self, _who: object) -> None:
        self._lose("the browser ended unexpectedly")

    def _lose(self, cause: str) -> None:
        self._lost = self._lost or cause


async def _title(page: Page) -> str | None:
    """The title of `page`, empty if it has none, None if it does not say."""
    with suppress(Error, TimeoutError):
        return await asyncio.wait_for(page.title(), _TITLE_S)
    return None
