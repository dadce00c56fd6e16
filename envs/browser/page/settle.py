"""Waits until a page has settled: until what the action caused is done.

Every frame is asked whether it is idle: loaded, none of the work pending that the action caused, no animation that ends
soon, no change of the document for a moment. `causes.js` finds what caused something, `sources.js` and `messages.js`
what can be pending, `settle.js` decides. Then no relevant resource may be loading (`traffic.py`) and no tab may be
opening. A time limit bounds the wait. docs/explanation/settling.md lists what is waited for and for how long.
"""

import asyncio
import time
from dataclasses import dataclass
from importlib import resources
from typing import cast

from playwright.async_api import Error, Frame

from .tabs import Tabs
from .traffic import Traffic

_SCRIPTS = ("causes", "sources", "messages", "typing", "notices", "settle", "press")

QUIET_MS = 50
"""How long everything must stay idle: three frames, far longer than a page takes to react to a click."""

_SLICE_MS = 250
_GRACE_S = 0.75
_CONTINUOUS_S = 1.5
_STUCK_FRAME_S = 3.0
_EMPTY_TAB_S = 2.0
_WRITTEN_S = 1.0
_NO_RESPONSE = "no response from the page"
_WAIT_UNTIL_IDLE = """parameters => window[Symbol.for("screenwright.idle")]?.(...parameters)
  ?? [document.readyState === "complete" ? "" : "loading", "", null]"""


def page_script() -> str:
    """The script that runs in every frame before the page's own scripts; its parts share one object."""
    folder = resources.files(__name__.rpartition(".")[0])
    parts = [folder.joinpath(f"{name}.js").read_text(encoding="utf-8").rstrip() + "(page);" for name in _SCRIPTS]
    guard = 'if (window[Symbol.for("screenwright.idle")]) return; const page = {};'
    return "\n".join(("(() => {", guard, *parts, "})();"))


@dataclass(frozen=True, slots=True)
class PageSettled:
    """How long settling took, and what ended it: `settled`, perhaps after something, or the limit and its cause."""

    seconds: float
    by: str


class Settling:
    """One wait for the page to settle after an action at `acted_at_s` (Unix time)."""

    def __init__(self, tabs: Tabs, traffic: Traffic, acted_at_s: float) -> None:
        self._tabs = tabs
        self._traffic = traffic
        self._acted_at_ms = int(acted_at_s * 1000)  # pages know whole milliseconds only
        self._waited_for = ""
        self._silent_since: dict[Frame, float] = {}
        self._unwatched: set[Frame] = set()
        self.notices: list[str] = []
        """Texts that the page has shown for a moment, since the last action, in no screenshot."""
        self._requested_at = time.monotonic()

    async def wait(self, limit_s: float, load_limit_s: float) -> PageSettled:
        """Return when settled, or after `limit_s`; after `load_limit_s` if a navigation is pending.

        A page that loads one document after another without end gets `limit_s` too. A document that only keeps
        changing, with nothing else pending, counts as settled after a while.
        """
        started = time.monotonic()
        changing_since = started
        has_loaded = False
        while True:
            reason = await self._pending()
            now = time.monotonic()
            if not reason:
                by = f"settled after {self._waited_for}" if self._waited_for else "settled"
                return PageSettled(now - started, by)
            has_loaded = has_loaded or reason in ("navigation", "loading", "a new tab")
            if reason != "changes":
                changing_since = now
            elif now - changing_since > _CONTINUOUS_S:
                return PageSettled(now - started, "settled except for continuous changes")
            waits_for_load = has_loaded and not self._traffic.loads_endlessly(self._tabs.current)
            if now - started > (load_limit_s if waits_for_load else limit_s):
                self._tabs.stop_waiting_for_tabs()
                return PageSettled(now - started, f"limit: {reason}")

    async def _pending(self) -> str:
        """Wait for a short while until everything is idle; returns what is pending, or empty."""
        page, started = self._tabs.current, time.monotonic()
        frames = page.frames
        replies = await asyncio.gather(*(self._wait_for_frame(frame) for frame in frames))
        self._waited_for = next((waited for _, waited in replies if waited), self._waited_for)
        reason = next((reason for reason, _ in replies if reason), "")
        if self._traffic.is_busy:
            self._requested_at = time.monotonic()
        without_requests_s = time.monotonic() - self._requested_at
        if reason == "loading" and without_requests_s > _WRITTEN_S:
            reason = ""  # a script wrote the document and did not close it
        if self._tabs.is_opening and self._tabs.has_all_requests and without_requests_s > _EMPTY_TAB_S:
            self._tabs.stop_waiting_for_tabs()
        if reason:
            return "navigation" if self._traffic.is_navigating else reason
        reason = "a new tab" if self._tabs.is_opening else self._traffic.pending(self._unwatched)
        if reason:
            self._waited_for = reason
            await self._traffic.wait_for_change(_SLICE_MS / 1000)
            return reason
        if page is not self._tabs.current or page.frames != frames:
            return "a frame"
        # Each frame was idle at some moment; accept only if these moments were close together.
        together = len(frames) == 1 or time.monotonic() - started < 2.5 * QUIET_MS / 1000
        return "" if together else "changes"

    async def _wait_for_frame(self, frame: Frame) -> tuple[str, str]:
        """Wait for a short while until `frame` is idle; returns what is pending, and what it waited for last."""
        if self._is_stuck(frame):
            return "", ""
        call = frame.evaluate(_WAIT_UNTIL_IDLE, [self._acted_at_ms, QUIET_MS, _SLICE_MS])
        try:
            reply = await asyncio.wait_for(call, _SLICE_MS / 1000 + _GRACE_S)
            reason, waited, notices = cast("tuple[str, str, list[str] | None]", tuple(reply))
        except TimeoutError:
            self._silent_since.setdefault(frame, time.monotonic() - _SLICE_MS / 1000 - _GRACE_S)
            return _NO_RESPONSE, _NO_RESPONSE
        except Error:
            if frame.is_detached() or frame.page.is_closed():
                return "", ""
            await asyncio.sleep(0.01)
            return "loading", "loading"  # between two documents
        self._silent_since.pop(frame, None)
        (self._unwatched.add if notices is None else self._unwatched.discard)(frame)
        self.notices += notices or ()
        return reason, waited

    def _is_stuck(self, frame: Frame) -> bool:
        """Whether `frame` is a subframe that has not responded for long, such as one that never loads."""
        silent_s = time.monotonic() - self._silent_since.get(frame, time.monotonic())
        return frame.parent_frame is not None and silent_s > _STUCK_FRAME_S
