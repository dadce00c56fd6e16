"""When has a page come to rest?

After an action every frame is asked why it is not at rest: it is loading, requests are in flight, timers are about to
fire, pictures are missing, animations run, or the document changed just now (`page_script.js` keeps count). The page
has settled once all have been at rest twice in a row. What never rests is bounded: timers that re-arm themselves,
requests older than three seconds, endless animations, and in the end the limit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Error, Frame, Page

QUIET_MS = 60
LONGEST_REQUEST_MS = 3000
STEADY_CHANGE_S = 1.0
_POLL_S = 0.02
_ASK = f"window[Symbol.for('screenwright.motion')]?.({QUIET_MS}, {LONGEST_REQUEST_MS}) ?? ''"


@dataclass(frozen=True, slots=True)
class Settled:
    """How long settling took, and what ended it: `rest`, or the limit and what was still going on."""

    seconds: float
    by: str


def settle(current: Callable[[], Page], limit_s: float) -> Settled:
    """Return once the current page has come to rest, or after `limit_s`; which page that is may change meanwhile.

    A document that only goes on changing, with nothing else in motion, is taken to be at rest after one second: it is
    a ticker, and would never end.
    """
    started = time.monotonic()
    changing_since: float | None = None
    calm = 0
    last = ""
    while (elapsed := time.monotonic() - started) < limit_s:
        page = current()
        reason = _unrest(page)
        last = reason or last
        if reason == "changes":
            changing_since = changing_since or time.monotonic()
            if time.monotonic() - changing_since > STEADY_CHANGE_S:
                return Settled(elapsed, "rest but for steady changes")
        elif reason:
            changing_since = None
        calm = 0 if reason else calm + 1
        if calm == 2:
            return Settled(time.monotonic() - started, f"rest after {last}" if last else "rest")
        page.wait_for_timeout(_POLL_S * 1000)
    return Settled(time.monotonic() - started, f"limit: {last}")


def _unrest(page: Page) -> str:
    """Why the page is not at rest; empty if it is."""
    if page.is_closed():
        return ""
    return next((reason for reason in map(_ask, page.frames) if reason), "")


def _ask(frame: Frame) -> str:
    if frame.is_detached():
        return ""
    try:
        return str(frame.evaluate(_ASK))
    except Error:
        return "loading"  # the frame is between two documents
