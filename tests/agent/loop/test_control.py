"""Pausing, resuming and stopping an episode."""

from collections.abc import Callable

import pytest

from screenwright.agent.loop.control import Control


def control(*calls: Callable[[Control], None]) -> Control:
    result = Control()
    for call in calls:
        call(result)
    return result


@pytest.mark.parametrize(
    ("calls", "paused"),
    [
        ((), False),
        ((Control.pause,), True),
        ((Control.user_started,), True),
        ((Control.user_started, Control.user_finished), False),
        ((Control.pause, Control.user_started, Control.user_finished), True),
        ((Control.pause, Control.user_started, Control.resume), False),
        ((Control.pause, Control.stop), False),
        ((Control.user_started, Control.stop), False),
    ],
)
def test_paused_while_the_program_or_the_user_requires_it(
    calls: tuple[Callable[[Control], None], ...], *, paused: bool
) -> None:
    paused_control = control(*calls)
    assert paused_control.paused is paused
    if not paused:
        paused_control.wait_while_paused()  # returns at once


def test_first_stop_reason_is_kept() -> None:
    stopped = Control()
    stopped.stop("stopped by the user: double escape")
    stopped.stop()
    assert stopped.stopped
    assert stopped.reason == "stopped by the user: double escape"
