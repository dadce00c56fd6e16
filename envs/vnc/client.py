"""A VNC client: a thread keeps the screen up to date.

Source: RFC 6143; rfbproto for the extensions for screen size, pointer shape, mouse buttons, scancodes and clipboard.
"""

import struct
import threading
import time

from PIL import Image

from ..env import EnvLost
from ..geometry import Size
from ..interrupt import SLICE_S, check_interrupted
from ..screenshot import Screenshot
from ..settle import RawFrame
from .address import VncAddress
from .clipboard import EXTENDED_CLIPBOARD, VncClipboard
from .encodings import COPY_RECT, PIXEL_FORMAT, RAW, TIGHT, ZRLE, Decoder, Patch, Rectangle
from .wire import LARGEST_PX, RfbConnection, handshake

ENCODINGS = (COPY_RECT, TIGHT, ZRLE, RAW)
"""In order of preference."""

_CURSOR, _DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE, _EXTENDED_MOUSE_BUTTONS, _SCANCODES = -239, -223, -308, -316, -258
_EXTENSIONS = (_CURSOR, _DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE, _EXTENDED_MOUSE_BUTTONS, _SCANCODES, EXTENDED_CLIPBOARD)
_LOW_BUTTONS, _HAS_HIGH_BUTTONS = 0x7F, 0x80
_ANSWER_S = 10.0
_PIXEL_ANSWER_S = 1.0
"""The shortest wait; three times as long as the first frame took, if that is longer."""


class VncClient:
    """Connects in its constructor, and has the first frame when it returns.

    It requests the pointer shape without drawing it, so that screenshots do not contain the pointer. `encodings` may
    name fewer encodings; a server may always send raw pixels.

    Raises:
        EnvUnavailable: there is no server, or it denies access.
        EnvLost: the connection breaks before the first frame.
    """

    def __init__(self, address: VncAddress, password: str | None, encodings: tuple[int, ...] = ENCODINGS) -> None:
        self._wire = RfbConnection(address)
        try:
            size, self.name = handshake(self._wire, password)
        except BaseException:
            self._wire.close()
            raise
        self.address = address
        self.clipboard = VncClipboard(self._wire.send)
        self.takes_side_buttons = self.takes_scancodes = False  # until the server says otherwise
        self._decoder = Decoder(self._wire)
        self._updated = threading.Condition()
        self._screen = Image.new("RGB", (size.width, size.height))
        self._frame: RawFrame | None = None
        self._answers = 0
        self._answers_pixels: bool | None = None
        self._error: EnvLost | None = None
        self._wire.remove_timeout()
        wanted = (*encodings, *_EXTENSIONS)
        self._wire.send(b"\0\0\0\0" + PIXEL_FORMAT)
        self._wire.send(struct.pack(f">BxH{len(wanted)}i", 2, len(wanted), *wanted))
        self._reader = threading.Thread(target=self._read, name="VNC", daemon=True)
        self._reader.start()
        started = time.monotonic()
        try:
            self._request_and_wait(size, _ANSWER_S)
        except EnvLost:
            self.close()
            raise
        self.draw_limit_s = self._pixel_answer_s = max(_PIXEL_ANSWER_S, 3 * (time.monotonic() - started))

    @property
    def size(self) -> Size:
        """The current size of the screen."""
        with self._updated:
            return Size(*self._screen.size)

    def sync(self) -> None:
        """Wait until the server has processed all input so far and sent the resulting screen.

        Raises:
            EnvLost: the server is gone, or does not answer.
        """
        # Servers process messages in order: the answer to a request for one pixel comes after all that. Some servers
        # do not answer it if that pixel has not changed, so the first answer is awaited only for a short time.
        if self._answers_pixels is not False:
            try:
                self._request_and_wait(Size(1, 1), _ANSWER_S if self._answers_pixels else self._pixel_answer_s)
                self._answers_pixels = True
                return
            except EnvLost:
                self._check()
                if self._answers_pixels:
                    raise
                self._answers_pixels = False
        self._request_and_wait(self.size, _ANSWER_S)

    def frame(self) -> RawFrame:
        """The current screen, as a raw frame."""
        with self._updated:
            self._check()
            if self._frame is None:
                self._frame = RawFrame.of(self._screen)
            return self._frame

    def screenshot(self) -> Screenshot:
        """The current screen."""
        with self._updated:
            self._check()
            return Screenshot(self._screen.copy())

    def key(self, keysym: int, down: bool) -> None:
        """Press or release a key."""
        self._wire.send(struct.pack(">BBxxI", 4, down, keysym))

    def physical_key(self, keysym: int, scancode: int, down: bool) -> None:
        """Press or release a key by its position on the keyboard (IBM XT), where the server `takes_scancodes`."""
        self._wire.send(struct.pack(">BBHII", 255, 0, down, keysym, scancode))

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Move the pointer to (x, y), with exactly the buttons of the mask `buttons` down.

        The bits of the mask from the eighth on need `takes_side_buttons`.
        """
        size = self.size
        at = min(max(x, 0), size.width - 1), min(max(y, 0), size.height - 1)
        low, high = buttons & _LOW_BUTTONS, buttons >> _LOW_BUTTONS.bit_length()
        if high:
            self._wire.send(struct.pack(">BBHHB", 5, low | _HAS_HIGH_BUTTONS, *at, high))
        else:
            self._wire.send(struct.pack(">BBHH", 5, low, *at))

    def close(self) -> None:
        """Disconnect; never raises."""
        self._wire.shut_down()
        self._reader.join()
        self._wire.close()

    def _request_update(self, size: Size, *, only_changes: bool = False) -> None:
        self._wire.send(struct.pack(">BBHHHH", 3, only_changes, 0, 0, size.width, size.height))

    def _request_and_wait(self, size: Size, limit_s: float) -> None:
        """Request the upper left part of the screen, and wait for an answer."""
        with self._updated:
            before = self._answers
        self._request_update(size)
        end = time.monotonic() + limit_s
        with self._updated:
            while self._answers == before:
                self._check()
                left = end - time.monotonic()
                if left <= 0:
                    raise EnvLost(f"the VNC server at {self.address} has not answered for {limit_s:g} s")
                check_interrupted()
                self._updated.wait(min(SLICE_S, left))

    def _check(self) -> None:
        if self._error is not None:
            raise EnvLost(str(self._error)) from self._error

    # -- messages from the server, on the reader thread

    def _read(self) -> None:
        try:
            while True:
                self._message()
        except EnvLost as lost:
            with self._updated:
                self._error = lost
                self._updated.notify_all()
            self.clipboard.lost()

    def _message(self) -> None:
        (kind,) = self._wire.numbers("B")
        match kind:
            case 0:
                self._update()
            case 1:
                (count,) = self._wire.numbers("xxxH")
                self._wire.take(6 * count)  # colours of a palette, which true colour does not use
            case 2:
                pass  # the bell
            case 3:
                (length,) = self._wire.numbers("xxxi")
                self.clipboard.receive(self._wire, length)
            case _:
                raise EnvLost(f"the VNC server at {self.address} sent an unexpected message of type {kind}")

    def _update(self) -> None:
        """Read all changes, apply them together, and request the next update."""
        (count,) = self._wire.numbers("xH")
        patches: list[Patch] = []
        resized: Size | None = None
        for _ in range(count):
            x, y, width, height, encoding = self._wire.numbers("HHHHi")
            rectangle = Rectangle(x, y, width, height)
            if encoding in (_DESKTOP_SIZE, _EXTENDED_DESKTOP_SIZE):
                resized = self._resized(encoding, rectangle) or resized
            elif encoding == _EXTENDED_MOUSE_BUTTONS:
                self.takes_side_buttons = True
            elif encoding == _SCANCODES:
                self.takes_scancodes = True
            elif encoding == _CURSOR:
                self._wire.take(width * height * 4 + (width + 7) // 8 * height)
            else:
                patches += self._decoder.patches(encoding, rectangle)
        self._apply(patches, resized, is_empty=count == 0)
        self._request_update(resized or self.size, only_changes=resized is None)

    def _resized(self, encoding: int, rectangle: Rectangle) -> Size | None:
        """The new size; None if it is unchanged."""
        if encoding == _EXTENDED_DESKTOP_SIZE:
            (screens,) = self._wire.numbers("Bxxx")
            self._wire.take(16 * screens)
            if rectangle.y:  # the server rejected a client's request to resize
                return None
        if not 0 < rectangle.width * rectangle.height <= LARGEST_PX:
            raise EnvLost(f"the VNC server at {self.address} has a screen of {rectangle.width}x{rectangle.height}")
        size = Size(rectangle.width, rectangle.height)
        return size if size != self.size else None

    def _apply(self, patches: list[Patch], resized: Size | None, *, is_empty: bool) -> None:
        with self._updated:
            if resized is not None:
                screen = Image.new("RGB", (resized.width, resized.height))
                screen.paste(self._screen, (0, 0))
                self._screen = screen
            for patch in patches:
                patch.put(self._screen)
            if patches or resized:
                self._frame = None
            # Some servers answer with no rectangle if nothing has changed.
            self._answers += is_empty or any((patch.rectangle.x, patch.rectangle.y) == (0, 0) for patch in patches)
            self._updated.notify_all()
