"""Finds the parts of a screen that change on their own, such as spinners, clocks and animations.

They are detected during waits and by probes: a second screenshot without an action in between. They are kept as groups
of adjacent grid cells, since a spinner does not change all of its cells between any two screenshots. A group without
changes in two consecutive screenshots is dropped: it was a part of the page that changed once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .screen_diff import Difference, connected_groups

_MAX_STILL = 2
_GROWTH_CELLS = 4


@dataclass(slots=True)
class AnimationMask:
    """The animated cells: groups of them, each with the number of latest screenshots in which it did not change."""

    _groups: dict[frozenset[int], int] = field(init=False, default_factory=dict[frozenset[int], int])
    _changed_once: frozenset[int] = field(init=False, default=frozenset())
    _changed_again: frozenset[int] = field(init=False, default=frozenset())

    @property
    def cells(self) -> frozenset[int]:
        """All animated cells."""
        return frozenset[int]().union(*self._groups)

    def update(self, difference: Difference, *, waited: bool) -> None:
        """Learn from the change since the previous screenshot; `waited` if the only action was a wait.

        During waits, cells count as animated once a change stays within cells that changed in an earlier wait. A
        spinner soon does; a progress bar reaches new cells each time.
        """
        still = {group: 0 if group & difference.cells else count + 1 for group, count in self._groups.items()}
        self._groups = {group: count for group, count in still.items() if count < _MAX_STILL}
        self._grow(difference)
        if not waited:
            self._changed_once = self._changed_again = frozenset()
            return
        self._changed_again |= self._changed_once & difference.cells
        if difference.cells and difference.cells <= self._changed_once:
            self._add(self._with_overlapping(self._changed_again), difference.columns)
        self._changed_once |= difference.cells

    def add_probe(self, difference: Difference, recent: Iterable[frozenset[int]]) -> None:
        """Add what changed without an action, with the connected cells of `recent` changes."""
        pool = difference.cells.union(*recent)
        found = (group for group in connected_groups(pool, difference.columns) if group & difference.cells)
        self._add(self._with_overlapping(frozenset[int]().union(*found)), difference.columns)

    def reset(self) -> None:
        """Forget everything, for a new screen."""
        self._groups.clear()
        self._changed_once = self._changed_again = frozenset()

    def _with_overlapping(self, cells: frozenset[int]) -> frozenset[int]:
        return cells.union(*(group for group in self._groups if group & cells))

    def _grow(self, difference: Difference) -> None:
        """Extend groups by the few adjacent cells that they newly reach; many new cells are a change of the page."""
        if not self._groups:
            return
        for group in connected_groups(self.cells | difference.cells, difference.columns):
            known = group & self.cells
            if known and len(group) <= 2 * len(known) + _GROWTH_CELLS:
                self._add(group, difference.columns)

    def _add(self, cells: frozenset[int], columns: int) -> None:
        kept = {group: count for group, count in self._groups.items() if not group & cells}
        self._groups = {**kept, **dict.fromkeys(connected_groups(cells, columns), 0)}
