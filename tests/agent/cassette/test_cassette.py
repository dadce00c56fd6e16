"""Cassettes: the loop runs again on recorded runs of many kinds, and a difference is reported with its step."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from screenwright import (
    Acted,
    Action,
    Agent,
    AnswerRejected,
    ApprovalAnswer,
    ApprovalAnswered,
    ApprovalRequest,
    AskUser,
    Click,
    Completion,
    Critique,
    Decided,
    Ended,
    Escalated,
    Event,
    FakeEnv,
    Finish,
    ImagePart,
    Limits,
    Message,
    ModelLost,
    ModelPolicy,
    Note,
    ParseFailed,
    Price,
    RecoveredError,
    Replied,
    Resumed,
    RuleSet,
    Scope,
    ScreenChecked,
    ScreenPoint,
    ScriptedModel,
    ScriptedPolicy,
    Secret,
    StopReason,
    Summarized,
    Supervision,
    Type,
    Usage,
    UserActed,
    UserAction,
    UserMessage,
    action,
    dialect_named,
    read_run,
)
from screenwright.agent.cassette.replay import Cassette
from screenwright.agent.cassette.tape import Diverged, without_times
from screenwright.agent.core.context import DecisionContext
from screenwright.agent.core.coordinates import Frame
from screenwright.agent.core.decision import Ending
from screenwright.agent.core.model import ModelInfo, PromptRefused
from screenwright.agent.dialects.registry import with_several_actions
from screenwright.agent.policy.grounded_policy import GroundedPolicy
from screenwright.agent.policy.policy import PolicyEvents, ScreenDiverged
from screenwright.agent.record.bundle import write_bundle
from screenwright.cli.main import main
from screenwright.envs.actions import map_points
from screenwright.envs.env import ActionResult, EnvLost, Fact, Observation
from screenwright.envs.geometry import Size

GREET = Click(ScreenPoint(74, 58))
NAME = Click(ScreenPoint(200, 100))
SIZE = Size(640, 480)
UI = "ui-tars-1.5"


def say(dialect: str, *moves: Action | Ending, thought: str = "next") -> str:
    """The reply of a model with that dialect."""
    family: Any = dialect_named(dialect)
    frame = Frame(SIZE, family.image_rule.resize(SIZE), family.space)
    points: list[Any] = [move if isinstance(move, Ending) else map_points(move, frame.to_model) for move in moves]
    reply: str = family.format(thought, points)
    return reply


DONE = say(UI, Finish("done"))
CLICK = say(UI, GREET)


def record(folder: Path, *replies: Any, dialect: str = UI, env: FakeEnv | None = None, **parts: Any) -> Path:
    """Record a run on the fake screen in `folder`."""
    output, model = parts.pop("output", None), ScriptedModel(replies, usage=Usage(100, 10))
    parts.setdefault("policy", ModelPolicy(parts.pop("model", model), dialect_named(dialect)))
    Agent(**parts).run("Press Greet", env or FakeEnv(), output=output, out=folder)
    return folder


def kinds(folder: Path) -> set[type[Event]]:
    return {type(event) for event in read_run(folder).events}


def assert_equal(folder: Path, *expected: type[Event], parsed: bool = True) -> None:
    """The cassette of the run in `folder` has its events, byte for byte except for times."""
    assert kinds(folder) >= {*expected}
    replayed = Cassette(folder).check()
    assert [*map(without_times, replayed.events)] == [*map(without_times, read_run(folder).events)]
    assert replayed.parsed is parsed


@pytest.mark.parametrize("dialect", [UI, "doubao", "qwen2.5-vl", "qwen3-vl", "holo2", "opencua", "glm-v", "kimi"])
def test_run_of_each_dialect_is_replayed(dialect: str, tmp_path: Path) -> None:
    record(tmp_path, "?", say(dialect, GREET), say(dialect, Finish()), dialect=dialect)
    assert_equal(tmp_path, ParseFailed)


class Jumpy(FakeEnv):
    """Reports a fact at each observation, and changes at the second one of each step."""

    seen = 0

    def observe(self) -> Observation:
        self.seen += 1
        return replace(super().observe(), facts=(Fact(f"Look {self.seen}."),), location=f"Page {self.seen // 4}")


class Flaky(FakeEnv):
    """The screenshots `failing`, counted from 1, fail."""

    def __init__(self, *failing: int) -> None:
        super().__init__()
        self.failing, self.seen = failing, 0

    def observe(self) -> Observation:
        self.seen += 1
        if self.seen in self.failing:
            raise EnvLost("the browser crashed")
        return super().observe()

    def restart(self) -> str:
        return "It shows an empty page."


def test_several_actions_of_a_reply_and_what_changed_between_them(tmp_path: Path) -> None:
    several = say(UI, NAME, Type("Ada"), GREET)
    for env in (FakeEnv(), Jumpy()):
        model = ModelPolicy(ScriptedModel([several, DONE]), with_several_actions(dialect_named(UI)))
        record(tmp_path / type(env).__name__, policy=model, env=env)
        assert_equal(tmp_path / type(env).__name__, *([ScreenChecked] if isinstance(env, Jumpy) else []))


def test_loop_with_every_recovery_action(tmp_path: Path) -> None:
    away = say(UI, Click(ScreenPoint(600, 460)))
    record(tmp_path, *[away] * 12, supervision=Supervision(loop_threshold=2))
    assert_equal(tmp_path, Escalated, ScreenChecked)
    assert any(isinstance(event, Replied) and event.purpose == "zoom" for event in read_run(tmp_path).events)
    assert ended(tmp_path).stop is StopReason.STUCK


def ended(folder: Path) -> Ended:
    found = read_run(folder).ended
    assert found is not None
    return found


def answering(*answers: ApprovalAnswer) -> Callable[[ApprovalRequest], ApprovalAnswer]:
    """An approver that gives `answers` in turn."""
    left = iter(answers)
    return lambda _: next(left)


@pytest.mark.parametrize("scope", [Scope.ONCE, Scope.RUN])
def test_approvals_and_denials(scope: Scope, tmp_path: Path) -> None:
    rules = RuleSet.model_validate({"rule": [{"do": "ask", "name": "clicks", "actions": ["click"], "reason": "why"}]})
    answers = ApprovalAnswer(True, scope), ApprovalAnswer(False, text="not again"), ApprovalAnswer(True)
    record(tmp_path, CLICK, say(UI, NAME), CLICK, DONE, rules=rules, approver=answering(*answers))
    assert_equal(tmp_path, ApprovalAnswered)


def test_question_of_the_model_and_the_answer_of_the_user(tmp_path: Path) -> None:
    ask = "Thought: which?\nAction: call_user()"
    record(tmp_path, ask, CLICK, DONE, approver=answering(ApprovalAnswer(True, text="the first\nand only one")))
    assert_equal(tmp_path, UserMessage)


class Order(BaseModel):
    number: int


def test_answer_in_a_form_that_is_rejected(tmp_path: Path) -> None:
    record(tmp_path, say(UI, Finish("seven")), '{"number": 7}', output=Order)
    assert_equal(tmp_path, AnswerRejected)


def test_critic_that_rejects_a_finish(tmp_path: Path) -> None:
    verdicts = iter([Critique(False, "not pressed", Usage(5, 5)), Critique(True)])
    record(tmp_path, DONE, CLICK, DONE, env=Jumpy(), supervision=Supervision(critic=lambda claim: next(verdicts)))
    assert_equal(tmp_path, ScreenChecked)


class Small(ScriptedModel):
    """A model with a small context window, which summarizes in words."""

    def info(self) -> ModelInfo:
        return ModelInfo("small", context_tokens=5000)


def test_summary_when_the_context_is_full(tmp_path: Path) -> None:
    long = say(UI, GREET, thought=" ".join(f"word{number}" for number in range(300)))

    def reply(messages: Sequence[Message]) -> str:
        shows = any(isinstance(part, ImagePart) for message in messages for part in message.parts)
        return long if shows else "pressed Greet"

    model = Small(reply, usage=Usage(100, 10))
    record(tmp_path, model=model, limits=Limits(steps=8), supervision=Supervision(recovery=()))
    assert_equal(tmp_path, Summarized)


def test_prompt_that_the_server_refuses_is_shortened(tmp_path: Path) -> None:
    error = PromptRefused("HTTP 400: at most 1 image(s) may be provided in one prompt", images=1)
    record(tmp_path, CLICK, error, CLICK, DONE)
    assert_equal(tmp_path, RecoveredError)


def test_retried_requests_and_a_reply_that_was_cut_off(tmp_path: Path) -> None:
    retried = Completion(CLICK, Usage(7, 7), recovered_errors=("HTTP 503: busy",))
    record(tmp_path, retried, Completion("Thought: hm", Usage(7, 7), complete=False), DONE)
    assert_equal(tmp_path, RecoveredError, ParseFailed)


@pytest.mark.parametrize(
    ("replies", "parts", "stop"),
    [
        ([CLICK] * 3, {"limits": Limits(steps=2)}, StopReason.STEP_LIMIT),
        ([CLICK] * 9, {"limits": Limits(tokens=200)}, StopReason.TOKEN_LIMIT),
        ([CLICK], {"limits": Limits(cost=1), "prices": {"scripted": Price(9999, 9999)}}, StopReason.COST_LIMIT),
        ([CLICK, ModelLost("the server is gone")], {}, StopReason.MODEL_LOST),
        (["?"] * 3, {}, StopReason.STUCK),
        ([CLICK, DONE], {"env": Flaky(2, 3)}, StopReason.ENV_LOST),
        ([CLICK, DONE], {"env": Flaky(2)}, StopReason.FINISHED),
        ([CLICK, CLICK, DONE], {"env": Flaky(3, 4), "supervision": Supervision(restarts=1)}, StopReason.FINISHED),
    ],
)
def test_each_ending(replies: list[Any], parts: dict[str, Any], stop: StopReason, tmp_path: Path) -> None:
    record(tmp_path, *replies, **parts)
    assert ended(tmp_path).stop is stop
    assert_equal(tmp_path)


def test_stop_pause_messages_and_facts_of_the_user(tmp_path: Path) -> None:
    agent = Agent(ScriptedModel([CLICK] * 9), dialect=UI)
    for event in agent.stream("Press Greet", FakeEnv(), out=tmp_path):
        if event.event == "stepped" and event.step == 1:
            agent.pause()
        elif isinstance(event, Note) and event.text == "paused":
            agent.send_message("Look\nat this")
            agent.add_facts([Fact("A tab opened: {}.", ("Shop",))])
            for done in (NAME, Type("Ada")):
                agent.add_user_action(UserAction(FakeEnv().observe(), done, 0.1))
            agent.resume()
        elif event.event == "stepped" and event.step == 3:
            agent.stop()
    assert ended(tmp_path).stop is StopReason.CANCELLED
    assert_equal(tmp_path, Note, ScreenChecked, UserActed)


def test_time_limit_that_interrupts_an_action(tmp_path: Path) -> None:
    record(tmp_path, CLICK, "Thought: w\nAction: wait()", DONE, limits=Limits(seconds=0.3), env=Slow())
    assert ended(tmp_path).stop is StopReason.TIME_LIMIT
    assert_equal(tmp_path)


class Slow(FakeEnv):
    def execute(self, action: Action) -> ActionResult:
        from screenwright.envs.interrupt import sleep

        if action.__class__.__name__ == "Wait":
            sleep(60)
        return super().execute(action)


def test_secrets_and_functions_need_no_values_and_no_program(tmp_path: Path) -> None:
    @action
    def stock(article: str) -> int:
        """The number of articles."""
        return 4

    call = '<tool_call>\n{"name": "stock", "arguments": {"article": "tea"}}\n</tool_call>'
    qwen = "qwen3-vl"
    typed = [say(qwen, NAME), say(qwen, Type("{{bank}}")), call, say(qwen, Finish())]
    policy = ModelPolicy(ScriptedModel(typed), dialect_named(qwen))
    secrets = [Secret("bank", "hunter22", "program:fake")]
    record(tmp_path, policy=policy, secrets=secrets, actions=[stock])
    results = [event.result.output for event in read_run(tmp_path).events if isinstance(event, Acted) and event.result]
    assert "4" in results
    assert_equal(tmp_path)


def test_resumed_run_is_replayed_in_its_parts(tmp_path: Path) -> None:
    for event in Agent(ScriptedModel([CLICK] * 3), dialect=UI).stream("Press Greet", FakeEnv(), out=tmp_path):
        if event.event == "intended" and event.step == 2:
            break  # as if it was killed
    Agent(ScriptedModel([CLICK, DONE]), dialect=UI).continue_run(tmp_path, FakeEnv())
    assert_equal(tmp_path, Resumed)


def test_run_resumed_with_other_limits_is_replayed_with_them(tmp_path: Path) -> None:
    Agent(ScriptedModel([CLICK] * 3), dialect=UI, limits=Limits(1)).run("Press Greet", FakeEnv(), out=tmp_path)
    Agent(ScriptedModel([CLICK, DONE]), dialect=UI, limits=Limits(5)).continue_run(tmp_path, FakeEnv())
    assert_equal(tmp_path, Resumed)


class Gta1(ScriptedModel):
    """A grounder whose name determines its dialect."""

    def info(self) -> ModelInfo:
        return ModelInfo("GTA1-7B")


def test_planner_with_a_grounder(tmp_path: Path) -> None:
    act = "Thought: t\nAction: click(target='the button')"
    planner = ModelPolicy(ScriptedModel([act, act, DONE]), dialect_named("planner"))
    record(tmp_path, policy=GroundedPolicy(planner, Gta1(["(74,58)", "nowhere", "(74,58)"])))
    assert_equal(tmp_path, Replied, ParseFailed)


def test_policy_that_cannot_be_asked_again_decides_as_recorded(tmp_path: Path) -> None:
    record(tmp_path, policy=ScriptedPolicy([(GREET,), (Type("Ada"),), AskUser("Who?")]))
    assert_equal(tmp_path, Decided, parsed=False)


class Lost(ScriptedPolicy):
    """Performs a script; then the screen is not what it was."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        if context.step > 1:
            raise ScreenDiverged("at step 2 of 2: the button is not on the screen")
        return super().decide(context, interrupted)


def test_run_that_diverged_from_its_recording_ends_as_it_did(tmp_path: Path) -> None:
    record(tmp_path, policy=Lost([(GREET,)]))
    assert ended(tmp_path).stop is StopReason.DIVERGED
    assert_equal(tmp_path, Acted, parsed=False)


def test_difference_is_reported_with_its_step(tmp_path: Path) -> None:
    record(tmp_path, CLICK, CLICK, DONE)
    log = tmp_path / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    number, line = next((n, one) for n, one in enumerate(lines) if b'"step":2,' in one and b'"intended"' in one)
    lines[number] = line.replace(b'"at":[74', b'"at":[75')
    log.write_bytes(b"".join(lines))
    with pytest.raises(Diverged, match=r"step 2: 'intended' differs: action.at\[0\] was 75.* and is 74") as diverged:
        Cassette(tmp_path).check()
    assert diverged.value.step == 2


def test_another_dialect_shows_where_it_differs(tmp_path: Path) -> None:
    record(tmp_path, CLICK, DONE)
    with pytest.raises(Diverged, match=r"step 1: 'replied' differs: image\.width was 644 and is 640"):
        Cassette(tmp_path, dialect=dialect_named("qwen3-vl")).check()


def test_bundle_is_a_cassette_and_the_command_says_whether_it_is_equal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "run", CLICK, DONE)
    write_bundle(tmp_path / "run", tmp_path / "run.zip")
    assert main(["cassette", str(tmp_path / "run.zip")]) == 0
    assert "2 steps" in capsys.readouterr().out
    assert main(["cassette", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 of 2 equal"
    (tmp_path / "empty").mkdir()
    assert main(["cassette", str(tmp_path / "empty")]) == 2
    assert "contains no run and no bundle" in capsys.readouterr().err


def test_pictures_that_no_model_reads_are_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, CLICK, DONE)
    monkeypatch.setattr(ImagePart, "of", None)
    monkeypatch.setattr(ImagePart, "data", property(lambda part: pytest.fail("a picture was made")))
    Cassette(tmp_path).check()
