"""What moves on a screen with nothing done: spinners, clocks, animations. Learned from waits, and from a second look.

Kept as groups of touching grid cells, since a spinner does not turn through all of its cells between any two looks. A
group that rests in two looks in a row is taken for what it was: part of a screen that has changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .screen_diff import Difference, groups

_RESTS = 2
_FEW_CELLS = 4


@dataclass(slots=True)
class AnimationMask:
    """The restless cells, and for each group of them in how many looks it has rested lately."""

    _groups: dict[frozenset[int], int] = field(init=False, default_factory=dict[frozenset[int], int])
    _once: frozenset[int] = field(init=False, default=frozenset())
    _again: frozenset[int] = field(init=False, default=frozenset())

    @property
    def cells(self) -> frozenset[int]:
        """All restless cells."""
        return frozenset[int]().union(*self._groups)

    def saw(self, difference: Difference, *, waited: bool) -> None:
        """Take in what changed since the last look, in which nothing was done if `waited`.

        In waits, what moves is restless once it stirs no cell that did not stir in a wait before: a bar that grows
        does, a spinner soon does not.
        """
        rests = {group: 0 if group & difference.cells else rest + 1 for group, rest in self._groups.items()}
        self._groups = {group: rest for group, rest in rests.items() if rest < _RESTS}
        self._grow(difference)
        if not waited:
            self._once = self._again = frozenset()
            return
        self._again |= self._once & difference.cells
        if difference.cells and difference.cells <= self._once:
            self._learn(self._with_touched(self._again), difference.columns)
        self._once |= difference.cells

    def probed(self, difference: Difference, lately: Iterable[frozenset[int]]) -> None:
        """Take in what moved while nothing was done; what changed `lately` and touches it is part of it."""
        pool = difference.cells.union(*lately)
        found = (group for group in groups(pool, difference.columns) if group & difference.cells)
        self._learn(self._with_touched(frozenset[int]().union(*found)), difference.columns)

    def forget(self) -> None:
        """Another screen: nothing is known of it."""
        self._groups.clear()
        self._once = self._again = frozenset()

    def _with_touched(self, cells: frozenset[int]) -> frozenset[int]:
        return cells.union(*(group for group in self._groups if group & cells))

    def _grow(self, difference: Difference) -> None:
        """Take in the few cells that a group had not reached so far; many are more than its turning."""
        for group in groups(self.cells | difference.cells, difference.columns) if self._groups else ():
            known = group & self.cells
            if known and len(group) <= 2 * len(known) + _FEW_CELLS:
                self._learn(group, difference.columns)

    def _learn(self, cells: frozenset[int], columns: int) -> None:
        kept = {group: rest for group, rest in self._groups.items() if not group & cells}
        self._groups = {**kept, **dict.fromkeys(groups(cells, columns), 0)}
