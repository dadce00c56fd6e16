"""A screenshot: pixels, PNG encoding and hash, each computed at most once."""

import hashlib
import io
from functools import cached_property

from PIL import Image

from .geometry import Size


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

    @classmethod
    def decoded(cls, data: bytes) -> "Screenshot":
        """The screenshot in an image file of any format; keeps the bytes if they can be used as they are.

        Raises:
            ValueError: it is not a complete image.
        """
        try:
            with Image.open(io.BytesIO(data)) as image:
                image.load()
        except (OSError, SyntaxError) as error:
            raise ValueError("not an image") from error
        screenshot = cls(image)
        if (image.format, image.mode) == ("PNG", "RGB"):
            screenshot.png = data
        return screenshot

    @cached_property
    def image(self) -> Image.Image:
        """The pixels, mode RGB."""
        with Image.open(io.BytesIO(self.png)) as image:
            return image.convert("RGB")

    @cached_property
    def png(self) -> bytes:
        """The pixels as PNG at compression level 1, which takes about half the time of the default level."""
        buffer = io.BytesIO()
        self.image.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of `png`, in hexadecimal; identifies the screenshot in a recorded run."""
        return hashlib.sha256(self.png).hexdigest()

    @cached_property
    def size(self) -> Size:
        """Width and height in physical pixels."""
        if "image" in self.__dict__:
            return Size(*self.image.size)
        with Image.open(io.BytesIO(self.png)) as header:
            return Size(*header.size)

    def drop_pixels(self) -> None:
        """Keep only the PNG, which takes a tenth of the memory; `image` decodes it again."""
        _ = self.png
        self.__dict__.pop("image", None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Screenshot) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"<Screenshot {self.size}>"
