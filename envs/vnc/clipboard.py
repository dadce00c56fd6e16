"""The clipboard of a remote screen: offers Unicode text, and sends it when a program there requests it.

Source: rfbproto, "Extended Clipboard Pseudo-Encoding", which TigerVNC and others support. Other servers accept only
Latin-1 and do not report whether a text was fetched; their clipboard is not used.
"""

import struct
import threading
import time
import zlib
from collections.abc import Callable

from ..clipboard import MAX_READ_CHARACTERS, ClipboardContent
from ..env import EnvLost, EnvUnavailable
from ..interrupt import SLICE_S, check_interrupted, sleep
from .wire import RfbConnection

EXTENDED_CLIPBOARD = -0x3F5E1A32  # 0xC0A1E5CE as a signed number

_TEXT = 1 << 0
_CAPS, _REQUEST, _PEEK, _NOTIFY, _PROVIDE = (1 << bit for bit in range(24, 29))
_FORMATS = 0xFFFF
_LARGEST = 1 << 24
_FETCH_S = 2.0
"""Long enough for a slow program: after this limit another paste key is pressed, which may do something else."""

_AFTER_S = 0.05
_MAX_OFFERS = 6


class VncClipboard:
    """See `Clipboard`. Sends messages with `send`. The reader thread calls `receive`."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._changed = threading.Condition()
        self._capabilities = 0
        self._offered: str | None = None
        self._remote_text: str | None = None
        self._fetched = 0
        self._announced = 0
        self._pasting = False
        self._lost = False
        self._copied = False

    @property
    def supports_unicode(self) -> bool:
        """Whether the server requests a Unicode text when a program pastes; x11vnc only takes one at once."""
        return self._capabilities & (_REQUEST | _NOTIFY) == _REQUEST | _NOTIFY

    def paste(self, text: str, press: Callable[[], None], sync: Callable[[], None]) -> bool:
        """Offer `text`, `press` the paste key, and return whether a program has fetched the text.

        `sync` waits until the server has processed all messages. The previous text of the clipboard is offered again
        afterwards, until we disconnect.
        """
        with self._changed:
            old = self._program_text(self._offered)
            self._offered, self._remote_text, self._pasting = text, None, True
        try:
            # TigerVNC itself fetches a text that replaces a program's text, which does not mean that a program pasted
            # it. A second offer makes it drop what it has fetched. A program's text that is announced late may have
            # replaced ours.
            offers = 2
            for _ in range(_MAX_OFFERS):
                announced = self._announced
                self._notify()
                sync()
                offers = offers - 1 if announced == self._announced else 2
                if not offers:
                    break
            before = self._fetched
            press()
            with self._changed:
                end = time.monotonic() + _FETCH_S
                while not (fetched := self._fetched > before or self._lost) and (left := end - time.monotonic()) > 0:
                    check_interrupted()
                    self._changed.wait(min(SLICE_S, left))
            sync()
            sleep(_AFTER_S)  # the server forwards the text to the program after fetching it
        finally:
            with self._changed:
                self._offered = self._program_text(old)
                self._pasting = False
            self._notify()
        return fetched

    def _program_text(self, otherwise: str | None) -> str | None:
        """The text that a program has copied, else `otherwise`."""
        return otherwise if self._remote_text is None else self._remote_text

    def read(self) -> ClipboardContent:
        """See `Clipboard`."""
        with self._changed:
            text = self._program_text(self._offered)
        return ClipboardContent(None if text is None else text[:MAX_READ_CHARACTERS])

    def write(self, text: str) -> None:
        """See `Clipboard`.

        Raises:
            EnvUnavailable: the server only takes Latin-1, and the text has other characters.
        """
        if not self.supports_unicode and self._capabilities & _PROVIDE:
            self._send_provided(text)
        elif not self.supports_unicode:
            try:
                data = text.encode("latin-1")
            except UnicodeEncodeError as error:
                raise EnvUnavailable(f"this VNC server only takes Latin-1 on its clipboard: {error}") from error
            self._send(struct.pack(">BxxxI", 6, len(data)) + data)
        with self._changed:
            self._offered, self._remote_text = text, None
        if self.supports_unicode:
            self._notify()

    def watch(self) -> None:
        """See `Clipboard`; a server always announces what is copied."""
        self._copied = False

    def has_changed(self) -> bool:
        """See `Clipboard`."""
        with self._changed:
            copied, self._copied = self._copied, False
        return copied

    def lost(self) -> None:
        """Wake a waiting `paste`, since the connection was lost."""
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def receive(self, wire: RfbConnection, length: int) -> None:
        """Read a clipboard message; a negative length means the extended format."""
        if abs(length) > _LARGEST:
            raise EnvLost(f"the VNC server at {wire.address} sent a clipboard of {abs(length)} bytes")
        if length >= 0:
            self._set_remote_text(wire.take(length).decode("latin-1"))
            return
        data = wire.take(-length)
        (flags,) = struct.unpack(">I", data[:4].rjust(4, b"\0"))
        if flags & _CAPS:
            self._capabilities = flags if flags & _TEXT else 0
            self._send_extended(_CAPS | _REQUEST | _PEEK | _NOTIFY | _PROVIDE | _TEXT, struct.pack(">I", 0))
        elif flags & _REQUEST:
            self._provide()
        elif flags & _PEEK:
            self._notify()
        elif flags & _NOTIFY:
            self._announced += 1
            if flags & _TEXT:
                self._send_extended(_REQUEST | _TEXT)
            elif flags & _FORMATS == 0:
                self._set_remote_text(None)
        elif flags & _PROVIDE and flags & _TEXT:
            self._set_remote_text(_unpacked(data[4:]))

    def _set_remote_text(self, text: str | None) -> None:
        with self._changed:
            self._remote_text = text
            if text is not None and not self._pasting:
                self._offered = None
                self._copied = True

    def _notify(self) -> None:
        self._send_extended(_NOTIFY | (_TEXT if self._offered is not None else 0))

    def _provide(self) -> None:
        with self._changed:
            text = self._offered
            self._fetched += text is not None
        if text is not None:
            self._send_provided(text)
        with self._changed:
            self._changed.notify_all()

    def _send_provided(self, text: str) -> None:
        raw = text.replace("\n", "\r\n").encode("utf-8") + b"\0"
        self._send_extended(_PROVIDE | _TEXT, zlib.compress(struct.pack(">I", len(raw)) + raw))

    def _send_extended(self, flags: int, data: bytes = b"") -> None:
        self._send(struct.pack(">BxxxiI", 6, -(4 + len(data)), flags) + data)


def _unpacked(data: bytes) -> str | None:
    """Decompress the text of a `provide` message: its length, then UTF-8 with a zero at the end."""
    try:
        raw = zlib.decompressobj().decompress(data, _LARGEST)
        (length,) = struct.unpack(">I", raw[:4])
        return raw[4 : 4 + length].rstrip(b"\0").decode("utf-8").replace("\r\n", "\n")
    except (zlib.error, struct.error, UnicodeDecodeError):
        return None
