"""What an action changed, judged by the pixels before and after; and whether a run is going round in circles."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops

from ..envs.actions import Action
from ..envs.geometry import Box
from ..envs.screenshot import Screenshot
from .events import Change

_CELL_PX = 16
_TOLERANCE = 12
_MOST_REGIONS = 8


def compare(before: Screenshot, after: Screenshot) -> Change:
    """What differs between two screenshots, in pixels of the second.

    A pixel counts once a channel differs by more than 12 of 255, which forgives lossy capture. Regions are found on a
    grid of 16 px cells: cells that touch, corners included, are one region. Screens of different sizes differ whole.
    """
    size = after.size
    if before.size != size:
        return Change(1.0, (Box(0, 0, size.width, size.height),))
    difference = ImageChops.difference(before.image, after.image)
    if difference.getbbox() is None:
        return Change(0.0)
    red, green, blue = difference.split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    changed = strongest.point([0] * (_TOLERANCE + 1) + [255] * (255 - _TOLERANCE))
    pixels = changed.histogram()[255]
    return Change(pixels / (size.width * size.height), _regions(changed)) if pixels else Change(0.0)


def _regions(mask: Image.Image) -> tuple[Box, ...]:
    """The boxes of connected changed cells of `mask` (0 or 255 a pixel), largest first, at most eight."""
    cells = mask.reduce(_CELL_PX)  # a cell averages 256 pixels, so a single changed one still rounds up to 1
    columns = cells.width
    open_cells = {index for index, value in enumerate(cells.tobytes()) if value}
    boxes: list[Box] = []
    while open_cells:
        group = _flood(open_cells, columns)
        left, right = min(cell % columns for cell in group), max(cell % columns for cell in group)
        top, bottom = min(group) // columns, max(group) // columns
        boxes.append(
            Box(
                left * _CELL_PX,
                top * _CELL_PX,
                min((right + 1) * _CELL_PX, mask.width),
                min((bottom + 1) * _CELL_PX, mask.height),
            )
        )
    boxes.sort(key=lambda box: (box.left - box.right) * (box.bottom - box.top))
    return tuple(boxes[:_MOST_REGIONS])


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


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done in a step, and whether the screen looked any different before it than before the deed before."""

    actions: tuple[Action, ...]
    screen_changed: bool


def idle_repeats(deeds: Sequence[Deed]) -> int:
    """How many of the newest deeds are one and the same, done to a screen that did not change in between."""
    count = 0
    for deed in reversed(deeds):
        if deed.actions != deeds[-1].actions:
            break
        count += 1
        if deed.screen_changed:
            break
    return count
