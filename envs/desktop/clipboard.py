"""The X clipboard, owned by ourselves while a text is pasted, then given its old text back.

Pasting through another program's clipboard races with the paste key. Here the program that pastes asks us, so we know
what it was given, and when. One thread with a connection of its own answers; the old text is kept on offer until
`close`, since whoever owned it before has lost it (ICCCM, section 2).
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
from typing import Any

from .capture import DisplayAddress
from .x11 import connect

LONGEST_TEXT = 50_000
_SELECTIONS = ("CLIPBOARD", "PRIMARY")
_ASK_S = 0.5
_COMMAND_S = 3.0
_SERVE_S = 1.0
_QUIET_S = 0.08
_PRECEDING_READERS_S = 0.02
_TEXT_TYPES = ("UTF8_STRING", "text/plain;charset=utf-8", "text/plain", "TEXT", "STRING")


class Clipboard:
    """Pastes text; `paste` is the one thing that it does.

    With `bequeath`, what the clipboard held before is handed to xclip at the end, where that is installed.
    """

    def __init__(self, address: DisplayAddress, *, bequeath: bool) -> None:
        self._address = address
        self._bequeath = bequeath
        self._display = connect(address)
        self._window = self._display.screen().root.create_window(0, 0, 1, 1, 0, 0)
        self._atoms = {name: self._display.intern_atom(name) for name in (*_SELECTIONS, *_TEXT_TYPES, "TARGETS")}
        self._texts: dict[int, str] = {}
        self._served_at = 0.0
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        self._alive = True
        self._thread = threading.Thread(target=self._serve, name="screenwright-clipboard", daemon=True)
        self._thread.start()

    def paste(self, text: str, press_paste: Callable[[], None], *, primary: bool = False) -> bool:
        """Offer `text`, call `press_paste`, and wait until a program has fetched it; False if none came for it.

        `primary` offers it as the primary selection too, which some terminals paste. Elsewhere that would undo the
        selection that the text is to replace.
        """
        selections = _SELECTIONS if primary else _SELECTIONS[:1]
        old = self._ordered(lambda: self._take(text, selections))
        time.sleep(_PRECEDING_READERS_S)  # clipboard watchers fetch at once: not to be taken for the program
        self._served_at = 0.0
        try:
            press_paste()
            return self._await_served()
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
        old = self._texts.get(self._atoms["CLIPBOARD"])
        if self._bequeath and old is not None and shutil.which("xclip"):
            self._hand_over(old)

    def _hand_over(self, text: str) -> None:
        command = ["xclip", "-selection", "clipboard", "-in"]
        with self._address.in_environment(), suppress(subprocess.SubprocessError, OSError):
            subprocess.run(
                command,
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=2,
                check=False,
            )

    def _await_served(self) -> bool:
        end = time.monotonic() + _SERVE_S
        while time.monotonic() < end:
            if self._served_at and time.monotonic() - self._served_at > _QUIET_S:
                return True
            time.sleep(0.005)
        return self._served_at > 0

    def _ordered(self, work: Callable[[], str | None]) -> str | None:
        """Have the clipboard's thread do `work`; None if it does not answer, since then the display is gone."""
        answer: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._orders.put(lambda: answer.put(work()))
        with suppress(OSError, queue.Empty):
            os.write(self._wake_write, b"x")
            return answer.get(timeout=_COMMAND_S)
        return None

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

    def _take(self, text: str, selections: tuple[str, ...]) -> str | None:
        """Own the selections with `text`; what the clipboard held before, if that was text."""
        clipboard = self._atoms["CLIPBOARD"]
        old = self._texts[clipboard] if clipboard in self._texts else self._fetched(clipboard)
        for name in selections:
            self._texts[self._atoms[name]] = text
            self._window.set_selection_owner(self._atoms[name], 0)
        self._display.sync()
        return old

    def _give_back(self, old: str | None) -> str | None:
        """Offer the old text again, and nothing as the primary selection."""
        from Xlib import X
        from Xlib.protocol import request

        ours = set(self._texts)
        self._texts.clear()
        if old is not None and self._atoms["CLIPBOARD"] in ours:
            self._texts[self._atoms["CLIPBOARD"]] = old
        for name in _SELECTIONS:
            if self._atoms[name] in ours - set(self._texts):
                request.SetSelectionOwner(
                    display=self._display.display, window=X.NONE, selection=self._atoms[name], time=X.CurrentTime
                )
        self._display.sync()
        return None

    def _fetched(self, selection: int) -> str | None:
        """Ask the present owner for its text."""
        from Xlib import X

        if self._display.get_selection_owner(selection) == X.NONE:
            return None
        text_type = self._atoms["UTF8_STRING"]
        self._window.convert_selection(selection, text_type, text_type, X.CurrentTime)
        self._display.flush()
        end = time.monotonic() + _ASK_S
        while (left := end - time.monotonic()) > 0:
            if not self._display.pending_events():
                select.select([self._display.fileno()], [], [], left)
                continue
            event = self._display.next_event()
            if event.type == X.SelectionNotify:
                return self._read(event.property)
            self._handle(event)
        return None

    def _read(self, name: int) -> str | None:
        from Xlib import X

        if name == X.NONE:
            return None
        found = self._window.get_full_property(name, self._atoms["UTF8_STRING"])
        self._window.delete_property(name)
        if found is None or found.property_type != self._atoms["UTF8_STRING"]:
            return None
        return found.value.decode("utf-8", "replace") if isinstance(found.value, bytes) else str(found.value)

    def _handle(self, event: Any) -> None:
        from Xlib import X

        if event.type == X.SelectionClear:
            self._texts.pop(event.atom, None)  # another program has something newer
        elif event.type == X.SelectionRequest:
            self._answer(event)

    def _answer(self, asked: Any) -> None:
        from Xlib import X, Xatom
        from Xlib.protocol import event

        text = self._texts.get(asked.selection)
        place = asked.property or asked.target
        types = [self._atoms[name] for name in _TEXT_TYPES]
        if text is not None and asked.target == self._atoms["TARGETS"]:
            asked.requestor.change_property(place, Xatom.ATOM, 32, [self._atoms["TARGETS"], *types])
        elif text is not None and asked.target in types:
            kind = self._atoms["UTF8_STRING"] if asked.target == self._atoms["TEXT"] else asked.target
            asked.requestor.change_property(place, kind, 8, text.encode("utf-8"))
            self._served_at = time.monotonic()
        else:
            place = X.NONE
        notice = event.SelectionNotify(
            time=asked.time, requestor=asked.requestor, selection=asked.selection, target=asked.target, property=place
        )
        asked.requestor.send_event(notice)
        self._display.flush()
