"""A client of a VNC server: its screen, kept up to date by a thread of its own, and what is sent to it.

Source: RFC 6143; the extensions for the size of the screen, the pointer's shape and the clipboard are rfbproto's.
"""

import struct
import threading
import time
from collections.abc import Callable

from PIL import Image

from ..env import EnvLost
from ..geometry import Size
from ..screenshot import Screenshot
from ..settle import RawFrame
from .address import VncAddress
from .clipboard import EXTENDED_CLIPBOARD, VncClipboard
from .encodings import COPY_RECT, PIXEL_FORMAT, RAW, TIGHT, ZRLE, Decoder, Patch, Place
from .wire import LARGEST_PX, RfbConnection, greet

ENCODINGS = (COPY_RECT, TIGHT, ZRLE, RAW)
"""In the order in which they are liked."""

_CURSOR, _DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE = -239, -223, -308
_EXTENSIONS = (_CURSOR, _DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE, EXTENDED_CLIPBOARD)
_ANSWER_S = 10.0


class VncClient:
    """Connects in its constructor, and has the first picture when it returns.

    The pointer's shape is asked for and not drawn, so that pictures show what lies under it. `encodings` may name
    fewer; a server may always send raw pixels.

    Raises:
        EnvUnavailable: there is no server that lets us in.
        EnvLost: it goes before the first picture.
    """

    def __init__(self, address: VncAddress, password: str | None, encodings: tuple[int, ...] = ENCODINGS) -> None:
        self._wire = RfbConnection(address)
        try:
            size, self.name = greet(self._wire, password)
        except BaseException:
            self._wire.close()
            raise
        self.address = address
        self.clipboard = VncClipboard(self._wire.send)
        self._decoder = Decoder(self._wire)
        self._news = threading.Condition()
        self._screen = Image.new("RGB", (size.width, size.height))
        self._frame: RawFrame | None = None
        self._corners = 0
        self._trouble: EnvLost | None = None
        self._wire.patient()
        wanted = (*encodings, *_EXTENSIONS)
        self._wire.send(b"\0\0\0\0" + PIXEL_FORMAT)
        self._wire.send(struct.pack(f">BxH{len(wanted)}i", 2, len(wanted), *wanted))
        self._ask(size)
        self._reader = threading.Thread(target=self._read, name="VNC", daemon=True)
        self._reader.start()
        try:
            self._await(lambda: self._corners > 0)
        except EnvLost:
            self.close()
            raise

    @property
    def size(self) -> Size:
        """The size of the screen now."""
        with self._news:
            return Size(*self._screen.size)

    def sync(self) -> None:
        """Wait until the server has done what it was sent so far, and its answer has been seen.

        Raises:
            EnvLost: it is gone, or does not answer.
        """
        with self._news:
            before = self._corners
        self._ask(Size(1, 1))
        self._await(lambda: self._corners > before)

    def frame(self) -> RawFrame:
        """The screen as it is known."""
        with self._news:
            self._check()
            if self._frame is None:
                self._frame = RawFrame(*self._screen.size, self._screen.tobytes("raw", "BGRX"))
            return self._frame

    def screenshot(self) -> Screenshot:
        """The screen as it is known."""
        with self._news:
            self._check()
            return Screenshot(self._screen.copy())

    def key(self, keysym: int, down: bool) -> None:
        """Press or release a key."""
        self._wire.send(struct.pack(">BBxxI", 4, down, keysym))

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Put the pointer at (x, y), with the buttons of the mask `buttons` down and the others up."""
        size = self.size
        self._wire.send(
            struct.pack(">BBHH", 5, buttons, min(max(x, 0), size.width - 1), min(max(y, 0), size.height - 1))
        )

    def close(self) -> None:
        """Hang up; never raises."""
        self._wire.hang_up()
        self._reader.join()
        self._wire.close()

    def _ask(self, size: Size, *, only_changes: bool = False) -> None:
        self._wire.send(struct.pack(">BBHHHH", 3, only_changes, 0, 0, size.width, size.height))

    def _await(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + _ANSWER_S
        with self._news:
            while not ready():
                self._check()
                left = end - time.monotonic()
                if left <= 0:
                    raise EnvLost(f"the VNC server at {self.address} has not answered for {_ANSWER_S:g} s")
                self._news.wait(left)

    def _check(self) -> None:
        if self._trouble is not None:
            raise EnvLost(str(self._trouble)) from self._trouble

    # -- what comes in, on a thread of its own

    def _read(self) -> None:
        try:
            while True:
                self._message()
        except EnvLost as lost:
            with self._news:
                self._trouble = lost
                self._news.notify_all()
            self.clipboard.lost()

    def _message(self) -> None:
        (kind,) = self._wire.numbers("B")
        match kind:
            case 0:
                self._update()
            case 1:
                (count,) = self._wire.numbers("xxxH")
                self._wire.take(6 * count)  # colours of a palette that we did not ask for
            case 2:
                pass  # the bell
            case 3:
                (length,) = self._wire.numbers("xxxi")
                self.clipboard.read(self._wire, length)
            case _:
                raise EnvLost(f"the VNC server at {self.address} sends message {kind}, which it was not asked for")

    def _update(self) -> None:
        """Read all that has changed, then show it at once, and ask for more."""
        (count,) = self._wire.numbers("xH")
        patches: list[Patch] = []
        resized: Size | None = None
        for _ in range(count):
            x, y, width, height, encoding = self._wire.numbers("HHHHi")
            place = Place(x, y, width, height)
            if encoding in (_DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE):
                resized = self._resized(encoding, place) or resized
            elif encoding == _CURSOR:
                self._wire.take(width * height * 4 + (width + 7) // 8 * height)
            else:
                patches += self._decoder.patches(encoding, place)
        self._show(patches, resized)
        self._ask(resized or self.size, only_changes=resized is None)

    def _resized(self, encoding: int, place: Place) -> Size | None:
        """The new size; None where it is said again only, or a wish of somebody's was turned down."""
        if encoding == _EXTENDED_DESKTOP_SIZE:
            (screens,) = self._wire.numbers("Bxxx")
            self._wire.take(16 * screens)
            if place.y:
                return None
        if not 0 < place.width * place.height <= LARGEST_PX:
            raise EnvLost(f"the VNC server at {self.address} has a screen of {place.width}x{place.height}")
        size = Size(place.width, place.height)
        return size if size != self.size else None

    def _show(self, patches: list[Patch], resized: Size | None) -> None:
        with self._news:
            if resized is not None:
                fresh = Image.new("RGB", (resized.width, resized.height))
                fresh.paste(self._screen, (0, 0))
                self._screen = fresh
            for patch in patches:
                patch.put(self._screen)
            if patches or resized:
                self._frame = None
            self._corners += any((patch.place.x, patch.place.y) == (0, 0) for patch in patches)
            self._news.notify_all()
