"""Who holds an episode, and what lets it go on."""

from collections.abc import Callable

import pytest

from screenwright.agent.loop.control import Control


def control(*calls: Callable[[Control], None]) -> Control:
    made = Control()
    for call in calls:
        call(made)
    return made


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
def test_it_holds_while_the_program_or_the_user_wants_it(
    calls: tuple[Callable[[Control], None], ...], *, paused: bool
) -> None:
    held = control(*calls)
    assert held.paused is paused
    if not paused:
        held.wait_while_paused()  # and does not wait


def test_the_first_reason_to_stop_is_kept() -> None:
    stopped = Control()
    stopped.stop("stopped by the user: double escape")
    stopped.stop()
    assert stopped.stopped
    assert stopped.reason == "stopped by the user: double escape"
