"""Statistics against published values and brute-force counts."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.eval.analysis.statistics import clustered, mcnemar, paired, pass_all, pass_at, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_match_newcombe(successes: int, trials: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3."""
    interval = wilson(successes, trials)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_contains_its_value(counts: tuple[int, int]) -> None:
    interval = wilson(*counts)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_interval_of_no_trials_is_0_to_1() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(1, n))))
def test_pass_at_k_matches_all_combinations(case: tuple[int, int, int]) -> None:
    successes, trials, k = case
    samples = list(combinations([True] * successes + [False] * (trials - successes), k))
    assert pass_at(k, successes, trials) == pytest.approx(sum(map(any, samples)) / len(samples))
    assert pass_all(k, successes, trials) == pytest.approx(sum(map(all, samples)) / len(samples))


@pytest.mark.parametrize(
    ("a", "b", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 0.021484375), (10, 2, 0.03857)]
)
def test_mcnemar_matches_the_exact_binomial(a: int, b: int, p: float) -> None:
    assert mcnemar(a, b) == pytest.approx(p, abs=1e-5)


def test_variants_of_one_task_are_not_treated_as_independent() -> None:
    correlated = [[1.0] * 10, [0.0] * 10, [1.0] * 10, [0.0] * 10]
    by_group, independent = clustered(correlated), wilson(20, 40)
    assert by_group.value == 0.5
    assert by_group.high - by_group.low > 2 * (independent.high - independent.low)


def test_insignificant_difference_is_reported_as_noise() -> None:
    tasks = {str(number): [(number % 2 == 0, number % 2 == 1)] for number in range(20)}
    assert paired(tasks).is_noise
    better = {str(number): [(False, True)] for number in range(20)}
    result = paired(better)
    assert not result.is_noise
    assert (result.only_b, result.difference.value) == (20, 1.0)
    assert paired({"one": [(False, True)] * 20}).is_noise, "one task cannot be generalized to others"
