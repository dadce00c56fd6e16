"""The ways in which a model's numbers may be meant.

A reading is a space of `coordinates.py` together with the image that it is a space of: what we sent, what the screen
was before, or what some server or client made of it. The first reading of a dialect is its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...envs.geometry import ScreenPoint, Size
from ..core.coordinates import Absolute, Frame, Grid, ImageRule, ModelPoint, Space
from ..dialects.dialect import Dialect
from ..dialects.registry import DIALECTS
from .screens import SIZES

SHRUNK_TO = (500, 1024, 1536, 2048)
"""Longer sides, in pixels, that servers and proxies are known to shrink images to behind the client's back."""

_SAME_GRID = 0.01
"""Grids whose steps differ by less than this share mean the same for any purpose: 999 and 1000."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The image that was sent."""

    def size(self, screen: Size, sent: Size) -> Size:
        """The size of the image that coordinates are relative to."""
        return sent


@dataclass(frozen=True, slots=True)
class Unresized:
    """The screenshot before it was resized."""

    def size(self, screen: Size, sent: Size) -> Size:
        """See `Sent`."""
        return screen


@dataclass(frozen=True, slots=True)
class Resized:
    """What another rule makes of the image that was sent, such as a server with a smaller pixel budget."""

    rule: ImageRule

    def size(self, screen: Size, sent: Size) -> Size:
        """See `Sent`."""
        return self.rule.resize(sent)


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What is left of the image that was sent when its longer side must not exceed `longest` pixels."""

    longest: int

    def size(self, screen: Size, sent: Size) -> Size:
        """See `Sent`."""
        scale = min(1.0, self.longest / max(sent.width, sent.height))
        return Size(max(1, round(sent.width * scale)), max(1, round(sent.height * scale)))


Basis: TypeAlias = Sent | Unresized | Resized | Shrunk


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to take a model's numbers: `space` over the image that `basis` tells; `swapped`: y is written first."""

    space: Space
    basis: Basis = Sent()
    swapped: bool = False

    @property
    def name(self) -> str:
        """What a person calls it."""
        name = _grid_name(self.space) if isinstance(self.space, Grid) else f"pixels of {_basis_name(self.basis)}"
        return f"{name}, y before x" if self.swapped else name

    def to_screen(self, point: ModelPoint, screen: Size, sent: Size) -> ScreenPoint:
        """The place on the screen that `point` means; `sent` is the size of the image that the model was sent."""
        x, y = (point.y, point.x) if self.swapped else (point.x, point.y)
        frame = Frame(screen, self.basis.size(screen, sent), self.space)
        return frame.to_screen(frame.space.to_image(ModelPoint(x, y), frame.image))

    def from_screen(self, point: ScreenPoint, screen: Size, sent: Size) -> ModelPoint:
        """The inverse of `to_screen`; not rounded."""
        written = Frame(screen, self.basis.size(screen, sent), self.space).to_model(point)
        return ModelPoint(written.y, written.x) if self.swapped else written


def readings_for(dialect: Dialect) -> tuple[Reading, ...]:
    """All readings that can be told apart on our screens: the dialect's own, then the more usual before others."""
    distinct: dict[tuple[object, ...], Reading] = {}
    for reading in _all(dialect):
        distinct.setdefault(_meaning(reading, dialect), reading)
    return tuple(distinct.values())


def speaks(dialect: Dialect, reading: Reading, sent_by: Dialect) -> bool:
    """Whether `dialect` takes a model's numbers as `reading` does; `sent_by` is the dialect that was measured with."""
    if reading.swapped:
        return False
    if isinstance(dialect.space, Grid) or isinstance(reading.space, Grid):
        return _key(dialect.space) == _key(reading.space)
    own = Reading(dialect.space, Resized(dialect.image_rule))
    return _meaning(own, sent_by) == _meaning(reading, sent_by)


def _all(dialect: Dialect) -> Iterator[Reading]:
    usual = dialect.space if isinstance(dialect.space, Grid) else Grid(1000)
    grids = usual, Grid(1000), Grid(1), Grid(100)
    yield Reading(dialect.space)
    yield Reading(Absolute())
    for grid in grids:
        yield Reading(grid)
    yield Reading(Absolute(), Unresized())
    for rule in sorted({make().image_rule for make in DIALECTS.values()}, key=lambda rule: -rule.max_pixels):
        yield Reading(Absolute(), Resized(rule))
    for longest in SHRUNK_TO:
        yield Reading(Absolute(), Shrunk(longest))
    yield Reading(Absolute(), swapped=True)
    for grid in grids:
        yield Reading(grid, swapped=True)
    yield Reading(Absolute(), Unresized(), swapped=True)


def _meaning(reading: Reading, dialect: Dialect) -> tuple[object, ...]:
    """What tells two readings apart: of a grid nothing but its steps, of pixels the sizes that they are of."""
    if isinstance(reading.space, Grid):
        return (_key(reading.space), reading.swapped)
    sizes = (reading.basis.size(screen, dialect.image_rule.resize(screen)) for screen in SIZES)
    return (*sizes, reading.swapped)


def _key(space: Space) -> int | None:
    """The steps of a grid, to within what matters; None for pixels."""
    if isinstance(space, Absolute):
        return None
    usual = min((1000, 100, 1), key=lambda steps: abs(steps - space.steps))
    return usual if abs(usual - space.steps) <= _SAME_GRID * usual else round(space.steps)


def _grid_name(grid: Grid) -> str:
    return f"numbers from 0 to {grid.steps:g}"


def _basis_name(basis: Basis) -> str:
    match basis:
        case Sent():
            return "the image as sent"
        case Unresized():
            return "the screen before it was resized"
        case Resized(rule):
            return f"the image resized to at most {rule.max_pixels} pixels in steps of {rule.factor}"
        case Shrunk(longest):
            return f"the image shrunk to {longest} on its longer side"
