"""Decodes the rectangles that VNC servers send, with Pillow. Lossless, since JPEG is never requested.

Sources: RFC 6143 (Raw, CopyRect, ZRLE) and rfbproto (Tight).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from ..env import EnvLost
from .wire import RfbConnection

RAW, COPY_RECT, TIGHT, ZRLE = 0, 1, 7, 16
PIXEL_FORMAT = bytes((32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0))
"""The requested format: four bytes per pixel, blue first, the last one unused."""

_TILE = 64
_STREAMS = 4
_UNPACKED = 12
_FILL, _JPEG = 8, 9
_COPY, _PALETTE, _GRADIENT = 0, 1, 2


class _Stream(Protocol):
    """The type of `zlib.decompressobj()`."""

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle on the screen."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Patch:
    """New pixels for `rectangle`: an image, or a copy of the rectangle of the screen at `source`."""

    rectangle: Rectangle
    image: Image.Image | None = None
    source: tuple[int, int] = (0, 0)

    def put(self, screen: Image.Image) -> None:
        """Apply it to `screen`."""
        rectangle, (x, y) = self.rectangle, self.source
        image = self.image or screen.crop((x, y, x + rectangle.width, y + rectangle.height))
        screen.paste(image, (rectangle.x, rectangle.y))


class Decoder:
    """Decodes rectangles. Each connection needs its own decoder, since compression continues across rectangles."""

    def __init__(self, wire: RfbConnection) -> None:
        self._wire = wire
        self._zrle: _Stream = zlib.decompressobj()
        self._tight: list[_Stream] = [zlib.decompressobj() for _ in range(_STREAMS)]

    def patches(self, encoding: int, rectangle: Rectangle) -> Iterator[Patch]:
        """Decode the next rectangle.

        Raises:
            EnvLost: the encoding was not requested, or the data is invalid.
        """
        try:
            match encoding:
                case _ if rectangle.width * rectangle.height == 0:
                    return
                case 0:
                    pixels = self._wire.take(rectangle.width * rectangle.height * 4)
                    yield Patch(rectangle, _image(rectangle, pixels, "BGRX"))
                case 1:
                    x, y = self._wire.numbers("HH")
                    yield Patch(rectangle, source=(x, y))
                case 7:
                    yield Patch(rectangle, self._tight_rectangle(rectangle))
                case 16:
                    yield from self._tiles(rectangle)
                case _:
                    raise EnvLost(f"the VNC server sent the encoding {encoding}, which was not requested")
        except (zlib.error, ValueError, IndexError, OSError) as error:
            raise EnvLost(f"the VNC server sent invalid image data: {error}") from error

    # -- Tight

    def _tight_rectangle(self, rectangle: Rectangle) -> Image.Image:
        (control,) = self._wire.take(1)
        for number in range(_STREAMS):
            if control >> number & 1:
                self._tight[number] = zlib.decompressobj()
        kind = control >> 4
        if kind == _FILL:
            red, green, blue = self._wire.take(3)
            return Image.new("RGB", (rectangle.width, rectangle.height), (red, green, blue))
        if kind >= _JPEG:
            raise ValueError("JPEG was not requested")
        chosen = self._wire.take(1)[0] if kind & 4 else _COPY
        stream = kind & 3
        if chosen == _PALETTE:
            count = self._wire.take(1)[0] + 1
            colours = self._wire.take(3 * count)
            mode, row = ("P;1", (rectangle.width + 7) // 8) if count == 2 else ("P", rectangle.width)
            return _indexed(rectangle, self._decompressed(stream, row * rectangle.height), mode, colours)
        pixels = self._decompressed(stream, rectangle.width * rectangle.height * 3)
        if chosen == _GRADIENT:
            pixels = _from_gradient(pixels, rectangle.width)
        elif chosen != _COPY:
            raise ValueError(f"filter {chosen} is unknown")
        return _image(rectangle, pixels, "RGB")

    def _decompressed(self, stream: int, length: int) -> bytes:
        """The next `length` bytes of a stream; very few bytes are sent uncompressed."""
        if length < _UNPACKED:
            return self._wire.take(length)
        pixels = _inflated(self._tight[stream], self._wire.take(self._compact_length()), length)
        if len(pixels) < length:
            raise ValueError("a rectangle is incomplete")
        return pixels

    def _compact_length(self) -> int:
        length = 0
        for shift, bits in ((0, 7), (7, 7), (14, 8)):
            (byte,) = self._wire.take(1)
            length |= (byte & (1 << bits) - 1) << shift
            if bits == 8 or not byte & 0x80:
                break
        return length

    # -- ZRLE

    def _tiles(self, area: Rectangle) -> Iterator[Patch]:
        (length,) = self._wire.numbers("I")
        tiles = [
            Rectangle(x, y, min(_TILE, area.x + area.width - x), min(_TILE, area.y + area.height - y))
            for y in range(area.y, area.y + area.height, _TILE)
            for x in range(area.x, area.x + area.width, _TILE)
        ]
        most = area.width * area.height * 4 + 512 * len(tiles)
        data = _Reader(_inflated(self._zrle, self._wire.take(length), most))
        for tile in tiles:
            yield Patch(tile, _tile(data, tile))


class _Reader:
    """Reads decompressed bytes in order."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise ValueError("a rectangle is incomplete")
        self._at += count
        return part

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def run(self) -> int:
        """The length of a run of pixels."""
        length = 1
        while (byte := self.byte()) == 255:
            length += 255
        return length + byte


def _tile(data: _Reader, rectangle: Rectangle) -> Image.Image:
    kind = data.byte()
    pixels = rectangle.width * rectangle.height
    if kind == 0:
        return _image(rectangle, data.take(3 * pixels), "BGR")
    if kind == 1:
        blue, green, red = data.take(3)
        return Image.new("RGB", (rectangle.width, rectangle.height), (red, green, blue))
    if 2 <= kind <= 16:
        colours = _rgb_from_bgr(data.take(3 * kind))
        bits = 1 if kind == 2 else 2 if kind <= 4 else 4
        indices = data.take((rectangle.width * bits + 7) // 8 * rectangle.height)
        return _indexed(rectangle, indices, f"P;{bits}", colours)
    if kind == 128:
        return _image(rectangle, _runs(data, pixels), "BGR")
    if kind >= 130:
        colours = _rgb_from_bgr(data.take(3 * (kind - 128)))
        return _indexed(rectangle, _indexed_runs(data, pixels), "P", colours)
    raise ValueError(f"there is no tile of kind {kind}")


def _runs(data: _Reader, pixels: int) -> bytes:
    out = bytearray()
    while len(out) < 3 * pixels:
        out += data.take(3) * min(data.run(), pixels)
    return bytes(out)


def _indexed_runs(data: _Reader, pixels: int) -> bytes:
    out = bytearray()
    while len(out) < pixels:
        index = data.byte()
        out += bytes((index & 127,)) * (min(data.run(), pixels) if index & 128 else 1)
    return bytes(out)


# -- pixels


def _image(rectangle: Rectangle, pixels: bytes, order: str) -> Image.Image:
    return Image.frombytes("RGB", (rectangle.width, rectangle.height), pixels, "raw", order)


def _indexed(rectangle: Rectangle, indices: bytes, mode: str, colours: bytes) -> Image.Image:
    image = Image.frombytes("P", (rectangle.width, rectangle.height), indices, "raw", mode)
    image.putpalette(colours)
    return image.convert("RGB")


def _rgb_from_bgr(colours: bytes) -> bytes:
    """Convert colours from BGR to RGB."""
    rgb = bytearray(colours)
    rgb[0::3], rgb[2::3] = colours[2::3], colours[0::3]
    return bytes(rgb)


def _inflated(stream: _Stream, data: bytes, most: int) -> bytes:
    """Decompress `data` to at most `most` bytes; the rest of the input stays in the stream for the next call."""
    return stream.decompress(stream.unconsumed_tail + data, most)


def _from_gradient(differences: bytes, width: int) -> bytes:
    """Undo the gradient filter: each value is the difference from a prediction by the pixels above and to the left."""
    row = 3 * width
    out = bytearray(len(differences))
    for at, difference in enumerate(differences):
        left = out[at - 3] if at % row >= 3 else 0
        above = out[at - row] if at >= row else 0
        corner = out[at - row - 3] if at >= row and at % row >= 3 else 0
        out[at] = min(255, max(0, left + above - corner)) + difference & 255
    return bytes(out)
