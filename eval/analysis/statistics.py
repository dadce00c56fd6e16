"""Confidence intervals and significance tests for success rates."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt

Z_95 = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""

_RESAMPLES = 4_000


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def wilson(successes: int, trials: int) -> Interval:
    """The success rate, from 0 to 1, with Wilson's score interval (1927); the interval of no trials is 0 to 1.

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
    """The mean of all values, with a bootstrap interval that resamples whole groups.

    Variants of one task are correlated, so an interval that treats them as independent is too narrow.
    """
    sums = [(sum(group), len(group)) for group in groups if group]
    if not sums:
        return Interval(0.0, 0.0, 1.0)
    total, count = sum(value for value, _ in sums), sum(size for _, size in sums)
    if total in (0.0, float(count)):  # every resample would give the same mean
        return wilson(len(sums) if total else 0, len(sums))
    generator = random.Random(seed)  # noqa: S311 -- the same interval for the same values
    means: list[float] = []
    for _ in range(_RESAMPLES if len(sums) > 1 else 0):
        sample = generator.choices(sums, k=len(sums))
        means.append(sum(value for value, _ in sample) / sum(size for _, size in sample))
    low, high = _middle_95(means) if means else (0.0, 1.0)
    return Interval(total / count, low, high)


def pass_at(k: int, successes: int, trials: int) -> float:
    """The probability that at least one of `k` trials succeeds, unbiased (Chen et al. 2021, arXiv:2107.03374)."""
    _check_k(k, trials)
    return 1 - comb(trials - successes, k) / comb(trials, k)


def pass_all(k: int, successes: int, trials: int) -> float:
    """The probability that all `k` trials succeed, unbiased: pass^k (Yao et al. 2024, arXiv:2406.12045)."""
    _check_k(k, trials)
    return comb(successes, k) / comb(trials, k)


def _check_k(k: int, trials: int) -> None:
    if not 1 <= k <= trials:
        raise ValueError(f"k is 1 to {trials} for {trials} trials, not {k}")


@dataclass(frozen=True, slots=True)
class Paired:
    """Paired results of A and B: how many episodes both, only one, or neither solved.

    `difference` is B's success rate minus A's, with a bootstrap interval over tasks. `p` is the two-sided p-value of
    McNemar's exact test.
    """

    both: int
    only_a: int
    only_b: int
    neither: int
    difference: Interval
    p: float

    @property
    def pairs(self) -> int:
        """The number of episodes."""
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def is_noise(self) -> bool:
        """Whether the difference is not significant at 5 %, by the test or by the interval."""
        return self.p >= 0.05 or self.difference.low <= 0 <= self.difference.high


def paired(groups: Mapping[str, Sequence[tuple[bool, bool]]], seed: int = 0) -> Paired:
    """Compare A and B; `groups` has, for each task, a pair of successes per episode."""
    pairs = [pair for group in groups.values() for pair in group]
    only_a = sum(a and not b for a, b in pairs)
    only_b = sum(b and not a for a, b in pairs)
    both = sum(a and b for a, b in pairs)
    by_task = [[float(b) - float(a) for a, b in group] for group in groups.values()]
    difference = clustered(by_task, seed)
    if len(groups) <= 1 or not pairs:
        difference = Interval(difference.value if pairs else 0.0, -1.0, 1.0)
    return Paired(both, only_a, only_b, len(pairs) - both - only_a - only_b, difference, mcnemar(only_a, only_b))


def mcnemar(only_a: int, only_b: int) -> float:
    """The exact two-sided p-value of McNemar's test, from the numbers of discordant pairs."""
    discordant = only_a + only_b
    tail = sum(comb(discordant, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, 2.0 * tail / 2.0**discordant)


def _middle_95(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    cut = int(0.025 * len(ordered))
    return ordered[cut], ordered[-1 - cut]
