"""Tracks network requests, and decides which of them settling should wait for.

The page script tracks the requests of scripts with what caused them (`sources.js`); what a document loads (images,
styles, scripts, frames) is only known here, without its cause. A resource that is loaded at an even pace without
actions, such as the image of a camera, is not waited for. This is learnt per document, and forgotten when the pace
changes.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

from playwright.async_api import Error, Frame, Page, Request, Response

from ..launch.attach import Context

OLDEST_REQUEST_S = 3.0
"""A request that takes longer is a stream, a long poll or a stuck server; settling ignores it."""

_SERIES = 3
"""A resource that was loaded this often at an even pace without an action in between is a poll."""

_SERIES_GAP_S = 0.15
_EVEN = 0.6
_BY_SCRIPT = frozenset({"fetch", "xhr"})

_MANY_LOADS = 3
"""A tab that loaded this many documents after one action, redirects of servers aside, navigates by itself."""

_ENDLESS_LOADS = 8
"""One that loaded this many is not waited for: there is no end to it."""

_ENDLESS = frozenset({"websocket", "eventsource", "media", "ping", "texttrack"})


@dataclass(frozen=True, slots=True)
class _Pending:
    started_s: float
    is_page: bool
    is_poll: bool
    by_script: bool
    frame: Frame | None


@dataclass(slots=True)
class Series:
    """When a resource was loaded since the latest action, without regard to its query."""

    is_poll: bool = False
    starts_s: list[float] = field(default_factory=list[float])

    def add(self, now_s: float) -> bool:
        """Record one more load; returns whether the page repeats it by itself."""
        self.starts_s = [*self.starts_s[-_SERIES:], now_s]
        gaps = [later - earlier for earlier, later in itertools.pairwise(self.starts_s)]
        if len(gaps) >= _SERIES:
            self.is_poll = min(gaps) >= max(_SERIES_GAP_S, _EVEN * max(gaps))
        return self.is_poll


class Traffic:
    """The pending requests of every tab and frame."""

    def __init__(self, context: Context) -> None:
        self._pending: dict[Request, _Pending] = {}
        self._series: dict[tuple[Frame | None, str], Series] = {}
        self._documents: dict[Frame, float] = {}
        self._acted_s = 0.0
        self._loads: Counter[Frame] = Counter()
        self._earlier_loads: Counter[Frame] = Counter()
        self._changed = asyncio.Event()
        self._pdf_frames: set[Frame] = set()
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("requestfinished", self._on_end)
        context.on("requestfailed", self._on_end)

    def mark_action(self) -> None:
        """Note that an action starts."""
        self._acted_s = time.monotonic()
        self._series = {key: Series(each.is_poll) for key, each in self._series.items() if each.starts_s}
        self._loads, self._earlier_loads = Counter(), self._loads

    def keeps_loading(self, page: Page) -> bool:
        """Whether `page` has loaded one document after another since the previous action."""
        return self._latest_loads(page) >= _MANY_LOADS

    def loads_endlessly(self, page: Page) -> bool:
        """Whether `page` has loaded so many documents since the previous action that no end is to be expected."""
        return self._latest_loads(page) >= _ENDLESS_LOADS

    def _latest_loads(self, page: Page) -> int:
        return self._loads[page.main_frame] + self._earlier_loads[page.main_frame]

    def committed(self, frame: Frame) -> None:
        """Drop what the previous document of `frame` requested: Playwright does not report its end.

        Playwright also reports a change of the address within the document, which ends nothing.
        """
        start_s = self._documents.pop(frame, None)
        if start_s is None and frame.url.startswith(("http:", "https:", "file:")):
            return
        before_s = start_s or time.monotonic()
        for request, each in list(self._pending.items()):
            if each.frame is frame and not each.is_page and each.started_s < before_s:
                self._pending.pop(request, None)
        self._series = {key: series for key, series in self._series.items() if key[0] is not frame}

    def shows_pdf(self, frame: Frame) -> bool:
        """Whether `frame` shows a PDF, whose viewer does not report when it has finished rendering."""
        return frame in self._pdf_frames

    def closed(self, page: Page) -> None:
        """Drop the requests of a closed `page`: Playwright does not report their end."""
        for request, each in list(self._pending.items()):
            if each.frame is not None and each.frame.page is page:
                self._pending.pop(request, None)

    @property
    def is_busy(self) -> bool:
        """Whether any request is pending, even one that settling does not wait for."""
        return bool(self._pending)

    @property
    def is_navigating(self) -> bool:
        """Whether a tab waits for another document, however long that takes."""
        return any(each.is_page for each in self._pending.values())

    def pending(self, unwatched: Collection[Frame]) -> str:
        """What to wait for: `navigation`, `network`, or empty for nothing.

        The requests of scripts count only in the frames of `unwatched`, which have no page script.
        """
        if self.is_navigating:
            return "navigation"
        oldest_s = max(self._acted_s, time.monotonic() - OLDEST_REQUEST_S)
        for each in self._pending.values():
            is_relevant = not each.by_script or each.frame in unwatched
            if is_relevant and each.started_s > oldest_s and not each.is_poll:
                return "network"
        return ""

    async def wait_for_change(self, within_s: float) -> None:
        """Return when a request has ended, or after `within_s`."""
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), within_s)

    def _on_request(self, request: Request) -> None:
        if request.resource_type in _ENDLESS or request.url.startswith(("data:", "blob:")):
            return
        frame: Frame | None = None
        with suppress(Error):  # requests of a service worker or of a tab that is just opening have no frame
            frame = request.frame
        is_page = request.is_navigation_request() and (frame is None or frame.parent_frame is None)
        now_s = time.monotonic()
        if is_page and frame is not None and request.redirected_from is None:
            self._loads[frame] += 1
        if request.is_navigation_request() and frame is not None:
            self._documents[frame] = now_s
        series = self._series.setdefault((frame, request.url.partition("?")[0]), Series())
        by_script = request.resource_type in _BY_SCRIPT
        self._pending[request] = _Pending(now_s, is_page, not is_page and series.add(now_s), by_script, frame)

    def _on_response(self, response: Response) -> None:
        with suppress(Error):  # requests of a service worker or of a tab that is just opening have no frame
            request = response.request
            if request.is_navigation_request() and request.frame.parent_frame is None:
                is_pdf = response.headers.get("content-type", "").startswith("application/pdf")
                (self._pdf_frames.add if is_pdf else self._pdf_frames.discard)(request.frame)

    def _on_end(self, request: Request) -> None:
        self._pending.pop(request, None)
        self._changed.set()
