"""Compares two screenshots by their pixels.

    difference = difference_of(before, after)        the changed cells of a 16 px grid
    change = difference.classify(points, animated)   nothing, near the points, elsewhere, or the whole screen

Animated cells change on their own, such as a spinner or a clock. They do not count for the classification, nor does a
text caret; the change lists both as masked. Screenshots never contain the pointer.
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
"""A region this close to the point of an action counts as near."""

_TOLERANCE = 12
_BEYOND_TOLERANCE = [0] * (_TOLERANCE + 1) + [255] * (255 - _TOLERANCE)
_STRIP_PX = 8 * CELL_PX
"""Rows compared at once. The buffers of a strip fit in the CPU cache and are reused by the allocator; buffers of a
whole screen are allocated from the system each time, which takes longer than the comparison."""

_MAX_REGIONS = 8
_CARET_WIDTH_PX = 3
_CARET_HEIGHTS_PX = range(9, 49)
_WHOLE_CELLS = 0.35
_SPREAD_CELLS = 0.12
_SPREAD_AREA = 0.7
_CROWDED = 0.25
"""Above this share of changed cells, separate regions are meaningless and are not computed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The share of changed pixels between two screenshots, and the changed grid cells, numbered row by row."""

    size: Size
    share: float
    cells: frozenset[int] = frozenset()
    _images: tuple[Image.Image, Image.Image] | None = field(default=None, repr=False, compare=False)

    def relevant_cells(self, animated: Collection[int] = (), *, ignore_carets: bool = True) -> frozenset[int]:
        """The changed cells except `animated` ones and, with `ignore_carets`, those in which only a caret changed."""
        cells = self.cells.difference(animated)
        if not ignore_carets or self._is_crowded(cells):
            return cells
        return cells.difference(*(self._cells_in(box) for box in self._boxes(cells) if self._is_caret(box)))

    def classify(
        self, points: Sequence[ScreenPoint] = (), animated: Collection[int] = (), *, ignore_carets: bool = True
    ) -> Change:
        """The change as the effect of an action at `points`, by its relevant cells."""
        relevant = self.relevant_cells(animated, ignore_carets=ignore_carets)
        masked = self._boxes(self.cells - relevant)[:_MAX_REGIONS]
        if self._is_whole(relevant):
            return Change(self.share, (self._bounds(relevant),), ChangeKind.WHOLE, masked)
        regions = self._boxes(relevant)
        return Change(self.share, regions[:_MAX_REGIONS], _kind(regions, points), masked)

    @property
    def columns(self) -> int:
        """Grid cells per row."""
        return ceil(self.size.width / CELL_PX)

    def _cell_count(self) -> int:
        return self.columns * ceil(self.size.height / CELL_PX)

    def _is_crowded(self, cells: Collection[int]) -> bool:
        return len(cells) > _CROWDED * self._cell_count()

    def _is_whole(self, cells: Collection[int]) -> bool:
        """Whether most of the screen changed, or a smaller part spread from edge to edge."""
        share = len(cells) / self._cell_count()
        if share < _SPREAD_CELLS:
            return False
        bounds = self._bounds(cells)
        return share >= _WHOLE_CELLS or _area(bounds) >= _SPREAD_AREA * self.size.width * self.size.height

    def _bounds(self, cells: Collection[int]) -> Box:
        """The bounding box of `cells` in pixels, clipped to the screen."""
        columns = {cell % self.columns for cell in cells}
        top, bottom = min(cells) // self.columns, max(cells) // self.columns
        return Box(
            min(columns) * CELL_PX,
            top * CELL_PX,
            min((max(columns) + 1) * CELL_PX, self.size.width),
            min((bottom + 1) * CELL_PX, self.size.height),
        )

    def _boxes(self, cells: Collection[int]) -> tuple[Box, ...]:
        """The bounding boxes of connected groups of cells, largest first."""
        if self._is_crowded(cells):
            return (self._bounds(cells),)
        boxes = [self._bounds(group) for group in connected_groups(cells, self.columns)]
        return tuple(sorted(boxes, key=_area, reverse=True))

    def _cells_in(self, box: Box) -> frozenset[int]:
        rows = range(box.top // CELL_PX, ceil(box.bottom / CELL_PX))
        columns = range(box.left // CELL_PX, ceil(box.right / CELL_PX))
        return frozenset(row * self.columns + column for row in rows for column in columns)

    def _is_caret(self, box: Box) -> bool:
        """Whether the changed pixels in `box` form one solid vertical bar of the size of a text caret."""
        if self._images is None or box.right - box.left > 2 * CELL_PX or box.bottom - box.top > 4 * CELL_PX:
            return False
        mask = _mask(_absolute_difference(self._images, (box.left, box.top, box.right, box.bottom)))
        bar = mask.getbbox()
        if bar is None:
            return False
        width, height = bar[2] - bar[0], bar[3] - bar[1]
        solid = mask.histogram()[255] == width * height
        return solid and width <= _CARET_WIDTH_PX and height in _CARET_HEIGHTS_PX


def difference_of(before: Screenshot, after: Screenshot) -> Difference:
    """Compare two screenshots, in pixels of the second.

    A pixel counts as changed if a channel differs by more than 12 of 255, which tolerates lossy capture. Screenshots
    of different sizes differ completely.
    """
    size = after.size
    if before.size != size:
        return Difference(size, 1.0, frozenset(range(ceil(size.width / CELL_PX) * ceil(size.height / CELL_PX))))
    if before.is_known_to_equal(after):
        return Difference(size, 0.0)
    images = before.image, after.image
    if images[0] is images[1]:
        return Difference(size, 0.0)
    cells, pixels, columns = set[int](), 0, ceil(size.width / CELL_PX)
    for top in range(0, size.height, _STRIP_PX):
        raw = _absolute_difference(images, (0, top, size.width, min(top + _STRIP_PX, size.height)))
        found = raw.getbbox()
        if found is None:
            continue
        box = _whole_cells(found, raw.size)
        mask = _mask(raw.crop(box))
        pixels += mask.histogram()[255]
        grid = mask.reduce(CELL_PX)
        first = (top + box[1]) // CELL_PX * columns + box[0] // CELL_PX
        # A cell averages at most 256 pixels, so a single changed pixel still rounds up to 1.
        changed = [index for index, value in enumerate(grid.tobytes()) if value]
        cells.update(first + index // grid.width * columns + index % grid.width for index in changed)
    share = pixels / (size.width * size.height)
    return Difference(size, share, frozenset(cells), images if cells else None)


def same_screen(before: Screenshot, after: Screenshot, animated: Collection[int] = ()) -> bool:
    """Whether two screenshots show the same screen, except for carets and `animated` cells."""
    return (
        before.is_known_to_equal(after)
        or difference_of(before, after).classify((), animated).kind is ChangeKind.NOTHING
    )


def _absolute_difference(images: tuple[Image.Image, Image.Image], box: tuple[int, int, int, int]) -> Image.Image:
    return ImageChops.difference(images[0].crop(box), images[1].crop(box))


def _whole_cells(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The grid cells that `box` touches, as a box in an image of `size`."""
    left, top, right, bottom = (edge // CELL_PX * CELL_PX for edge in (box[0], box[1], box[2] - 1, box[3] - 1))
    return left, top, min(right + CELL_PX, size[0]), min(bottom + CELL_PX, size[1])


def _mask(raw: Image.Image) -> Image.Image:
    """255 where any channel differs by more than the tolerance."""
    red, green, blue = raw.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point(_BEYOND_TOLERANCE)


def _kind(regions: Sequence[Box], points: Sequence[ScreenPoint]) -> ChangeKind:
    if not regions:
        return ChangeKind.NOTHING
    near = any(_is_near(box, point) for box in regions for point in points)
    return ChangeKind.NEAR if near else ChangeKind.ELSEWHERE


def _is_near(box: Box, point: ScreenPoint) -> bool:
    return box.left - NEAR_PX <= point.x < box.right + NEAR_PX and box.top - NEAR_PX <= point.y < box.bottom + NEAR_PX


def _area(box: Box) -> int:
    return (box.right - box.left) * (box.bottom - box.top)


def connected_groups(cells: Collection[int], columns: int) -> list[frozenset[int]]:
    """Split cells of a grid with that many columns into connected groups; diagonal neighbours are connected."""
    remaining, groups = set(cells), list[frozenset[int]]()
    while remaining:
        groups.append(frozenset(_take_group(remaining, columns)))
    return groups


def _take_group(remaining: set[int], columns: int) -> list[int]:
    """Remove one connected group from `remaining` by flood fill."""
    group = [remaining.pop()]
    for cell in group:
        column = cell % columns
        for offset in (-1, 0, 1):
            if not 0 <= column + offset < columns:
                continue
            for neighbour in (cell + offset - columns, cell + offset, cell + offset + columns):
                if neighbour in remaining:
                    remaining.remove(neighbour)
                    group.append(neighbour)
    return group
