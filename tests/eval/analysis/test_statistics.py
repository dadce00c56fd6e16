"""Figures against values that are published or can be counted by hand."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.eval.analysis.statistics import clustered, mcnemar, paired, pass_all, pass_at, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_those_of_newcombe(successes: int, trials: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3."""
    found = wilson(successes, trials)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_value(counts: tuple[int, int]) -> None:
    found = wilson(*counts)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_of_no_trials_nothing_is_known() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_all_draws(case: tuple[int, int, int]) -> None:
    successes, trials, k = case
    draws = list(combinations([True] * successes + [False] * (trials - successes), k))
    assert pass_at(k, successes, trials) == pytest.approx(sum(map(any, draws)) / len(draws))
    assert pass_all(k, successes, trials) == pytest.approx(sum(map(all, draws)) / len(draws))


@pytest.mark.parametrize(
    ("a", "b", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (1, 9, 0.021484375), (10, 2, 0.03857)]
)
def test_mcnemar_is_the_exact_binomial(a: int, b: int, p: float) -> None:
    assert mcnemar(a, b) == pytest.approx(p, abs=1e-5)


def test_variants_of_one_task_are_not_taken_for_independent() -> None:
    alike = [[1.0] * 10, [0.0] * 10, [1.0] * 10, [0.0] * 10]
    whole, alone = clustered(alike), wilson(20, 40)
    assert whole.value == 0.5
    assert whole.high - whole.low > 2 * (alone.high - alone.low)


def test_a_difference_that_can_be_chance_is_called_so() -> None:
    tasks = {str(number): [(number % 2 == 0, number % 2 == 1)] for number in range(20)}
    assert paired(tasks).is_noise
    better = {str(number): [(False, True)] for number in range(20)}
    result = paired(better)
    assert not result.is_noise
    assert (result.only_b, result.difference.value) == (20, 1.0)
    assert paired({"one": [(False, True)] * 20}).is_noise, "one task says nothing of others"
