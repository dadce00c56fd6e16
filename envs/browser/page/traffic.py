"""What a browser is fetching, and for which of it a page is worth waiting."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from playwright.async_api import Error, Frame, Page, Request, Response

from ..launch.attach import Context

OLDEST_REQUEST_S = 3.0
"""A request that takes longer is a stream, a long poll or a stuck server; the page is looked at without it."""

MOST_REPEATS = 3
"""The same request, come and gone so often since an action, is a poll, and not waited for any more."""

_ENDLESS = frozenset({"websocket", "eventsource", "media", "ping", "texttrack"})


@dataclass(frozen=True, slots=True)
class _Flight:
    began_s: float
    asks: str
    is_page: bool
    frame: Frame | None


class Traffic:
    """The requests in flight, in every tab and frame."""

    def __init__(self, context: Context) -> None:
        self._flights: dict[Request, _Flight] = {}
        self._landed: Counter[str] = Counter()
        self._polls: set[str] = set()
        self._moved = asyncio.Event()
        self._documents: set[Frame] = set()
        context.on("request", self._begin)
        context.on("response", self._answer)
        context.on("requestfinished", self._end)
        context.on("requestfailed", self._end)

    def mark_action(self) -> None:
        """An action begins: what repeats is counted from here."""
        self._landed.clear()

    def committed(self, frame: Frame) -> None:
        """`frame` shows another document: what the one before was fetching comes to nothing, silently."""
        pages = [flight.began_s for flight in self._flights.values() if flight.is_page and flight.frame is frame]
        before_s = max(pages, default=time.monotonic())
        for request, flight in list(self._flights.items()):
            if flight.frame is frame and not flight.is_page and flight.began_s < before_s:
                self._flights.pop(request, None)

    def shows_document(self, frame: Frame) -> bool:
        """Whether `frame` shows a PDF, which a viewer draws that tells nothing of what it does."""
        return frame in self._documents

    def closed(self, page: Page) -> None:
        """`page` is no more: what it was fetching comes to nothing, silently."""
        for request, flight in list(self._flights.items()):
            if flight.frame is not None and flight.frame.page is page:
                self._flights.pop(request, None)

    def unrest(self) -> str:
        """`navigation` if a page is on its way, `network` if something else is, empty if there is nothing to wait for.

        The page of a tab is waited for however long it takes, within the limit of settling.
        """
        young = time.monotonic() - OLDEST_REQUEST_S
        worth = [f for f in self._flights.values() if f.is_page or (f.began_s > young and f.asks not in self._polls)]
        if any(flight.is_page for flight in worth):
            return "navigation"
        return "network" if worth else ""

    async def next_move(self, within_s: float) -> None:
        """Return when a request has ended, or after `within_s`."""
        self._moved.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), within_s)

    def _begin(self, request: Request) -> None:
        if request.resource_type in _ENDLESS or request.url.startswith(("data:", "blob:")):
            return
        frame: Frame | None = None
        with suppress(Error):  # a service worker's request has no frame, nor has that of a tab not yet there
            frame = request.frame
        is_page = request.is_navigation_request() and (frame is None or frame.parent_frame is None)
        asks = f"{request.method} {request.url.partition('?')[0]} {(request.post_data_buffer or b'')[:200]!r}"
        self._flights[request] = _Flight(time.monotonic(), asks, is_page, frame)

    def _answer(self, response: Response) -> None:
        with suppress(Error):  # a service worker's request has no frame, nor has that of a tab not yet there
            request = response.request
            if request.is_navigation_request() and request.frame.parent_frame is None:
                is_document = response.headers.get("content-type", "").startswith("application/pdf")
                (self._documents.add if is_document else self._documents.discard)(request.frame)

    def _end(self, request: Request) -> None:
        flight = self._flights.pop(request, None)
        if flight is not None:
            self._landed[flight.asks] += 1
            if self._landed[flight.asks] >= MOST_REPEATS and not flight.is_page:
                self._polls.add(flight.asks)
        self._moved.set()
