import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright import ChangeHistory, ChunkedHistory, KeepAllHistory, KeyframeHistory, WindowHistory, history_named


def test_window_keeps_the_newest_images() -> None:
    assert [list(WindowHistory(3).images(count)) for count in (1, 3, 4, 6)] == [[0], [0, 1, 2], [1, 2, 3], [3, 4, 5]]


def test_chunked_history_grows_to_high_then_drops_to_low() -> None:
    kept = [len(ChunkedHistory(5, 2).images(count)) for count in range(1, 15)]
    assert kept == [1, 2, 3, 4, 5, 2, 3, 4, 5, 2, 3, 4, 5, 2]


@given(high=st.integers(1, 12), low=st.integers(1, 12), count=st.integers(1, 200))
def test_chunked_history_keeps_the_newest_image_and_at_most_high(high: int, low: int, count: int) -> None:
    low = min(low, high)
    images = ChunkedHistory(high, low).images(count)
    assert images[-1] == count - 1
    assert min(low, count) <= len(images) <= high


@given(high=st.integers(2, 12), count=st.integers(1, 200))
def test_start_of_a_chunked_history_moves_once_per_period(high: int, count: int) -> None:
    history = ChunkedHistory(high, 2)
    fronts = [history.images(count).start for count in range(count, count + high - 1)]
    assert len(set(fronts)) <= 2


@pytest.mark.parametrize(("high", "low"), [(2, 3), (5, 0), (0, 0)])
def test_invalid_history_sizes_are_errors(high: int, low: int) -> None:
    with pytest.raises(ValueError, match="low"):
        ChunkedHistory(high, low)
    with pytest.raises(ValueError, match="window"):
        WindowHistory(0)


def test_keyframes_are_one_per_segment_and_the_last() -> None:
    kept = [list(KeyframeHistory(4).images(count)) for count in (1, 4, 5, 8, 13, 30)]
    assert kept == [[0], [0, 1, 2, 3], [0, 2, 4], [0, 4, 7], [0, 4, 8, 12], [0, 16, 29]]


@given(size=st.integers(2, 12), count=st.integers(1, 300))
def test_keyframes_change_only_when_the_segment_length_doubles(size: int, count: int) -> None:
    now, then = KeyframeHistory(size).images(count), KeyframeHistory(size).images(count + 1)
    assert now[-1] == count - 1
    assert len(now) <= size
    assert list(now) == sorted(set(now))
    assert set(now[:-1]) <= set(then) or len(then) < len(now) + 1


def test_change_history_keeps_first_last_and_largest_changes() -> None:
    changes = (0.0, 0.1, 0.9, 0.0, 0.5, 0.2, 0.0)
    assert ChangeHistory(4).images(7, changes) == (0, 2, 4, 6)
    assert ChangeHistory(2).images(7, changes) == (0, 6)
    assert ChangeHistory(5).images(1) == (0,)


def test_keep_all_keeps_every_image() -> None:
    assert list(KeepAllHistory().images(40)) == list(range(40))


@pytest.mark.parametrize("name", ["chunked:6:3", "window:4", "keyframes:8", "changes:3", "all"])
def test_history_as_text_is_its_name(name: str) -> None:
    assert str(history_named(name)) == name


@pytest.mark.parametrize("text", ["", "some", "all:3", "window", "keyframes:1", "window:0", "chunked:2:3"])
def test_invalid_history_name_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"history|images|image"):
        history_named(text)
