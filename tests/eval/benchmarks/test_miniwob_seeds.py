"""BrowserGym's seeds, without NumPy and without BrowserGym."""

import numpy as np
import pytest

from screenwright.eval.benchmarks.miniwob.numpy_seeds import LegacyGenerator
from screenwright.eval.benchmarks.miniwob.protocol import (
    BROWSERGYM,
    OURS,
    browsergym_seeds,
    browsergym_tasks,
    episode_seed,
    page_seed,
)


@pytest.mark.parametrize("seed", [0, 1, 7, 33, 42, 2**31, 2**32 - 1])
@pytest.mark.parametrize("limit", [2, 34, 1000, 1_000_000, 2**31])
def test_numbers_equal_those_of_numpy(seed: int, limit: int) -> None:
    ours, theirs = LegacyGenerator(seed), np.random.RandomState(seed)
    assert [ours.below(limit) for _ in range(20)] == [int(theirs.randint(0, limit)) for _ in range(20)]


def test_the_protocol_has_browsergyms_125_tasks_in_order() -> None:
    names = list(browsergym_tasks())
    assert len(names) == 125
    assert names[:2] == ["ascending-numbers", "bisect-angle"]


def test_seeds_equal_those_that_numpy_draws_task_by_task() -> None:
    generator = np.random.RandomState(42)
    for task in browsergym_tasks():
        assert browsergym_seeds(task) == tuple(int(seed) for seed in generator.randint(low=0, high=34, size=5))


def test_an_episode_has_the_page_seed_of_browsergym() -> None:
    seed = browsergym_seeds("click-test")[3]
    assert BROWSERGYM.page_seed("click-test", 3) == page_seed(seed) == int(np.random.RandomState(seed).randint(1000000))


def test_further_episodes_use_seeds_that_browsergym_does_not() -> None:
    more = [episode_seed("click-test", episode) for episode in range(5, 50)]
    assert len(set(more)) == len(more)
    assert min(more) >= 34


def test_our_own_seeds_reach_the_page_unchanged() -> None:
    assert OURS.page_seed("click-test", 12) == 12
