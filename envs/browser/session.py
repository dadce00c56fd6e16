"""An open browser. Everything in here runs on the one thread that Playwright belongs to."""

import base64
import re
import time
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import (
    BrowserContext,
    CDPSession,
    Dialog,
    Download,
    Error,
    Page,
    Playwright,
    ViewportSize,
    sync_playwright,
)

from ..actions import Action, Back, Home, Navigate, OpenApp, points_of
from ..env import ActionRefused, Done, EnvLost, EnvUnavailable, Observation
from ..geometry import DeviceTransform, Size
from ..screenshot import Screenshot
from .chromium import find_chromium, switches
from .hands import Hands
from .scripts import PAGE_SCRIPT
from .settle import settle

if TYPE_CHECKING:
    from .env import BrowserSettings

_FIRST_LINE = re.compile(r"^(?:\w+\.\w+: )?(.*)")


class Session:
    """A browser with its pages; the newest one is the one that is seen and worked."""

    def __init__(
        self, playwright: Playwright, context: BrowserContext, size: Size, scale: float, settings: "BrowserSettings"
    ) -> None:
        self._playwright = playwright
        self._context = context
        self._settings = settings
        self._size = Size(round(size.width * scale), round(size.height * scale))
        self._device = DeviceTransform(scale)
        self._exposure: dict[str, object] = {"format": "png", "optimizeForSpeed": True}
        if scale != 1:  # without a clip of that scale, Chromium hands out CSS pixels
            self._exposure["clip"] = {"x": 0, "y": 0, "width": size.width, "height": size.height, "scale": scale}
        self._pages: list[Page] = []
        self._facts: list[str] = []
        self._cameras: dict[Page, CDPSession] = {}
        self._hands = Hands(self._device)
        self._crashed = False
        self._start = "about:blank"
        self.program = "Chromium"

    @classmethod
    def open(cls, url: str, size: Size, scale: float, headless: bool, settings: "BrowserSettings") -> "Session":
        """Start Chromium and open `url`.

        Raises:
            EnvUnavailable: there is no Chromium, it does not start, or the address cannot be opened.
        """
        playwright = sync_playwright().start()
        try:
            context, version = _launch(playwright, size, scale, headless, settings)
            session = cls(playwright, context, size, scale, settings)
            session.program = f"Chromium {version}"
            session.begin(url)
        except (EnvUnavailable, Error) as error:
            playwright.stop()
            if isinstance(error, EnvUnavailable):
                raise
            raise EnvUnavailable(f"Chromium did not start: {_line(error)}") from error
        return session

    def begin(self, url: str) -> None:
        """Open the first page at `url`."""
        self._context.on("page", self._follow)
        self._context.add_init_script(PAGE_SCRIPT)
        pages = self._context.pages
        if pages:
            self._follow(pages[0])
        else:
            self._context.new_page()
        self._facts.clear()
        self._start = url
        try:
            self._page.goto(url, timeout=self._settings.load_limit_s * 1000, wait_until="commit")
        except Error as error:
            raise EnvUnavailable(f"{url} cannot be opened: {_line(error)}") from error
        settle(lambda: self._page, self._settings.load_limit_s)

    # -- what an environment does

    def observe(self) -> Observation:
        """See `Env`."""
        try:
            page = self._page
            png = self._photograph(page)
            while page is not self._page:  # a tab opened or closed meanwhile
                settle(lambda: self._page, self._settings.settle_limit_s)
                page = self._page
                png = self._photograph(page)
            place = page.url
        except Error as error:
            raise self._lost(error) from error
        facts = tuple(self._facts)
        self._facts.clear()
        return Observation(Screenshot(png=png), facts, place, self._device)

    def execute(self, action: Action) -> Done:
        """See `Env`."""
        for point in points_of(action):
            if not (0 <= point.x < self._size.width and 0 <= point.y < self._size.height):
                raise ActionRefused(f"({point.x:g}, {point.y:g}) is outside the screen of {self._size}")
        started = time.perf_counter()
        try:
            method = self._act(action)
            acted = time.perf_counter()
            leaves = isinstance(action, Navigate | Back | Home)
            limit_s = self._settings.load_limit_s if leaves else self._settings.settle_limit_s
            settled = settle(lambda: self._page, limit_s)
        except Error as error:
            raise self._lost(error) from error
        return Done(acted - started, settled.seconds, settled.by, method)

    def release(self) -> None:
        """See `Env`."""
        if self._pages:
            self._hands.release(self._page)

    def close(self) -> None:
        """Close the browser and the driver behind it."""
        try:
            browser = self._context.browser
            self._context.close()
            if browser is not None:
                browser.close()
        finally:
            self._playwright.stop()

    def _act(self, action: Action) -> str:
        match action:
            case Navigate(url):
                self._go(url)
            case Home():
                self._go(self._start)
            case Back():
                self._back()
            case OpenApp():
                raise ActionRefused("a browser page cannot open programs")
            case _:
                return self._hands.do(self._page, action)
        return ""

    # -- going somewhere

    def _go(self, url: str) -> None:
        address = url if re.match(r"^[a-z][a-z0-9+.-]*:", url, re.IGNORECASE) and not _HOST_PORT.match(url) else ""
        address = address or f"https://{url}"
        try:
            self._page.goto(address, timeout=self._settings.load_limit_s * 1000, wait_until="commit")
        except Error as error:
            if self._is_gone():
                raise
            raise ActionRefused(f"{address} cannot be opened: {_line(error)}") from error

    def _back(self) -> None:
        if not self._page.evaluate("navigation.canGoBack"):
            raise ActionRefused("there is no page to go back to")
        self._page.go_back(timeout=self._settings.load_limit_s * 1000, wait_until="commit")

    # -- looking

    def _photograph(self, page: Page) -> bytes:
        """The page as PNG, by the way of Chromium's that takes half the time of Playwright's."""
        camera = self._cameras.get(page)
        if camera is None:
            camera = self._cameras[page] = self._context.new_cdp_session(page)
        answer = camera.send("Page.captureScreenshot", self._exposure)
        return base64.b64decode(answer["data"])

    # -- what happens to pages

    @property
    def _page(self) -> Page:
        while self._pages and self._pages[-1].is_closed():
            self._pages.pop()
        if self._crashed:
            raise EnvLost("the page crashed")
        if not self._pages:
            raise EnvLost("the last page was closed")
        return self._pages[-1]

    def _follow(self, page: Page) -> None:
        """Work `page` from now on; when it closes, the one before it comes back."""
        self._pages.append(page)
        page.on("dialog", self._answer)
        page.on("download", self._downloaded)
        page.on("close", self._forget)
        page.on("crash", self._crash)
        if len(self._pages) > 1:
            self._facts.append("A new tab opened and is shown now.")

    def _forget(self, page: Page) -> None:
        self._cameras.pop(page, None)
        if page in self._pages:
            self._pages.remove(page)
            self._facts.append("The tab was closed.")

    def _crash(self, _page: Page) -> None:
        self._crashed = True

    def _answer(self, dialog: Dialog) -> None:
        """Answer a dialog by rule: it would otherwise hold up the page, and every screenshot of it."""
        if dialog.type in ("alert", "beforeunload"):
            dialog.accept()
            self._facts.append(f"The page said: {dialog.message!r} (closed with OK).")
        else:
            dialog.dismiss()
            self._facts.append(f"The page asked: {dialog.message!r} (answered with Cancel).")

    def _downloaded(self, download: Download) -> None:
        self._facts.append(f"A download began: {download.suggested_filename}.")

    def _is_gone(self) -> bool:
        browser = self._context.browser
        return self._crashed or not self._pages or (browser is not None and not browser.is_connected())

    def _lost(self, error: Error) -> EnvLost:
        return EnvLost("the page crashed" if self._crashed else f"the browser is gone: {_line(error)}")


_HOST_PORT = re.compile(r"^[\w.-]+:\d+(/|$)")


def _launch(
    playwright: Playwright, size: Size, scale: float, headless: bool, settings: "BrowserSettings"
) -> tuple[BrowserContext, str]:
    program = find_chromium(playwright, settings.executable)
    viewport = ViewportSize(width=size.width, height=size.height)
    scheme: Literal["dark", "light"] = "dark" if settings.dark else "light"
    if settings.profile is not None:
        context = playwright.chromium.launch_persistent_context(
            settings.profile,
            executable_path=program,
            headless=headless,
            args=switches(settings.switches),
            handle_sigint=False,
            viewport=viewport,
            device_scale_factor=scale,
            locale=settings.locale,
            timezone_id=settings.timezone,
            color_scheme=scheme,
        )
        return context, context.browser.version if context.browser else ""
    browser = playwright.chromium.launch(
        executable_path=program, headless=headless, args=switches(settings.switches), handle_sigint=False
    )
    context = browser.new_context(
        viewport=viewport,
        device_scale_factor=scale,
        locale=settings.locale,
        timezone_id=settings.timezone,
        color_scheme=scheme,
    )
    return context, browser.version


def _line(error: Error) -> str:
    """The first line of what Playwright says, without the name of the call."""
    found = _FIRST_LINE.match(error.message)
    return found.group(1) if found else error.message
