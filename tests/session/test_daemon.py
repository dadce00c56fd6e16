"""A session in a background process: JSON lines over a Unix socket, and the commands that send them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from slow_env import SlowEnv

from screenwright import read_run
from screenwright.cli.main import main
from screenwright.envs.temp_folder import TempFolder
from screenwright.session import client
from screenwright.session.daemon import SessionDaemon
from screenwright.session.held import HeldSession
from screenwright.session.protocol import END, FOLDER, INFO, SOCKET
from screenwright.session.tools import session_tools
from screenwright.testing import FakeEnv, eventually

ACME = Path(__file__).parents[1] / "helpers" / "acme"
GREET = FakeEnv().where("Greet")
AT_GREET: dict[str, Any] = {"at": [GREET.x, GREET.y]}


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of its own, with a path that is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="sw-"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def env() -> SlowEnv:
    return SlowEnv()


@pytest.fixture
def daemon(env: SlowEnv, tmp_path: Path) -> Iterator[SessionDaemon]:
    session = HeldSession(env, tmp_path / "run")
    daemon = SessionDaemon(session, session_tools("fake"), TempFolder(FOLDER), 100)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    yield daemon
    daemon.stop()
    thread.join()


def sent(daemon: SessionDaemon, line: bytes) -> dict[str, Any]:
    """The reply to a line."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(client.folder_of(daemon.id) / SOCKET))
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        loaded: dict[str, Any] = json.loads(connection.makefile("rb").readline())
        return loaded


def test_a_call_is_a_line_of_json_and_so_is_its_reply(daemon: SessionDaemon, env: SlowEnv) -> None:
    reply = client.call(daemon.id, "look", {})
    assert {name: reply[name] for name in ("ok", "width", "height")} == {"ok": True, "width": 640, "height": 480}
    assert client.call(daemon.id, "click", AT_GREET) == {"ok": True, "done": True}
    assert env.state.presses == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"\n", "not JSON"),
        (b"[]\n", 'not {"tool": NAME'),
        (b'{"tool": 1}\n', 'not {"tool": NAME'),
        (b'{"tool": "look", "arguments": []}\n', 'not {"tool": NAME'),
        (b'{"tool": "shell"}\n', "there is no tool 'shell'; there are look, click"),
        (b'{"tool": "look", "arguments": {"x": 1}}\n', "Extra inputs are not permitted"),
        (b'{"tool": "look"', "not one line of JSON"),
    ],
)
def test_a_wrong_request_is_one_error(daemon: SessionDaemon, line: bytes, problem: str) -> None:
    reply = sent(daemon, line)
    assert reply["ok"] is False
    assert problem in reply["error"]


def test_a_client_that_is_gone_cancels_its_call(daemon: SessionDaemon, env: SlowEnv) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(client.folder_of(daemon.id) / SOCKET))
        connection.sendall(b'{"tool": "wait", "arguments": {"seconds": 600}}\n')
        assert env.started.wait(60)
    assert client.call(daemon.id, "click", AT_GREET)["done"] is True


def test_the_end_closes_the_recording_and_removes_the_folder(daemon: SessionDaemon, tmp_path: Path) -> None:
    client.call(daemon.id, "look", {})
    assert client.call(daemon.id, END, {})["ended"] == "it was ended"
    assert read_run(tmp_path / "run").ended is not None
    eventually(client.folder_of(daemon.id).exists, False)
    with pytest.raises(client.NoAnswer, match="no session"):
        client.call(daemon.id, "look", {})


def test_an_idle_session_ends(tmp_path: Path) -> None:
    session = HeldSession(FakeEnv(), tmp_path / "run")
    session.look()
    SessionDaemon(session, {}, TempFolder(FOLDER), 0.0).run()
    ended = read_run(tmp_path / "run").ended
    assert ended is not None
    assert ended.reason == "it was not used for 0 seconds"


def test_only_the_owner_can_reach_the_socket(daemon: SessionDaemon) -> None:
    assert client.folder_of(daemon.id).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_someone_else_could_have_prepared_is_no_session(daemon: SessionDaemon) -> None:
    client.folder_of(daemon.id).chmod(0o755)
    assert client.running() == []
    with pytest.raises(client.NoAnswer, match="no session"):
        client.call(daemon.id, INFO, {})
    client.folder_of(daemon.id).chmod(0o700)
    assert [one["session"] for one in client.running()] == [daemon.id]


# -- the commands


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the object that a command prints."""
    code = main(["session", *arguments])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    loaded: dict[str, Any] = json.loads(out)
    return code, loaded


def test_commands_operate_the_only_session(
    daemon: SessionDaemon, env: SlowEnv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, shown = run(capsys, "look", "--out", str(tmp_path / "look.png"))
    assert (code, shown["image"], shown["width"]) == (0, str(tmp_path / "look.png"), 640)
    assert (tmp_path / "look.png").read_bytes() == env.observe().screenshot.png
    assert run(capsys, "click", json.dumps(AT_GREET)) == (0, {"done": True})
    code, after = run(capsys, "click", json.dumps({**AT_GREET, "look": True}), "--session", daemon.id)
    assert Path(after["image"]) == client.folder_of(daemon.id) / "screen.png"
    assert env.state.presses == 2
    assert [one["session"] for one in run(capsys, "list")[1]["sessions"]] == [daemon.id]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["click", '{"at": [9999, 1]}'], "outside the screen"),
        (["click", "at 1 2"], "the arguments are not JSON"),
        (["click", "[1, 2]"], "should be a JSON object"),
        (["click"], "click.at: Field required"),
        (["look", "--session", "none"], "no session 'none' is running"),
        (["look", "--out", "/nowhere/look.png"], "cannot be written"),
        (["start", "--rules", "nonsense", "--foreground"], "nonsense"),
        (["start", "--env", "desktop", "--foreground"], "this takes over"),
    ],
)
def test_an_error_is_one_object_with_exit_code_2(
    daemon: SessionDaemon, arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, reply = run(capsys, *arguments)
    assert code == 2
    assert problem in reply["error"]


@pytest.mark.slow
def test_without_a_session_or_with_several_the_error_says_what_to_do(
    daemon: SessionDaemon, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = SessionDaemon(HeldSession(FakeEnv(), tmp_path / "other"), {}, TempFolder(FOLDER), 100)
    thread = threading.Thread(target=other.run)
    thread.start()
    names = ", ".join(sorted((daemon.id, other.id)))
    several = f"several sessions are running: name one with --session, of {names}"
    assert run(capsys, "look") == (2, {"error": several})
    for one in (other.id, daemon.id):
        assert run(capsys, "end", "--session", one)[0] == 0
    thread.join()
    assert client.running() == []
    message = "no session is running: start one with screenwright session start"
    assert run(capsys, "look") == (2, {"error": message})


def test_tools_and_skill_explain_the_calls(capsys: pytest.CaptureFixture[str]) -> None:
    tools = {tool["name"]: tool for tool in run(capsys, "tools")[1]["tools"]}
    assert tools["click"]["arguments"]["required"] == ["at"]
    assert main(["session", "skill"]) == 0
    skill = capsys.readouterr().out
    assert skill.startswith("---\nname: screenwright\n")
    assert all(f"`{name}`" in skill for name in tools)


def start(folder: Path, *flags: str) -> tuple[int, dict[str, Any]]:
    """Start a session in the background, on the screen of the plugin."""
    command = [sys.executable, "-W", "error", "-m", "screenwright", "session", "start", "--env", "acme", *flags]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ACME), *sys.path])}
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_start_leaves_a_process_that_end_ends(
    tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, started = start(tmp_path, "--acme-width=500", "--out=run")
    assert (code, started["run"]) == (0, str(tmp_path / "run"))
    assert run(capsys, "look")[1]["width"] == 500
    process = psutil.Process(run(capsys, "list")[1]["sessions"][0]["pid"])
    assert run(capsys, "end", "--session", started["session"])[0] == 0
    process.wait(60)
    assert read_run(tmp_path / "run").ended is not None
    assert [*temporary.iterdir()] == []


@pytest.mark.slow
def test_a_killed_session_is_gone_from_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started = start(tmp_path)[1]
    process = psutil.Process(run(capsys, "list")[1]["sessions"][0]["pid"])
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert run(capsys, "list") == (0, {"sessions": []})
    assert run(capsys, "look", "--session", started["session"])[0] == 2


@pytest.mark.slow
def test_start_reports_what_is_wrong_and_leaves_nothing(tmp_path: Path, temporary: Path) -> None:
    code, reply = start(tmp_path, "--acme-width=10")
    assert code == 2
    assert "--acme-width is '10', but should be greater than or equal to 320" in reply["error"]
    assert [*temporary.iterdir(), *tmp_path.iterdir()] == []
