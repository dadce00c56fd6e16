"""What a person's keys and motions mean: the hot key, being at work, having left off. Values only."""

import mmap

import pytest

from screenwright.envs.desktop.sentry.board import SIZE, Board, Kind
from screenwright.envs.desktop.sentry.person import Meaning, Sensed, UserActivity
from screenwright.envs.desktop.sentry.settings import HotKey, InterruptSettings

STOP, BEGAN, TOUCHED, FINISHED = Meaning.STOP, Meaning.BEGAN, Meaning.TOUCHED, Meaning.FINISHED


def person(hot_key: str = "double escape", quiet_s: float = 5.0) -> UserActivity:
    return UserActivity(HotKey.parse(hot_key), quiet_s)


def did(watched: UserActivity, what: str, now: float) -> tuple[Meaning, ...]:
    """A key `name`, `name up`, a `button`, or a `motion`, that is seen as it happens."""
    if what in ("button", "motion"):
        return watched.did(Sensed("button" if what == "button" else "motion", now), now)
    name, _, up = what.partition(" ")
    return watched.did(Sensed("key up" if up else "key", now, name), now)


@pytest.mark.parametrize(
    ("text", "keys", "twice"),
    [
        ("double escape", ("escape",), True),
        ("Double Esc", ("escape",), True),
        ("ctrl+alt+q", ("ctrl", "alt", "q"), False),
        ("pause", ("pause",), False),
        ("double ctrl", ("ctrl",), True),
    ],
)
def test_a_hot_key_is_read_as_people_write_it(text: str, keys: tuple[str, ...], twice: bool) -> None:
    assert HotKey.parse(text) == HotKey(keys, twice)


def test_off_is_no_hot_key_and_without_pausing_nothing_is_watched() -> None:
    assert HotKey.parse("off") is None
    assert InterruptSettings().wanted
    assert not InterruptSettings("off", 0).wanted


@pytest.mark.parametrize("text", ["", "double", "escape escape", "q", "ctrl+hyper", "+", "triple escape"])
def test_what_is_no_hot_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hot key"):
        InterruptSettings(text)


def test_two_presses_within_half_a_second_stop() -> None:
    watched = person(quiet_s=0)
    assert did(watched, "escape", 1.0) == ()
    did(watched, "escape up", 1.1)
    assert did(watched, "escape", 1.4) == (STOP,)


def test_two_slow_presses_do_not_stop_but_the_third_may() -> None:
    watched = person(quiet_s=0)
    assert [did(watched, "escape", now) for now in (1.0, 1.6, 2.0)] == [(), (), (STOP,)]


def test_a_sentry_that_was_held_up_goes_by_when_the_keys_were_pressed() -> None:
    watched = person(quiet_s=0)
    assert watched.did(Sensed("key", 1.0, "escape"), 1.0) == ()
    assert watched.did(Sensed("key", 1.3, "escape"), 9.0) == (STOP,)


def test_another_key_in_between_breaks_a_double_press() -> None:
    watched = person(quiet_s=0)
    assert [did(watched, name, 1.0) for name in ("escape", "a", "escape")] == [(), (), ()]


def test_keys_held_together_stop_in_either_order_of_the_modifiers() -> None:
    watched = person("ctrl+alt+q", 0)
    for name in ("rightalt", "ctrl"):
        did(watched, name, 1.0)
    assert did(watched, "q", 1.1) == (STOP,)


def test_keys_that_were_let_go_of_do_not_count() -> None:
    watched = person("ctrl+alt+q", 0)
    did(watched, "ctrl", 1.0)
    did(watched, "alt", 1.0)
    did(watched, "alt up", 1.1)
    assert did(watched, "q", 1.2) == ()


def test_a_key_begins_a_pause_and_quiet_ends_it() -> None:
    watched = person(quiet_s=5)
    assert did(watched, "a", 1.0) == (BEGAN, TOUCHED)
    assert did(watched, "button", 3.0) == (TOUCHED,)
    assert watched.passed(7.9) == ()
    assert watched.passed(8.0) == (FINISHED,)
    assert watched.passed(20.0) == ()


def test_a_desk_that_was_bumped_into_is_no_hand_on_the_mouse() -> None:
    watched = person()
    assert [did(watched, "motion", now) for now in (1.0, 1.1, 1.2, 2.0)] == [(), (), (), ()]
    assert [did(watched, "motion", 3.0 + part / 100) for part in range(4)][-1] == (BEGAN, TOUCHED)


def test_letting_go_of_a_key_is_no_touch() -> None:
    assert did(person(), "enter up", 1.0) == ()  # of the Enter that started the run


def test_without_pausing_only_the_hot_key_means_anything() -> None:
    watched = person(quiet_s=0)
    assert did(watched, "button", 1.0) == ()
    assert watched.passed(100.0) == ()


# -- the board


@pytest.fixture
def boards() -> tuple[Board, Board]:
    """Both sides' view of the same memory."""
    memory = mmap.mmap(-1, SIZE)
    return Board(memory), Board(memory)


def test_announcements_are_taken_in_their_order_and_once(boards: tuple[Board, Board]) -> None:
    worker, sentry = boards
    worker.announce(Kind.KEY_DOWN, 38)
    worker.announce(Kind.MOTION, 0)
    assert sentry.ahead(Kind.MOTION, 0) == 1
    assert sentry.ahead(Kind.BUTTON_DOWN, 1) is None
    assert [sentry.take(), sentry.take(), sentry.take()] == [(Kind.KEY_DOWN, 38), (Kind.MOTION, 0), None]


def test_the_ring_goes_round(boards: tuple[Board, Board]) -> None:
    worker, sentry = boards
    for number in range(10_000):
        worker.announce(Kind.KEY_UP, number % 256)
        assert sentry.take() == (Kind.KEY_UP, number % 256)


def test_each_side_sees_what_the_other_wrote(boards: tuple[Board, Board]) -> None:
    worker, sentry = boards
    sentry.stopped = worker.acting = worker.attended = True
    sentry.touched()
    assert (worker.stopped, sentry.acting, sentry.attended, worker.heard) == (True, True, True, False)
    assert worker.touches == 1
