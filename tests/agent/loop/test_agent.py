import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from delayed import after

from screenwright import (
    Agent,
    Completion,
    Ended,
    EnvInfo,
    FakeEnv,
    Limits,
    Message,
    ModelInfo,
    ReaderModel,
    Sampling,
    ScriptedModel,
    ServedModel,
    StopReason,
    UiTars15,
    read_run,
)
from screenwright.agent.core.model import never
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.loop.open_model import open_model
from screenwright.envs.actions import Action, Wait
from screenwright.envs.env import ActionResult, EnvUnavailable, Observation
from screenwright.envs.interrupt import sleep

FINISH = "Thought: done\nAction: finished(content='42')"


def agent(*replies: str) -> Agent:
    return Agent(ScriptedModel(replies or [FINISH]), dialect=UiTars15())


class SlowModel:
    """Does not reply until it is interrupted."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def info(self) -> ModelInfo:
        return ModelInfo("slow")

    def connect(self) -> None:
        pass

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        self.asked.set()
        end = time.monotonic() + 20
        while not stop("") and time.monotonic() < end:
            time.sleep(0.005)
        return Completion("", complete=False)


def test_run_returns_the_result() -> None:
    result = agent().run("what is it?", FakeEnv())
    assert (result.stop, result.answer, result.steps, result.run) == (StopReason.FINISHED, "42", 1, None)
    assert result.finished


def test_run_is_recorded_in_the_given_folder(tmp_path: Path) -> None:
    result = agent().run("what is it?", FakeEnv(), out=tmp_path / "deep" / "run")
    assert result.run == tmp_path / "deep" / "run"
    assert read_run(tmp_path / "deep" / "run").started.task == "what is it?"


def test_unavailable_screen_leaves_no_recording(tmp_path: Path) -> None:
    class Closed(FakeEnv):
        def observe(self) -> Observation:
            raise EnvUnavailable("no display")

    with pytest.raises(EnvUnavailable, match="no display"):
        agent().run("a task", Closed(), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_stop_from_another_thread_interrupts_a_model_call() -> None:
    model = SlowModel()
    slow = Agent(model, dialect=UiTars15())

    def stop_when_asked() -> None:
        model.asked.wait(60)
        slow.stop()

    thread = threading.Thread(target=stop_when_asked)
    thread.start()
    result = slow.run("a task", FakeEnv())
    thread.join()
    assert result.stop is StopReason.CANCELLED


def test_arun_does_not_block_the_event_loop() -> None:
    async def both() -> tuple[StopReason, int]:
        ticks = 0
        work = asyncio.create_task(agent().arun("a task", FakeEnv()))
        while not work.done():
            ticks += 1
            await asyncio.sleep(0)
        return (await work).stop, ticks

    stop, ticks = asyncio.run(both())
    assert stop is StopReason.FINISHED
    assert ticks > 1


def test_cancelling_arun_stops_the_episode_cleanly(tmp_path: Path) -> None:
    model = SlowModel()

    async def cancelled() -> None:
        work = asyncio.create_task(Agent(model, dialect=UiTars15()).arun("a task", FakeEnv(), out=tmp_path))
        while not model.asked.is_set():
            await asyncio.sleep(0.005)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(cancelled())
    ended = read_run(tmp_path).ended
    assert ended is not None
    assert ended.stop is StopReason.CANCELLED


def test_agent_runs_one_task_at_a_time() -> None:
    one = agent(FINISH, FINISH)
    events = one.stream("a", FakeEnv())
    next(events)
    with pytest.raises(RuntimeError, match="already running a task"):
        one.run("b", FakeEnv())
    events.close()
    assert one.run("b", FakeEnv()).finished


def test_stream_ends_with_ended() -> None:
    assert isinstance(list(agent().stream("a", FakeEnv()))[-1], Ended)


def test_stop_without_a_task_has_no_effect() -> None:
    idle = agent()
    idle.stop()
    idle.pause()
    idle.resume()
    assert idle.run("a", FakeEnv()).finished


def test_model_is_opened_by_address() -> None:
    assert isinstance(open_model("http://127.0.0.1:9/v1", "ui-tars"), ServedModel)
    with pytest.raises(ValueError, match="there is no model 'gpt'"):
        open_model("gpt")


@pytest.mark.reader
def test_embedded_model_is_named_reader() -> None:
    assert isinstance(open_model("reader"), ReaderModel)


def test_chosen_prompt_is_sent() -> None:
    for prompt, offered in ((Prompt.BROWSER, True), (Prompt.COMPUTER, False), (None, False)):
        model = ScriptedModel([FINISH])
        Agent(model, dialect=UiTars15(), prompt=prompt).run("a task", FakeEnv())
        assert any("navigate(" in message.text for message in model.asked[0]) is offered


class PageEnv(FakeEnv):
    """Reports to be a browser page."""

    def info(self) -> EnvInfo:
        return EnvInfo("browser")


@pytest.mark.parametrize(
    ("dialect", "prompt", "offered"),
    [
        ("ui-tars-1.5", None, True),
        (UiTars15(), None, True),
        (UiTars15(prompt=Prompt.MOBILE), None, False),
        (UiTars15(), Prompt.COMPUTER, False),
    ],
)
def test_a_page_is_operated_with_the_browser_prompt_unless_another_one_was_chosen(
    dialect: UiTars15 | str, prompt: Prompt | None, *, offered: bool
) -> None:
    model = ScriptedModel([FINISH])
    Agent(model, dialect=dialect, prompt=prompt).run("a task", PageEnv())
    assert any("navigate(" in message.text for message in model.asked[0]) is offered


class WaitingEnv(FakeEnv):
    """A screen on which a wait takes its time, as on every real one."""

    def execute(self, action: Action) -> ActionResult:
        if isinstance(action, Wait):
            sleep(action.seconds)
        return super().execute(action)


def test_a_long_wait_is_interrupted_by_stop_and_by_the_time_limit() -> None:
    waiting = "Thought: later\nAction: wait(time=60)"
    limited = Agent(ScriptedModel([waiting]), dialect=UiTars15(), limits=Limits(seconds=0.2))
    started = time.monotonic()
    assert limited.run("a task", WaitingEnv()).stop is StopReason.TIME_LIMIT
    stopped = agent(waiting)
    with after(0.2, stopped.stop):
        assert stopped.run("a task", WaitingEnv()).stop is StopReason.CANCELLED
    assert time.monotonic() - started < 30


def test_close_closes_the_connections_of_the_model() -> None:
    class Connected(ScriptedModel):
        closed = False

        def close(self) -> None:
            self.closed = True

    model = Connected([FINISH])
    Agent(model, dialect=UiTars15()).close()
    assert model.closed
    agent().close()  # a model without connections


def test_ground_uses_the_grounding_prompt_and_returns_image_pixels() -> None:
    model = ScriptedModel(["Action: click(start_box='(322,238)')"])
    point = Agent(model, dialect=UiTars15()).ground(FakeEnv().observe().screenshot, "the middle")
    assert point is not None
    assert (point.x, point.y) == pytest.approx((320, 240))
    assert not any("finished(" in message.text for message in model.asked[0])
