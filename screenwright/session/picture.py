"""What an outside agent gets to see: the picture of a screen, with the conversion of its points, and replies."""

from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from ..envs.geometry import ScreenPoint, Size
from ..envs.screenshot import Screenshot


@dataclass(frozen=True)
class Picture:
    """A screenshot in which no side has more than `max_edge` pixels; None does not scale it.

    Its points are in its own pixels. Without scaling, it is the screenshot itself and is not encoded again.
    """

    screenshot: Screenshot
    max_edge: int | None = None

    @cached_property
    def scale(self) -> float:
        """Pixels of the picture per pixel of the screen, at most 1."""
        size = self.screenshot.size
        return 1.0 if self.max_edge is None else min(1.0, self.max_edge / max(size.width, size.height))

    @cached_property
    def size(self) -> Size:
        """Width and height in pixels."""
        size = self.screenshot.size
        return Size(max(round(size.width * self.scale), 1), max(round(size.height * self.scale), 1))

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG."""
        if self.size == self.screenshot.size:
            return self.screenshot.png
        scaled = self.screenshot.image.resize((self.size.width, self.size.height), Image.Resampling.LANCZOS)
        return Screenshot(scaled).png

    def to_screen(self, point: ScreenPoint) -> ScreenPoint:
        """A point of the picture in pixels of the screen."""
        size, screen = self.size, self.screenshot.size
        return ScreenPoint(point.x * screen.width / size.width, point.y * screen.height / size.height)

    def from_screen(self, x: float, y: float) -> tuple[float, float]:
        """A point of the screen in pixels of the picture."""
        size, screen = self.size, self.screenshot.size
        return x * size.width / screen.width, y * size.height / screen.height


@dataclass(frozen=True, slots=True)
class Look:
    """What the screen shows. `notes` are what has happened since the last call; `location` is text from outside."""

    picture: Picture
    notes: tuple[str, ...] = ()
    location: str = ""


@dataclass(frozen=True, slots=True)
class ActReply:
    """What became of an action: `refused` is the reason if it was not carried out. `after` is a look at its effect."""

    refused: str | None = None
    notes: tuple[str, ...] = ()
    after: Look | None = None
