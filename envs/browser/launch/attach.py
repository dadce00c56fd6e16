"""Working in a Chromium that somebody else started, over the DevTools protocol, without disturbing it.

There is one browser context in it for all its tabs, and Playwright tells of every one of them. `AttachedContext`
lets through
what concerns the tabs that we opened, and those that these opened.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias, cast

from playwright.async_api import Browser, BrowserContext, CDPSession, Dialog, Error, Page, Playwright, Request, Response
from playwright.async_api import TimeoutError as LateError

from ...env import EnvUnavailable
from ...geometry import Size
from .settings import View

_OPENING_S = 10.0
_EMPTY = ("about:blank", "chrome://newtab/", "chrome://new-tab-page/")
CONNECT_S = (10.0, 20.0)
"""How long each attempt to connect may take."""
_HOW = "start one with --remote-debugging-port=9222 --user-data-dir=FOLDER"

Handler: TypeAlias = Callable[..., Any]


class AttachedContext:
    """The part of a browser context that is ours. It has of a `BrowserContext` what a session needs.

    Pages of our tabs are `page` in size, in CSS pixels at `scale`.
    """

    def __init__(self, context: BrowserContext, page: Size, scale: float) -> None:
        self._context = context
        self._metrics = {"width": page.width, "height": page.height, "deviceScaleFactor": scale, "mobile": False}
        self._pages: list[Page] = []
        self._newcomers: list[Handler] = []
        self._scripts: list[str] = []
        self._bindings: dict[str, Handler] = {}
        self._is_closed = False
        self._expected_until_s: list[float] = []
        context.on("page", self._arrived)

    @property
    def browser(self) -> Browser | None:
        """The browser that all of it is in. Closing it only ends the connection."""
        return self._context.browser

    @property
    def pages(self) -> list[Page]:
        """Our tabs."""
        return list(self._pages)

    async def new_page(self) -> Page:
        """Open a tab of our own; after `close` there is none to open."""
        if self._is_closed:
            raise Error("the tabs were given back")
        page = await self._context.new_page()
        await self._adopt(page)
        return page

    async def new_cdp_session(self, page: Page) -> CDPSession:
        """See `BrowserContext`."""
        return await self._context.new_cdp_session(page)

    async def add_init_script(self, script: str) -> None:
        """Have our tabs run `script` before anything of a page."""
        self._scripts.append(script)

    async def expose_binding(self, name: str, callback: Handler) -> None:
        """Have `callback` called when a page in one of our tabs calls `name`."""
        self._bindings[name] = callback

    async def grant_permissions(self, permissions: list[str], *, origin: str | None = None) -> None:
        """See `BrowserContext`."""
        await self._context.grant_permissions(permissions, origin=origin)

    def on(self, event: str, handler: Handler) -> None:
        """Have `handler` hear of `event` where our tabs are concerned."""
        if event == "page":
            self._newcomers.append(handler)
        elif event == "close":
            self._context.on("close", handler)
        else:
            self._listen(event, handler)

    async def close(self) -> None:
        """Close our tabs. Everything else goes on as it is."""
        self._is_closed = True
        for page in self.pages:
            with suppress(Error):
                await page.close()

    # -- inside

    def _listen(self, event: str, handler: Handler) -> None:
        async def heard(news: Dialog | Request | Response) -> None:
            page = _page_of(news)
            if page is None or not (page in self._pages or await self._opener_of(page) in self._pages):
                return
            following = handler(news)
            if following is not None:
                await following

        cast("Any", self._context).on(event, heard)  # Playwright has an overload for each event

    async def _arrived(self, page: Page) -> None:
        """A tab opened; whoever works this browser besides us may have opened it."""
        opener = await self._opener_of(page)
        if opener in self._pages or (opener is None and self._is_expected(page)):
            await self._adopt(page)

    async def _opener_of(self, page: Page) -> Page | None:
        with suppress(Error):
            return await page.opener()
        return None

    def _expect(self, event: dict[str, str]) -> None:
        """A tab of ours asks for another: by a click with Ctrl or the middle button, which leaves it no opener."""
        if event["disposition"] in ("newTab", "newWindow"):
            self._expected_until_s.append(time.monotonic() + _OPENING_S)

    def _is_expected(self, page: Page) -> bool:
        now = time.monotonic()
        self._expected_until_s = [end for end in self._expected_until_s if end > now]
        if page.url in _EMPTY or not self._expected_until_s:
            return False
        self._expected_until_s.pop(0)
        return True

    async def _adopt(self, page: Page) -> None:
        if page in self._pages:
            return
        self._pages.append(page)
        page.on("close", self._left)
        with suppress(Error):  # it has closed already
            await self._dress(page)
            await page.bring_to_front()  # one that opens behind the others may not be drawn
        for handler in self._newcomers:
            await handler(page)

    def _left(self, page: Page) -> None:
        self._pages.remove(page)

    async def _dress(self, page: Page) -> None:
        """Give a tab its size, and what it tells us by. It may have begun without."""
        session = await self._context.new_cdp_session(page)
        session.on("Page.frameRequestedNavigation", self._expect)
        await session.send("Page.enable")
        await session.send("Emulation.setDeviceMetricsOverride", self._metrics)
        await session.send("Emulation.setFocusEmulationEnabled", {"enabled": True})  # it may be out of sight
        for name, callback in self._bindings.items():
            await page.expose_binding(name, callback)
        for script in self._scripts:
            await page.add_init_script(script)
            for frame in page.frames:
                with suppress(Error):
                    await frame.evaluate(script)


Context: TypeAlias = BrowserContext | AttachedContext


async def attach(playwright: Playwright, address: str, page: Size, view: View) -> tuple[AttachedContext, str]:
    """Our part of the Chromium at the DevTools `address`, with no tabs yet, and its version.

    Raises:
        EnvUnavailable: there is none, or it does not answer; says what to do.
    """
    browser = await _connect(playwright, address)
    return AttachedContext(browser.contexts[0], page, view.scale), browser.version


async def _connect(playwright: Playwright, address: str) -> Browser:
    """A connection to the browser at `address`. One that just opens or closes a tab may hold up the first attempt."""
    late: Error | None = None
    for limit_s in CONNECT_S:
        try:
            return await playwright.chromium.connect_over_cdp(address, no_defaults=True, timeout=limit_s * 1000)
        except LateError as error:
            late = error
        except Error as error:
            raise EnvUnavailable(f"no browser can be worked at {address}: {_HOW}") from error
    raise EnvUnavailable(f"the browser at {address} is busy: close the dialogs that its tabs have open") from late


def _page_of(news: Dialog | Request | Response) -> Page | None:
    """The tab that `news` are about; None where it is not known, as for a service worker's request."""
    if isinstance(news, Dialog):
        return news.page
    with suppress(Error):
        return news.frame.page
    return None
