from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from screenwright import (
    Acted,
    Action,
    AllowAll,
    Click,
    Decided,
    Deny,
    Ended,
    Episode,
    Event,
    FakeEnv,
    Guard,
    KeyDown,
    Limits,
    ModelLost,
    ModelPolicy,
    Navigate,
    Note,
    Observed,
    ParseFailed,
    Replied,
    ScreenPoint,
    ScriptedModel,
    ScriptedPolicy,
    Stepped,
    StopReason,
    Type,
    UiTars15,
    Usage,
    Wait,
)
from screenwright.agent.core.decision import AskUser, Ending, Finish, GiveUp
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.loop.control import Control
from screenwright.envs.env import EnvLost, Observation

Script = Iterable[tuple[Action, ...] | Ending]


def play(env: FakeEnv, script: Script, limits: Limits = Limits(), guard: Guard = AllowAll()) -> list[Event]:
    return list(Episode("a task", env, ScriptedPolicy(script), limits, guard).run())


def ended(events: list[Event]) -> Ended:
    assert isinstance(events[-1], Ended)
    return events[-1]


def with_model(env: FakeEnv, model: ScriptedModel, limits: Limits = Limits()) -> list[Event]:
    return list(Episode("Press Greet", env, ModelPolicy(model, UiTars15()), limits).run())


def test_episode_observes_decides_and_acts_until_finished() -> None:
    env = FakeEnv()
    events = play(env, [(Click(env.where("Greet")),), Finish("greeted")])
    assert env.state.presses == 1
    assert (ended(events).stop, ended(events).answer, ended(events).steps) == (StopReason.FINISHED, "greeted", 2)
    assert [event.event for event in events] == [
        "started", "observed", "decided", "intended", "acted", "stepped", "observed", "decided", "stepped", "ended",
    ]  # fmt: skip


def test_next_observation_reports_the_change_of_an_action() -> None:
    env = FakeEnv()
    events = play(env, [(Click(env.where("Greet")),), (Wait(0),), Finish()])
    changes = [event.change for event in events if isinstance(event, Observed)]
    assert changes[0] is None
    assert changes[1] is not None
    assert changes[1].share > 0
    assert changes[2] is not None
    assert changes[2].share == 0


@pytest.mark.parametrize(
    ("ending", "stop", "reason"),
    [
        (AskUser("Which account?"), StopReason.NEEDS_USER, "Which account?"),
        (GiveUp("no such file"), StopReason.INFEASIBLE, "no such file"),
        (AskUser(), StopReason.NEEDS_USER, "the model asks for help"),
    ],
)
def test_each_ending_has_its_stop_reason(ending: Ending, stop: StopReason, reason: str) -> None:
    end = ended(play(FakeEnv(), [ending]))
    assert (end.stop, end.reason) == (stop, reason)


def test_refused_action_is_reported_to_the_model_and_drops_the_rest() -> None:
    env = FakeEnv()
    events = play(env, [(Navigate("x.example"), Click(env.where("Greet"))), Finish()])
    acted = [event for event in events if isinstance(event, Acted)]
    assert len(acted) == 1
    assert acted[0].refused
    assert env.state.presses == 0
    notes = [event.notes for event in events if isinstance(event, Observed)][1]
    assert acted[0].refused in notes[0]


def test_denied_actions_are_not_executed_and_eventually_end_the_episode() -> None:
    env = FakeEnv()
    click = (Click(env.where("Greet")),)
    events = play(env, [click] * 10, guard=lambda action, observation: Deny("no clicking"))
    assert env.state.presses == 0
    assert ended(events).stop is StopReason.REFUSED
    assert all(event.by_guard for event in events if isinstance(event, Acted))
    assert "no clicking" in [event.notes for event in events if isinstance(event, Observed)][1][0]


UNSUPPORTED = (Navigate("x.example"),)
"""An action that the fake screen refuses."""


def deny_all(_action: Action, _observation: Observation) -> Deny:
    return Deny("no")


@pytest.mark.parametrize("guard", [AllowAll(), deny_all])
def test_finish_after_a_refused_action_is_rejected_once_and_then_ends_as_refused(guard: Guard) -> None:
    events = play(FakeEnv(), [UNSUPPORTED, Finish("a"), Finish("b")], guard=guard)
    (refused,) = [event.refused for event in events if isinstance(event, Acted)]
    assert refused
    assert refused in [event.notes for event in events if isinstance(event, Observed)][2][0]
    end = ended(events)
    assert (end.stop, end.answer, end.steps) == (StopReason.REFUSED, "b", 3)
    assert end.reason == f"the model finished although its last action was not carried out: {refused}"


def test_finish_in_the_same_reply_as_a_refused_action_is_rejected() -> None:
    actions = "navigate(content='x.example')\n\nfinished(content='done')"
    model = ScriptedModel([f"Action: {actions}", "Action: finished(content='done')"])
    episode = Episode("t", FakeEnv(), ModelPolicy(model, replace(UiTars15(), one_action=False)))
    assert ended(list(episode.run())).stop is StopReason.REFUSED


def test_finish_is_accepted_once_another_action_was_carried_out() -> None:
    env = FakeEnv()
    events = play(env, [UNSUPPORTED, Finish("a"), (Click(env.where("Greet")),), Finish("b")])
    assert (ended(events).stop, ended(events).answer) == (StopReason.FINISHED, "b")


def test_finish_after_a_refused_action_is_accepted_without_intervention() -> None:
    episode = Episode("t", FakeEnv(), ScriptedPolicy([UNSUPPORTED, Finish("a")]), supervision=NO_INTERVENTION)
    assert ended(list(episode.run())).stop is StopReason.FINISHED


def test_step_limit_ends_the_episode() -> None:
    end = ended(play(FakeEnv(), [(Wait(0),)] * 9, Limits(steps=3)))
    assert (end.stop, end.steps) == (StopReason.STEP_LIMIT, 3)


def test_time_limit_ends_the_episode() -> None:
    env = FakeEnv()
    presses = [(Click(env.where("Greet")),)] * 10_000  # each changes the number on the screen, so there is no loop
    assert ended(play(env, presses, Limits(steps=None, seconds=0.05))).stop is StopReason.TIME_LIMIT


def test_repeated_action_without_effect_ends_as_stuck_and_waits_count_a_quarter() -> None:
    click = ended(play(FakeEnv(), [(Click(ScreenPoint(600, 400)),)] * 50))
    assert (click.stop, click.steps) == (StopReason.STUCK, 7)
    assert "without changing the screen" in click.reason
    wait = ended(play(FakeEnv(), [(Wait(0),)] * 50))
    assert (wait.stop, wait.steps) == (StopReason.STUCK, 24)


def test_lost_screen_is_env_lost_and_earlier_steps_are_kept() -> None:
    class Losing(FakeEnv):
        observations = 0

        def observe(self) -> Observation:
            self.observations += 1
            if self.observations > 2:
                raise EnvLost("the screen is gone")
            return super().observe()

    events = play(Losing(), [(Wait(0),)] * 5)
    assert (ended(events).stop, ended(events).reason) == (StopReason.ENV_LOST, "the screen is gone")
    assert any(isinstance(event, Stepped) for event in events)


def test_lost_model_is_model_lost() -> None:
    end = ended(with_model(FakeEnv(), ScriptedModel([ModelLost("the server is down")])))
    assert (end.stop, end.reason) == (StopReason.MODEL_LOST, "the server is down")


def test_tokens_are_counted_and_limited() -> None:
    model = ScriptedModel(["Thought: t\nAction: wait()"] * 3, usage=Usage(100, 20))
    end = ended(with_model(FakeEnv(), model, Limits(tokens=200)))
    assert (end.stop, end.usage.total) == (StopReason.TOKEN_LIMIT, 240)


def test_click_is_converted_through_every_coordinate_space() -> None:
    env = FakeEnv()
    target = env.where("Greet")
    size = env.observe().screenshot.size
    image = UiTars15().image_rule.resize(size)
    x, y = round(target.x * image.width / size.width), round(target.y * image.height / size.height)
    model = ScriptedModel([f"Thought: greet\nAction: click(start_box='({x},{y})')", "Action: finished(content='ok')"])
    events = with_model(env, model)
    assert env.state.presses == 1
    assert ended(events).answer == "ok"
    decided = next(event for event in events if isinstance(event, Decided))
    (trace,) = decided.traces
    assert (trace.model.x, trace.model.y) == (x, y)
    assert trace.screen.x == pytest.approx(x * size.width / image.width)
    assert decided.actions == (Click(trace.screen),)
    assert decided.thought == "greet"


def test_point_outside_the_screen_is_clamped_and_recorded() -> None:
    model = ScriptedModel(["Action: click(start_box='(9000,-5)')", "Action: finished()"])
    decided = next(event for event in with_model(FakeEnv(), model) if isinstance(event, Decided))
    assert decided.traces[0].clamped
    assert decided.traces[0].screen == ScreenPoint(639, 0)


def test_parse_failure_is_reported_to_the_model_and_never_executed() -> None:
    env = FakeEnv()
    model = ScriptedModel(["Thought: hm\nAction: flyto(start_box='(1,1)')", "Action: finished(content='sorry')"])
    events = with_model(env, model)
    parse_failures = [event for event in events if isinstance(event, ParseFailed)]
    assert [event.kind for event in parse_failures] == ["unknown_action"]
    assert parse_failures[0].message in model.asked[1][-1].text
    assert ended(events).stop is StopReason.FINISHED
    assert len([event for event in events if isinstance(event, Replied)]) == 2
    assert ended(events).parse_failures == 1


def test_repeated_parse_failures_end_the_episode() -> None:
    end = ended(with_model(FakeEnv(), ScriptedModel(["gibberish"] * 9)))
    assert end.stop is StopReason.STUCK
    assert "could not be parsed" in end.reason


def test_stop_ends_the_episode_before_the_next_action() -> None:
    env, control = FakeEnv(), Control()
    episode = Episode("t", env, ScriptedPolicy([(Click(env.where("Greet")),)] * 5), control=control)
    events: list[Event] = []
    for event in episode.run():
        events.append(event)
        if isinstance(event, Decided):
            control.stop()
    assert ended(events).stop is StopReason.CANCELLED
    assert env.state.presses == 0


def test_paused_episode_waits_and_informs_the_model_afterwards() -> None:
    env, control = FakeEnv(), Control()
    episode = Episode("t", env, ScriptedPolicy([(Wait(0),), (Type("x"),), Finish()]), control=control)
    events: list[Event] = []
    for event in episode.run():
        events.append(event)
        if isinstance(event, Stepped) and event.step == 1:
            control.pause()
        if isinstance(event, Note) and event.text == "paused":
            control.resume()
    assert [event.text for event in events if isinstance(event, Note)] == ["paused", "resumed"]
    assert "user" in [event.notes for event in events if isinstance(event, Observed)][1][0]
    assert ended(events).stop is StopReason.FINISHED


def releases_of(script: Script, drive: Callable[[Iterable[Event]], None]) -> int:
    class Counting(FakeEnv):
        released = 0

        def release(self) -> None:
            self.released += 1
            super().release()

    env = Counting()
    drive(Episode("t", env, ScriptedPolicy(script)).run())
    return env.released


def test_held_keys_are_released_however_the_episode_ends() -> None:
    def to_the_end(events: Iterable[Event]) -> None:
        list(events)

    def closed_early(events: Iterable[Event]) -> None:
        iterator = iter(events)
        while not isinstance(next(iterator), Acted):
            pass
        iterator.close()  # type: ignore[attr-defined]  # it is a generator

    assert releases_of([(KeyDown("shift"),), Finish()], to_the_end) == 1
    assert releases_of([(KeyDown("shift"),), Finish()], closed_early) == 1


def test_events_are_recorded_before_they_are_yielded() -> None:
    recorded: list[Event] = []
    episode = Episode("t", FakeEnv(), ScriptedPolicy([(Wait(0),), Finish()]), record=recorded.append)
    for event in episode.run():
        assert recorded[-1] is event
    assert replace(ended(recorded), seconds=0.0).steps == 2
