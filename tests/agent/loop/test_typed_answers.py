"""Answers of a type: the model is asked for them, they are validated, and a mismatch is asked about again."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from screenwright import (
    Agent,
    AnswerRejected,
    AskUser,
    Completion,
    Critique,
    Decided,
    DecisionContext,
    Ended,
    Event,
    FakeEnv,
    Finish,
    Limits,
    ModelInfo,
    PolicyInfo,
    ReaderModel,
    Replied,
    Result,
    RunError,
    SchemaAnswer,
    ScriptedModel,
    Started,
    StopReason,
    Supervision,
    UiTars15,
    Usage,
    read_run,
)
from screenwright.agent.policy.policy import PolicyEvents


class Order(BaseModel):
    number: int
    total: float


GOOD = '{"number": 7, "total": 12.5}'
ORDER = Order(number=7, total=12.5)


def finish(answer: str) -> str:
    return f"Thought: done\nAction: finished(content='{answer}')"


def play(*replies: str | Completion, **parts: Any) -> tuple[Result[Order], ScriptedModel]:
    model = ScriptedModel(replies)
    return Agent(model, dialect=UiTars15(), **parts).run("Order tea", FakeEnv(), output=Order), model


def test_the_schema_follows_the_task_and_the_answer_is_a_value() -> None:
    result, model = play(finish(GOOD))
    assert (result.stop, result.output, result.answer) == (StopReason.FINISHED, ORDER, GOOD)
    task = model.asked[0][0].text + model.asked[0][1].text
    assert "Order tea\n\nForm of the answer: " in task
    assert '"number":{"title":"Number","type":"integer"}' in task
    assert result.output is not None
    assert result.output.total == 12.5  # typed: `mypy` and `pyright` check this line


def test_a_mismatch_is_asked_about_with_the_problems_and_decoded_by_the_schema() -> None:
    result, model = play(finish("Order 7, 12.50 EUR"), f"```json\n{GOOD}\n```")
    assert (result.stop, result.output, result.steps) == (StopReason.FINISHED, ORDER, 1)
    reply, request = model.asked[1][-2:]
    assert (reply.role, reply.text) == ("assistant", finish("Order 7, 12.50 EUR"))
    assert "your answer was not accepted: it is not a JSON value" in request.text
    assert model.samplings[1].json_schema == Order.model_json_schema()
    assert not model.samplings[1].tools


def test_a_model_that_always_acts_may_finish_once_more_instead() -> None:
    result, _ = play(finish("7"), finish(GOOD))
    assert result.output == ORDER


def test_each_mismatch_is_an_event_and_after_three_the_run_did_not_finish(tmp_path: Path) -> None:
    agent = Agent(ScriptedModel([finish("seven"), '{"number": 7}', '{"total": 1}']), dialect=UiTars15())
    result = agent.run("Order tea", FakeEnv(), output=Order, out=tmp_path / "run")
    assert (result.stop, result.output, result.finished) == (StopReason.INVALID_ANSWER, None, False)
    assert result.reason == "the answer does not have the form that was asked for: number: Field required"
    run = read_run(tmp_path / "run")
    rejected = [event.problems for event in run.events if isinstance(event, AnswerRejected)]
    assert rejected == [("it is not a JSON value",), ("total: Field required",), ("number: Field required",)]
    assert [event.purpose for event in run.events if isinstance(event, Replied)] == ["act", "answer", "answer"]
    assert run.started.answer_schema == Order.model_json_schema()


def test_the_tokens_of_asking_again_count_and_can_reach_the_limit() -> None:
    result, _ = play(
        Completion(finish("seven"), Usage(10, 5)), Completion(GOOD, Usage(10, 5)), limits=Limits(tokens=20)
    )
    assert (result.stop, result.usage) == (StopReason.TOKEN_LIMIT, Usage(20, 10))


class FinishingPolicy:
    """Finishes in each step with the next answer; it cannot be asked for an answer alone."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.notes: list[tuple[str, ...]] = []

    def info(self) -> PolicyInfo:
        return PolicyInfo(ModelInfo("finishing"))

    def open(self) -> None:
        pass

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        self.notes.append(context.history[-1].notes)
        yield Decided(context.step, None, (), ending=Finish(self.answers.pop(0)))


def test_a_policy_that_cannot_be_asked_for_the_answer_alone_finishes_again() -> None:
    policy = FinishingPolicy("seven", GOOD)
    result = Agent(policy=policy).run("Order tea", FakeEnv(), output=Order)
    assert (result.output, result.steps) == (ORDER, 2)
    assert any("Finish again" in note for note in policy.notes[1])
    ended = Agent(policy=FinishingPolicy("seven"), limits=Limits(steps=1)).run("Order tea", FakeEnv(), output=Order)
    assert ended.stop is StopReason.INVALID_ANSWER


def test_the_critic_judges_the_answer_in_its_form() -> None:
    judged: list[str] = []

    def critic(claim: Any) -> Critique:
        judged.append(claim.answer)
        return Critique(True)

    result, _ = play(finish("seven"), GOOD, supervision=Supervision(critic=critic))
    assert (judged, result.output, result.verified) == ([GOOD], ORDER, True)


def test_other_ends_have_no_output() -> None:
    result, _ = play("Thought: t\nAction: call_user(content='Which tea?')")
    assert (result.stop, result.output) == (StopReason.NEEDS_USER, None)


def test_without_a_type_nothing_is_added_and_the_output_is_none() -> None:
    model = ScriptedModel([finish("42")])
    result = Agent(model, dialect=UiTars15()).run("Order tea", FakeEnv())
    assert result.output is None
    assert not any("Form of the answer" in message.text for message in model.asked[0])


def test_arun_and_a_json_schema_have_an_output_too() -> None:
    form = SchemaAnswer({"type": "integer"})
    agent = Agent(ScriptedModel([finish("42")]), dialect=UiTars15())
    assert asyncio.run(agent.arun("Count", FakeEnv(), output=form)).output == 42


def test_a_continued_run_keeps_the_type_of_its_answer(tmp_path: Path) -> None:
    agent = Agent(ScriptedModel(["Thought: t\nAction: wait()", finish(GOOD)]), dialect=UiTars15(), limits=Limits(1))
    agent.run("Order tea", FakeEnv(), output=Order, out=tmp_path / "run")
    agent.limits = Limits(5)
    with pytest.raises(RunError, match="another type of answer"):
        agent.continue_run(tmp_path / "run", FakeEnv())
    with pytest.raises(RunError, match="another type of answer"):
        agent.continue_run(tmp_path / "run", FakeEnv(), output=int)
    assert agent.continue_run(tmp_path / "run", FakeEnv(), output=Order).output == ORDER


@pytest.mark.reader
def test_the_reader_does_not_take_the_schema_for_an_instruction() -> None:
    env = FakeEnv()
    result = Agent(ReaderModel()).run('Click "Greet".', env, output=str)
    assert result.stop is StopReason.FINISHED
    assert env.state.presses == 1


def test_events_of_a_stream_end_with_the_answer_in_its_form() -> None:
    events: list[Event] = []
    agent = Agent(ScriptedModel([finish("?"), GOOD]), dialect=UiTars15())
    events += agent.stream("Order tea", FakeEnv(), output=Order)
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Ended)
    assert events[-1].answer == GOOD
    assert not any(isinstance(event, Decided) and isinstance(event.ending, AskUser) for event in events)
