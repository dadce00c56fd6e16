"""One process at a time continues a run or an evaluation."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, Limits, RunError, ScriptedModel, StopReason, UiTars15, read_run
from screenwright.agent.record.lock import is_locked, lock_folder
from screenwright.agent.record.viewer import render_page
from screenwright.cli.main import main

HOLDER = """
import sys, time
from pathlib import Path
from screenwright.agent.record.lock import is_locked, lock_folder
lock = lock_folder(Path(sys.argv[1]))
print("locked", flush=True)
time.sleep(600)
"""


def waiting() -> Agent:
    return Agent(ScriptedModel(lambda messages: "Action: wait()"), dialect=UiTars15(), limits=Limits(steps=1))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that hit its limit after a step."""
    folder = tmp_path / "run"
    assert waiting().run("a task", FakeEnv(), out=folder).stop is StopReason.STEP_LIMIT
    return folder


def test_lock_is_free_again_after_its_process_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(BlockingIOError, match=f"process {holder.pid} is using it"):
            lock_folder(tmp_path)
        holder.send_signal(signal.SIGKILL)
    lock_folder(tmp_path).close()


def test_second_resume_is_refused_in_one_line_and_leaves_the_run_alone(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = waiting().continue_stream(run, FakeEnv())
    next(first)
    before = (run / "events.jsonl").read_bytes()
    assert main(["run", "--resume", str(run), "--model", "reader", "--url", "about:blank"]) == 2
    err = capsys.readouterr().err
    assert f"cannot record the run in {run}: process {os.getpid()} is using it" in err
    with pytest.raises(RunError, match="is using it"):
        waiting().continue_run(run, FakeEnv())
    assert (run / "events.jsonl").read_bytes() == before
    del first
    assert waiting().continue_run(run, FakeEnv()).stop is StopReason.STEP_LIMIT


def test_new_run_is_locked_and_can_be_read_meanwhile(tmp_path: Path) -> None:
    running = waiting().stream("a task", FakeEnv(), out=tmp_path / "run")
    next(running)
    with pytest.raises(RunError, match="is using it"):
        waiting().continue_run(tmp_path / "run", FakeEnv())
    assert render_page(read_run(tmp_path / "run").events)
    del running


@pytest.mark.parametrize("content", [b"", b"no process", b"12 \x1b[31mhost", b"1" * 600])
def test_damaged_lock_file_does_not_reach_the_terminal(tmp_path: Path, content: bytes) -> None:
    with lock_folder(tmp_path):
        (tmp_path / ".lock").write_bytes(content)
        with pytest.raises(BlockingIOError) as caught:
            lock_folder(tmp_path)
    assert caught.value.strerror == "another process is using it; wait until it ends, or stop it"


def test_process_of_another_machine_is_named_with_it(tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        (tmp_path / ".lock").write_bytes(b"12 other.example.org")
        with pytest.raises(BlockingIOError, match=r"process 12 on other\.example\.org is using it"):
            lock_folder(tmp_path)


def test_lock_file_that_leads_elsewhere_is_refused(run: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep")
    (run / ".lock").unlink()
    (run / ".lock").symlink_to(precious)
    with pytest.raises(RunError, match="cannot record the run"):
        waiting().continue_run(run, FakeEnv())
    assert precious.read_text() == "keep"


def test_a_lock_that_is_held_for_a_moment_only_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = lock_folder(tmp_path)

    def sleep(seconds: float) -> None:
        held.close()

    monkeypatch.setattr("time.sleep", sleep)
    with lock_folder(tmp_path):
        assert is_locked(tmp_path)


def test_asking_whether_a_folder_is_locked_does_not_lock_it(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    with lock_folder(tmp_path):
        assert is_locked(tmp_path)
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    lock_folder(tmp_path).close()
