"""Hypotheses about the coordinate space of a model's replies.

A hypothesis is a space of `coordinates.py` and the image that it refers to: the image as sent, the original screenshot,
or what a server or client made of it. The first hypothesis of a dialect is the dialect's own space.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...envs.geometry import ScreenPoint, Size
from ..core.coordinates import Absolute, Frame, Grid, ImageRule, ModelPoint, Space
from ..dialects.dialect import Dialect
from ..dialects.registry import dialect_named, dialect_names
from .screens import SIZES

DOWNSCALED_SIDES = (500, 1024, 1536, 2048)
"""Longer sides, in pixels, to which servers and proxies are known to downscale images silently."""

_SAME_GRID = 0.01
"""Grids whose steps differ by less than this share are equivalent, such as 999 and 1000."""


@dataclass(frozen=True, slots=True)
class SentImage:
    """The image as sent."""

    def size(self, screen: Size, sent: Size) -> Size:
        """The size of the image that the coordinates refer to."""
        return sent

    def __str__(self) -> str:
        return "the image as sent"


@dataclass(frozen=True, slots=True)
class OriginalScreenshot:
    """The screenshot before resizing."""

    def size(self, screen: Size, sent: Size) -> Size:
        """See `SentImage`."""
        return screen

    def __str__(self) -> str:
        return "the screen before it was resized"


@dataclass(frozen=True, slots=True)
class ResizedImage:
    """The image resized by another rule, such as that of a server with a smaller pixel budget."""

    rule: ImageRule

    def size(self, screen: Size, sent: Size) -> Size:
        """See `SentImage`."""
        return self.rule.resize(sent)

    def __str__(self) -> str:
        return f"the image resized to at most {self.rule.max_pixels} pixels in steps of {self.rule.factor}"


@dataclass(frozen=True, slots=True)
class DownscaledImage:
    """The image downscaled so that its longer side is at most `longest` pixels."""

    longest: int

    def size(self, screen: Size, sent: Size) -> Size:
        """See `SentImage`."""
        scale = min(1.0, self.longest / max(sent.width, sent.height))
        return Size(max(1, round(sent.width * scale)), max(1, round(sent.height * scale)))

    def __str__(self) -> str:
        return f"the image shrunk to {self.longest} on its longer side"


ReferenceImage: TypeAlias = SentImage | OriginalScreenshot | ResizedImage | DownscaledImage


@dataclass(frozen=True, slots=True)
class SpaceHypothesis:
    """`space` relative to the `reference` image; `swapped` if y is written before x."""

    space: Space
    reference: ReferenceImage = SentImage()
    swapped: bool = False

    @property
    def name(self) -> str:
        """The description for users."""
        if isinstance(self.space, Grid):
            name = f"numbers from 0 to {self.space.steps:g}"
        else:
            name = f"pixels of {self.reference}"
        return f"{name}, y before x" if self.swapped else name

    def to_screen(self, point: ModelPoint, screen: Size, sent: Size) -> ScreenPoint:
        """Convert a model's point to the screen; `sent` is the size of the image that was sent."""
        x, y = (point.y, point.x) if self.swapped else (point.x, point.y)
        frame = Frame(screen, self.reference.size(screen, sent), self.space)
        return frame.to_screen(frame.space.to_image(ModelPoint(x, y), frame.image))

    def from_screen(self, point: ScreenPoint, screen: Size, sent: Size) -> ModelPoint:
        """The inverse of `to_screen`; not rounded."""
        written = Frame(screen, self.reference.size(screen, sent), self.space).to_model(point)
        return ModelPoint(written.y, written.x) if self.swapped else written


def hypotheses_for(dialect: Dialect) -> tuple[SpaceHypothesis, ...]:
    """All hypotheses that the calibration screens can distinguish: the dialect's own first, then the most common."""
    distinct: dict[tuple[object, ...], SpaceHypothesis] = {}
    for hypothesis in _all(dialect):
        distinct.setdefault(_signature(hypothesis, dialect), hypothesis)
    return tuple(distinct.values())


def is_compatible(dialect: Dialect, hypothesis: SpaceHypothesis, measured_with: Dialect) -> bool:
    """Whether `dialect` interprets numbers like `hypothesis`, which was measured with the dialect `measured_with`."""
    if hypothesis.swapped:
        return False
    if isinstance(dialect.space, Grid) or isinstance(hypothesis.space, Grid):
        return _grid_steps(dialect.space) == _grid_steps(hypothesis.space)
    own = SpaceHypothesis(dialect.space, ResizedImage(dialect.image_rule))
    return _signature(own, measured_with) == _signature(hypothesis, measured_with)


def _all(dialect: Dialect) -> Iterator[SpaceHypothesis]:
    usual = dialect.space if isinstance(dialect.space, Grid) else Grid(1000)
    grids = usual, Grid(1000), Grid(1), Grid(100)
    yield SpaceHypothesis(dialect.space)
    yield SpaceHypothesis(Absolute())
    for grid in grids:
        yield SpaceHypothesis(grid)
    yield SpaceHypothesis(Absolute(), OriginalScreenshot())
    for rule in sorted({dialect_named(name).image_rule for name in dialect_names()}, key=lambda rule: -rule.max_pixels):
        yield SpaceHypothesis(Absolute(), ResizedImage(rule))
    for longest in DOWNSCALED_SIDES:
        yield SpaceHypothesis(Absolute(), DownscaledImage(longest))
    yield SpaceHypothesis(Absolute(), swapped=True)
    for grid in grids:
        yield SpaceHypothesis(grid, swapped=True)
    yield SpaceHypothesis(Absolute(), OriginalScreenshot(), swapped=True)


def _signature(hypothesis: SpaceHypothesis, dialect: Dialect) -> tuple[object, ...]:
    """Equal for equivalent hypotheses: the steps of a grid, or the sizes of the images that pixels refer to."""
    if isinstance(hypothesis.space, Grid):
        return (_grid_steps(hypothesis.space), hypothesis.swapped)
    sizes = (hypothesis.reference.size(screen, dialect.image_rule.resize(screen)) for screen in SIZES)
    return (*sizes, hypothesis.swapped)


def _grid_steps(space: Space) -> int | None:
    """The steps of a grid, rounded to the common ones; None for pixels."""
    if isinstance(space, Absolute):
        return None
    usual = min((1000, 100, 1), key=lambda steps: abs(steps - space.steps))
    return usual if abs(usual - space.steps) <= _SAME_GRID * usual else round(space.steps)
