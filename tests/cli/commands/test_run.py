"""`screenwright run`: output, recording and exit codes."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from screenwright import Click, FakeEnv, Message, ScreenPoint, ScriptedModel, read_run
from screenwright.agent.core.limits import StopReason
from screenwright.agent.models.http_server import ModelServer, serve
from screenwright.cli.commands.images import target_reader
from screenwright.cli.commands.run import EXIT_CODES
from screenwright.cli.main import main
from screenwright.envs.config import DesktopConfig

PAGE = (
    "data:text/html,<title>t</title><button style='width:300px;height:200px' onclick='this.textContent+=1'>Go</button>"
)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command returned and printed."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def screenwright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Runs a command in this process and an empty folder, without a user at the terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    capsys.readouterr()

    def run(*arguments: str) -> Done:
        code = main(arguments)
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return run


Command: TypeAlias = Callable[..., Done]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A server whose model clicks twice and then finishes."""

    def answer(messages: Sequence[Message]) -> str:
        replies = sum(message.role == "assistant" for message in messages)
        if replies >= 2:
            return "Thought: That is all.\nAction: finished(content='two clicks')"
        return f"Thought: Click number {replies + 1}.\nAction: click(start_box='({100 + replies},100)')"

    with serve(ScriptedModel(answer), name="ui-tars-1.5") as running:
        yield running


@pytest.mark.browser
def test_a_task_is_done_and_recorded_and_its_answer_printed(
    tmp_path: Path, server: ModelServer, screenwright: Command
) -> None:
    done = screenwright("run", "click twice", "--url", PAGE, "--model", server.url, "--no-calibrate", "--out", "here")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "two clicks\n"
    assert "Click number 2." in done.stderr
    assert "finished after 3 steps" in done.stderr
    run = read_run(tmp_path / "here")
    assert run.ended is not None
    assert run.started.policy.model.name == "ui-tars-1.5"

    viewed = screenwright("view", "here")
    assert viewed.stdout == "here/view.html\n"
    assert (tmp_path / "here" / "view.html").stat().st_size > 10_000


@pytest.mark.browser
def test_json_prints_every_event(tmp_path: Path, server: ModelServer, screenwright: Command) -> None:
    done = screenwright("run", "click twice", "--url", PAGE, "--model", server.url, "--no-calibrate", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "ended"]
    assert events[-1]["stop"] == "finished"


@pytest.mark.browser
def test_a_run_that_hit_a_limit_is_resumed_with_its_own_settings(
    tmp_path: Path, server: ModelServer, screenwright: Command
) -> None:
    run = (
        "run",
        "click twice",
        "--url",
        PAGE,
        "--model",
        server.url,
        "--no-calibrate",
        "--out",
        "here",
        "--steps",
        "1",
    )
    assert screenwright(*run).returncode == EXIT_CODES[StopReason.STEP_LIMIT]
    resumed = screenwright("run", "--resume", "here", "--steps", "9")
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout == "two clicks\n"
    assert screenwright("run", "--resume", "here").returncode == 2


class Sandboxed(FakeEnv):
    """A screen whose programs run in a sandbox."""

    shown = (Path("/home/me/notes.txt"), Path("/home/me/.venv"))


class Unsandboxed(FakeEnv):
    """A screen whose programs run without one."""

    unsandboxed = "bubblewrap is not installed: apt-get install bubblewrap"


@pytest.mark.parametrize(
    ("env", "line"),
    [
        (
            Sandboxed,
            "programs can read, not change: /home/me/notes.txt, /home/me/.venv "
            "(--grant-folder FOLDER:rw to change what is in it)",
        ),
        (
            Unsandboxed,
            "programs run without a sandbox, as you: bubblewrap is not installed: apt-get install bubblewrap",
        ),
    ],
)
def test_what_programs_can_reach_is_said_once(
    server: ModelServer, screenwright: Command, monkeypatch: pytest.MonkeyPatch, env: type[FakeEnv], line: str
) -> None:
    def build(_config: DesktopConfig, _out: Path | None = None) -> FakeEnv:
        return env()

    monkeypatch.setattr(DesktopConfig, "build", build)
    done = screenwright("run", "x", "--env", "desktop", "--virtual", "--model", server.url, "--no-calibrate")
    assert (done.returncode, done.stderr.splitlines().count(line)) == (0, 1), done.stderr


@pytest.mark.browser
def test_an_unreachable_server_is_one_line_and_the_run_is_readable(tmp_path: Path, screenwright: Command) -> None:
    done = screenwright("run", "x", "--url", PAGE, "--model", "http://127.0.0.1:9/v1", "--out", "here")
    assert done.returncode == EXIT_CODES[StopReason.MODEL_LOST]
    assert "Traceback" not in done.stderr
    assert "127.0.0.1:9" in done.stderr
    ended = read_run(tmp_path / "here").ended
    assert ended is not None
    assert "\n" not in ended.reason


def test_wrong_model_name_is_answered_with_the_available_ones_before_a_screen_is_opened(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for dialect in ([], ["--dialect", "ui-tars-1.5"]):
        assert main(["run", "x", "--model", server.url, "--model-name", "nope", *dialect]) == 2
        err = capsys.readouterr().err
        assert "has no model 'nope'; it serves ui-tars-1.5: choose one with --model-name" in err
        assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_ctrl_c_stops_cleanly_and_the_run_is_readable(tmp_path: Path) -> None:
    with serve(ScriptedModel(lambda messages: "Action: wait()"), name="ui-tars-1.5") as slow:
        command = [
            sys.executable,
            "-m",
            "screenwright",
            "run",
            "x",
            "--url",
            PAGE,
            "--model",
            slow.url,
            "--no-calibrate",
            "--out",
            "here",
        ]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("   1"):
                break
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole process group
        output = process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == EXIT_CODES[StopReason.CANCELLED], output
    assert "Traceback" not in output
    ended = read_run(tmp_path / "here").ended
    assert ended is not None
    assert ended.stop is StopReason.CANCELLED


def test_without_chromium_the_error_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, screenwright: Command
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    done = screenwright("run", "x", "--model", "http://127.0.0.1:9", "--model-name", "ui-tars-1.5")
    assert done.returncode == 2
    assert "chromium" in done.stderr.lower()
    assert not (tmp_path / "runs").exists()


def test_every_stop_reason_has_an_exit_code_of_its_own() -> None:
    assert set(EXIT_CODES) == set(StopReason)
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert 2 not in EXIT_CODES.values()


@pytest.mark.reader
def test_an_element_is_grounded_and_drawn(tmp_path: Path, screenwright: Command) -> None:
    env = FakeEnv()
    env.observe().screenshot.image.save(tmp_path / "screen.png")
    done = screenwright("ground", "screen.png", "the Greet button", "--draw", "out.png")
    assert done.returncode == 0, done.stderr
    x, y = (float(part) for part in done.stdout.split())
    env.execute(Click(ScreenPoint(x, y)))
    assert env.state.presses == 1
    assert (tmp_path / "out.png").stat().st_size > 1000
    missing = screenwright("ground", "screen.png", "the Teleport button", "--json")
    assert (missing.returncode, json.loads(missing.stdout)) == (4, {"point": None})


@pytest.mark.reader
def test_what_was_clicked_is_read_from_the_screenshot() -> None:
    env = FakeEnv()
    screenshot = env.observe().screenshot
    target_at = target_reader()
    assert target_at(screenshot, env.where("Greet")) == '"Greet" button'
    assert target_at(screenshot, env.where("Name")) == '"Name" text field'
    assert target_at(screenshot, ScreenPoint(600, 460)) == ""


@pytest.mark.reader
def test_a_screenshot_is_read_as_lines_and_as_json_and_drawn(tmp_path: Path, screenwright: Command) -> None:
    env = FakeEnv()
    env.execute(Click(env.where("Express")))
    env.observe().screenshot.image.save(tmp_path / "screen.png")
    done = screenwright("read", "screen.png", "--draw", "out.png")
    assert done.returncode == 0, done.stderr
    assert any(line.startswith("button") and line.endswith("Greet") for line in done.stdout.splitlines())
    assert "checked=true" in done.stdout
    assert (tmp_path / "out.png").stat().st_size > 1000
    seen = json.loads(screenwright("read", "screen.png", "--json").stdout)
    assert (seen["width"], seen["height"]) == (640, 480)
    assert "Banana" in [line["text"] for line in seen["lines"]]
    assert {"checkbox", "radio", "text field"} <= {control["kind"] for control in seen["controls"]}
