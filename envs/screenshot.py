"""A screenshot: pixels, PNG encoding and hash, each computed at most once."""

import hashlib
import io
import struct
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cached_property

from PIL import Image

from screenwright._files import MIB

from .geometry import Size

MAX_PIXELS = 89_000_000
MAX_IMAGE_BYTES = 256 * MIB
"""The largest image that is read; Pillow warns of larger ones."""

_PNG = b"\x89PNG\r\n\x1a\n"
_RGB, _LEVEL = 2, 2
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")


@contextmanager
def open_image(data: bytes, formats: tuple[str, ...] = FORMATS) -> Generator[Image.Image]:
    """An image file that someone else may have prepared; its size is checked before its pixels are decoded.

    Raises:
        ValueError: it is not a complete image of these formats, or is too large; the message goes on after its name.
    """
    if data.startswith(_PNG):  # before Pillow, which prints a warning about a large image
        _check_size(Size(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")))
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            _check_size(Size(*image.size))
            yield image
    except Image.DecompressionBombError as error:
        raise ValueError(f"has more than {MAX_PIXELS:,} pixels") from error
    except (OSError, SyntaxError) as error:
        raise ValueError(f"is not a complete {' or '.join(', '.join(formats).rsplit(', ', 1))} image") from error


def _check_size(size: Size) -> None:
    if size.width * size.height > MAX_PIXELS:
        raise ValueError(f"is {size}, more than {MAX_PIXELS:,} pixels")


def _encode_png(image: Image.Image) -> bytes:
    """`image` as PNG, in half the time of Pillow, which tries all filters of the format on each row.

    Flat areas and text, which screens consist of, become smaller without a filter, and photos a quarter larger.
    """
    width, height = image.size
    # Each row begins with the number of its filter: the zero with which Pillow fills up the row before it.
    rows = memoryview(image.tobytes("raw", "RGB", 3 * width + 1, 1))[:-1]
    compressor = zlib.compressobj(_LEVEL)
    pixels = compressor.compress(b"\0") + compressor.compress(rows) + compressor.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, _RGB, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return _PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


class Screenshot:
    """An image of a screen: RGB, 8 bits per channel, height x width physical pixels.

    Made from an image or from PNG bytes. The other form is derived on first access, so that a backend that captures PNG
    never decodes it for the log, and one that captures pixels encodes them once. Treat `image` as read-only.
    """

    def __init__(self, image: Image.Image | None = None, png: bytes | None = None) -> None:
        if (image is None) == (png is None):
            raise ValueError("pass either an image or PNG bytes")
        if image is not None:
            self.image = image if image.mode == "RGB" else image.convert("RGB")
        if png is not None:
            self.png = png
        self._read: Callable[[], bytes] | None = None

    @classmethod
    def in_file(cls, sha256: str, size: Size, read: Callable[[], bytes]) -> "Screenshot":
        """A screenshot whose PNG is in a file; `read` returns it on first use, and what it raises, `png` raises."""
        screenshot = cls.__new__(cls)
        screenshot.sha256, screenshot.size, screenshot._read = sha256, size, read
        return screenshot

    @classmethod
    def decoded(cls, data: bytes) -> "Screenshot":
        """The screenshot in an image file of any format; keeps the bytes if they can be used as they are.

        Raises:
            ValueError: it is not a complete image, or is too large.
        """
        with open_image(data) as image:
            image.load()
        screenshot = cls(image)
        if (image.format, image.mode) == ("PNG", "RGB"):
            screenshot.png = data
        return screenshot

    @cached_property
    def image(self) -> Image.Image:
        """The pixels, mode RGB."""
        with open_image(self.png, ("PNG",)) as image:
            image.load()
            return image if image.mode == "RGB" else image.convert("RGB")  # `convert` would copy

    @cached_property
    def png(self) -> bytes:
        """The pixels as PNG."""
        return _encode_png(self.image) if self._read is None else self._read()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of `png`, in hexadecimal; identifies the screenshot in a recorded run."""
        return hashlib.sha256(self.png).hexdigest()

    @cached_property
    def size(self) -> Size:
        """Width and height in physical pixels."""
        if "image" in self.__dict__:
            return Size(*self.image.size)
        with open_image(self.png, ("PNG",)) as header:
            return Size(*header.size)

    def is_known_to_equal(self, other: "Screenshot") -> bool:
        """Whether both are known to have the same pixels, without encoding one of them for that."""
        known = self.__dict__.get("sha256")
        return self is other or (known is not None and known == other.__dict__.get("sha256"))

    def stored(self, read: Callable[[], bytes]) -> None:
        """The PNG is in a file, and `read` returns it: `release` need not keep it. What `read` raises, `png` raises."""
        self._read = read

    def release(self) -> None:
        """Drop the pixels, and the PNG if it is stored in a file; both are read and decoded again when needed."""
        _ = self.sha256, self.size
        self.__dict__.pop("image", None)
        if self._read is not None:
            self.__dict__.pop("png", None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Screenshot) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"<Screenshot {self.size}>"
