"""The user as somebody to talk to, the second look at a finish, and trouble of the machinery."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from screenwright import (
    Acted,
    Action,
    ActionResult,
    Agent,
    Click,
    CompletionClaim,
    Critique,
    Critiqued,
    Ended,
    EnvLost,
    Episode,
    Event,
    FakeEnv,
    Limits,
    ModelLost,
    NeedsUser,
    Observation,
    Observed,
    RecoveredError,
    ScriptedModel,
    ScriptedPolicy,
    StopReason,
    Supervision,
    UiTars15,
    Usage,
    UserMessage,
    Wait,
    read_run,
)
from screenwright.agent.core.decision import AskUser, Finish
from screenwright.agent.loop.control import Control
from screenwright.agent.loop.observer import SCREEN_CHANGED_BY_USER, SCREEN_UNCHANGED_BY_USER
from screenwright.agent.monitor.critic import ModelCritic

ASKS = (AskUser("Which account?"), Finish("done"))


def ended(events: list[Event]) -> Ended:
    assert isinstance(events[-1], Ended)
    return events[-1]


def converse(answer: Callable[[Control, FakeEnv], None], limits: Limits = Limits()) -> list[Event]:
    """An episode whose model asks the user, who does `answer`."""
    control, env = Control(), FakeEnv()
    events: list[Event] = []
    episode = Episode("t", env, ScriptedPolicy(ASKS), limits, control=control, supervision=Supervision(attended=True))
    for event in episode.run():
        events.append(event)
        if isinstance(event, NeedsUser):
            answer(control, env)
    return events


def notes(events: list[Event]) -> list[tuple[str, ...]]:
    return [event.notes for event in events if isinstance(event, Observed)]


def test_a_users_answer_is_told_to_the_model_and_the_run_goes_on() -> None:
    events = converse(lambda control, env: control.send_message("the second one"))
    assert [event.question for event in events if isinstance(event, NeedsUser)] == ["Which account?"]
    assert [event.text for event in events if isinstance(event, UserMessage)] == ["the second one"]
    assert notes(events)[1] == ("The user answers: the second one", SCREEN_UNCHANGED_BY_USER)
    assert ended(events).stop is StopReason.FINISHED


def test_a_screen_that_was_changed_by_hand_is_said_to_be() -> None:
    def by_hand(control: Control, env: FakeEnv) -> None:
        env.execute(Click(env.where("Greet")))
        control.send_message()

    assert notes(converse(by_hand))[1] == (SCREEN_CHANGED_BY_USER,)


def test_nobody_who_answers_is_needs_user() -> None:
    end = ended(converse(lambda control, env: control.decline()))
    assert (end.stop, end.reason) == (StopReason.NEEDS_USER, "Which account?")
    alone = list(Episode("t", FakeEnv(), ScriptedPolicy(ASKS)).run())
    assert (ended(alone).stop, ended(alone).reason) == (StopReason.NEEDS_USER, "Which account?")
    assert not [event for event in alone if isinstance(event, NeedsUser)]


def test_a_run_that_waits_for_the_user_can_be_stopped() -> None:
    assert ended(converse(lambda control, env: control.stop())).stop is StopReason.CANCELLED


def test_the_time_that_a_user_takes_does_not_count() -> None:
    def slowly(control: Control, env: FakeEnv) -> None:
        time.sleep(0.4)
        control.send_message("yes")

    end = ended(converse(slowly, Limits(seconds=0.3)))
    assert end.stop is StopReason.FINISHED
    assert end.seconds < 0.3


def test_an_agent_is_answered_from_another_thread() -> None:
    model = ScriptedModel(["Action: call_user(content='Which?')", "Action: finished(content='thanks')"])
    agent = Agent(model, dialect=UiTars15(ask_user=True), supervision=Supervision(attended=True))
    answering = threading.Timer(0.2, lambda: agent.send_message("the left one"))
    answering.start()
    result = agent.run("t", FakeEnv())
    answering.join()
    assert result.answer == "thanks"
    assert "the left one" in model.asked[1][-1].text


def test_a_circle_asks_the_user_who_attends_as_its_last_rung() -> None:
    control, env = Control(), FakeEnv()
    dead = (Click(env.where("Express")), Click(env.where("Express")))  # on and off again: nothing has changed
    script = [dead] * 7
    episode = Episode("t", env, ScriptedPolicy(script), control=control, supervision=Supervision(attended=True))
    events: list[Event] = []
    for event in episode.run():
        events.append(event)
        if isinstance(event, NeedsUser):
            control.send_message("leave it")
    assert len([event for event in events if isinstance(event, NeedsUser)]) == 1
    assert any("The user answers: leave it" in said for said in notes(events))
    assert ended(events).stop is StopReason.FINISHED


# -- the second look


def checked(*verdicts: Critique, script: tuple[Finish, ...] = (Finish("a"), Finish("b"))) -> list[Event]:
    left = iter(verdicts)
    supervision = Supervision(critic=lambda claim: next(left))
    return list(Episode("t", FakeEnv(), ScriptedPolicy(script), supervision=supervision).run())


def test_a_finish_that_holds_is_verified() -> None:
    events = checked(Critique(True, "the label says so", Usage(10, 2)))
    end = ended(events)
    assert (end.stop, end.verified, end.answer, end.usage.total) == (StopReason.FINISHED, True, "a", 12)
    assert [(event.holds, event.reason) for event in events if isinstance(event, Critiqued)] == [
        (True, "the label says so")
    ]


def test_a_refuted_finish_is_told_once_and_then_stands_unverified() -> None:
    events = checked(Critique(False, "the form is empty"), Critique(False, "still empty"))
    end = ended(events)
    assert (end.stop, end.verified, end.answer, end.steps) == (StopReason.FINISHED, False, "b", 2)
    assert "still empty" in end.reason
    assert "the form is empty" in notes(events)[1][0]


def test_a_finish_that_was_mended_is_verified() -> None:
    assert ended(checked(Critique(False, "no"), Critique(True))).verified is True


def test_a_check_that_cannot_tell_leaves_a_finish_as_it_is() -> None:
    def lost(claim: CompletionClaim) -> Critique:
        raise ModelLost("the judge is down")

    events = list(Episode("t", FakeEnv(), ScriptedPolicy([Finish("a")]), supervision=Supervision(critic=lost)).run())
    assert (ended(events).stop, ended(events).verified) == (StopReason.FINISHED, None)
    assert "the judge is down" in next(event.reason for event in events if isinstance(event, Critiqued))


def test_a_check_sees_the_task_the_answer_what_was_done_and_the_screen_as_it_is_now() -> None:
    env, claims = FakeEnv(), list[CompletionClaim]()

    def check(claim: CompletionClaim) -> Critique:
        claims.append(claim)
        return Critique(True)

    policy = ScriptedPolicy([(Click(env.where("Greet")),), Finish("greeted")])
    list(Episode("Press Greet", env, policy, supervision=Supervision(critic=check)).run())
    (claim,) = claims
    assert (claim.task, claim.answer, claim.actions) == ("Press Greet", "greeted", ("1. click at 74, 58",))
    assert claim.screenshots[-1] == env.observe().screenshot


@pytest.mark.parametrize(
    ("reply", "holds", "reason"),
    [
        ("The label says Greeted 1.\nVERDICT: DONE", True, "The label says Greeted 1."),
        ("Nothing was sent.\n**VERDICT:** NOT DONE.", False, "Nothing was sent."),
        ("VERDICT: DONE? No. VERDICT: not done", False, None),
        ("I cannot say.", None, "I cannot say."),
    ],
)
def test_a_models_verdict_is_its_last_word(reply: str, holds: bool | None, reason: str | None) -> None:
    model = ScriptedModel([reply], usage=Usage(5, 1))
    shot = FakeEnv().observe().screenshot
    verdict = ModelCritic(model)(CompletionClaim("Press Greet", "ok", (shot, shot), ("1. wait 1 s",)))
    assert verdict.holds is holds
    assert verdict.usage.total == 6
    if reason is not None:
        assert verdict.reason.rstrip(" .*") == reason.rstrip(".")
    assert "1. wait 1 s" in model.asked[0][0].text


# -- trouble of the machinery


class Flickering(FakeEnv):
    """A screen whose looks of these numbers fail."""

    def __init__(self, *failing: int) -> None:
        super().__init__()
        self.failing, self.count = failing, 0

    def observe(self) -> Observation:
        self.count += 1
        if self.count in self.failing:
            raise EnvLost("no picture")
        return super().observe()


@pytest.fixture
def first_look_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look that opens the screen is that of the first step, however slow the machine is."""
    monkeypatch.setattr("screenwright.agent.loop.observer.OPENING_MAX_AGE_S", 60.0)


@pytest.mark.parametrize(("serves_s", "history"), [(60.0, 2), (0.0, 3)])
def test_the_look_that_opened_the_screen_serves_the_first_step_if_it_was_just_now(
    serves_s: float, history: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screenwright.agent.loop.observer.OPENING_MAX_AGE_S", serves_s)
    env = Flickering()
    events = list(Episode("t", env, ScriptedPolicy([(Wait(0),), Finish()])).run())
    assert [event.step for event in events if isinstance(event, Observed)] == [1, 2]
    assert env.count == history
    assert [event.capture_s > 0 for event in events if isinstance(event, Observed)] == [serves_s == 0, True]


@pytest.mark.usefixtures("first_look_serves")
def test_what_opening_has_to_tell_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    env = FakeEnv()
    told = replace(env.observe(), facts=("A tab opened.",))
    monkeypatch.setattr(env, "observe", lambda: told)
    assert notes(list(Episode("t", env, ScriptedPolicy([Finish()])).run()))[0] == ("A tab opened.",)


@pytest.mark.usefixtures("first_look_serves")
def test_a_look_that_failed_once_is_taken_again_and_said_to_be() -> None:
    events = list(Episode("t", Flickering(2), ScriptedPolicy([(Wait(0),), Finish()])).run())
    assert ended(events).stop is StopReason.FINISHED
    (trouble,) = [event for event in events if isinstance(event, RecoveredError)]
    assert (trouble.step, trouble.kind) == (2, "screenshot")
    assert "no picture" in trouble.message


@pytest.mark.usefixtures("first_look_serves")
def test_a_look_that_fails_twice_is_a_lost_screen() -> None:
    events = list(Episode("t", Flickering(2, 3), ScriptedPolicy([(Wait(0),), Finish()])).run())
    assert (ended(events).stop, ended(events).reason) == (StopReason.ENV_LOST, "no picture")


class Mortal(FakeEnv):
    """A screen that is lost when it is waited on, `deaths` times."""

    def __init__(self, deaths: int) -> None:
        super().__init__()
        self.deaths, self.lost = deaths, False

    def observe(self) -> Observation:
        if self.lost:
            raise EnvLost("it crashed")
        return super().observe()

    def execute(self, action: Action) -> ActionResult:
        if isinstance(action, Wait) and self.deaths:
            self.deaths, self.lost = self.deaths - 1, True
            raise EnvLost("it crashed")
        return super().execute(action)

    def restart(self) -> str:
        self.lost = False
        return "It is here again."


def mortal(deaths: int, restarts: int) -> list[Event]:
    policy = ScriptedPolicy([(Wait(0),), (Wait(0),), Finish()])
    return list(Episode("t", Mortal(deaths), policy, supervision=Supervision(restarts=restarts)).run())


def test_a_screen_that_was_lost_is_started_again_and_said_to_be() -> None:
    events = mortal(deaths=1, restarts=1)
    assert ended(events).stop is StopReason.FINISHED
    (trouble,) = [event for event in events if isinstance(event, RecoveredError)]
    assert (trouble.step, trouble.kind) == (2, "screen")
    assert trouble.message == "it crashed; it was restarted (1 of 1)"
    assert [event.refused for event in events if isinstance(event, Acted)] == ["it crashed", None]
    assert "It is here again." in notes(events)[1]


@pytest.mark.parametrize(("deaths", "restarts"), [(1, 0), (2, 1)])
def test_a_screen_is_started_again_no_more_often_than_it_may(deaths: int, restarts: int) -> None:
    events = mortal(deaths, restarts)
    assert (ended(events).stop, ended(events).reason) == (StopReason.ENV_LOST, "it crashed")
    assert len([event for event in events if isinstance(event, RecoveredError)]) == restarts


@pytest.mark.parametrize(("jump", "way"), [(7200.0, "forward"), (-7200.0, "back")])
def test_a_clock_that_was_set_is_noted_and_breaks_no_limit(
    jump: float, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_by, real = [0.0], time.time
    monkeypatch.setattr("screenwright.agent.loop.observer.time.time", lambda: real() + set_by[0])
    events: list[Event] = []
    for event in Episode("t", FakeEnv(), ScriptedPolicy([(Wait(0),)] * 2), Limits(seconds=60)).run():
        events.append(event)
        if event.event == "acted":
            set_by[0] = jump
    assert ended(events).stop is StopReason.FINISHED
    (trouble,) = [event for event in events if isinstance(event, RecoveredError)]
    assert trouble.message == f"the clock was set {way} by 7200 s"


def test_all_of_it_is_recorded_and_read_back(tmp_path: Path) -> None:
    verdicts = iter([Critique(False, "no"), Critique(True, "yes")])
    supervision = Supervision(attended=True, critic=lambda claim: next(verdicts))
    wait = "Action: wait()"
    model = ScriptedModel(["Action: call_user(content='Who?')", "Action: finished()", "Action: finished()", wait])
    agent = Agent(model, dialect=UiTars15(ask_user=True), supervision=supervision)
    seen: list[Event] = []
    for event in agent.stream("t", FakeEnv(), out=tmp_path / "run"):
        seen.append(event)
        if isinstance(event, NeedsUser):
            agent.send_message("me")
    assert list(read_run(tmp_path / "run").events) == seen
    assert ended(seen).verified is True
