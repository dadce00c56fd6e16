"""Pastes text by owning the X clipboard temporarily, and restores the old content.

Pasting through a clipboard tool races with the paste key. As the owner of the selection we serve the pasting program
ourselves, so we know what was fetched, and when. A thread with its own connection does this. Programs fetch in several
steps and paste nothing if the clipboard changes between them, so it stays as it is for a while. Then the thread offers
the old content, in all its formats, until `close`, since the previous owner has lost the selection (ICCCM, section 2).
"""

import os
import queue
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from ...clipboard import ClipboardContent
from ...env import ActionRefused, EnvUnavailable
from ...environment import clean_environment
from ...interrupt import sleep
from ..address import DisplayAddress
from .connection import Windows, connect
from .selection import TEXT_TYPES, Content, SelectionReader, SelectionWriter, as_text, text_content

MAX_TEXT_CHARACTERS = 50_000
_SELECTIONS = ("CLIPBOARD", "PRIMARY")
_COMMAND_S = 4.0
_SERVE_S = 2.0
_MAX_TAKES = 3
"""How often to take the clipboard back from another program before pressing the paste key."""
_BUSY_S = 10.0
_POLL_S = 0.015
_MAX_POLL_S = 0.1
"""The time that one poll counts at most: while this process got no processor, the program may not have either."""

_KEEP_S = 2.0
"""How long the clipboard holds the text after the last request (twice this at most), unless `restore` is called."""
_QUIET_S = 0.1
"""Longer on a machine with more work than processors, where programs react later."""

_PRECEDING_READERS_S = 0.02
_LATE_READERS_S = 0.2
"""A slow program may request one paste twice; its second request must not count for the next paste."""
_HANDED_OVER = ("UTF8_STRING", "image/png")


class XClipboard:
    """Pastes text.

    With `keep_content`, `close` passes the old content to xclip if that is installed. xclip holds one format: the text,
    else the image, else the first one.
    """

    def __init__(self, address: DisplayAddress, *, keep_content: bool) -> None:
        self._address = address
        self._keep_content = keep_content
        self._display = connect(address)
        self._window = self._display.screen().root.create_window(0, 0, 1, 1, 0, 0, event_mask=_property_changes())
        self._atoms = {name: self._display.intern_atom(name) for name in (*_SELECTIONS, *TEXT_TYPES, "TARGETS")}
        self._reader = SelectionReader(self._display, self._window, self._handle)
        self._writer = SelectionWriter(self._display)
        self._windows = Windows(self._display)
        self._reader_window: int | None = None
        self._offers: dict[int, Content] = {}
        self._old: Content | None = None  # to offer again after a paste
        self._restore_at, self._restore_by = float("inf"), float("inf")
        self._asked_at, self._served_at = 0.0, 0.0
        self._lost: set[int] = set()
        self._changed = False
        self._tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        self._alive = True
        self._thread = threading.Thread(target=self._serve, name="screenwright-clipboard", daemon=True)
        self._thread.start()

    def paste(
        self,
        text: str,
        press_paste: Callable[[], None],
        has_read: Callable[[], bool | None],
        busy: Callable[[], bool] = lambda: False,
        *,
        primary: bool = False,
        reader: int | None = None,
    ) -> bool:
        """Offer `text`, call `press_paste`, and wait until the program has fetched it; False if it has not.

        The clipboard holds `text` until `restore`, at least for two seconds otherwise.

        Args:
            text: The text to paste.
            press_paste: Presses the paste key.
            has_read: Waits briefly and returns whether the program has read the keys; None if it never reports that.
                A program that has not gets more time, so that it does not fetch the old content too late.
            busy: Whether the program is busy, which also gives it more time.
            primary: Also offer `text` as the primary selection, which some terminals paste. In other programs this
                would clear the selection that the text should replace.
            reader: A window of the program that is to fetch the text; None if unknown. Requests of other programs, such
                as clipboard managers, are served but do not count.

        Raises:
            ActionRefused: another program has replaced the clipboard, and its content may have been pasted.
        """
        selections = _SELECTIONS if primary else _SELECTIONS[:1]
        sleep(max(0.0, self._served_at + _LATE_READERS_S - time.monotonic()))
        self._reader_window = reader
        self._own(text, selections)
        served = False
        try:
            press_paste()
            served = self._await_served(has_read, busy) or self._was_taken_with_same_text(text)
            return served
        finally:
            self._on_thread(self._restore_later if served else self._restore_content)

    def read(self) -> ClipboardContent:
        """See `Clipboard`; while a text is pasted, the content from before."""
        answer = ClipboardContent()

        def read() -> Content:
            nonlocal answer
            ours = self._old if self._old is not None else self._offers.get(self._atoms["CLIPBOARD"])
            answer = self._reader.text(self._atoms["CLIPBOARD"]) if ours is None else as_text(ours)
            return {}

        self._on_thread(read)
        return answer

    def write(self, text: str) -> None:
        """See `Clipboard`; the text is served until `close`."""
        self.restore()
        self._on_thread(partial(self._write, text))

    def watch(self) -> None:
        """See `Clipboard`."""
        if not self._display.has_extension("XFIXES") or not hasattr(self._display, "xfixes_select_selection_input"):
            raise EnvUnavailable("the display does not report what is copied: it has no XFIXES extension")
        self._on_thread(self._watch)

    def has_changed(self) -> bool:
        """See `Clipboard`."""
        self._on_thread(self._handle_pending)
        changed, self._changed = self._changed, False
        return changed

    def restore(self) -> None:
        """Offer the content from before the last paste again."""
        if self._old is not None:
            self._on_thread(self._restore_content)

    def close(self) -> None:
        """Stop serving the clipboard; works even if the display is gone."""
        self.restore()
        self._alive = False
        with suppress(OSError):
            os.write(self._wake_write, b"x")
        self._thread.join(2.0)
        for end in (self._wake_read, self._wake_write):
            with suppress(OSError):
                os.close(end)
        old = self._offers.get(self._atoms["CLIPBOARD"])
        if self._keep_content and old and shutil.which("xclip"):
            self._pass_to_xclip(old)

    def _pass_to_xclip(self, content: Content) -> None:
        name = next((name for name in _HANDED_OVER if name in content), next(iter(content)))
        command = ["xclip", "-selection", "clipboard", "-in", "-target", name]
        with self._address.in_environment(), suppress(subprocess.SubprocessError, OSError):
            subprocess.run(
                command,
                env=clean_environment(),
                input=content[name].data,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=2,
                check=False,
            )

    def _own(self, text: str, selections: tuple[str, ...]) -> None:
        """Take the selections with `text`, repeatedly if needed."""
        self._on_thread(lambda: self._take(text, selections))
        for _ in range(_MAX_TAKES):
            time.sleep(_PRECEDING_READERS_S)  # clipboard managers fetch at once and must not count as the program
            if not self._lost:
                break
            self._on_thread(lambda: self._take(text, selections))
        self._served_at = 0.0

    def _was_taken_with_same_text(self, text: str) -> bool:
        """Whether another program, such as a clipboard manager, has taken the clipboard over with the same text."""
        if not self._lost:
            return False
        contents = [self._on_thread(partial(self._reader.content, selection)) for selection in tuple(self._lost)]
        if not all(_holds(content, text) for content in contents):
            raise ActionRefused(
                "another program changed the clipboard while the text was pasted, so other text may have been pasted; "
                "check the result and type the text again if it is missing"
            )
        self._served_at = time.monotonic()
        return True

    def _await_served(self, has_read: Callable[[], bool | None], busy: Callable[[], bool]) -> bool:
        """Wait until a program has fetched the text, and has asked for nothing else for a while."""
        quiet_s = min(_QUIET_S * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), _SERVE_S)
        waited_s, reading, polled_at = 0.0, True, time.monotonic()
        end = polled_at + _BUSY_S
        while waited_s < _SERVE_S:
            is_busy, now = busy(), time.monotonic()
            waited_s, polled_at = waited_s + min(now - polled_at, _MAX_POLL_S), now
            if self._served_at:
                if now - self._asked_at > (_SERVE_S if is_busy else quiet_s):
                    return True
                waited_s = 0.0
            elif now < end and ((reading and has_read() is False) or is_busy):
                waited_s = 0.0
            else:
                reading = False
                if not self._offers:
                    return False  # we no longer own it, so no program can request it
            sleep(_POLL_S)
        return self._served_at > 0

    def _on_thread(self, work: Callable[[], Content]) -> Content:
        """Run `work` on the clipboard's thread; returns nothing if the display is gone."""
        answer: queue.SimpleQueue[Content] = queue.SimpleQueue()
        self._tasks.put(lambda: answer.put(work()))
        with suppress(OSError, queue.Empty):
            os.write(self._wake_write, b"x")
            return answer.get(timeout=_COMMAND_S)
        return {}

    def _serve(self) -> None:
        """Serve programs and run tasks until closed or the display is gone; runs on a thread."""
        from Xlib.error import ConnectionClosedError

        gone = (ConnectionClosedError, OSError, ValueError)  # select raises ValueError for a closed connection
        with suppress(*gone):
            while self._alive:
                self._display.sync()  # also reads events, so nothing may come between the next line and `select`
                if self._display.pending_events():
                    self._handle(self._display.next_event())
                    continue
                left_s = self._restore_at - time.monotonic()
                if left_s <= 0:
                    self._restore_content()
                    continue
                timeout_s = None if left_s == float("inf") else left_s
                readable, _, _ = select.select([self._display.fileno(), self._wake_read], [], [], timeout_s)
                if self._wake_read in readable:
                    os.read(self._wake_read, 1)
                    while not self._tasks.empty():
                        self._tasks.get()()
        with suppress(*gone):
            self._display.close()

    def _take(self, text: str, selections: tuple[str, ...]) -> Content:
        """Take the selections with `text`, and remember the old content of the clipboard."""
        clipboard = self._atoms["CLIPBOARD"]
        self._lost.clear()
        self._restore_at = float("inf")
        if clipboard not in self._offers:
            found = self._reader.content(clipboard)
            if self._old is None or (found and not _holds(found, text)):
                self._old = found
        elif self._old is None:
            self._old = self._offers[clipboard]
        for name in selections:
            self._offers[self._atoms[name]] = text_content(text, self._display.intern_atom)
            self._window.set_selection_owner(self._atoms[name], 0)
        self._display.sync()
        return {}

    def _write(self, text: str) -> Content:
        clipboard = self._atoms["CLIPBOARD"]
        self._offers[clipboard] = text_content(text, self._display.intern_atom)
        self._window.set_selection_owner(clipboard, 0)
        self._display.sync()
        return {}

    def _watch(self) -> Content:
        from Xlib.ext import xfixes

        self._display.xfixes_query_version()
        mask = xfixes.XFixesSetSelectionOwnerNotifyMask
        self._display.xfixes_select_selection_input(self._window.id, self._atoms["CLIPBOARD"], mask)
        self._display.sync()
        return {}

    def _handle_pending(self) -> Content:
        """Handle all events of what has happened until now."""
        self._display.sync()
        while self._display.pending_events():
            self._handle(self._display.next_event())
        return {}

    def _restore_later(self) -> Content:
        now = time.monotonic()
        self._restore_at, self._restore_by = now + _KEEP_S, now + 2 * _KEEP_S
        return {}

    def _restore_content(self) -> Content:
        """Offer the old content again, and nothing as the primary selection."""
        from Xlib import X
        from Xlib.protocol import request

        old, self._old = self._old, None
        self._restore_at = float("inf")
        if old is None:
            return {}
        ours = set(self._offers)
        self._offers.clear()
        if old and self._atoms["CLIPBOARD"] in ours:
            self._offers[self._atoms["CLIPBOARD"]] = old
        for name in _SELECTIONS:
            if self._atoms[name] in ours - set(self._offers):
                request.SetSelectionOwner(
                    display=self._display.display, window=X.NONE, selection=self._atoms[name], time=X.CurrentTime
                )
        self._display.sync()
        return {}

    def _handle(self, event: Any) -> None:
        from Xlib import X

        if event.type == X.SelectionClear:
            if self._offers.pop(event.atom, None) is not None:  # another program owns it now
                self._lost.add(event.atom)
        elif event.type == X.SelectionRequest:
            self._answer(event)
        elif event.type == X.PropertyNotify:
            self._writer.on_property_deleted(event)
        elif hasattr(event, "selection_timestamp"):  # of XFIXES: the clipboard has a new owner
            self._changed = self._changed or event.owner.id not in (X.NONE, self._window.id)

    def _answer(self, request: Any) -> None:
        from Xlib import X, Xatom
        from Xlib.protocol import event

        now = time.monotonic()
        counts = self._reader_window is None or self._windows.may_be_of_one_program(
            self._reader_window, request.requestor.id
        )
        if counts:
            self._asked_at = now
        if self._restore_at < self._restore_by:  # a program is still fetching
            self._restore_at = min(now + _KEEP_S, self._restore_by)
        content = self._offers.get(request.selection, {})
        target_property = request.property or request.target
        targets = {self._display.intern_atom(name): name for name in content}
        if content and request.target == self._atoms["TARGETS"]:
            request.requestor.change_property(target_property, Xatom.ATOM, 32, [self._atoms["TARGETS"], *targets])
        elif request.target in targets:
            self._writer.send(request.requestor, target_property, content[targets[request.target]])
            if counts:
                self._served_at = time.monotonic()
        else:
            target_property = X.NONE
        notice = event.SelectionNotify(
            time=request.time,
            requestor=request.requestor,
            selection=request.selection,
            target=request.target,
            property=target_property,
        )
        request.requestor.send_event(notice)
        self._display.sync()


def _holds(content: Content, text: str) -> bool:
    form = content.get("UTF8_STRING")
    return form is not None and form.data == text.encode()


def _property_changes() -> int:
    from Xlib import X

    return int(X.PropertyChangeMask)
