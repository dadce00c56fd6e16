"""Failing screens and badly behaving models: every run ends within its limits, for the right reason."""

from collections.abc import Iterator

import pytest
from chaos import CASES, Case, address_of, ended, in_chromium, in_memory, play, recovery_actions

from screenwright import BrowserEnv, Ended, Event, Navigate, ScreenPoint, StopReason
from screenwright.agent.core.supervision import NO_INTERVENTION

names = [case.name for case in CASES]
RECOVERED = ("an overlay, and a model that reacts to the warning", "a target three pixels wide")


def check(case: Case, events: list[Event]) -> None:
    end, actions = ended(events), [action for _, action in recovery_actions(events)]
    assert end.steps <= case.steps
    if case.progress:
        assert (end.stop, actions) == (StopReason.FINISHED, []), "a false alarm"
    elif case.name in RECOVERED:
        assert end.stop is StopReason.FINISHED
        assert actions
        assert "stuck" not in actions
    else:
        assert end.stop is StopReason.STUCK
        assert actions[0] == "message"
        assert actions[-1] == "stuck"
        assert len(actions) == len(set(actions)), "a recovery action was repeated"


@pytest.mark.parametrize("case", CASES, ids=names)
def test_failing_screen_in_memory_ends_correctly_within_limits(case: Case) -> None:
    check(case, play(case, in_memory(case))[0])


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserEnv]:
    with in_chromium(CASES[0]) as env:
        yield env


@pytest.mark.browser
@pytest.mark.parametrize("case", CASES, ids=names)
def test_failing_screen_in_chromium_ends_correctly_within_limits(case: Case, browser: BrowserEnv) -> None:
    browser.reset(ScreenPoint(0, 0))
    browser.execute(Navigate(address_of(case)))
    check(case, play(case, browser)[0])


def test_click_uses_the_point_found_by_zooming() -> None:
    case = next(case for case in CASES if case.fault == "sliver")
    events, _ = play(case, in_memory(case))
    aimed = [event for event in events if event.event == "decided" and event.step == 6]
    assert 400 <= aimed[0].traces[0].screen.x < 403
    zooms = [event for event in events if event.event == "replied" and event.purpose == "zoom"]
    assert len(zooms) == 1


def test_early_finish_is_accepted_without_a_critic() -> None:
    case = Case("early", "dead", lambda: lambda messages: "Thought: Done.\nAction: finished(content='done')")
    end = ended(play(case, in_memory(case))[0])
    assert (end.stop, end.verified) == (StopReason.FINISHED, None)


def test_no_intervention_only_ends_endless_loops() -> None:
    case = CASES[0]
    events, model = play(case, in_memory(case), NO_INTERVENTION)
    assert isinstance(events[-1], Ended)
    assert (events[-1].stop, events[-1].steps, recovery_actions(events)) == (StopReason.STUCK, 6, [(6, "stuck")])
    assert not any("did not change" in message.text for messages in model.asked for message in messages[2:])
