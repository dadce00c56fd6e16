"""The channel on which `scripts/` reports what a page does, closed to the page itself.

The script takes the browser's raw binding away before any script of the page runs, and writes each report without
calling anything that a page can replace. A report carries the secret of the session. In a window that a page opened and
changed before the script ran, a call without the secret is dropped here, and so are calls beyond a rate.
"""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from importlib import resources

from playwright.async_api import Error, Frame
from pydantic import ValidationError

from . import scripts
from .page_events import PAGE_EVENT, PageEvent

BINDING = "screenwrightPageEvent"
MAX_CHARACTERS = 2_000_000
"""The longest report that is read: the list of a `<select>` with thousands of options."""

BURST = 400
"""Reports that are read at once, before `PER_SECOND` applies; the script of one frame sends half of that."""

PER_SECOND = 100.0

SCRIPTS = ("channel", "values", "lists", "events", "roots", "permissions", "files", "links")
OF_DEMONSTRATIONS = ("channel", "person")
"""The controls of pages stay those of the browser, for the person who uses them."""

_BEGIN = """(() => {
"use strict";
const binding = window.__playwright__binding__;
delete window["$BINDING"];
if (!binding || window[Symbol.for("screenwright.setValue")]) return;
const ui = { binding };"""
_ANSWER = "answer => window[Symbol.for('screenwright.answer')]?.(...answer)"


class PageChannel:
    """Reads the reports of one session; `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = secrets.token_hex(16)
        self._clock = clock
        self._left, self._filled_s = float(BURST), clock()

    def script(self, names: Sequence[str] = SCRIPTS) -> str:
        """The script for every frame, of the files `names`, with the secret."""
        folder = resources.files(scripts)
        parts = [folder.joinpath(f"{name}.js").read_text(encoding="utf-8").rstrip() + "(ui);" for name in names]
        text = "\n".join((_BEGIN, *parts, "})();"))
        return text.replace('"$SECRET"', json.dumps(self._secret)).replace('"$BINDING"', json.dumps(BINDING))

    def read(self, report: object) -> PageEvent | None:
        """The event in `report`; None if the session's script did not write it, or there are too many."""
        now = self._clock()
        self._left, self._filled_s = min(BURST, self._left + (now - self._filled_s) * PER_SECOND), now
        if self._left < 1:
            return None
        self._left -= 1
        if not isinstance(report, str) or len(report) > MAX_CHARACTERS:
            return None
        secret, text = report[: len(self._secret)], report[len(self._secret) :]
        if not secrets.compare_digest(secret.encode(errors="replace"), self._secret.encode()):
            return None
        try:
            return PAGE_EVENT.validate_json(text)
        except ValidationError:  # a page can replace what the script reads, such as the value of a field
            return None

    async def answer(self, frame: Frame, event: PageEvent, answer: str | None) -> None:
        """Answer `event` of `frame`, if the page waits for that."""
        if event.id:
            try:
                await frame.evaluate(_ANSWER, [event.id, answer])
            except Error:  # the frame has navigated
                return
