"""A PDF with lines of text on one page, which programs only show."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .document import target, unreadable

_WIDTH_PX, _HEIGHT_PX, _TEXT_PX, _MARGIN_PX = 1200, 800, 36, 80
_PIXELS_PER_INCH = 144


@dataclass(frozen=True, slots=True)
class Pages:
    """A PDF; the judge only checks that it still is one."""

    path: str
    lines: tuple[str, ...]

    def write(self, home: Path) -> None:
        """See `Document`."""
        page = Image.new("RGB", (_WIDTH_PX, _HEIGHT_PX), "white")
        draw, font = ImageDraw.Draw(page), ImageFont.load_default(_TEXT_PX)
        for number, line in enumerate(self.lines):
            draw.text((_MARGIN_PX, _MARGIN_PX + number * _TEXT_PX * 3 // 2), line, "black", font)
        page.save(target(home, self.path), resolution=_PIXELS_PER_INCH)

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            start = (home / self.path).read_bytes()[:5]
        except OSError as error:
            return [unreadable(self.path, error)]
        return [] if start == b"%PDF-" else [f"{self.path} is no PDF"]
