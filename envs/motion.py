"""Areas of a screen that move on their own, such as videos and spinners."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageChops

from .geometry import Box

CELL_PX = 16
_MOST_AREAS = 16
_STILL_WAITS = 2


def cells_of(mask: Image.Image, top: int, height: int) -> Image.Image:
    """The cells of a screen that changed, one pixel each: `mask` is white where it did, from the row `top` down."""
    whole = Image.new("L", (mask.width, height))
    whole.paste(mask, (0, top))
    return whole.reduce(CELL_PX)  # rounds a single pixel of 255 in 256 up to 1


def groups_of(changes: Iterable[Image.Image]) -> list[Box]:
    """The boxes around the groups of adjacent cells that are in any of `changes`, in pixels of the screen."""
    union: Image.Image | None = None
    for cells in changes:
        union = cells if union is None else ImageChops.lighter(union, cells)
    if union is None:
        return []
    width, data = union.width, union.tobytes()
    left = {index for index, value in enumerate(data) if value}
    boxes: list[Box] = []
    while left:
        group = [left.pop()]
        for index in group:  # grows while iterating
            row, column = divmod(index, width)
            for other in ((row + y) * width + column + x for y in (-1, 0, 1) for x in (-1, 0, 1)):
                if other in left and abs(other % width - column) <= 1:
                    left.remove(other)
                    group.append(other)
        columns, rows = [index % width for index in group], [index // width for index in group]
        box = (min(columns), min(rows), max(columns) + 1, max(rows) + 1)
        boxes.append(Box(*(CELL_PX * side for side in box)))
    return boxes


@dataclass(slots=True)
class MovingAreas:
    """The areas that keep moving, each with the number of waits for which it has been still.

    An area that was still in two waits is forgotten.
    """

    _areas: dict[Box, int] = field(default_factory=dict[Box, int])
    _moved: set[Box] = field(default_factory=set[Box])

    def learn(self, boxes: Iterable[Box]) -> None:
        """Add areas, each with a margin of one cell."""
        for box in boxes:
            grown = Box(
                max(0, box.left - CELL_PX), max(0, box.top - CELL_PX), box.right + CELL_PX, box.bottom + CELL_PX
            )
            self._areas = dict(list({**self._areas, grown: 0}.items())[-_MOST_AREAS:])
            self._moved.add(grown)

    def erase(self, mask: Image.Image, top: int) -> None:
        """Erase the areas from a mask of changes that starts at the row `top`, and note which of them moved."""
        found: Sequence[Box] = list(self._areas)
        inside = [(box.left, max(0, box.top - top), min(box.right, mask.width), box.bottom - top) for box in found]
        for box, part in zip(found, inside, strict=True):
            if part[3] > part[1] and mask.crop(part).getbbox() is not None:
                self._moved.add(box)
        for part in inside:
            if part[3] > part[1]:
                mask.paste(0, (part[0], part[1], part[2], min(part[3], mask.height)))

    def forget_still(self, *, now: bool = False) -> None:
        """Forget the areas that have not moved: in this and the previous wait, or `now`."""
        waits_left = _STILL_WAITS if now else 1
        still = {box: 0 if box in self._moved else waits + waits_left for box, waits in self._areas.items()}
        self._areas = {box: waits for box, waits in still.items() if waits < _STILL_WAITS}
        self._moved = set()

    def clear(self) -> None:
        """Forget everything, for a screen of another size."""
        self._areas, self._moved = {}, set()
