"""A stop, a pause and the time limit end an action that is being carried out."""

import threading
from collections.abc import Callable

import pytest
from slow_env import SlowEnv

from screenwright import (
    Acted,
    Action,
    Ended,
    Episode,
    Event,
    Limits,
    Observed,
    ScriptedPolicy,
    StopReason,
    Wait,
)
from screenwright.agent.core.decision import Finish
from screenwright.agent.loop.control import Control
from screenwright.envs.interrupt import Interrupted, call, check_interrupted, interruptible, sleep
from screenwright.testing import eventually

FOREVER = Wait(600)


def run_in_background(episode: Episode) -> tuple[list[Event], threading.Thread]:
    events: list[Event] = []
    thread = threading.Thread(target=lambda: events.extend(episode.run()))
    thread.start()
    return events, thread


def end_of(events: list[Event]) -> Ended:
    assert isinstance(events[-1], Ended)
    return events[-1]


def test_the_time_limit_ends_an_action_in_progress() -> None:
    episode = Episode("t", SlowEnv(), ScriptedPolicy([(FOREVER,), Finish()]), Limits(seconds=0.2))
    events = list(episode.run())
    assert end_of(events).stop is StopReason.TIME_LIMIT
    assert end_of(events).seconds < 60


def test_a_stop_ends_an_action_in_progress() -> None:
    env, control = SlowEnv(), Control()
    events, thread = run_in_background(Episode("t", env, ScriptedPolicy([(FOREVER,), Finish()]), control=control))
    assert env.started.wait(60)
    control.stop()
    thread.join(60)
    assert end_of(events).stop is StopReason.CANCELLED
    (acted,) = (event for event in events if isinstance(event, Acted))
    assert acted.refused == "it was interrupted, and part of it may have been carried out"


def test_a_pause_ends_an_action_in_progress_and_the_model_is_told() -> None:
    env, control = SlowEnv(), Control()
    # Not the finish at once: it is not accepted right after a refused action.
    script: list[tuple[Action, ...] | Finish] = [(FOREVER,), (Wait(0.0),), Finish()]
    events, thread = run_in_background(Episode("t", env, ScriptedPolicy(script), control=control))
    assert env.started.wait(60)
    control.pause()
    eventually(lambda: any(isinstance(event, Acted) for event in events), True)
    control.resume()
    thread.join(60)
    assert end_of(events).stop is StopReason.FINISHED
    told = [event.notes for event in events if isinstance(event, Observed)][1]
    assert (
        "Your last action could not be executed: it was interrupted, and part of it may have been carried out." in told
    )


def test_outside_a_run_nothing_is_interrupted() -> None:
    check_interrupted()
    sleep(0.0)
    assert call(lambda: 5) == 5


@pytest.mark.parametrize("wait", [lambda: sleep(600), lambda: call(threading.Event().wait), check_interrupted])
def test_each_wait_is_interrupted(wait: Callable[[], object]) -> None:
    with interruptible(by=lambda: True), pytest.raises(Interrupted):
        wait()


def test_a_blocking_call_returns_its_result_or_its_error() -> None:
    def fail() -> None:
        raise ValueError("no")

    with interruptible(by=lambda: False):
        assert call(lambda: 5) == 5
        with pytest.raises(ValueError, match="no"):
            call(fail)


def test_what_must_be_finished_is_not_interrupted() -> None:
    with interruptible(by=lambda: True), interruptible(by=None):
        sleep(0.0)
        assert call(lambda: 5) == 5
