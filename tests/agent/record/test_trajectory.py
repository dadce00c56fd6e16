import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from screenwright import (
    Action,
    Agent,
    Click,
    Decided,
    Drag,
    Ended,
    Episode,
    Event,
    FakeEnv,
    Intended,
    Limits,
    Note,
    Observation,
    Observed,
    ParseFailed,
    Replied,
    Resumed,
    Run,
    RunError,
    ScreenPoint,
    ScriptedModel,
    ScriptedPolicy,
    Started,
    Stepped,
    StopReason,
    Type,
    UiTars15,
    Usage,
    Wait,
    read_run,
)
from screenwright._files import write_file
from screenwright.agent.core.decision import AskUser, Ending, Finish
from screenwright.agent.record.trajectory import RunLog, event_from_json, event_to_json
from screenwright.envs.env import Fact


def record(folder: Path, *, finish: bool = True) -> list[Event]:
    env = FakeEnv()
    script: list[tuple[Action, ...] | Ending] = [(Click(env.where("Greet")),), (Type("hello"), Wait(0)), Finish("done")]
    with RunLog(folder) as log:
        events: list[Event] = []
        for event in Episode("a task", env, ScriptedPolicy(script), record=log).run():
            events.append(event)
            if not finish and isinstance(event, Stepped) and event.step == 2:
                break
        return events


def test_run_is_read_back_with_the_same_events(tmp_path: Path) -> None:
    events = record(tmp_path)
    run = read_run(tmp_path)
    assert run.events == tuple(events)
    assert run.started.task == "a task"
    assert run.ended is events[-1] or run.ended == events[-1]


def test_unchanged_screen_is_stored_once(tmp_path: Path) -> None:
    events = record(tmp_path)
    names = {event.observation.screenshot.sha256 for event in events if isinstance(event, Observed)}
    assert {path.stem for path in (tmp_path / "images").iterdir()} == names


@pytest.mark.parametrize(
    "event",
    [
        ParseFailed(3, 1, "no_action", 17, "there is no action"),
        Note("paused", 2),
        Replied(1, 0, "text \u2028 with \n everything \x00", Usage(1, 2, 3)),
        Decided(1, None, (Drag((ScreenPoint(1.25, 2), ScreenPoint(3, 4), ScreenPoint(5, 6))),), AskUser("why?")),
        Resumed(4, "2026-01-01T00:00:00+00:00", "0.1"),
    ],
)
def test_event_round_trips_through_its_line(event: Event) -> None:
    line = event_to_json(event)
    assert b"\n" not in line
    assert event_from_json(line, lambda name, size: b"") == event


def test_text_that_utf_8_cannot_express_is_recorded_with_a_replacement(tmp_path: Path) -> None:
    class PageEnv(FakeEnv):
        def observe(self) -> Observation:
            return replace(super().observe(), facts=(Fact("The page showed an alert: \ud83d!"),))

    finish = "Action: finished(content='done')"
    model = ScriptedModel(["\udce9", finish])
    assert Agent(model, dialect=UiTars15()).run("caf\udce9", PageEnv(), out=tmp_path).finished
    run = read_run(tmp_path)
    assert run.started.task == "caf?"
    observed = next(event for event in run.events if isinstance(event, Observed))
    assert observed.observation.facts == (Fact("The page showed an alert: ?!"),)
    assert [event.text for event in run.events if isinstance(event, Replied)] == ["?", finish]


def test_run_cannot_overwrite_another(tmp_path: Path) -> None:
    record(tmp_path)
    before = (tmp_path / "events.jsonl").read_bytes()
    with pytest.raises(RunError, match="already contains a run"):
        record(tmp_path)
    assert (tmp_path / "events.jsonl").read_bytes() == before


def test_only_the_owner_may_read_a_run(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        record(tmp_path / "run")
        write_file(tmp_path / "run" / "view.html", b"page")
    finally:
        os.umask(before)
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in (tmp_path / "run", *(tmp_path / "run").rglob("*"))}
    assert modes == {True: 0o700, False: 0o600}


@pytest.mark.parametrize("name", ["file", "file/run", "x" * 300])
def test_unwritable_folder_is_reported_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="cannot record the run") as caught:
        record(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_full_disk_is_reported_in_one_line_and_earlier_events_stay_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_fsync, calls = os.fsync, 0

    def fail_after_first_step(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_after_first_step)
    with pytest.raises(RunError, match="No space left on device"):
        record(tmp_path)
    run = read_run(tmp_path)
    assert run.ended is None
    assert any(isinstance(event, Stepped) for event in run.events)


def test_partial_last_line_is_skipped_by_readers_and_truncated_on_resume(tmp_path: Path) -> None:
    record(tmp_path, finish=False)
    path = tmp_path / "events.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "observed", "st')
    assert len(read_run(tmp_path).events) == whole.count(b"\n")
    resumed = Resumed(2, "2026-01-01T00:00:00+00:00", "0.1")
    with RunLog(tmp_path, resume=True) as log:
        log(resumed)
    assert path.read_bytes() == whole + event_to_json(resumed) + b"\n"


def test_invalid_line_is_reported_with_its_number(tmp_path: Path) -> None:
    record(tmp_path)
    path = tmp_path / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], '{"event": "decided", "step": "three"}\n', *lines[3:]]))
    with pytest.raises(RunError, match="line 3") as caught:
        read_run(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"half a line"])
def test_folder_without_a_run_is_reported_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "events.jsonl").write_bytes(content)
    with pytest.raises(RunError) as caught:
        read_run(tmp_path)
    assert "\n" not in str(caught.value)


def test_resume_point_has_complete_steps_only(tmp_path: Path) -> None:
    record(tmp_path, finish=False)
    with (tmp_path / "events.jsonl").open("ab") as log:
        observed = next(event for event in read_run(tmp_path).events if isinstance(event, Observed))
        log.write(event_to_json(replace(observed, step=3)) + b"\n")
    past = read_run(tmp_path).past()
    assert len(past.history) == 2
    assert len(past.actions_done) == 3
    assert past.seconds > 0


def test_resumed_run_shows_the_model_its_history_and_the_interruption(tmp_path: Path) -> None:
    env = FakeEnv()
    first = ScriptedModel(["Thought: one\nAction: wait()", "Thought: two\nAction: hotkey(key='tab')"])
    cut_short = Agent(first, dialect=UiTars15(), limits=Limits(steps=2)).run("the task", env, out=tmp_path)
    assert cut_short.stop is StopReason.STEP_LIMIT

    second = ScriptedModel(["Action: finished(content='all done')"])
    events = list(Agent(second, dialect=UiTars15()).continue_stream(tmp_path, env))
    prompt = [line for message in second.asked[0] for line in message.text.split("\n")]
    assert any("Thought: one" in line for line in prompt)
    assert any("interrupted" in line for line in prompt)
    assert isinstance(events[-1], Ended)
    assert (events[-1].stop, events[-1].steps) == (StopReason.FINISHED, 3)
    assert read_run(tmp_path).ended == events[-1]
    with pytest.raises(RunError, match="finished"):
        Agent(second, dialect=UiTars15()).continue_run(tmp_path, env)


_ENDLESS = """
import sys
from pathlib import Path
from screenwright import Click, Episode, FakeEnv, Limits, ScreenPoint, ScriptedPolicy
from screenwright.agent.record.trajectory import RunLog
script = ((Click(ScreenPoint(float(number % 600 + 1), float(number % 400 + 1))),) for number in range(10**9))
with RunLog(Path(sys.argv[1])) as log:
    for event in Episode("endless", FakeEnv(), ScriptedPolicy(script), Limits(steps=None), record=log).run():
        print(event.event, flush=True)
"""


def killed_run(folder: Path, events: int) -> Run:
    with subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, str(folder)], stdout=subprocess.PIPE, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        for _ in range(events):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    return read_run(folder)


def has_begun_to_act(run: Run) -> bool:
    """Whether the run ends in a step after it began to act."""
    last = max(index for index, event in enumerate(run.events) if isinstance(event, Started | Observed))
    kinds = {type(event) for event in run.events[last:]}
    return Intended in kinds and Stepped not in kinds  # the end of a run that is stuck follows its last step


@pytest.mark.slow
@pytest.mark.parametrize("events", [2, 7, 23, 24, 25, 26, 27, 28, 29])
def test_killed_run_keeps_every_complete_step(tmp_path: Path, events: int) -> None:
    run = killed_run(tmp_path, events)
    assert len(run.events) >= events
    complete_steps = [event.step for event in run.events if isinstance(event, Stepped)]
    assert complete_steps == list(range(1, len(complete_steps) + 1))
    past = run.past()
    assert len(past.history) == len(complete_steps) + has_begun_to_act(run)
    assert past.unconfirmed == (run.events[-1].action if isinstance(run.events[-1], Intended) else None)
    for step in run.past().history:
        assert step.screenshot.image.size == (640, 480)


def test_log_is_plain_json_for_other_programs(tmp_path: Path) -> None:
    record(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    acted = next(line for line in lines if line["event"] == "acted")
    assert acted["action"]["type"] == "click"
    assert len(acted["action"]["at"]) == 2
    decided = next(line for line in lines if line["event"] == "decided")
    assert {"model", "image", "screen", "device", "clamped"} == set(decided["traces"][0])


def test_run_is_not_continued_in_another_dialect_and_stays_as_it_is(tmp_path: Path) -> None:
    started = Agent(ScriptedModel(["Action: wait()"]), dialect=UiTars15(), limits=Limits(steps=1))
    started.run("Wait", FakeEnv(), out=tmp_path / "run")
    events = (tmp_path / "run" / "events.jsonl").read_bytes()
    other = ScriptedModel([])
    with pytest.raises(ValueError, match=r"replies in the dialect ui-tars-1\.5, and cannot be continued in qwen3-vl"):
        Agent(other, dialect="qwen3-vl").continue_run(tmp_path / "run", FakeEnv())
    assert (tmp_path / "run" / "events.jsonl").read_bytes() == events
    assert other.asked == []
    same = Agent(ScriptedModel(["Action: finished()"]), dialect=UiTars15())
    assert same.continue_run(tmp_path / "run", FakeEnv()).finished
