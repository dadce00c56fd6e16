"""Tracks network requests, and decides which of them settling should wait for."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from playwright.async_api import Error, Frame, Page, Request, Response

from ..launch.attach import Context

OLDEST_REQUEST_S = 3.0
"""A request that takes longer is a stream, a long poll or a stuck server; settling ignores it."""

MAX_REPEATS = 3
"""A request that was repeated this often since an action is a poll; settling ignores it."""

_MANY_LOADS = 3
"""A tab that loaded this many documents after one action, redirects of servers aside, navigates by itself."""

_ENDLESS = frozenset({"websocket", "eventsource", "media", "ping", "texttrack"})


@dataclass(frozen=True, slots=True)
class _Pending:
    started_s: float
    key: str
    is_page: bool
    frame: Frame | None


class Traffic:
    """The pending requests of every tab and frame."""

    def __init__(self, context: Context) -> None:
        self._pending: dict[Request, _Pending] = {}
        self._finished: Counter[str] = Counter()
        self._polls: set[str] = set()
        self._loads: Counter[Frame] = Counter()
        self._earlier_loads: Counter[Frame] = Counter()
        self._changed = asyncio.Event()
        self._pdf_frames: set[Frame] = set()
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("requestfinished", self._on_end)
        context.on("requestfailed", self._on_end)

    def mark_action(self) -> None:
        """Count repeated requests from now on, since an action starts."""
        self._finished.clear()
        self._loads, self._earlier_loads = Counter(), self._loads

    def keeps_loading(self, page: Page) -> bool:
        """Whether `page` has loaded one document after another since the previous action."""
        return self._loads[page.main_frame] + self._earlier_loads[page.main_frame] >= _MANY_LOADS

    def committed(self, frame: Frame) -> None:
        """Drop the requests of the previous document of `frame`: Playwright does not report their end."""
        starts = [each.started_s for each in self._pending.values() if each.is_page and each.frame is frame]
        before_s = max(starts, default=time.monotonic())
        for request, each in list(self._pending.items()):
            if each.frame is frame and not each.is_page and each.started_s < before_s:
                self._pending.pop(request, None)

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

    def pending(self) -> str:
        """What to wait for: `navigation`, `network`, or empty for nothing.

        A navigation is waited for however long it takes, within the limit of settling.
        """
        oldest_s = time.monotonic() - OLDEST_REQUEST_S
        if any(each.is_page for each in self._pending.values()):
            return "navigation"
        relevant = any(each.started_s > oldest_s and each.key not in self._polls for each in self._pending.values())
        return "network" if relevant else ""

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
        if is_page and frame is not None and request.redirected_from is None:
            self._loads[frame] += 1
        # With the body, since many different requests share one URL (GraphQL); without the query, which polls vary.
        key = f"{request.method} {request.url.partition('?')[0]} {(request.post_data_buffer or b'')[:200]!r}"
        self._pending[request] = _Pending(time.monotonic(), key, is_page, frame)

    def _on_response(self, response: Response) -> None:
        with suppress(Error):  # requests of a service worker or of a tab that is just opening have no frame
            request = response.request
            if request.is_navigation_request() and request.frame.parent_frame is None:
                is_pdf = response.headers.get("content-type", "").startswith("application/pdf")
                (self._pdf_frames.add if is_pdf else self._pdf_frames.discard)(request.frame)

    def _on_end(self, request: Request) -> None:
        ended = self._pending.pop(request, None)
        if ended is not None:
            self._finished[ended.key] += 1
            if self._finished[ended.key] >= MAX_REPEATS and not ended.is_page:
                self._polls.add(ended.key)
        self._changed.set()
