"""A task event by event in asyncio, step by step, and several tasks on one screen."""

import asyncio
import threading
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from screenwright import (
    Acted,
    Agent,
    Click,
    Critique,
    Critiqued,
    Decided,
    Ended,
    FakeEnv,
    Observed,
    ScriptedModel,
    Started,
    StopReason,
    Supervision,
    UiTars15,
    read_run,
)
from screenwright.agent.record.steps import group_by_step

WAIT = "Thought: t\nAction: wait()"
FINISH = "Thought: done\nAction: finished(content='42')"


def agent(*replies: str, supervision: Supervision = Supervision()) -> Agent:
    return Agent(ScriptedModel(replies), dialect=UiTars15(), supervision=supervision)


# -- astream


def test_astream_yields_the_same_events_as_stream() -> None:
    async def kinds() -> list[str]:
        return [event.event async for event in agent(WAIT, FINISH).astream("a task", FakeEnv())]

    assert asyncio.run(kinds()) == [event.event for event in agent(WAIT, FINISH).stream("a task", FakeEnv())]


def test_the_episode_runs_on_a_single_thread_that_is_not_the_loop() -> None:
    threads: list[threading.Thread] = []

    class Watched(FakeEnv):
        def observe(self):  # type: ignore[no-untyped-def]
            threads.append(threading.current_thread())
            return super().observe()

    async def play() -> None:
        async for _ in agent(WAIT, FINISH).astream("a task", Watched()):
            pass

    asyncio.run(play())
    assert len({*threads}) == 1
    assert threads[0] is not threading.current_thread()
    assert not threads[0].is_alive()


def test_the_episode_waits_until_an_event_is_consumed() -> None:
    env = FakeEnv()

    async def play() -> int:
        at = env.where("Greet")
        click = f"Thought: t\nAction: click(start_box='({at.x:.0f},{at.y:.0f})')"
        async with aclosing(agent(click, FINISH).astream("a task", env)) as events:
            async for event in events:
                if isinstance(event, Decided):
                    await asyncio.sleep(0.05)
                    return env.state.presses
        return -1

    assert asyncio.run(play()) == 0
    assert env.state.presses == 0  # leaving the loop ended the episode


def test_an_agent_is_free_again_after_astream_was_left() -> None:
    async def play() -> str:
        one = agent(WAIT, FINISH)
        async with aclosing(one.astream("a task", FakeEnv())) as events:
            async for _ in events:
                break
        return (await one.arun("another task", FakeEnv())).answer

    assert asyncio.run(play()) == "42"


def test_cancelling_while_waiting_for_an_event_ends_the_episode_cleanly(tmp_path: Path) -> None:
    asked = threading.Event()

    class Slow(ScriptedModel):
        def complete(self, messages, sampling, stop=lambda text: False):  # type: ignore[no-untyped-def]
            asked.set()
            while not stop(""):
                time.sleep(0.005)
            return super().complete(messages, sampling, stop)

    async def play() -> None:
        one = Agent(Slow([WAIT] * 9), dialect=UiTars15())

        async def consume() -> None:
            async for _ in one.astream("a task", FakeEnv(), out=tmp_path / "run"):
                pass

        work = asyncio.create_task(consume())
        await asyncio.to_thread(asked.wait, 20)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(play())
    ended = read_run(tmp_path / "run").ended
    assert ended is not None
    assert ended.stop is StopReason.CANCELLED


def test_errors_of_the_start_reach_the_loop() -> None:
    async def play() -> None:
        async for _ in agent(FINISH).astream(" ", FakeEnv()):
            pass

    with pytest.raises(ValueError, match="the task is empty"):
        asyncio.run(play())


# -- steps


def test_each_next_does_one_step_and_the_result_follows_the_last() -> None:
    env = FakeEnv()
    at = env.where("Greet")
    click = f"Thought: I press it.\nAction: click(start_box='({at.x:.0f},{at.y:.0f})')"
    steps = agent(click, FINISH).steps("a task", env, output=int)
    first = next(steps)
    assert (env.state.presses, steps.result) == (1, None)
    assert [type(event.action) for event in first.all(Acted)] == [Click]
    assert first.first(Started) is not None
    second = next(steps)
    assert second.observed.step == 2
    assert next(steps, None) is None
    assert steps.result is not None
    assert (steps.result.output, steps.result.steps) == (42, 2)


def test_the_steps_hold_the_same_events_as_the_recording(tmp_path: Path) -> None:
    verdicts = iter([Critique(False, "not yet"), Critique(True)])
    one = agent(FINISH, WAIT, FINISH, supervision=Supervision(critic=lambda claim: next(verdicts)))
    steps = list(one.steps("a task", FakeEnv(), out=tmp_path / "run"))
    recorded = group_by_step(read_run(tmp_path / "run").events)
    assert [[event.event for event in step.events] for step in steps] == [
        [event.event for event in step.events] for step in recorded
    ]
    assert [len(step.all(Critiqued)) for step in steps] == [1, 0, 1]


def test_between_two_steps_the_program_may_use_the_screen_and_talk_to_the_model() -> None:
    env = FakeEnv()
    one = agent(WAIT, FINISH)
    for step in one.steps("a task", env):
        if step.observed.step == 1:
            env.execute(Click(env.where("Greet")))
            one.send_message("I pressed it for you.")
        else:
            assert "The user says: I pressed it for you." in step.observed.notes
    assert env.state.presses == 1


def test_a_step_that_a_stop_cut_short_is_the_last_one() -> None:
    one = agent(WAIT, FINISH)
    steps = one.steps("a task", FakeEnv())
    next(steps)
    one.stop()
    assert list(steps) == []
    assert steps.result is not None
    assert steps.result.stop is StopReason.CANCELLED


def test_closing_the_steps_ends_the_episode() -> None:
    one = agent(WAIT, FINISH)
    steps = one.steps("a task", FakeEnv())
    next(steps)
    steps.close()
    assert (list(steps), steps.result) == ([], None)
    assert one.run("another task", FakeEnv()).answer == "42"


# -- several tasks


def test_several_tasks_run_on_one_screen_that_stays_as_it_is() -> None:
    opened: list[FakeEnv] = []

    class Counted(FakeEnv):
        def close(self) -> None:
            opened.append(self)
            super().close()

    with Counted() as env:
        at = env.where("Greet")
        click = f"Thought: t\nAction: click(start_box='({at.x:.0f},{at.y:.0f})')"
        one = agent(click, FINISH, click, FINISH)
        shots: list[str] = []
        for task in ("Greet", "Greet again"):
            events = list(one.stream(task, env))
            assert isinstance(events[-1], Ended)
            seen = [event.observation.screenshot.sha256 for event in events if isinstance(event, Observed)]
            shots += [seen[0], seen[-1]]
        assert (env.state.presses, opened) == (2, [])
        assert shots[1] == shots[2]  # the second task starts where the first ended
