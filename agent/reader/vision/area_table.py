"""Relations between every pair of many areas, computed with numpy: a screen may have hundreds of controls."""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .screen import Area

Pairs: TypeAlias = npt.NDArray[np.bool_]
"""Whether a relation holds between each first (row) and each second area (column)."""

Numbers: TypeAlias = npt.NDArray[np.float64]


class AreaTable:
    """The sides of areas as columns; index it with `[:, None]` to relate it to each area of another table."""

    def __init__(self, sides: Numbers) -> None:
        self._sides = sides
        self.left, self.top, self.right, self.bottom = sides
        self.width, self.height = self.right - self.left, self.bottom - self.top

    @classmethod
    def of(cls, areas: Iterable[Area]) -> "AreaTable":
        """The table of `areas`, in their order."""
        sides = [(area.left, area.top, area.right, area.bottom) for area in areas]
        return cls(np.array(sides, np.float64).reshape(-1, 4).T)

    def __getitem__(self, index: tuple[slice, None]) -> "AreaTable":
        return AreaTable(self._sides[:, *index])

    def contains(self, other: "AreaTable", slack: "float | Numbers") -> Pairs:
        """As `Area.contains`."""
        return np.asarray(
            (self.left - slack <= other.left)
            & (other.right <= self.right + slack)
            & (self.top - slack <= other.top)
            & (other.bottom <= self.bottom + slack)
        )

    def holds_point(self, x: float, y: float) -> Pairs:
        """Whether a point is inside each area, and not on a side."""
        return np.asarray((self.left < x) & (x < self.right) & (self.top < y) & (y < self.bottom))

    def is_same(self, other: "AreaTable") -> Pairs:
        """Whether two areas are nearly equal, such as the inside and the outside of one frame."""
        slack = np.maximum(4.0, 0.12 * np.minimum(self.height, other.height))
        return self._within(other, slack)

    def equals(self, other: "AreaTable") -> Pairs:
        """Whether two areas are equal."""
        return self._within(other, 0.0)

    def _within(self, other: "AreaTable", slack: "float | Numbers") -> Pairs:
        near: Pairs = np.abs(self.left - other.left) <= slack
        for one, two in ((self.top, other.top), (self.right, other.right), (self.bottom, other.bottom)):
            near = near & (np.abs(one - two) <= slack)
        return near


def any_of_row(pairs: Pairs) -> list[bool]:
    """Whether the relation holds between each first area and any second one."""
    found: list[bool] = np.asarray(pairs.any(axis=1)).tolist()
    return found
