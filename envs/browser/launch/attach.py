"""Attaches to a running Chromium over the DevTools protocol, without disturbing its other tabs.

All its tabs share one browser context, and Playwright reports events of every one. `AttachedContext` only passes on
those of the tabs that we opened and of the tabs that these opened.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias, cast

from playwright.async_api import Browser, BrowserContext, CDPSession, Dialog, Error, Page, Playwright, Request, Response
from playwright.async_api import TimeoutError as LateError

from ...env import EnvUnavailable
from ...geometry import Size
from .view import View

_OPENING_S = 10.0
_EMPTY = ("about:blank", "chrome://newtab/", "chrome://new-tab-page/")
CONNECT_S = (10.0, 20.0)
"""Time limit of each attempt to connect."""
_HOW_TO_START = "start one with --remote-debugging-port=9222 --user-data-dir=FOLDER"

Handler: TypeAlias = Callable[..., Any]


class AttachedContext:
    """Our tabs in the browser context of a running browser; the subset of `BrowserContext` that a session needs.

    Pages have the size `page` in CSS pixels at `scale`.
    """

    def __init__(self, context: BrowserContext, page: Size, scale: float) -> None:
        self._context = context
        self._metrics = {"width": page.width, "height": page.height, "deviceScaleFactor": scale, "mobile": False}
        self._pages: list[Page] = []
        self._page_handlers: list[Handler] = []
        self._scripts: list[str] = []
        self._bindings: dict[str, Handler] = {}
        self._is_closed = False
        self._expected_until_s: list[float] = []
        self._adopting = 0
        context.on("page", self._on_page)

    @property
    def browser(self) -> Browser | None:
        """The running browser. Closing it only ends the connection."""
        return self._context.browser

    @property
    def pages(self) -> list[Page]:
        """Our tabs."""
        return list(self._pages)

    @property
    def is_opening(self) -> bool:
        """Whether one of our tabs is opening another."""
        return bool(self._unexpired()) or self._adopting > 0

    def stop_waiting_for_pages(self) -> None:
        """Wait no longer for tabs that are opening."""
        self._expected_until_s.clear()

    async def new_page(self) -> Page:
        """Open a tab of our own; fails after `close`."""
        if self._is_closed:
            raise Error("the context is closed")
        page = await self._context.new_page()
        await self._adopt(page)
        return page

    async def new_cdp_session(self, page: Page) -> CDPSession:
        """See `BrowserContext`."""
        return await self._context.new_cdp_session(page)

    async def add_init_script(self, script: str) -> None:
        """Run `script` in our tabs before any script of a page."""
        self._scripts.append(script)

    async def expose_binding(self, name: str, callback: Handler) -> None:
        """Call `callback` when a page in one of our tabs calls `name`."""
        self._bindings[name] = callback

    async def grant_permissions(self, permissions: list[str], *, origin: str | None = None) -> None:
        """See `BrowserContext`."""
        await self._context.grant_permissions(permissions, origin=origin)

    def on(self, event: str, handler: Handler) -> None:
        """Call `handler` for each `event` of our tabs."""
        if event == "page":
            self._page_handlers.append(handler)
        elif event == "close":
            self._context.on("close", handler)
        else:
            self._subscribe(event, handler)

    async def close(self) -> None:
        """Close our tabs; the other tabs stay open."""
        self._is_closed = True
        for page in self.pages:
            with suppress(Error):
                await page.close()

    # -- internals

    def _subscribe(self, event: str, handler: Handler) -> None:
        async def filtered(source: Dialog | Request | Response) -> None:
            page = _page_of(source)
            if page is None or not (page in self._pages or await self._opener_of(page) in self._pages):
                return
            pending = handler(source)
            if pending is not None:
                await pending

        cast("Any", self._context).on(event, filtered)  # Playwright has an overload for each event

    async def _on_page(self, page: Page) -> None:
        """Adopt a new tab if one of ours opened it; other users of the browser open tabs too."""
        opener = await self._opener_of(page)
        is_expected = bool(self._unexpired()) and page.url not in _EMPTY
        if opener in self._pages or (opener is None and is_expected):
            del self._expected_until_s[:1]
            await self._adopt(page)

    async def _opener_of(self, page: Page) -> Page | None:
        with suppress(Error):
            return await page.opener()
        return None

    def _expect(self, event: dict[str, str]) -> None:
        """One of our tabs opens another by Ctrl+click or middle click, which leaves the new tab without an opener."""
        if event["disposition"] in ("newTab", "newWindow"):
            self._expected_until_s.append(time.monotonic() + _OPENING_S)

    def _unexpired(self) -> list[float]:
        self._expected_until_s = [end for end in self._expected_until_s if end > time.monotonic()]
        return self._expected_until_s

    async def _adopt(self, page: Page) -> None:
        if page in self._pages:
            return
        self._adopting += 1
        self._pages.append(page)
        page.on("close", self._on_close)
        with suppress(Error):  # it has closed already
            await self._prepare(page)
            await page.bring_to_front()  # a tab in the background may not be rendered
        try:
            for handler in self._page_handlers if page in self._pages else ():
                await handler(page)
        finally:
            self._adopting -= 1

    def _on_close(self, page: Page) -> None:
        self._pages.remove(page)

    async def _prepare(self, page: Page) -> None:
        """Apply size, bindings and scripts to a tab, which may have started loading without them."""
        session = await self._context.new_cdp_session(page)
        session.on("Page.frameRequestedNavigation", self._expect)
        await session.send("Page.enable")
        await session.send("Emulation.setDeviceMetricsOverride", self._metrics)
        await session.send("Emulation.setFocusEmulationEnabled", {"enabled": True})  # its window may be hidden
        for name, callback in self._bindings.items():
            await page.expose_binding(name, callback)
        for script in self._scripts:
            await page.add_init_script(script)
            for frame in page.frames:
                with suppress(Error):
                    await frame.evaluate(script)


Context: TypeAlias = BrowserContext | AttachedContext


async def attach(playwright: Playwright, address: str, page: Size, view: View) -> tuple[AttachedContext, str]:
    """A context for our tabs in the Chromium at the DevTools `address`, with no tabs yet, and its version.

    Raises:
        EnvUnavailable: there is none, or it does not respond; the message says what to do.
    """
    browser = await _connect(playwright, address)
    return AttachedContext(browser.contexts[0], page, view.scale), browser.version


async def _connect(playwright: Playwright, address: str) -> Browser:
    """Connect to the browser at `address`. A tab that is just opening or closing can delay the first attempt."""
    timeout: Error | None = None
    for limit_s in CONNECT_S:
        try:
            return await playwright.chromium.connect_over_cdp(address, no_defaults=True, timeout=limit_s * 1000)
        except LateError as error:
            timeout = error
        except Error as error:
            raise EnvUnavailable(f"no browser is listening at {address}: {_HOW_TO_START}") from error
    raise EnvUnavailable(f"the browser at {address} is not responding: close any open dialogs in its tabs") from timeout


def _page_of(source: Dialog | Request | Response) -> Page | None:
    """The tab of an event; None if unknown, as for a service worker's request."""
    if isinstance(source, Dialog):
        return source.page
    with suppress(Error):
        return source.frame.page
    return None
