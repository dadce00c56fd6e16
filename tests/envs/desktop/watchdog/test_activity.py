"""The interpretation of user input (hot key, activity, idleness), and the memory shared with the watchdog."""

import mmap

import pytest

from screenwright.envs.desktop.watchdog.activity import ActivitySignal, UserActivity, UserInput
from screenwright.envs.desktop.watchdog.settings import HotKey, InterruptSettings
from screenwright.envs.desktop.watchdog.shared_state import SIZE, Kind, SharedState

STOP, ACTIVE, INPUT, IDLE = (
    ActivitySignal.STOP, ActivitySignal.ACTIVE, ActivitySignal.INPUT, ActivitySignal.IDLE,
)  # fmt: skip


def user_activity(hot_key: str = "double escape", quiet_s: float = 5.0) -> UserActivity:
    return UserActivity(HotKey.parse(hot_key), quiet_s)


def signals(activity: UserActivity, what: str, now: float) -> tuple[ActivitySignal, ...]:
    """The signals for a key press `name`, a release `name up`, a `button` or a `motion`."""
    if what in ("button", "motion"):
        return activity.on_input(UserInput("button" if what == "button" else "motion", now), now)
    name, _, up = what.partition(" ")
    return activity.on_input(UserInput("key up" if up else "key", now, name), now)


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
def test_hot_keys_are_parsed(text: str, keys: tuple[str, ...], twice: bool) -> None:
    assert HotKey.parse(text) == HotKey(keys, twice)


def test_no_watchdog_is_needed_without_hot_key_and_pausing() -> None:
    assert HotKey.parse("off") is None
    assert InterruptSettings().enabled
    assert not InterruptSettings("off", 0).enabled


@pytest.mark.parametrize("text", ["", "double", "escape escape", "q", "ctrl+hyper", "+", "triple escape"])
def test_invalid_hot_keys_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="hot key"):
        InterruptSettings(text)


def test_two_presses_within_half_a_second_stop_the_run() -> None:
    activity = user_activity(quiet_s=0)
    assert signals(activity, "escape", 1.0) == ()
    signals(activity, "escape up", 1.1)
    assert signals(activity, "escape", 1.4) == (STOP,)


def test_two_slow_presses_do_not_stop_but_a_third_can() -> None:
    activity = user_activity(quiet_s=0)
    assert [signals(activity, "escape", now) for now in (1.0, 1.6, 2.0)] == [(), (), (STOP,)]


def test_a_delayed_watchdog_uses_the_times_of_the_key_presses() -> None:
    activity = user_activity(quiet_s=0)
    assert activity.on_input(UserInput("key", 1.0, "escape"), 1.0) == ()
    assert activity.on_input(UserInput("key", 1.3, "escape"), 9.0) == (STOP,)


def test_another_key_in_between_interrupts_a_double_press() -> None:
    activity = user_activity(quiet_s=0)
    assert [signals(activity, name, 1.0) for name in ("escape", "a", "escape")] == [(), (), ()]


def test_modifiers_can_be_pressed_in_any_order() -> None:
    activity = user_activity("ctrl+alt+q", 0)
    for name in ("rightalt", "ctrl"):
        signals(activity, name, 1.0)
    assert signals(activity, "q", 1.1) == (STOP,)


def test_released_keys_do_not_count() -> None:
    activity = user_activity("ctrl+alt+q", 0)
    signals(activity, "ctrl", 1.0)
    signals(activity, "alt", 1.0)
    signals(activity, "alt up", 1.1)
    assert signals(activity, "q", 1.2) == ()


def test_input_starts_activity_and_quiet_ends_it() -> None:
    activity = user_activity(quiet_s=5)
    assert signals(activity, "a", 1.0) == (ACTIVE, INPUT)
    assert signals(activity, "button", 3.0) == (INPUT,)
    assert activity.on_tick(7.9) == ()
    assert activity.on_tick(8.0) == (IDLE,)
    assert activity.on_tick(20.0) == ()


def test_a_few_mouse_motions_are_ignored() -> None:
    activity = user_activity()
    assert [signals(activity, "motion", now) for now in (1.0, 1.1, 1.2, 2.0)] == [(), (), (), ()]
    assert [signals(activity, "motion", 3.0 + part / 100) for part in range(4)][-1] == (ACTIVE, INPUT)


def test_a_key_release_is_not_activity() -> None:
    assert signals(user_activity(), "enter up", 1.0) == ()  # the Enter that started the command


def test_without_pausing_only_the_hot_key_counts() -> None:
    activity = user_activity(quiet_s=0)
    assert signals(activity, "button", 1.0) == ()
    assert activity.on_tick(100.0) == ()


# -- shared state


@pytest.fixture
def sides() -> tuple[SharedState, SharedState]:
    """Both sides' view of the same memory."""
    memory = mmap.mmap(-1, SIZE)
    return SharedState(memory), SharedState(memory)


def test_announcements_are_read_once_and_in_order(sides: tuple[SharedState, SharedState]) -> None:
    worker, watchdog = sides
    worker.announce(Kind.KEY_DOWN, 38)
    worker.announce(Kind.MOTION, 0)
    assert [watchdog.take(), watchdog.take(), watchdog.take()] == [(Kind.KEY_DOWN, 38), (Kind.MOTION, 0), None]


def test_the_ring_buffer_wraps_around(sides: tuple[SharedState, SharedState]) -> None:
    worker, watchdog = sides
    for number in range(40_000):
        worker.announce(Kind.KEY_UP, number % 256)
        assert watchdog.take() == (Kind.KEY_UP, number % 256)


def test_each_side_sees_what_the_other_wrote(sides: tuple[SharedState, SharedState]) -> None:
    worker, watchdog = sides
    watchdog.stopped = worker.acting = worker.run_active = True
    watchdog.count_input()
    assert (worker.stopped, watchdog.acting, watchdog.run_active, worker.acknowledged) == (True, True, True, False)
    assert worker.input_count == 1
