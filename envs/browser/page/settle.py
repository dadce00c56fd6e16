"""When has a page come to rest?

After an action every frame is asked to say when it is at rest (`settle.js`): loaded, no timer about to fire that
the action may have armed, no animation that ends soon, no change of the document for a moment. Then nothing worth
waiting for may be in flight (`traffic.py`), and no tab about to open. What never rests does not hold a page up:
repeating timers, polls, requests older than three seconds, endless animations, parts that change all the time. In the
end there is the limit.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import cast

from playwright.async_api import Error, Frame

from .tabs import Tabs
from .traffic import Traffic

QUIET_MS = 50
"""How long nothing may happen: three frames, and far longer than a page takes to begin what a click sets off."""

_SLICE_MS = 250
_GRACE_S = 0.75
_STEADY_S = 1.5
_STUCK_FRAME_S = 3.0
_ASK = """([actedAt, quietMs, sliceMs]) => window[Symbol.for("screenwright.rest")]?.(actedAt, quietMs, sliceMs)
  ?? [document.readyState === "complete" ? "" : "loading", ""]"""


@dataclass(frozen=True, slots=True)
class PageSettled:
    """How long settling took, and what ended it: `rest`, perhaps after something, or the limit and what went on."""

    seconds: float
    by: str


class Settling:
    """One wait for rest."""

    def __init__(self, tabs: Tabs, traffic: Traffic, acted_at_s: float) -> None:
        self._tabs = tabs
        self._traffic = traffic
        self._acted_at_ms = acted_at_s * 1000
        self._waited_for = ""
        self._silent_since: dict[Frame, float] = {}

    async def wait(self, limit_s: float, load_limit_s: float) -> PageSettled:
        """Return at rest, or after `limit_s`; after `load_limit_s` if another page is on its way.

        A document that only goes on changing, with nothing else in motion, is taken to be at rest after a while.
        """
        started = time.monotonic()
        changing_since = started
        while True:
            reason = await self._unrest()
            now = time.monotonic()
            if not reason:
                return PageSettled(now - started, f"rest after {self._waited_for}" if self._waited_for else "rest")
            if reason in ("navigation", "loading", "a new tab"):
                limit_s = load_limit_s
            if reason != "changes":
                changing_since = now
            elif now - changing_since > _STEADY_S:
                return PageSettled(now - started, "rest but for steady changes")
            if now - started > limit_s:
                return PageSettled(now - started, f"limit: {reason}")

    async def _unrest(self) -> str:
        """Wait for rest, for a short while; why there is none, or empty."""
        page, began = self._tabs.current, time.monotonic()
        frames = page.frames
        answers = await asyncio.gather(*(self._ask(frame) for frame in frames))
        self._waited_for = next((waited for _, waited in answers if waited), self._waited_for)
        reason = next((reason for reason, _ in answers if reason), "")
        if reason:
            return "navigation" if self._traffic.unrest() == "navigation" else reason
        reason = "a new tab" if self._tabs.opening else self._traffic.unrest()
        if reason:
            self._waited_for = reason
            await self._traffic.next_move(_SLICE_MS / 1000)
            return reason
        # The frames were at rest each for itself; were they so at the same time?
        together = len(frames) == 1 or time.monotonic() - began < 2.5 * QUIET_MS / 1000
        return "" if together and page is self._tabs.current else "changes"

    async def _ask(self, frame: Frame) -> tuple[str, str]:
        """Why `frame` is not at rest, after a short wait for it, and what it waited for."""
        if self._is_stuck(frame):
            return "", ""
        question = frame.evaluate(_ASK, [self._acted_at_ms, QUIET_MS, _SLICE_MS])
        try:
            reason, waited = cast("list[str]", await asyncio.wait_for(question, _SLICE_MS / 1000 + _GRACE_S))
        except TimeoutError:
            self._silent_since.setdefault(frame, time.monotonic() - _SLICE_MS / 1000 - _GRACE_S)
            return "no answer from the page", "no answer from the page"
        except Error:
            if frame.is_detached() or frame.page.is_closed():
                return "", ""
            await asyncio.sleep(0.01)
            return "loading", "loading"  # between two documents
        self._silent_since.pop(frame, None)
        return reason, waited

    def _is_stuck(self, frame: Frame) -> bool:
        """Whether `frame` is a part of the page that has not answered for long, such as one that never loads."""
        silent_s = time.monotonic() - self._silent_since.get(frame, time.monotonic())
        return frame.parent_frame is not None and silent_s > _STUCK_FRAME_S
