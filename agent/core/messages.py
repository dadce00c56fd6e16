"""Messages of text and images for a model, independent of any wire format."""

import base64
import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, partial
from typing import Literal, TypeAlias

from PIL import Image
from pydantic import JsonValue

from ...envs.geometry import Size
from ...envs.screenshot import Screenshot


class ImageFormat(StrEnum):
    """Encoding of images. PNG is lossless; JPEG (quality 90, 4:4:4) takes about a fifth of the time to encode."""

    PNG = "png"
    JPEG = "jpeg"


class ImagePart:
    """An encoded image. It is encoded only once, because the server's prefix cache hashes the bytes.

    `size` is the size of this image: the screenshot resized for the model.
    """

    def __init__(
        self, data: bytes | Callable[[], bytes], size: Size, image_format: ImageFormat = ImageFormat.PNG
    ) -> None:
        self._read = data
        self.size = size
        self.image_format = image_format

    @classmethod
    def of(cls, screenshot: Screenshot, size: Size, image_format: ImageFormat = ImageFormat.PNG) -> "ImagePart":
        """Resize `screenshot` to `size` (bicubic, as the models' own processors do) and encode it."""
        return cls(_encoded(screenshot, size, image_format), size, image_format)

    @classmethod
    def later(cls, screenshot: Screenshot, size: Size, image_format: ImageFormat = ImageFormat.PNG) -> "ImagePart":
        """As `of`, but resized and encoded when it is read: for a model that does not look at each picture."""
        return cls(partial(_encoded, screenshot, size, image_format), size, image_format)

    @cached_property
    def data(self) -> bytes:
        """The encoded bytes."""
        return self._read if isinstance(self._read, bytes) else self._read()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the encoded bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def data_url(self) -> str:
        """The image as a `data:` URL."""
        return f"data:image/{self.image_format};base64,{base64.b64encode(self.data).decode('ascii')}"

    def load(self) -> Image.Image:
        """The pixels, mode RGB."""
        with Image.open(io.BytesIO(self.data)) as image:
            return image.convert("RGB")

    def __repr__(self) -> str:
        return f"<ImagePart {self.size} {self.image_format}>"


def _encoded(screenshot: Screenshot, size: Size, image_format: ImageFormat) -> bytes:
    if size == screenshot.size and image_format is ImageFormat.PNG:
        return screenshot.png
    image = screenshot.image
    if size != screenshot.size:
        image = image.resize((size.width, size.height), Image.Resampling.BICUBIC)
    if image_format is ImageFormat.PNG:
        return Screenshot(image).png
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, subsampling="4:4:4")
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of text in a message."""

    text: str


Part: TypeAlias = TextPart | ImagePart
Role: TypeAlias = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a function that was offered to the model; `call_id` connects it with its result."""

    name: str
    arguments: Mapping[str, JsonValue]
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation with a model.

    `reasoning` and `calls` are those of an earlier reply, for families whose chat template renders them. `call_id` is
    the call that a message of the role `tool` answers.
    """

    role: Role
    parts: tuple[Part, ...]
    reasoning: str = ""
    calls: tuple[FunctionCall, ...] = ()
    call_id: str = ""

    @classmethod
    def of(cls, role: Role, *parts: str | Part) -> "Message":
        """A message made of `parts`; a string is a text part."""
        return cls(role, tuple(TextPart(part) if isinstance(part, str) else part for part in parts))

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class Turn:
    """One step as the model sees it: the screenshot, notes about it, and the model's reply.

    `image` is None if the history drops this screenshot; `reply` is None for the newest turn. `notes` follow the image:
    facts about the screen, refused actions, the effect of the last action.
    """

    image: ImagePart | None
    notes: tuple[str, ...] = field(default=())
    reply: str | None = None
