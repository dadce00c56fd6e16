"""Finds frames on an image: flat regions with a rectangular or round outline."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .screen import Area

_FLAT = 10
"""The largest brightness change between neighbouring pixels of a flat region."""

_MIN_PX = 9  # smaller regions are specks and letters
_THIN_PX = (3, 14)  # the height of a slider's track
_MAX_SHARE = 0.6  # of the image: larger regions are its background
_CELL_PX = 16  # grid cells in which duplicates are searched
_SQUARE = 0.9  # the share of its bounding box that a square covers
_ROUND = (0.68, 0.88)  # the same for a circle: pi / 4 = 0.785, with room for outlines
_RECTANGULAR = 0.85  # the same for a rectangle with rounded corners
_DENTED_PX = 24  # the minimum side of frames that text may overlap
_HULL = 0.93  # the share of the convex hull of such a frame


@dataclass(frozen=True, slots=True)
class Shape:
    """A flat region: its bounding box, and the share of it inside the outline (circle 0.785, rectangle 1)."""

    area: Area
    share: float

    @property
    def has_equal_sides(self) -> bool:
        """Whether width and height are about equal."""
        return 0.8 <= self.area.width / self.area.height <= 1.25

    @property
    def is_round(self) -> bool:
        """Whether it is a circle; the inside of the digit 0 is narrower."""
        return 0.92 <= self.area.width / self.area.height <= 1.09 and _ROUND[0] <= self.share <= _ROUND[1]

    @property
    def is_square(self) -> bool:
        """Whether it is a square."""
        return self.has_equal_sides and self.share >= _SQUARE

    @property
    def is_rectangle(self) -> bool:
        """Whether it is a rectangle, possibly with rounded corners."""
        return self.share >= _RECTANGULAR

    @property
    def is_thin(self) -> bool:
        """Whether it is thin: the track of a slider, a line, or a bar."""
        return _THIN_PX[0] <= self.area.height <= _THIN_PX[1] and self.area.width >= 4 * self.area.height


def find_shapes(grey: npt.NDArray[np.uint8]) -> list[Shape]:
    """All flat regions larger than specks, from top to bottom; of a frame and its inside, only one."""
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    flat = (edges < _FLAT).astype(np.uint8) * 255
    contours, _ = cv2.findContours(flat, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    shapes = [shape for contour in contours if (shape := _shape_of(contour, grey.size)) is not None]
    kept: dict[tuple[int, int], list[Area]] = {}
    found: list[Shape] = []
    for shape in sorted(shapes, key=_cleanness):
        x, y = int(shape.area.left) // _CELL_PX, int(shape.area.top) // _CELL_PX
        near = [area for dx in (-1, 0, 1) for dy in (-1, 0, 1) for area in kept.get((x + dx, y + dy), ())]
        if not any(is_same(shape.area, area) for area in near):
            kept.setdefault((x, y), []).append(shape.area)
            found.append(shape)
    return sorted(found, key=lambda shape: (shape.area.top, shape.area.left))


def _cleanness(shape: Shape) -> tuple[bool, float]:
    """The sort key: the inside of a frame before its outside, unless its contents cut it into pieces."""
    return not (shape.is_rectangle or shape.is_round), shape.area.width * shape.area.height


def _shape_of(contour: Any, image_px: int) -> Shape | None:
    left, top, width, height = cv2.boundingRect(contour)
    if width < _MIN_PX or height < _THIN_PX[0] or width * height > _MAX_SHARE * image_px:
        return None
    box = max((width - 1) * (height - 1), 1)
    share = cv2.contourArea(contour) / box
    if share < _RECTANGULAR and min(width, height) > _DENTED_PX:  # text that overflows a frame dents its outline
        hull = cv2.contourArea(cv2.convexHull(contour)) / box
        share = hull if hull >= _HULL else share
    return Shape(Area(left, top, left + width, top + height), share)


def is_same(one: Area, other: Area) -> bool:
    """Whether two areas are nearly equal, such as the inside and the outside of one frame."""
    edges = zip(
        (one.left, one.top, one.right, one.bottom), (other.left, other.top, other.right, other.bottom), strict=True
    )
    slack = max(4.0, 0.12 * min(one.height, other.height))
    return all(abs(a - b) <= slack for a, b in edges)
