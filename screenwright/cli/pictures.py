"""Pictures that commands are given and write."""

from pathlib import Path

from PIL import Image, UnidentifiedImageError


def open_picture(path: Path) -> Image.Image:
    """The picture at `path`, in RGB.

    Raises:
        ValueError: it cannot be read as one.
    """
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise ValueError(f"{path} cannot be read as a picture: {error}") from error


def write_picture(image: Image.Image, path: Path) -> None:
    """Write `image` to `path`, in the format that its name says.

    Raises:
        ValueError: it cannot be written.
    """
    try:
        image.save(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"the picture cannot be written to {path}: {error}") from error
