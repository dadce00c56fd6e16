"""Pictures, by Pillow: their size, format and pixels."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageStat, UnidentifiedImageError

from .document import target, unreadable

_GRID = 24
_MEAN_DIFFERENCE = 8.0
"""Programs scale and compress in their own ways; pictures are compared on a coarse grid, on average of 255."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureFile:
    """A picture file. Its format is that of the ending of `path`."""

    path: str
    image: Image.Image

    def write(self, home: Path) -> None:
        """See `Document`."""
        self.image.save(target(home, self.path))

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            with Image.open(home / self.path) as found:
                found.load()
                image, kind = found, found.format
        except (OSError, UnidentifiedImageError) as error:
            return [unreadable(self.path, error)]
        wanted = Image.registered_extensions()[Path(self.path).suffix.lower()]
        if kind != wanted:
            return [f"{self.path} is a {kind} file instead of {wanted}"]
        if image.size != self.image.size:
            return [f"{self.path} is {_size(image)} instead of {_size(self.image)} pixels"]
        if (image.mode in ("L", "LA")) != (self.image.mode in ("L", "LA")):
            return [f"{self.path} has the colour mode {image.mode} instead of {self.image.mode}"]
        difference = ImageChops.difference(_coarse(image), _coarse(self.image))
        mean = max(ImageStat.Stat(difference).mean)
        return [] if mean <= _MEAN_DIFFERENCE else [f"{self.path} shows something else: {mean:.0f} of 255 on average"]


def scene(random: Random, width: int, height: int) -> Image.Image:
    """A picture whose parts, sides and colours can be told apart."""
    image = Image.new("RGB", (width, height), (236, 228, 210))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 3, height // 4), (200, 40, 40))
    draw.rectangle((width * 3 // 4, height * 2 // 3, width, height), (30, 90, 180))
    for _ in range(6):
        x, y, side = random.randrange(width), random.randrange(height), random.randrange(20, 60)
        draw.ellipse((x, y, x + side, y + side), tuple(random.randrange(30, 220) for _ in range(3)))
    return image


def _coarse(image: Image.Image) -> Image.Image:
    return image.convert("RGBA").convert("RGB").resize((_GRID, _GRID), Image.Resampling.BOX)


def _size(image: Image.Image) -> str:
    return f"{image.width}x{image.height}"
