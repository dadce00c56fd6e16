"""OpenTelemetry spans of an episode, collected in memory."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from screenwright import (
    Action,
    ActionRefused,
    ActionResult,
    Agent,
    Completion,
    Critique,
    Deny,
    FakeEnv,
    ModelInfo,
    ModelLost,
    Observation,
    Price,
    ScriptedModel,
    Supervision,
    UiTars15,
    Usage,
    action,
)

CLICK = Completion("Thought: secret\nAction: click(start_box='(30,30)')", Usage(1000, 50, 600))
FINISH = Completion("Thought: done\nAction: finished(content='42')", Usage(2000, 20))


class Spans(InMemorySpanExporter):
    """The finished spans, and questions about them."""

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.named(name)
        return span

    def parent(self, span: ReadableSpan) -> str:
        found = {one.context.span_id: one.name for one in self.get_finished_spans() if one.context}
        return found.get(span.parent.span_id, "") if span.parent is not None else ""

    def tree(self) -> list[str]:
        return sorted(f"{self.parent(span)} > {span.name}" for span in self.get_finished_spans())


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    provider, exporter = TracerProvider(), Spans()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


def deny(action: Action, observation: Observation) -> Deny:
    return Deny("no")


class Named(ScriptedModel):
    def info(self) -> ModelInfo:
        return ModelInfo("gpt-5.4", "https://api.openai.com/v1")


class Settling(FakeEnv):
    def execute(self, action: Action) -> ActionResult:
        super().execute(action)
        return ActionResult(0.001, 0.002, "quiet")


def run(*replies: Completion | str, env: FakeEnv | None = None, **parts: Any) -> None:
    Agent(Named(replies), dialect=parts.pop("dialect", UiTars15()), **parts).run("a secret task", env or Settling())


def test_an_episode_is_a_tree_of_steps_captures_calls_actions_and_settling(spans: Spans) -> None:
    run(CLICK, FINISH)
    assert spans.tree() == [
        " > invoke_agent screenwright",
        "execute_tool click > settle",
        "invoke_agent screenwright > step 1",
        "invoke_agent screenwright > step 2",
        "step 1 > capture",
        "step 1 > chat gpt-5.4",
        "step 1 > execute_tool click",
        "step 2 > capture",
        "step 2 > chat gpt-5.4",
    ]
    for span in spans.get_finished_spans():
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time


def test_calls_have_the_genai_attributes(spans: Spans) -> None:
    run(CLICK, FINISH)
    assert attributes(spans.named("chat gpt-5.4")[0]) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5.4",
        "server.address": "api.openai.com",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.cache_read.input_tokens": 600,
        "screenwright.purpose": "act",
        "screenwright.attempt": 0,
    }
    assert attributes(spans.one("execute_tool click")) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "click",
        "gen_ai.tool.type": "extension",
    }
    assert attributes(spans.one("settle")) == {"screenwright.settled_by": "quiet"}


def test_the_episode_has_its_end_its_tokens_and_its_cost(spans: Spans) -> None:
    run(
        CLICK, FINISH, prices={"gpt-5.4": Price(1.0, 1.0)}, supervision=Supervision(critic=lambda claim: Critique(True))
    )
    episode = attributes(spans.one("invoke_agent screenwright"))
    assert episode["gen_ai.agent.name"] == "screenwright"
    assert episode["screenwright.stop"] == "finished"
    assert episode["screenwright.steps"] == 2
    assert episode["screenwright.verified"] is True
    assert episode["gen_ai.usage.input_tokens"] == 3000
    assert episode["screenwright.cost"] == pytest.approx(0.00307)
    assert attributes(spans.one("chat"))["screenwright.purpose"] == "critic"


def test_no_text_of_the_task_the_model_or_the_screen_is_in_a_span(spans: Spans) -> None:
    run(CLICK, FINISH)
    assert "secret" not in "".join(span.to_json() for span in spans.get_finished_spans())


def test_what_was_refused_or_denied_or_not_parsed_is_an_error_or_an_event(spans: Spans) -> None:
    class Refusing(FakeEnv):
        def execute(self, action: Action) -> ActionResult:
            raise ActionRefused("not here")

    run("what?", CLICK, FINISH, FINISH, env=Refusing())
    refused = spans.one("execute_tool click")
    assert (refused.status.status_code, attributes(refused)["error.type"]) == (StatusCode.ERROR, "refused")
    assert [event.name for event in spans.named("step 1")[0].events] == ["parse_failed"]
    spans.clear()
    run(CLICK, FINISH, FINISH, guard=deny)
    assert attributes(spans.one("execute_tool click"))["error.type"] == "denied"


def test_a_lost_model_is_an_error_of_the_episode(spans: Spans) -> None:
    class Lost(Named):
        def connect(self) -> None:
            raise ModelLost("gone")

    Agent(Lost([]), dialect=UiTars15()).run("a task", FakeEnv())
    episode = spans.one("invoke_agent screenwright")
    assert (episode.status.status_code, attributes(episode)["error.type"]) == (StatusCode.ERROR, "model_lost")


def test_a_function_of_the_program_is_a_tool(spans: Spans) -> None:
    @action
    def stock() -> int:
        """Stock."""
        return 1

    call = '<tool_call>{"name": "stock", "arguments": {}}</tool_call>'
    end = '<tool_call>{"name": "computer_use", "arguments": {"action": "terminate", "status": "success"}}</tool_call>'
    run(call, end, dialect="qwen3-vl", actions=[stock])
    assert attributes(spans.one("execute_tool stock"))["gen_ai.tool.type"] == "function"


def test_an_episode_that_is_left_early_ends_its_spans(spans: Spans) -> None:
    steps = Agent(Named([CLICK, FINISH]), dialect=UiTars15()).steps("a task", FakeEnv())
    next(steps)
    assert spans.named("invoke_agent screenwright") == []
    steps.close()
    assert "screenwright.stop" not in attributes(spans.one("invoke_agent screenwright"))


def test_the_episode_is_a_child_of_the_callers_span_also_in_asyncio(spans: Spans) -> None:
    tracer = trace.get_tracer("caller")
    with tracer.start_as_current_span("caller"):
        run(FINISH)
        asyncio.run(Agent(Named([FINISH]), dialect=UiTars15()).arun("a task", FakeEnv()))
    assert [spans.parent(span) for span in spans.named("invoke_agent screenwright")] == ["caller", "caller"]


def test_without_opentelemetry_nothing_is_imported() -> None:
    code = (
        "import sys; from screenwright import Agent, FakeEnv, ScriptedModel, UiTars15\n"
        "Agent(ScriptedModel(['Action: finished()']), dialect=UiTars15()).run('t', FakeEnv())\n"
        "print('opentelemetry.trace' in sys.modules)"
    )
    path = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
