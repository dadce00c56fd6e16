"""Looking at a browser: the page that is seen, and what lies over it."""

import asyncio
import base64
import math
import re
import time

from PIL import Image
from playwright.async_api import Error
from playwright.async_api import TimeoutError as LateError

from ...env import EnvLost
from ...geometry import Size
from ...screenshot import Screenshot
from ..launch.settings import BrowserSettings, View
from ..page.tabs import Tabs
from .overlay import Overlay
from .overlay.overlay import STRIP_PX
from .prompts import BrowserPrompts

_CAPTURE_S = 15.0
_NEWS_S = 0.05
"""Trouble is told at once, its cause a moment later."""
_BETWEEN_PAGES = ("Not attached to an active page", "Unable to capture screenshot")
"""What is said while one document goes and the next has not come."""
_BETWEEN_PAGES_S = 3.0
_DOCUMENT_S = 0.2
_DOCUMENT_PART = (0.4, 0.2, 0.95, 1.0)
"""Left, upper, right and lower edge, as shares of the screenshot, of where a viewer shows only the document."""
_CALL = re.compile(r"^\w+\.\w+: | at \S+$")


class Compositor:
    """Takes the screenshots."""

    def __init__(
        self, tabs: Tabs, overlay: Overlay, questions: BrowserPrompts, view: View, settings: BrowserSettings
    ) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._questions = questions
        self._size = Size(_pixels(view.screen.width * view.scale), _pixels(view.screen.height * view.scale))
        strip = STRIP_PX if settings.tab_strip else 0
        self._top = _pixels(strip * view.scale)
        self._exposure: dict[str, object] = {"format": "png", "optimizeForSpeed": True}
        if view.scale != 1:  # without a clip of that scale, Chromium hands out CSS pixels
            size = {"width": view.screen.width, "height": view.screen.height - strip}
            self._exposure["clip"] = {"x": 0, "y": 0, **size, "scale": view.scale}
        self._page: bytes | None = None

    @property
    def size(self) -> Size:
        """Pixels of the screenshots."""
        return self._size

    async def look(self) -> Screenshot:
        """The screen. While the page cannot be looked at, it is seen as it was before.

        Raises:
            EnvLost: there is nothing to look at any more.
        """
        if not self._questions.hold_up():
            self._page = await self._photograph() or self._page
        if self._overlay.is_empty and self._page is not None:
            return Screenshot(png=self._page)
        screen = Image.new("RGB", (self._size.width, self._size.height), "white")
        if self._page is not None:
            screen.paste(Screenshot(png=self._page).image, (0, self._top))
        return Screenshot(screen if self._overlay.is_empty else await self._overlay.over(screen))

    async def wait_for_a_document(self, limit_s: float) -> None:
        """Return when two looks are the same and there is a document to see: a viewer tells nothing of what it does.

        Its own bars come up before it has anything in between them.
        """
        end, before = time.monotonic() + limit_s, b""
        while time.monotonic() < end:
            seen = await self._shot()
            if seen == before and _has_content(Screenshot(png=seen).image):
                return
            before = seen
            await asyncio.sleep(_DOCUMENT_S)

    async def _photograph(self) -> bytes | None:
        """The page as PNG, by the way of Chromium's that takes half the time of Playwright's.

        None if the page cannot be photographed; a dialog then says why.
        """
        page = self._tabs.current
        shot, opened = asyncio.ensure_future(self._shot()), asyncio.ensure_future(self._questions.opened.wait())
        try:
            await asyncio.wait({shot, opened}, timeout=_CAPTURE_S, return_when=asyncio.FIRST_COMPLETED)
            if shot.done():
                return shot.result()
            if not self._questions.hold_up():
                await self._questions.hangs()
            return None
        except Error as error:
            await asyncio.sleep(_NEWS_S)
            await self._tabs.ready()
            if self._tabs.current is page and not page.is_closed():
                raise EnvLost(f"the page cannot be looked at: {line(error)}") from error
            return await self._photograph()  # its tab was just closing
        finally:
            shot.cancel()
            opened.cancel()

    async def _shot(self) -> bytes:
        if not self._tabs.have_devtools:
            return self._fitted(await self._tabs.current.screenshot(caret="initial", scale="device"))
        end = time.monotonic() + _BETWEEN_PAGES_S
        while True:
            session = await self._tabs.session()
            try:
                answer = await session.send("Page.captureScreenshot", self._exposure)
            except Error as error:
                if not any(text in error.message for text in _BETWEEN_PAGES) or time.monotonic() > end:
                    raise
                await asyncio.sleep(_NEWS_S)
            else:
                return self._fitted(base64.b64decode(answer["data"]))

    def _fitted(self, png: bytes) -> bytes:
        """`png` in the size of the page: a window on a screen with a scale of its own is captured at that scale."""
        wanted = Size(self._size.width, self._size.height - self._top)
        shot = Screenshot(png=png)
        return png if shot.size == wanted else Screenshot(shot.image.resize((wanted.width, wanted.height))).png


def _pixels(length: float) -> int:
    """A length in whole pixels, as Chromium rounds it: half a pixel is one."""
    return math.floor(length + 0.5)


def _has_content(image: Image.Image) -> bool:
    """Whether there is more than one colour where the document belongs."""
    left, upper, right, lower = _DOCUMENT_PART
    width, height = image.size
    part = image.crop((round(left * width), round(upper * height), round(right * width), round(lower * height)))
    colours = part.convert("RGB").getcolors(1)  # None if there are more
    return colours is None


def line(error: Error) -> str:
    """The first line of what Playwright says, without the name of the call and the address at its end."""
    if isinstance(error, LateError):
        return "it does not answer"
    return _CALL.sub("", error.message.strip().partition("\n")[0])
