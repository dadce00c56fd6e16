"""The screenshots of a run, in full or small."""

import io
import threading
from functools import lru_cache
from pathlib import Path

from PIL import Image

from screenwright._files import read_file

from ..envs.screenshot import MAX_IMAGE_BYTES, open_image

_MAKING = threading.Lock()
"""Held while one is made: many viewers ask for it at the same time."""

_WIDTH_PX = 320
_QUALITY = 70


def read_image(root: Path, folder: Path, sha256: str) -> bytes:
    """The PNG of a screenshot of the run in `folder`, somewhere below `root`.

    Raises:
        OSError: it cannot be read, or a symbolic link leads to it.
    """
    return read_file(folder / "images" / f"{sha256}.png", MAX_IMAGE_BYTES, inside=root)


def thumbnail(root: Path, folder: Path, sha256: str) -> bytes:
    """A small WebP of the screenshot.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not an image.
    """
    with _MAKING:
        return _thumbnail(root, folder, sha256)


@lru_cache(maxsize=2000)
def _thumbnail(root: Path, folder: Path, sha256: str) -> bytes:
    with open_image(read_image(root, folder, sha256), ("PNG",)) as image:
        small = image.convert("RGB").resize(
            (_WIDTH_PX, max(1, round(image.height * _WIDTH_PX / image.width))),
            Image.Resampling.BILINEAR,
            reducing_gap=2,
        )
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=_QUALITY, method=0)
    return buffer.getvalue()
