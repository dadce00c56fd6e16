"""The clipboard of a remote screen: texts of any script are offered, and sent when a program there asks for them.

Source: rfbproto, "Extended Clipboard Pseudo-Encoding", which TigerVNC and others speak. A server that does not takes
Latin 1 alone, and never says whether a text was fetched: there the clipboard is left alone.
"""

import struct
import threading
import time
import zlib
from collections.abc import Callable

from ..env import EnvLost
from .wire import RfbConnection

EXTENDED_CLIPBOARD = -0x3F5E1A32  # 0xC0A1E5CE as a signed number

_TEXT = 1 << 0
_CAPS, _REQUEST, _PEEK, _NOTIFY, _PROVIDE = (1 << bit for bit in range(24, 29))
_FORMATS = 0xFFFF
_LARGEST = 1 << 24
_FETCH_S = 2.0
"""A slow program must not be taken for one that has no such paste key: the next key would mean something else to it."""

_OLD_S = 0.5
_AFTER_S = 0.05


class VncClipboard:
    """Says what is to be sent through `send`. `read` is called on the thread that reads."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._changed = threading.Condition()
        self._takes = 0
        self._offered: str | None = None
        self._theirs: str | None = None
        self._fetched = 0
        self._lost = False

    @property
    def takes_any_script(self) -> bool:
        """Whether the server fetches texts in Unicode."""
        return bool(self._takes & _REQUEST)

    def paste(self, text: str, press: Callable[[], None], sync: Callable[[], None]) -> bool:
        """Offer `text`, `press` the paste key, and wait for the text to be fetched; whether it was.

        `sync` returns when the server has done what it was sent. What the clipboard held before, if it was text, is
        offered again afterwards for as long as we stay connected.
        """
        old = self._offered if self._theirs is None else self._theirs
        with self._changed:
            self._offered, self._theirs = text, None
        # TigerVNC fetches what takes the place of a program's text by itself, which is no sign that a program pasted;
        # offered once more, it forgets what it fetched.
        for _ in range(2):
            self._notify()
            sync()
        before = self._fetched
        press()
        with self._changed:
            fetched = self._changed.wait_for(lambda: self._fetched > before or self._lost, _FETCH_S)
        sync()
        time.sleep(_AFTER_S)  # the program has the text when it has asked and been answered
        with self._changed:
            if self._theirs is None:
                self._offered = old
        self._notify()
        return fetched

    def lost(self) -> None:
        """There is nobody left to ask."""
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def read(self, wire: RfbConnection, length: int) -> None:
        """Read the server's message, whose length is negative if it is of the extended kind."""
        if abs(length) > _LARGEST:
            raise EnvLost(f"the VNC server at {wire.address} sends {abs(length)} bytes of clipboard")
        if length >= 0:
            self._they_have(wire.take(length).decode("latin-1"))
            return
        data = wire.take(-length)
        (flags,) = struct.unpack(">I", data[:4].rjust(4, b"\0"))
        if flags & _CAPS:
            self._takes = flags if flags & _TEXT else 0
            self._send_extended(_CAPS | _REQUEST | _PEEK | _NOTIFY | _PROVIDE | _TEXT, struct.pack(">I", 0))
        elif flags & _REQUEST:
            self._provide()
        elif flags & _PEEK:
            self._notify()
        elif flags & _NOTIFY:
            if flags & _TEXT:
                self._send_extended(_REQUEST | _TEXT)
            elif flags & _FORMATS == 0:
                self._they_have(None)
        elif flags & _PROVIDE and flags & _TEXT:
            self._they_have(_unpacked(data[4:]))

    def _they_have(self, text: str | None) -> None:
        with self._changed:
            self._theirs = text
            if text is not None:
                self._offered = None

    def _notify(self) -> None:
        self._send_extended(_NOTIFY | (_TEXT if self._offered is not None else 0))

    def _provide(self) -> None:
        with self._changed:
            text = self._offered
            self._fetched += text is not None
        if text is not None:
            raw = text.replace("\n", "\r\n").encode("utf-8") + b"\0"
            self._send_extended(_PROVIDE | _TEXT, zlib.compress(struct.pack(">I", len(raw)) + raw))
        with self._changed:
            self._changed.notify_all()

    def _send_extended(self, flags: int, data: bytes = b"") -> None:
        self._send(struct.pack(">BxxxiI", 6, -(4 + len(data)), flags) + data)


def _unpacked(data: bytes) -> str | None:
    """The text of a `provide`: packed, its length in front, a zero at its end."""
    try:
        raw = zlib.decompressobj().decompress(data, _LARGEST)
        (length,) = struct.unpack(">I", raw[:4])
        return raw[4 : 4 + length].rstrip(b"\0").decode("utf-8").replace("\r\n", "\n")
    except (zlib.error, struct.error, UnicodeDecodeError):
        return None
