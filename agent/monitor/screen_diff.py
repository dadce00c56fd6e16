"""What differs between two looks at a screen, judged by the pixels alone.

    difference = difference_of(before, after)     pixels and the cells of a 16 px grid that they lie in
    change = difference.judged(points, restless)  nothing, near the points, elsewhere, or a whole new screen

Restless cells are those that change with nothing done: a spinner, a clock, an animation. They are left out of the
judgement, as is a caret; both are named, so that the record stays whole. The pointer is in no screenshot of ours.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from math import ceil

from PIL import Image, ImageChops

from ...envs.geometry import Box, ScreenPoint, Size
from ...envs.screenshot import Screenshot
from ..core.change import Change, ChangeKind

CELL_PX = 16
NEAR_PX = 64
"""A region this close to the point of an action is near it."""

_TOLERANCE = 12
_BEYOND_TOLERANCE = [0] * (_TOLERANCE + 1) + [255] * (255 - _TOLERANCE)
_STRIP_PX = 8 * CELL_PX
"""Rows that are compared at once. The parts of a strip fit in a processor's cache and in memory that is used again;
those of a whole screen are fetched from the system each time, which takes longer than the comparison."""

_MOST_REGIONS = 8
_CARET_WIDTH_PX = 3
_CARET_HEIGHTS_PX = range(9, 49)
_WHOLE_CELLS = 0.35
_SPREAD_CELLS = 0.12
_SPREAD_AREA = 0.7
_CROWDED = 0.25
"""With more changed cells than this share, single regions mean nothing, and are not looked for."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two screenshots compared: the share of differing pixels, and where: indices of grid cells, row by row."""

    size: Size
    share: float
    cells: frozenset[int] = frozenset()
    _images: tuple[Image.Image, Image.Image] | None = field(default=None, repr=False, compare=False)

    def counted(self, restless: Collection[int] = (), *, carets: bool = True) -> frozenset[int]:
        """The cells that count: not those that are `restless`, nor, with `carets`, those that hold but a caret."""
        cells = self.cells.difference(restless)
        if not carets or self._is_crowded(cells):
            return cells
        return cells.difference(*(self._inside(box) for box in self._boxes(cells) if self._is_caret(box)))

    def judged(
        self, points: Sequence[ScreenPoint] = (), restless: Collection[int] = (), *, carets: bool = True
    ) -> Change:
        """The change, for an action at `points`, by the cells that are `counted`."""
        counted = self.counted(restless, carets=carets)
        masked = self._boxes(self.cells - counted)[:_MOST_REGIONS]
        if self._is_whole(counted):
            return Change(self.share, (self._around(counted),), ChangeKind.WHOLE, masked)
        regions = self._boxes(counted)
        return Change(self.share, regions[:_MOST_REGIONS], _kind(regions, points), masked)

    @property
    def columns(self) -> int:
        """Cells in a row."""
        return ceil(self.size.width / CELL_PX)

    def _count(self) -> int:
        return self.columns * ceil(self.size.height / CELL_PX)

    def _is_crowded(self, cells: Collection[int]) -> bool:
        return len(cells) > _CROWDED * self._count()

    def _is_whole(self, cells: Collection[int]) -> bool:
        """Much of the screen differs, or a good deal of it, from edge to edge."""
        share = len(cells) / self._count()
        if share < _SPREAD_CELLS:
            return False
        around = self._around(cells)
        return share >= _WHOLE_CELLS or _area(around) >= _SPREAD_AREA * self.size.width * self.size.height

    def _around(self, cells: Collection[int]) -> Box:
        """The smallest box of whole cells that holds all of `cells`, cut off at the edge of the screen."""
        columns = {cell % self.columns for cell in cells}
        top, bottom = min(cells) // self.columns, max(cells) // self.columns
        return Box(
            min(columns) * CELL_PX,
            top * CELL_PX,
            min((max(columns) + 1) * CELL_PX, self.size.width),
            min((bottom + 1) * CELL_PX, self.size.height),
        )

    def _boxes(self, cells: Collection[int]) -> tuple[Box, ...]:
        """The boxes of groups of cells that touch, corners included; the largest first."""
        if self._is_crowded(cells):
            return (self._around(cells),)
        boxes = [self._around(group) for group in groups(cells, self.columns)]
        return tuple(sorted(boxes, key=_area, reverse=True))

    def _inside(self, box: Box) -> frozenset[int]:
        rows = range(box.top // CELL_PX, ceil(box.bottom / CELL_PX))
        columns = range(box.left // CELL_PX, ceil(box.right / CELL_PX))
        return frozenset(row * self.columns + column for row in rows for column in columns)

    def _is_caret(self, box: Box) -> bool:
        """Whether what changed in `box` is one solid upright bar, as wide and high as a caret."""
        if self._images is None or box.right - box.left > 2 * CELL_PX or box.bottom - box.top > 4 * CELL_PX:
            return False
        part = _mask(_raw(self._images, (box.left, box.top, box.right, box.bottom)))
        exact = part.getbbox()
        if exact is None:
            return False
        width, height = exact[2] - exact[0], exact[3] - exact[1]
        solid = part.histogram()[255] == width * height
        return solid and width <= _CARET_WIDTH_PX and height in _CARET_HEIGHTS_PX


def difference_of(before: Screenshot, after: Screenshot) -> Difference:
    """Where two screenshots differ, in pixels of the second.

    A pixel counts once a channel differs by more than 12 of 255, which forgives lossy capture. Screens of different
    sizes differ whole.
    """
    size = after.size
    if before.size != size:
        return Difference(size, 1.0, frozenset(range(ceil(size.width / CELL_PX) * ceil(size.height / CELL_PX))))
    if before is after:
        return Difference(size, 0.0)
    images = before.image, after.image
    if images[0] is images[1]:
        return Difference(size, 0.0)
    reduced = b"".join(_reduced(images, top) for top in range(0, size.height, _STRIP_PX))
    cells = frozenset(index for index, value in enumerate(reduced) if value)
    return Difference(size, _share(reduced, size), cells, images if cells else None)


def compare(before: Screenshot, after: Screenshot, points: Sequence[ScreenPoint] = ()) -> Change:
    """What differs between two screenshots, after an action at `points`; see `Difference`."""
    return difference_of(before, after).judged(points)


def alike(before: Screenshot, after: Screenshot, restless: Collection[int] = ()) -> bool:
    """Whether two looks show the same screen, but for carets and what is restless."""
    return before is after or difference_of(before, after).judged((), restless).kind is ChangeKind.NOTHING


def _reduced(images: tuple[Image.Image, Image.Image], top: int) -> bytes:
    """The cells of the strip that begins at row `top`: of each, the share of pixels that differ, in 255ths.

    A cell averages 256 pixels: a single one that differs still rounds up to 1.
    """
    width, height = images[0].size
    box = (0, top, width, min(top + _STRIP_PX, height))
    raw = _raw(images, box)
    if raw.getbbox() is None:
        return bytes(ceil(width / CELL_PX) * ceil((box[3] - top) / CELL_PX))
    return _mask(raw).reduce(CELL_PX).tobytes()


def _raw(images: tuple[Image.Image, Image.Image], box: tuple[int, int, int, int]) -> Image.Image:
    return ImageChops.difference(images[0].crop(box), images[1].crop(box))


def _mask(raw: Image.Image) -> Image.Image:
    """255 where a channel differs by more than the tolerance."""
    red, green, blue = raw.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point(_BEYOND_TOLERANCE)


def _share(reduced: bytes, size: Size) -> float:
    """The share of pixels that differ, from the cells; those at the right and lower edge may be smaller."""
    columns = ceil(size.width / CELL_PX)
    last_column, last_row = size.width - (columns - 1) * CELL_PX, (size.height - 1) % CELL_PX + 1
    pixels = 0
    for cells, height in ((reduced[:-columns], CELL_PX), (reduced[-columns:], last_row)):
        edge = cells[columns - 1 :: columns]
        pixels += _pixels(cells, CELL_PX * height) - _pixels(edge, CELL_PX * height)
        pixels += _pixels(edge, last_column * height)
    return pixels / (size.width * size.height)


def _pixels(cells: bytes, area: int) -> int:
    """How many pixels differ in `cells` of that many pixels each, to one pixel a cell."""
    by_value = [round(value * area / 255) for value in range(256)]
    return sum(map(by_value.__getitem__, cells))


def _kind(regions: Sequence[Box], points: Sequence[ScreenPoint]) -> ChangeKind:
    if not regions:
        return ChangeKind.NOTHING
    near = any(_is_near(box, point) for box in regions for point in points)
    return ChangeKind.NEAR if near else ChangeKind.ELSEWHERE


def _is_near(box: Box, point: ScreenPoint) -> bool:
    return box.left - NEAR_PX <= point.x < box.right + NEAR_PX and box.top - NEAR_PX <= point.y < box.bottom + NEAR_PX


def _area(box: Box) -> int:
    return (box.right - box.left) * (box.bottom - box.top)


def groups(cells: Collection[int], columns: int) -> list[frozenset[int]]:
    """The cells of a grid that many columns wide, in groups that touch, corners included."""
    left, found = set(cells), list[frozenset[int]]()
    while left:
        found.append(frozenset(_flood(left, columns)))
    return found


def _flood(open_cells: set[int], columns: int) -> list[int]:
    """Take one connected group out of `open_cells`."""
    group = [open_cells.pop()]
    for cell in group:
        column = cell % columns
        for step in (-1, 0, 1):
            if not 0 <= column + step < columns:
                continue
            for neighbour in (cell + step - columns, cell + step, cell + step + columns):
                if neighbour in open_cells:
                    open_cells.remove(neighbour)
                    group.append(neighbour)
    return group
