"""Safety checks of a model's API: asked of the guard or the user, and never acknowledged silently."""

from collections.abc import Callable
from pathlib import Path

import pytest

from screenwright import (
    Acted,
    Action,
    Agent,
    Allow,
    AllowAll,
    ApprovalAnswered,
    Click,
    Control,
    DecisionContext,
    Deny,
    Ended,
    Episode,
    Event,
    FakeEnv,
    Finish,
    Guard,
    GuardDecision,
    ModelInfo,
    NeedsUser,
    Observation,
    PolicyInfo,
    StopReason,
    Supervision,
    Wait,
    read_run,
)
from screenwright import Decided as DecidedEvent
from screenwright.agent.policy.policy import PolicyEvents

QUESTION = "This page sends money. Continue?"


class Cautious:
    """Clicks twice, with a safety check, and then finishes; `seen` are the contexts that it decided from."""

    def __init__(self, env: FakeEnv) -> None:
        click = Click(env.where("Greet"))
        self._steps: list[DecidedEvent] = [
            DecidedEvent(1, None, (Wait(0), click), safety_checks=(QUESTION,)),
            DecidedEvent(2, None, (), Finish("done")),
            DecidedEvent(3, None, (), Finish("done")),
        ]
        self.seen: list[DecisionContext] = []

    def info(self) -> PolicyInfo:
        return PolicyInfo(ModelInfo("cautious"))

    def open(self) -> None:
        pass

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        self.seen.append(context)
        yield self._steps[context.step - 1]


class Answering:
    """A guard that gives `answer` to safety checks and allows every action."""

    def __init__(self, answer: GuardDecision) -> None:
        self.answer, self.asked = answer, list[str]()

    def __call__(self, action: Action, observation: Observation) -> GuardDecision:
        return Allow()

    def answer_safety_check(
        self, question: str, actions: tuple[Action, ...], observation: Observation
    ) -> GuardDecision:
        self.asked.append(question)
        assert [type(action) for action in actions] == [Wait, Click]
        return self.answer


def play(
    env: FakeEnv, *, guard: Guard = AllowAll(), answer: str | None = None, attended: bool = False
) -> tuple[list[Event], Cautious]:
    policy, control, events = Cautious(env), Control(), list[Event]()
    episode = Episode("a task", env, policy, guard=guard, control=control, supervision=Supervision(attended=attended))
    for event in episode.run():
        events.append(event)
        if isinstance(event, NeedsUser):
            assert answer is not None
            control.send_message(answer)
    return events, policy


def end_of(events: list[Event]) -> Ended:
    assert isinstance(events[-1], Ended)
    return events[-1]


def test_without_a_user_and_without_a_guard_for_it_the_episode_ends_with_the_question() -> None:
    env = FakeEnv()
    events, _ = play(env)
    assert (end_of(events).stop, end_of(events).reason) == (StopReason.NEEDS_USER, QUESTION)
    assert env.state.presses == 0
    (answered,) = [event for event in events if isinstance(event, ApprovalAnswered | Acted)]
    assert isinstance(answered, ApprovalAnswered)
    assert (answered.allowed, answered.by) == (False, "no_one")


@pytest.mark.parametrize("answer", ["yes", "Yes.", "OK", "allow"])
def test_a_yes_of_the_user_allows_the_actions(answer: str) -> None:
    env = FakeEnv()
    events, policy = play(env, answer=answer, attended=True)
    asked = next(event for event in events if isinstance(event, NeedsUser))
    assert asked.question.startswith(QUESTION)
    assert "click at" in asked.question
    assert next(event for event in events if isinstance(event, ApprovalAnswered)).allowed
    assert env.state.presses == 1
    assert policy.seen[1].history[0].acknowledged
    assert policy.seen[1].history[0].refused is None


@pytest.mark.parametrize("answer", ["no", "", "yes, but only 5 euros", "y not?"])
def test_any_other_answer_denies_them(answer: str) -> None:
    env = FakeEnv()
    events, policy = play(env, answer=answer, attended=True)
    assert next(event for event in events if isinstance(event, Acted)).by_guard
    assert env.state.presses == 0
    step = policy.seen[1].history[0]
    assert not step.acknowledged
    assert step.refused == (0, answer if answer not in ("", "no") else "the user did not allow it")


def test_a_guard_that_answers_safety_checks_replaces_the_user() -> None:
    env, guard = FakeEnv(), Answering(Allow())
    events, _ = play(env, guard=guard)
    assert (end_of(events).stop, env.state.presses, guard.asked) == (StopReason.FINISHED, 1, [QUESTION])


def test_a_denied_check_is_not_a_finished_task() -> None:
    env, guard = FakeEnv(), Answering(Deny("too risky"))
    events, policy = play(env, guard=guard)
    assert (end_of(events).stop, env.state.presses) == (StopReason.REFUSED, 0)
    assert policy.seen[1].history[0].refused == (0, "too risky")


def test_the_answer_and_the_refused_action_are_recorded_for_resuming(tmp_path: Path) -> None:
    env = FakeEnv()
    Agent(policy=Cautious(env), guard=Answering(Allow())).run("a task", env, out=tmp_path / "allowed")
    Agent(policy=Cautious(env), guard=Answering(Deny("no"))).run("a task", env, out=tmp_path / "denied")
    allowed = read_run(tmp_path / "allowed").past().history[0]
    denied = read_run(tmp_path / "denied").past().history[0]
    assert (allowed.acknowledged, allowed.refused, allowed.location) == (True, None, "Fake window")
    assert (denied.acknowledged, denied.refused) == (False, (0, "no"))
