"""Comparison of two evaluations of the same episodes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.record import Record
from .statistics import Paired, paired


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two evaluations, A and B, on the episodes that have a result in both; `unpaired` counts the others.

    `gained` and `lost` are the episodes that only B, or only A, solved.
    """

    result: Paired
    categories: dict[str, Paired]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    unpaired: int

    @property
    def verdict(self) -> str:
        """The conclusion in one sentence."""
        result = self.result
        if not result.pairs:
            return "The evaluations have no episodes in common."
        points = 100 * result.difference.value
        low, high = 100 * result.difference.low, 100 * result.difference.high
        figures = f"{points:+.1f} points (95 %: {low:+.1f} to {high:+.1f}; McNemar p = {result.p:.3g})"
        if result.is_noise:
            return f"No significant difference: {figures} on {result.pairs} pairs."
        return f"{'B' if points > 0 else 'A'} is better: {figures} on {result.pairs} pairs."


def compare(a: Sequence[Record], b: Sequence[Record]) -> Comparison:
    """Pair the records of `a` and `b` by episode."""
    others = {record.id: record for record in b}
    pairs = [(one, others[one.id]) for one in a if one.id in others and one.is_judged and others[one.id].is_judged]
    episodes = {record.id for record in (*a, *b)}
    by_category: dict[str, list[tuple[Record, Record]]] = defaultdict(list)
    for pair in pairs:
        by_category[pair[0].category].append(pair)
    return Comparison(
        result=_paired(pairs),
        categories={name: _paired(group) for name, group in sorted(by_category.items())},
        gained=tuple(one.id.path for one, other in pairs if other.done and not one.done),
        lost=tuple(one.id.path for one, other in pairs if one.done and not other.done),
        unpaired=len(episodes) - len(pairs),
    )


def _paired(pairs: Sequence[tuple[Record, Record]]) -> Paired:
    by_task: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for one, other in pairs:
        by_task[one.id.task].append((one.done is True, other.done is True))
    return paired(by_task)
