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

from ..envs.geometry import Box, ScreenPoint, Size
from ..envs.screenshot import Screenshot
from .events import Change, ChangeKind

CELL_PX = 16
NEAR_PX = 64
"""A region this close to the point of an action is near it."""

_TOLERANCE = 12
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
    _mask: Image.Image | None = field(default=None, repr=False, compare=False)

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
        if self._mask is None or box.right - box.left > 2 * CELL_PX or box.bottom - box.top > 4 * CELL_PX:
            return False
        part = self._mask.crop((box.left, box.top, box.right, box.bottom))
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
    raw = ImageChops.difference(before.image, after.image)
    extent = raw.getbbox()
    if extent is None:
        return Difference(size, 0.0)
    mask = _mask(raw, extent)
    pixels = mask.tobytes().count(255)
    if not pixels:
        return Difference(size, 0.0)
    reduced = mask.reduce(CELL_PX).tobytes()  # a cell averages 256 pixels: a single changed one still rounds up to 1
    cells = frozenset(index for index, value in enumerate(reduced) if value)
    return Difference(size, pixels / (size.width * size.height), cells, mask)


def compare(before: Screenshot, after: Screenshot, points: Sequence[ScreenPoint] = ()) -> Change:
    """What differs between two screenshots, after an action at `points`; see `Difference`."""
    return difference_of(before, after).judged(points)


def alike(before: Screenshot, after: Screenshot, restless: Collection[int] = ()) -> bool:
    """Whether two looks show the same screen, but for carets and what is restless."""
    return before is after or difference_of(before, after).judged((), restless).kind is ChangeKind.NOTHING


def _mask(raw: Image.Image, extent: tuple[int, int, int, int]) -> Image.Image:
    """255 where a channel differs by more than the tolerance; worked out inside `extent` only."""
    whole = extent == (0, 0, *raw.size)
    red, green, blue = (raw if whole else raw.crop(extent)).split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    found = strongest.point([0] * (_TOLERANCE + 1) + [255] * (255 - _TOLERANCE))
    if whole:
        return found
    mask = Image.new("L", raw.size)
    mask.paste(found, extent[:2])
    return mask


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
