"""Takes the screenshots: the current page with the overlay on top."""

import asyncio
import base64
import math
import time
from contextlib import suppress
from itertools import count

from PIL import Image
from playwright.async_api import Error

from ...config.browser_settings import BrowserSettings
from ...env import EnvLost
from ...geometry import Size
from ...masks import paint
from ...screenshot import Screenshot
from ..launch.view import View
from ..page.errors import error_message, retry_between_documents
from ..page.secrets import FoundBox, PageSecrets, masks_of
from ..page.tabs import Tabs
from .overlay.overlay import TAB_STRIP_PX, Overlay
from .prompts import BrowserPrompts

_CAPTURE_S = 15.0
_RELOADING_S = 2.0
_ATTEMPTS = 5
_MASK_ATTEMPTS = 3
_MASK_RETRY_S = 0.05

_PDF_POLL_S = 0.2
_PDF_AREA = (0.4, 0.2, 0.95, 1.0)
"""Left, upper, right and lower edge of the area where the viewer only shows the document, relative to the page."""


class Compositor:
    """Takes the screenshots."""

    def __init__(
        self,
        tabs: Tabs,
        overlay: Overlay,
        prompts: BrowserPrompts,
        view: View,
        settings: BrowserSettings,
        secrets: PageSecrets,
    ) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._prompts = prompts
        self._secrets = secrets
        self._scale = view.scale
        self._size = Size(_pixels(view.screen.width * view.scale), _pixels(view.screen.height * view.scale))
        top = TAB_STRIP_PX if settings.tab_strip else 0
        self._page_top = _pixels(top * view.scale)
        self._capture_options: dict[str, object] = {"format": "png", "optimizeForSpeed": True}
        if view.scale != 1:  # without a clip of that scale, Chromium returns CSS pixels
            size = {"width": view.screen.width, "height": view.screen.height - top}
            self._capture_options["clip"] = {"x": 0, "y": 0, **size, "scale": view.scale}
        self._page: bytes | None = None

    @property
    def size(self) -> Size:
        """The size of the screenshots in pixels."""
        return self._size

    async def screenshot(self) -> Screenshot:
        """The screen. While a dialog blocks the page, its last screenshot is used.

        Raises:
            EnvLost: the page cannot be captured.
        """
        if not self._prompts.is_blocking():
            self._page = await self._capture_page() or self._page
        if self._overlay.is_empty and self._page is not None:
            return Screenshot(png=self._page)  # the common case needs no decoding
        screen = Image.new("RGB", (self._size.width, self._size.height), "white")
        if self._page is not None:
            screen.paste(Screenshot(png=self._page).image, (0, self._page_top))
        return Screenshot(screen if self._overlay.is_empty else await self._overlay.composite(screen))

    async def has_changed(self) -> bool:
        """Whether the page looks different from its last screenshot."""
        return await self._capture_page() != self._page

    async def wait_for_pdf(self, limit_s: float) -> None:
        """Return when two screenshots in a row are the same and show a document.

        Chromium's PDF viewer reports no progress, and shows its toolbars before the document.
        """
        end, previous = time.monotonic() + limit_s, b""
        while time.monotonic() < end:
            png = await self._capture()
            if png == previous and _has_content(Screenshot(png=png).image):
                return
            previous = png
            await asyncio.sleep(_PDF_POLL_S)

    async def _capture_page(self, attempts: int = _ATTEMPTS) -> bytes | None:
        """The page as PNG; None if a dialog or a hang prevents it, which the overlay then shows."""
        page = self._tabs.current
        capture = asyncio.ensure_future(self._capture_masked() if self._secrets.is_active else self._capture())
        try:
            reloads = self._tabs.loads_endlessly
            await self._prompts.until_blocked(capture, _RELOADING_S if reloads else _CAPTURE_S)
            if capture.done():
                return capture.result()
            if reloads and not self._prompts.is_blocking():
                return await self._capture_halted()
            if not self._prompts.is_blocking():
                await self._prompts.report_unresponsive()
            return None
        except Error as error:
            if attempts == 1 or await self._tabs.still_shows(page):
                raise EnvLost(f"could not take a screenshot of the page: {error_message(error)}") from error
            return await self._capture_page(attempts - 1)  # the tab was closed during the capture
        finally:
            capture.cancel()

    async def _capture_halted(self) -> bytes | None:
        """The page without its scripts, which would load the next document before this one is captured."""
        with suppress(TimeoutError):
            async with self._tabs.scripts_halted():
                return await asyncio.wait_for(
                    self._capture_masked() if self._secrets.is_active else self._capture(), _RELOADING_S
                )
        return None

    async def _capture_masked(self) -> bytes:
        """The page with its secrets masked, taken again while what has to be masked moves."""
        for attempt in count(1):
            before = await self._secret_boxes()
            png = await self._capture()
            after = await self._secret_boxes()
            if before == after or attempt == _MASK_ATTEMPTS:
                return paint(Screenshot(png=png), masks_of((before, after), self._scale)).png
        raise AssertionError

    async def _secret_boxes(self) -> tuple[FoundBox, ...]:
        end = time.monotonic() + _CAPTURE_S
        while True:
            try:
                return await self._secrets.boxes()
            except Error:  # the page is between two documents
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(_MASK_RETRY_S)

    async def _capture(self) -> bytes:
        return self._resized(await retry_between_documents(self._capture_once))

    async def _capture_once(self) -> bytes:
        if not self._tabs.has_devtools:
            return await self._tabs.current.screenshot(caret="initial", scale="device")
        session = await self._tabs.session()
        # takes half the time of Playwright's own screenshot
        reply = await session.send("Page.captureScreenshot", self._capture_options)
        return base64.b64decode(reply["data"])

    def _resized(self, png: bytes) -> bytes:
        """`png` in the size of the page: a window on a scaled display is captured at the display's scale."""
        size = Size(self._size.width, self._size.height - self._page_top)
        shot = Screenshot(png=png)
        return png if shot.size == size else Screenshot(shot.image.resize((size.width, size.height))).png


def _pixels(length: float) -> int:
    """A length in whole pixels, rounded half up like in Chromium."""
    return math.floor(length + 0.5)


def _has_content(image: Image.Image) -> bool:
    """Whether the area of the document has more than one colour."""
    left, upper, right, lower = _PDF_AREA
    width, height = image.size
    area = image.crop((round(left * width), round(upper * height), round(right * width), round(lower * height)))
    colours = area.convert("RGB").getcolors(1)  # None if there are more
    return colours is None
