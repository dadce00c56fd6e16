"""The command line as a process: output, errors and exit codes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from screenwright import Click, FakeEnv, Message, ScreenPoint, ScriptedModel, read_run
from screenwright.agent.core.limits import StopReason
from screenwright.agent.models.http_server import ModelServer, serve
from screenwright.cli.run import EXIT_CODES

PAGE = (
    "data:text/html,<title>t</title><button style='width:300px;height:200px' onclick='this.textContent+=1'>Go</button>"
)


def screenwright(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "screenwright", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path), **(env or {})},
        input=text or "",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


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
def test_a_task_is_done_and_recorded_and_its_answer_printed(tmp_path: Path, server: ModelServer) -> None:
    done = screenwright("run", "click twice", "--url", PAGE, "--model", server.url, "--out", "here", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "two clicks\n"
    assert "Click number 2." in done.stderr
    assert "finished after 3 steps" in done.stderr
    run = read_run(tmp_path / "here")
    assert run.ended is not None
    assert run.started.policy.model.name == "ui-tars-1.5"

    viewed = screenwright("view", "here", cwd=tmp_path)
    assert viewed.stdout == "here/view.html\n"
    assert (tmp_path / "here" / "view.html").stat().st_size > 10_000


@pytest.mark.browser
def test_json_prints_every_event(tmp_path: Path, server: ModelServer) -> None:
    done = screenwright("run", "click twice", "--url", PAGE, "--model", server.url, "--json", cwd=tmp_path)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "ended"]
    assert events[-1]["stop"] == "finished"


@pytest.mark.browser
def test_a_run_that_hit_a_limit_is_resumed_with_its_own_settings(tmp_path: Path, server: ModelServer) -> None:
    run = ("run", "click twice", "--url", PAGE, "--model", server.url, "--out", "here", "--steps", "1")
    assert screenwright(*run, cwd=tmp_path).returncode == EXIT_CODES[StopReason.STEP_LIMIT]
    resumed = screenwright("run", "--resume", "here", "--steps", "9", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout == "two clicks\n"
    assert screenwright("run", "--resume", "here", cwd=tmp_path).returncode == 2


@pytest.mark.browser
def test_an_unreachable_server_is_one_line_and_the_run_is_readable(tmp_path: Path) -> None:
    done = screenwright("run", "x", "--url", PAGE, "--model", "http://127.0.0.1:9/v1", "--out", "here", cwd=tmp_path)
    assert done.returncode == EXIT_CODES[StopReason.MODEL_LOST]
    assert "Traceback" not in done.stderr
    assert "127.0.0.1:9" in done.stderr
    ended = read_run(tmp_path / "here").ended
    assert ended is not None
    assert "\n" not in ended.reason


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
        assert process.wait(30) == EXIT_CODES[StopReason.CANCELLED], output
    assert "Traceback" not in output
    ended = read_run(tmp_path / "here").ended
    assert ended is not None
    assert ended.stop is StopReason.CANCELLED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run",), "name a TASK"),
        (("run", "x", "--resume", "y"), "name a TASK"),
        (("run", "--resume", "nowhere"), "nowhere contains no run"),
        (("view", "nowhere"), "nowhere contains no run"),
        (("run", "x", "--steps", "many"), "--steps is 'many'"),
        (("run", "x", "--steps", "0"), "--steps"),
        (("run", "x", "--screen", "big"), "--screen"),
        (("run", "x", "--history", "window:0"), "window"),
        (("run", "x", "--env", "toaster"), "--env"),
        (("run", "x", "--model", "gpt"), "there is no model 'gpt'"),
        (("run", "x", "--model", "http://127.0.0.1:9", "--dialect", "klingon"), "klingon"),
        (("run", "x", "--config", "missing.toml"), "missing.toml"),
        (("run", "x", "--env", "desktop"), "--virtual"),
        (("run", "x", "--env", "desktop", "--yes", "--hot-key", "a"), "is a character that gets typed"),
        (
            ("run", "x", "--env", "desktop", "--yes", "--hot-key", "twice esc"),
            "is not a hot key; use for example double escape",
        ),
        (("run", "x", "--env", "desktop", "--yes", "--pause-for-user", "-1"), "--pause-for-user"),
        (("run", "x", "--env", "desktop", "--virtual", "--monitor", "2"), "--monitor selects one of the real screen"),
        (("run", "x", "--env", "vnc"), "--address HOST:PORT"),
        (("run", "x", "--env", "vnc", "--address", "http://box"), "is not the address of a VNC server"),
        (("run", "x", "--env", "vnc", "--address", "127.0.0.1:9"), "add --yes"),
        (("run", "x", "--env", "vnc", "--address", "127.0.0.1:9", "--yes"), "no VNC server answers at 127.0.0.1:5909"),
        (("run", "x", "--env", "vnc", "--address", "box", "--password-file", "none"), "none: No such file"),
        (("run", "x", "--env", "android"), "this takes over a phone: add --yes"),
        (("run", "x", "--critic", "same"), "--critic cannot be the reader"),
        (("run", " "), "name a TASK"),
        (("run", "x", "--nonsense"), "screenwright run: there is no flag --nonsense; see screenwright run --help"),
        (("run", "x", "--ulr", "y"), "there is no flag --ulr (did you mean --url?); see screenwright run --help"),
        (("run", "x", "y"), "screenwright run: too many arguments: y"),
        (("config", "eval", "--setps=3"), "screenwright config eval: there is no flag --setps (did you mean --steps?)"),
        (("read", "none.png"), "none.png cannot be read: No such file or directory\n"),
        (("read", "/dev/null"), "/dev/null is not an image"),
        (("dance",), "dance"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = screenwright(*arguments, cwd=tmp_path, env={"DISPLAY": ":99"})
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_without_chromium_the_error_names_what_to_install(tmp_path: Path) -> None:
    python = Path(shutil.which(sys.executable) or sys.executable)
    done = screenwright(
        "run", "x", "--model", "http://127.0.0.1:9", "--model-name", "ui-tars-1.5", cwd=tmp_path,
        env={"PATH": str(python.parent), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "chromium" in done.stderr.lower()
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_without_a_display_the_error_suggests_a_virtual_one(tmp_path: Path) -> None:
    done = screenwright(
        "run", "x", "--env", "desktop", "--yes", "--model", "http://127.0.0.1:9", "--model-name", "ui-tars-1.5",
        cwd=tmp_path, env={"DISPLAY": ""},
    )  # fmt: skip
    assert done.returncode == 2
    assert "virtual" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("steps = ", "not valid TOML"),
        ("stepz = 3", "there is no setting 'stepz'"),
        ("steps = 'x'", "screenwright.toml: steps is 'x'"),
        ("[env]\nname = 'browser'", "screenwright.toml: [env]"),
    ],
)
def test_a_malformed_settings_file_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "screenwright.toml").write_text(content)
    done = screenwright("run", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_every_stop_reason_has_an_exit_code_of_its_own() -> None:
    assert set(EXIT_CODES) == set(StopReason)
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert 2 not in EXIT_CODES.values()


@pytest.mark.reader
def test_an_element_is_grounded_and_drawn(tmp_path: Path) -> None:
    env = FakeEnv()
    env.observe().screenshot.image.save(tmp_path / "screen.png")
    done = screenwright("ground", "screen.png", "the Greet button", "--draw", "out.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    x, y = (float(part) for part in done.stdout.split())
    env.execute(Click(ScreenPoint(x, y)))
    assert env.state.presses == 1
    assert (tmp_path / "out.png").stat().st_size > 1000
    missing = screenwright("ground", "screen.png", "the Teleport button", "--json", cwd=tmp_path)
    assert (missing.returncode, json.loads(missing.stdout)) == (4, {"point": None})


@pytest.mark.reader
def test_a_screenshot_is_read_as_lines_and_as_json_and_drawn(tmp_path: Path) -> None:
    env = FakeEnv()
    env.execute(Click(env.where("Express")))
    env.observe().screenshot.image.save(tmp_path / "screen.png")
    done = screenwright("read", "screen.png", "--draw", "out.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert any(line.startswith("button") and line.endswith("Greet") for line in done.stdout.splitlines())
    assert "checked=true" in done.stdout
    assert (tmp_path / "out.png").stat().st_size > 1000
    seen = json.loads(screenwright("read", "screen.png", "--json", cwd=tmp_path).stdout)
    assert (seen["width"], seen["height"]) == (640, 480)
    assert "Banana" in [line["text"] for line in seen["lines"]]
    assert {"checkbox", "radio", "text field"} <= {control["kind"] for control in seen["controls"]}


def test_an_unreadable_image_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("not an image")
    for command in (
        ("ground", "x.png", "OK", "--model", "http://127.0.0.1:9"),
        ("read", "x.png"),
        ("read", "none.png"),
    ):
        done = screenwright(*command, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
