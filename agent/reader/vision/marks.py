"""Marks inside and next to controls: ticks, arrows, and the dots of a password; `grey` is height x width."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from .screen import Area, Word

Grey: TypeAlias = npt.NDArray[np.uint8]
Mark: TypeAlias = npt.NDArray[np.bool_]

_CONTRAST = 50  # of a mark to its background
_DOT_SHARE = 0.6  # the largest dot in a password field, of its height
_DISC_SHARE = 0.68  # of its bounding box: pi / 4 for a circle, without its edge pixels
_NEAR_PX = 6  # next to a frame
_ARROW_GAP = 0.3  # between the text and the arrow of a drop-down, of its height; a space is narrower


def password_dots(grey: Grey, area: Area, *, discs: bool = False) -> int | None:
    """The number of equal dots, if the contents are those of a password field; 0 if there is only a caret.

    Dots may touch: each is a run of columns that are about as high as the highest. With `discs`, only filled circles
    count, so that equal letters are no dots.
    """
    inset = int(0.15 * area.height)
    rows = slice(int(area.top) + inset, int(area.bottom) - inset)
    part = grey[rows, int(area.left) + inset : int(area.right) - inset].astype(np.int16)
    drawn = (np.abs(part - int(np.median(part))) > 60).astype(np.uint8)
    if not drawn.any():
        return None
    count, labels, stats, _ = cv2.connectedComponentsWithStats(drawn)
    if int(stats[1:count, 0].min()) > area.height:
        return None
    least = 0.13 * area.height  # a caret is thinner
    large = [mark for mark in range(1, count) if stats[mark, 2] >= least and stats[mark, 3] >= 3]
    heights = [int(stats[mark, 3]) for mark in large]
    if not large:
        return 0
    if max(heights) > _DOT_SHARE * area.height or max(heights) - min(heights) > 2:
        return None
    if discs and not all(_is_disc(stats[mark]) for mark in large):
        return None
    column = (np.isin(labels, large)).sum(axis=0)
    is_high = column >= 0.7 * int(column.max())
    return int(is_high[0]) + int((is_high[1:] & ~is_high[:-1]).sum())


def _is_disc(stats: npt.NDArray[np.int32]) -> bool:
    """Whether a mark is a filled circle, or several that touch."""
    _, _, width, height, filled = (int(value) for value in stats)
    return width >= 0.8 * height and filled >= _DISC_SHARE * width * height


def has_arrow(grey: Grey, area: Area, words: Sequence[Word]) -> bool:
    """Whether there is an arrow at the right end of a frame: a single mark that is wider than high.

    OCR may take it into the last word. It is then apart from the other marks, and gets narrower to the bottom.
    """
    left = area.right - 1.1 * area.height
    after = max((word.area.right + 2 for word in words), default=left)
    if _is_arrow(_marks_at_end(grey, area, max(left, after)), area):
        return True
    gap = _ARROW_GAP * area.height
    marks = _marks_at_end(grey, area, left - gap)
    columns = np.flatnonzero(marks.any(axis=0))
    starts = columns[np.diff(columns, prepend=-1) > gap]
    if left >= after or not len(starts):
        return False
    mark = marks[:, starts[-1] :]
    return _is_arrow(mark, area) and _gets_narrower(mark)


def _marks_at_end(grey: Grey, area: Area, left: float) -> Mark:
    """What is drawn in a frame from `left` on, without its rounded corners."""
    inset = int(0.2 * area.height)
    rows = slice(int(area.top) + inset, int(area.bottom) - inset)
    part = grey[rows, max(int(left), 0) : int(area.right) - inset // 2 - 1].astype(np.int16)
    return np.abs(part - np.median(part)) > _CONTRAST if part.size else np.zeros((0, 0), np.bool_)


def _is_arrow(marks: Mark, area: Area) -> bool:
    rows, columns = np.nonzero(marks)
    if len(rows) < 8:
        return False
    height, width = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    return 0.9 <= width / height <= 3.2 and width <= 0.8 * area.height and height <= 0.6 * area.height


def _gets_narrower(mark: Mark) -> bool:
    """Whether a mark is widest near its top, and each row below is at most as wide as the one above."""
    extents = [int(np.ptp(np.flatnonzero(row))) + 1 for row in mark if row.any()]
    widest = extents.index(max(extents))
    below = extents[widest:]
    return widest <= len(extents) / 3 and below[-1] <= 0.6 * below[0] and below == sorted(below, reverse=True)


def has_arrow_button_after(grey: Grey, area: Area) -> bool:
    """Whether a triangle that points down, and no other mark, is in a separate button right of a frame."""
    part = grey[int(area.top) : int(area.bottom), int(area.right) + 1 : int(area.right + 1.1 * area.height)]
    if not part.size:
        return False
    drawn = (np.abs(part.astype(np.int16) - int(np.median(part))) > 2 * _CONTRAST).astype(np.uint8)
    if not drawn.any():
        return False
    count, labels, stats, _ = cv2.connectedComponentsWithStats(drawn)
    triangles = [mark for mark in range(1, count) if _points_down(labels == mark, stats[mark])]
    upward = [mark for mark in range(1, count) if _points_down((labels == mark)[::-1], stats[mark])]
    return len(triangles) == 1 and not upward


def _points_down(mark: Mark, stats: npt.NDArray[np.int32]) -> bool:
    """Whether each row of a mark is at most as wide as the one above, from its full width to a point."""
    _, _, width, height, _ = (int(value) for value in stats)
    widths = [int(row.sum()) for row in mark if row.any()]
    return (
        height >= 3
        and 1.2 <= width / height <= 3
        and widths[0] == width
        and widths[-1] <= 2
        and all(below <= above for above, below in pairwise(widths))
    )


def is_filled(grey: Grey, area: Area) -> bool:
    """Whether a check box or radio button contains a tick or a dot, or has another fill than the background."""
    x, y = area.centre
    top, bottom, left, right = int(area.top), int(area.bottom), int(area.left), int(area.right)
    rows, columns = np.ogrid[top:bottom, left:right]
    away = np.hypot(rows + 0.5 - y, columns + 0.5 - x)
    middle = grey[top:bottom, left:right][away <= 0.22 * area.width]  # well within the ring of a radio button
    if not middle.size:
        return False
    if float(middle.std()) > 18:
        return True
    before = grey[top:bottom, max(left - _NEAR_PX - 2, 0) : max(left - 2, 1)]
    return abs(float(middle.mean()) - float(np.median(before))) > 70


def has_faint_frame(grey: Grey, area: Area) -> bool | None:
    """Whether the frame of a check box is so pale that it is disabled."""
    middle, left = int(area.centre[1]), int(area.left)
    ring = grey[middle, max(left - _NEAR_PX, 0) : left + _NEAR_PX].astype(np.int16)
    if ring.size < 2:
        return None
    return int(np.ptp(ring)) < 60
