"""The X clipboard, owned by ourselves while a text is pasted, then given its old content back.

Pasting through another program's clipboard races with the paste key. Here the program that pastes asks us, so we know
what it was given, and when. One thread with a connection of its own answers; the old content, pictures and all, is
kept on offer until `close`, since whoever owned it before has lost it (ICCCM, section 2).
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

from ...env import ActionRefused
from ..address import DisplayAddress
from .connection import connect
from .selection import TEXT_TYPES, Asking, Content, Giving, text_content

MAX_TEXT_CHARACTERS = 50_000
_SELECTIONS = ("CLIPBOARD", "PRIMARY")
_COMMAND_S = 4.0
_SERVE_S = 2.0
_MOST_TAKES = 3
"""How often the clipboard is taken back from a program that wants it for itself, before the paste key is pressed."""
_BUSY_S = 10.0
_QUIET_S = 0.1
_PRECEDING_READERS_S = 0.02
_LATE_READERS_S = 0.2
"""A slow program asks for one paste twice, and its second question is not to be taken for an answer to the next."""
_BEQUEATHED = ("UTF8_STRING", "image/png")


class XClipboard:
    """Pastes text; `paste` is the one thing that it does.

    With `bequeath`, what the clipboard held before is handed to xclip at the end, where that is installed: its text,
    else its picture, else whatever form comes first, since xclip keeps one.
    """

    def __init__(self, address: DisplayAddress, *, bequeath: bool) -> None:
        self._address = address
        self._bequeath = bequeath
        self._display = connect(address)
        self._window = self._display.screen().root.create_window(0, 0, 1, 1, 0, 0, event_mask=_property_changes())
        self._atoms = {name: self._display.intern_atom(name) for name in (*_SELECTIONS, *TEXT_TYPES, "TARGETS")}
        self._asking = Asking(self._display, self._window, self._handle)
        self._giving = Giving(self._display)
        self._offers: dict[int, Content] = {}
        self._served_at = 0.0
        self._lost: set[int] = set()
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        self._alive = True
        self._thread = threading.Thread(target=self._serve, name="screenwright-clipboard", daemon=True)
        self._thread.start()

    def paste(
        self, text: str, press_paste: Callable[[], None], heard: Callable[[], bool | None], *, primary: bool = False
    ) -> bool:
        """Offer `text`, call `press_paste`, and wait until a program has fetched it; False if none came for it.

        `heard` waits a moment for the program to have read the keys: whether it has, None where it never tells. A busy
        one is given until then, so that it does not fetch late what we have taken back.

        `primary` offers it as the primary selection too, which some terminals paste. Elsewhere that would undo the
        selection that the text is to replace.

        Raises:
            ActionRefused: another program has put something else there meanwhile, which may be what was pasted.
        """
        selections = _SELECTIONS if primary else _SELECTIONS[:1]
        time.sleep(max(0.0, self._served_at + _LATE_READERS_S - time.monotonic()))
        old = self._own(text, selections)
        try:
            press_paste()
            return self._await_served(heard) or self._came_from_another(text)
        finally:
            self._ordered(lambda: self._give_back(old))

    def close(self) -> None:
        """Stop offering; may be called when the display is gone."""
        self._alive = False
        with suppress(OSError):
            os.write(self._wake_write, b"x")
        self._thread.join(2.0)
        for end in (self._wake_read, self._wake_write):
            with suppress(OSError):
                os.close(end)
        old = self._offers.get(self._atoms["CLIPBOARD"])
        if self._bequeath and old and shutil.which("xclip"):
            self._hand_over(old)

    def _hand_over(self, content: Content) -> None:
        name = next((name for name in _BEQUEATHED if name in content), next(iter(content)))
        command = ["xclip", "-selection", "clipboard", "-in", "-target", name]
        with self._address.in_environment(), suppress(subprocess.SubprocessError, OSError):
            subprocess.run(
                command,
                input=content[name].data,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=2,
                check=False,
            )

    def _own(self, text: str, selections: tuple[str, ...]) -> Content:
        """Own the selections with `text`, taken back if need be; what the clipboard held before that is not `text`."""
        old = self._ordered(lambda: self._take(text, selections))
        for _ in range(_MOST_TAKES):
            time.sleep(_PRECEDING_READERS_S)  # clipboard watchers fetch at once: not to be taken for the program
            if not self._lost:
                break
            newer = self._ordered(lambda: self._take(text, selections))
            if newer and not _holds(newer, text):
                old = newer
        self._served_at = 0.0
        return old

    def _came_from_another(self, text: str) -> bool:
        """Whether another program has taken the clipboard over and hands out the same, as a clipboard manager does."""
        if not self._lost:
            return False
        contents = [self._ordered(partial(self._asking.content, selection)) for selection in tuple(self._lost)]
        if not all(_holds(content, text) for content in contents):
            raise ActionRefused(
                "another program took the clipboard while the text was pasted, and what it holds may have been pasted "
                "instead: look, and type the text again where it is not there"
            )
        self._served_at = time.monotonic()
        return True

    def _await_served(self, heard: Callable[[], bool | None]) -> bool:
        started = time.monotonic()
        end, reading = started + _SERVE_S, True
        while time.monotonic() < end:
            if self._served_at and time.monotonic() - self._served_at > _QUIET_S:
                return True
            if reading and not self._served_at and heard() is False:
                end = min(time.monotonic() + _SERVE_S, started + _BUSY_S)
                continue
            reading = False
            if not self._served_at and not self._offers:
                return False  # nobody can come to us any more
            time.sleep(0.005)
        return self._served_at > 0

    def _ordered(self, work: Callable[[], Content]) -> Content:
        """Have the clipboard's thread do `work`; nothing if it does not answer, since then the display is gone."""
        answer: queue.SimpleQueue[Content] = queue.SimpleQueue()
        self._orders.put(lambda: answer.put(work()))
        with suppress(OSError, queue.Empty):
            os.write(self._wake_write, b"x")
            return answer.get(timeout=_COMMAND_S)
        return {}

    def _serve(self) -> None:
        """The thread: answer programs and orders until closed or the display is gone."""
        from Xlib.error import ConnectionClosedError

        gone = (ConnectionClosedError, OSError, ValueError)  # the last is what select says of a closed connection
        with suppress(*gone):
            while self._alive:
                while self._display.pending_events():
                    self._handle(self._display.next_event())
                self._display.flush()
                readable, _, _ = select.select([self._display.fileno(), self._wake_read], [], [])
                if self._wake_read in readable:
                    os.read(self._wake_read, 1)
                    while not self._orders.empty():
                        self._orders.get()()
        with suppress(*gone):
            self._display.close()

    def _take(self, text: str, selections: tuple[str, ...]) -> Content:
        """Own the selections with `text`; what the clipboard held before."""
        clipboard = self._atoms["CLIPBOARD"]
        self._lost.clear()
        old = self._offers[clipboard] if clipboard in self._offers else self._asking.content(clipboard)
        for name in selections:
            self._offers[self._atoms[name]] = text_content(text, self._display.intern_atom)
            self._window.set_selection_owner(self._atoms[name], 0)
        self._display.sync()
        return old

    def _give_back(self, old: Content) -> Content:
        """Offer the old content again, and nothing as the primary selection."""
        from Xlib import X
        from Xlib.protocol import request

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
            if self._offers.pop(event.atom, None) is not None:  # another program has something newer
                self._lost.add(event.atom)
        elif event.type == X.SelectionRequest:
            self._answer(event)
        elif event.type == X.PropertyNotify:
            self._giving.continues(event)

    def _answer(self, asked: Any) -> None:
        from Xlib import X, Xatom
        from Xlib.protocol import event

        content = self._offers.get(asked.selection, {})
        place = asked.property or asked.target
        targets = {self._display.intern_atom(name): name for name in content}
        if content and asked.target == self._atoms["TARGETS"]:
            asked.requestor.change_property(place, Xatom.ATOM, 32, [self._atoms["TARGETS"], *targets])
        elif asked.target in targets:
            self._giving.give(asked.requestor, place, content[targets[asked.target]])
            self._served_at = time.monotonic()
        else:
            place = X.NONE
        notice = event.SelectionNotify(
            time=asked.time, requestor=asked.requestor, selection=asked.selection, target=asked.target, property=place
        )
        asked.requestor.send_event(notice)
        self._display.flush()


def _holds(content: Content, text: str) -> bool:
    form = content.get("UTF8_STRING")
    return form is not None and form.data == text.encode()


def _property_changes() -> int:
    from Xlib import X

    return int(X.PropertyChangeMask)
