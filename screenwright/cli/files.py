"""Images that commands read and write, and folders to record in."""

from datetime import datetime
from itertools import count
from pathlib import Path

from PIL import Image, UnidentifiedImageError


def open_image(path: Path) -> Image.Image:
    """The image at `path`, in RGB.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is not an image; use a PNG or JPEG file") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error


def save_image(image: Image.Image, path: Path) -> None:
    """Write `image` to `path`, in the format of its suffix.

    Raises:
        ValueError: it cannot be written.
    """
    try:
        image.save(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"the image cannot be written to {path}: {error}") from error


def new_run_folder(name: str) -> Path:
    """`runs/TIME-NAME`, with a number after it if that exists."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{name}"
    folders = (Path("runs") / (stem if number == 1 else f"{stem}-{number}") for number in count(1))
    return next(folder for folder in folders if not folder.exists())
