"""What a count of successes says, and what it does not."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt

Z_95 = 1.959963984540054
"""The normal quantile of a two-sided interval of 95 %."""

_RESAMPLES = 4_000


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval of 95 %."""

    value: float
    low: float
    high: float


def wilson(successes: int, trials: int) -> Interval:
    """The share of successes, from 0 to 1, with Wilson's score interval (1927). Of no trials nothing is known.

    Raises:
        ValueError: there are more successes than trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if trials == 0:
        return Interval(0.0, 0.0, 1.0)
    share = successes / trials
    spread = Z_95**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = Z_95 * sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return Interval(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def clustered(groups: Sequence[Sequence[float]], seed: int = 0) -> Interval:
    """The mean over all values, with a bootstrap interval that draws whole groups.

    Variants of one task are alike, so that an interval which takes them for independent is too narrow.
    """
    sums = [(sum(group), len(group)) for group in groups if group]
    if not sums:
        return Interval(0.0, 0.0, 1.0)
    total, count = sum(one for one, _ in sums), sum(many for _, many in sums)
    if total in (0.0, float(count)):  # drawing would only ever find the same
        return wilson(len(sums) if total else 0, len(sums))
    draw = random.Random(seed)  # noqa: S311 -- the same interval for the same figures
    means: list[float] = []
    for _ in range(_RESAMPLES if len(sums) > 1 else 0):
        drawn = draw.choices(sums, k=len(sums))
        means.append(sum(one for one, _ in drawn) / sum(many for _, many in drawn))
    low, high = _middle_95(means) if means else (0.0, 1.0)
    return Interval(total / count, low, high)


def pass_at(k: int, successes: int, trials: int) -> float:
    """The chance that at least one of `k` trials succeeds, unbiased (Chen et al. 2021, arXiv:2107.03374)."""
    _check_k(k, trials)
    return 1 - comb(trials - successes, k) / comb(trials, k)


def pass_all(k: int, successes: int, trials: int) -> float:
    """The chance that all of `k` trials succeed, unbiased (Yao et al. 2024, arXiv:2406.12045)."""
    _check_k(k, trials)
    return comb(successes, k) / comb(trials, k)


def _check_k(k: int, trials: int) -> None:
    if not 1 <= k <= trials:
        raise ValueError(f"of {trials} trials, {k} cannot be taken")


@dataclass(frozen=True, slots=True)
class Paired:
    """Two contenders on the same episodes: what each alone did, and whether that can be chance.

    `difference` is B's share less A's, with a bootstrap interval over tasks. `p` is McNemar's exact test, two-sided.
    """

    both: int
    only_a: int
    only_b: int
    neither: int
    difference: Interval
    p: float

    @property
    def pairs(self) -> int:
        """How many episodes both did."""
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def is_noise(self) -> bool:
        """Whether what differs can well be chance: at 5 %, by either measure."""
        return self.p >= 0.05 or self.difference.low <= 0 <= self.difference.high


def paired(groups: Mapping[str, Sequence[tuple[bool, bool]]], seed: int = 0) -> Paired:
    """Compare by task: for each, whether A and whether B did it, episode by episode."""
    pairs = [pair for of_task in groups.values() for pair in of_task]
    only_a = sum(a and not b for a, b in pairs)
    only_b = sum(b and not a for a, b in pairs)
    both = sum(a and b for a, b in pairs)
    by_task = [[float(b) - float(a) for a, b in of_task] for of_task in groups.values()]
    difference = clustered(by_task, seed)
    if len(groups) <= 1 or not pairs:
        difference = Interval(difference.value if pairs else 0.0, -1.0, 1.0)
    return Paired(both, only_a, only_b, len(pairs) - both - only_a - only_b, difference, mcnemar(only_a, only_b))


def mcnemar(only_a: int, only_b: int) -> float:
    """The chance that pairs which differ split at least so unevenly if neither is better: exact, two-sided."""
    differing = only_a + only_b
    tail = sum(comb(differing, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, 2.0 * tail / 2.0**differing)


def _middle_95(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    cut = int(0.025 * len(ordered))
    return ordered[cut], ordered[-1 - cut]
