import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright import ChunkedHistory, WindowHistory


def test_a_window_keeps_the_newest_images() -> None:
    assert [list(WindowHistory(3).images(looks)) for looks in (1, 3, 4, 6)] == [[0], [0, 1, 2], [1, 2, 3], [3, 4, 5]]


def test_a_chunked_history_grows_to_high_then_drops_to_low() -> None:
    kept = [len(ChunkedHistory(5, 2).images(looks)) for looks in range(1, 15)]
    assert kept == [1, 2, 3, 4, 5, 2, 3, 4, 5, 2, 3, 4, 5, 2]


@given(high=st.integers(1, 12), low=st.integers(1, 12), looks=st.integers(1, 200))
def test_chunks_keep_the_last_look_and_never_more_than_high(high: int, low: int, looks: int) -> None:
    low = min(low, high)
    images = ChunkedHistory(high, low).images(looks)
    assert images[-1] == looks - 1
    assert min(low, looks) <= len(images) <= high


@given(high=st.integers(2, 12), looks=st.integers(1, 200))
def test_the_front_of_a_chunked_history_moves_once_in_a_period(high: int, looks: int) -> None:
    history = ChunkedHistory(high, 2)
    fronts = [history.images(count).start for count in range(looks, looks + high - 1)]
    assert len(set(fronts)) <= 2


@pytest.mark.parametrize(("high", "low"), [(2, 3), (5, 0), (0, 0)])
def test_impossible_histories_are_refused(high: int, low: int) -> None:
    with pytest.raises(ValueError, match="low"):
        ChunkedHistory(high, low)
    with pytest.raises(ValueError, match="window"):
        WindowHistory(0)
