"""The tabs of a browser: which one is seen, and what happened in them that a screenshot may not show."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress

from playwright.async_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Dialog,
    Download,
    Error,
    FileChooser,
    Frame,
    Page,
)

from ..env import ActionRefused, EnvLost
from .traffic import Traffic

_TITLE_S = 1.0


class Tabs:
    """Follows every new tab, comes back when it closes, answers dialogs, and keeps the facts to tell."""

    def __init__(self, context: BrowserContext, traffic: Traffic) -> None:
        self._context = context
        self._traffic = traffic
        self._pages: list[Page] = []
        self._sessions: dict[Page, CDPSession] = {}
        self._facts: list[str | Page] = []
        self._coming: set[str] = set()
        self._lost = ""
        self._watcher: CDPSession | None = None
        self._is_leaving = False

    async def start(self) -> None:
        """Open the first tab and watch for more."""
        pages = self._context.pages
        await self._follow(pages[0] if pages else await self._context.new_page())
        self._context.on("page", self._follow)
        self._context.on("dialog", self._answer)
        self._context.on("close", lambda _: self._lose("the browser was closed"))
        if self._context.browser is not None:
            await self._watch(self._context.browser)

    @property
    def current(self) -> Page:
        """The tab that is seen.

        Raises:
            EnvLost: there is none any more.
        """
        if self._lost:
            raise EnvLost(self._lost)
        return self._pages[-1]

    @property
    def opening(self) -> bool:
        """Whether a tab is about to open."""
        return bool(self._coming)

    @property
    def is_lost(self) -> bool:
        """Whether there is nothing left to see."""
        return bool(self._lost)

    async def session(self) -> CDPSession:
        """The DevTools session of the tab that is seen."""
        page = self.current
        if page not in self._sessions:
            self._sessions[page] = await self._context.new_cdp_session(page)
        return self._sessions[page]

    @contextmanager
    def leaving(self) -> Generator[None]:
        """While we are going to another page ourselves, this one may not hold us back."""
        self._is_leaving = True
        try:
            yield
        finally:
            self._is_leaving = False

    async def close_current(self) -> None:
        """Close the tab that is seen.

        Raises:
            ActionRefused: it is the only one.
        """
        if len(self._pages) == 1:
            raise ActionRefused("this is the only tab; it cannot be closed")
        await self._pages[-1].close()

    async def take_facts(self) -> tuple[str, ...]:
        """What happened since the last call, in sentences."""
        facts, self._facts = self._facts, []
        return tuple([fact if isinstance(fact, str) else f"A new tab opened: {await _title(fact)}." for fact in facts])

    async def _watch(self, browser: Browser) -> None:
        """Learn of a tab when it begins to open: Playwright tells of it only when its page has arrived."""
        browser.on("disconnected", lambda _: self._lose("the browser ended unexpectedly"))
        watcher = self._watcher = await browser.new_browser_cdp_session()
        watcher.on("Target.targetCreated", self._note_coming)
        watcher.on("Target.targetDestroyed", self._note_gone)
        await watcher.send("Target.setDiscoverTargets", {"discover": True})
        self._coming.clear()  # the tabs that were there already

    def _note_coming(self, event: dict[str, dict[str, str]]) -> None:
        if event["targetInfo"]["type"] == "page":
            self._coming.add(event["targetInfo"]["targetId"])

    def _note_gone(self, event: dict[str, str]) -> None:
        self._coming.discard(event["targetId"])

    async def _follow(self, page: Page) -> None:
        if page in self._pages:
            return
        self._pages.append(page)
        page.on("framenavigated", self._navigated)
        page.on("close", self._forget)
        page.on("crash", self._crash)
        page.on("download", self._downloaded)
        page.on("filechooser", self._chooser)
        if len(self._pages) > 1:
            self._facts.append(page)
        with suppress(Error):  # a tab that closes at once, such as one that was only there for a download
            session = self._sessions[page] = await self._context.new_cdp_session(page)
            target = await session.send("Target.getTargetInfo")
            self._coming.discard(target["targetInfo"]["targetId"])

    def _navigated(self, frame: Frame) -> None:
        self._traffic.committed(frame)

    async def _forget(self, page: Page) -> None:
        self._sessions.pop(page, None)
        if page not in self._pages or self._lost:
            return
        was_seen = self._pages[-1] is page
        self._facts = [fact for fact in self._facts if fact is not page]
        told = "The tab closed; this is the tab before it."
        if self._pages == [page]:
            with suppress(Error):  # the browser is closing
                await self._follow(await self._context.new_page())
            self._facts = [fact for fact in self._facts if isinstance(fact, str)]
            told = "The last tab closed; this is an empty one."
        if len(self._pages) > 1:
            self._pages.remove(page)
        if was_seen:
            self._facts.append(told)

    def _crash(self, page: Page) -> None:
        if page is self._pages[-1]:
            self._lose("the page crashed")
        else:
            self._pages.remove(page)

    def _lose(self, cause: str) -> None:
        self._lost = self._lost or cause

    async def _answer(self, dialog: Dialog) -> None:
        """Answer a dialog by rule: it would otherwise hold up the page, and every screenshot of it."""
        accept = dialog.type == "alert" or (dialog.type == "beforeunload" and self._is_leaving)
        told = {
            "alert": f"The page showed a message: {dialog.message!r}. It was closed with OK.",
            "beforeunload": f"The page asked whether to leave it; the answer was {'yes' if accept else 'no'}.",
            "prompt": f"The page asked for a text: {dialog.message!r}. It was answered with Cancel.",
        }
        question = f"The page asked: {dialog.message!r}. It was answered with Cancel."
        self._facts.append(told.get(dialog.type, question))
        with suppress(Error):  # its page is gone, and the dialog with it
            await (dialog.accept() if accept else dialog.dismiss())

    def _downloaded(self, download: Download) -> None:
        self._facts.append(f"A download began: {download.suggested_filename}.")

    def _chooser(self, chooser: FileChooser) -> None:
        several = "files" if chooser.is_multiple() else "a file"
        self._facts.append(
            f"The page asked for {several} to upload; none was chosen, since no file can be chosen here."
        )


async def _title(page: Page) -> str:
    with suppress(Error, TimeoutError):
        title = await asyncio.wait_for(page.title(), _TITLE_S)
        if title:
            return title
    return page.url
