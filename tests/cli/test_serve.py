"""`screenwright serve` as a process, with a program called vllm that serves a scripted model."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, Limits, Message, Sampling, ServedModel, UiTars15
from screenwright.agent.doctor.calibration import calibrate

VLLM = """#!{python}
import json, os, sys
from pathlib import Path
sys.path[:0] = {path!r}
from screenwright import ScriptedModel
from screenwright.agent.models.http_server import serve
flags = dict(zip(sys.argv[3::2], sys.argv[4::2]))
Path({log!r}).write_text(json.dumps({{"pid": os.getpid(), "arguments": sys.argv[1:]}}))
with serve(ScriptedModel(lambda messages: "white"), port=int(flags["--port"]), name=sys.argv[2]) as server:
    {then}
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_vllm(folder: Path, then: str = "server.wait()", body: str = VLLM) -> dict[str, str]:
    """Environment variables with which `vllm` is a program that serves, and then runs `then`."""
    program = folder / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(body.format(python=sys.executable, path=sys.path, log=str(folder / "vllm.json"), then=then))
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


@contextmanager
def serving(*arguments: str, env: dict[str, str] | None = None) -> Generator["subprocess.Popen[str]", None, None]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "screenwright", "serve", *arguments],
        env={**os.environ, "PYTHONPATH": ":".join(sys.path), **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line_with(process: "subprocess.Popen[str]", text: str) -> str:
    """The next line of standard error that contains `text`."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"it ended without printing {text!r}")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_print_shows_the_command_and_starts_nothing() -> None:
    with serving("ByteDance-Seed/UI-TARS-1.5-7B", "--print", env={"PATH": "/nowhere"}) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("vllm serve ByteDance-Seed/UI-TARS-1.5-7B --host 127.0.0.1 --port 8000 ")
    assert """--limit-mm-per-prompt '{"image":5,"video":0}'""" in out


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_vllm_is_checked_with_one_request_and_ends_with_the_command(
    tmp_path: Path, port: int, ending: signal.Signals
) -> None:
    with serving("ui-tars-1.5", "--port", str(port), env=with_vllm(tmp_path)) as process:
        line_with(process, "vllm serve ui-tars-1.5 --host 127.0.0.1")
        assert "a first reply" in line_with(process, f"ready at http://127.0.0.1:{port}/v1")
        vllm = json.loads((tmp_path / "vllm.json").read_text())
        assert vllm["arguments"][:2] == ["serve", "ui-tars-1.5"]
        process.send_signal(ending)
        assert process.wait(60) == 0
    assert not is_alive(vllm["pid"])


def test_a_vllm_that_exits_is_reported(tmp_path: Path, port: int) -> None:
    env = with_vllm(tmp_path, body="#!{python}\nimport sys; sys.exit('no GPU')\n")
    with serving("ui-tars-1.5", "--port", str(port), env=env) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no GPU" in err
    assert "ended with exit code 1" in err


def test_an_address_in_use_is_refused_before_anything_starts(tmp_path: Path, port: int) -> None:
    env = with_vllm(tmp_path)
    with socket.create_server(("127.0.0.1", port)):
        for model in ("ui-tars-1.5", "reader"):
            with serving(model, "--port", str(port), env=env) as process:
                _, err = process.communicate(timeout=60)
            assert process.returncode == 2
            assert "--port" in err
            assert err.count("\n") == 1
    assert not (tmp_path / "vllm.json").exists()


def test_without_vllm_the_error_names_what_to_install() -> None:
    with serving("ui-tars-1.5", env={"PATH": "/nowhere"}) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "pip install 'screenwright[vllm]'" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the model"),
        (("UI-TARS-72B-DPO", "--print"), "--gpus"),
        (("reader", "--print"), "no command"),
        (("x", "--port", "0"), "port"),
        (("x", "--gpus", "many"), "--gpus"),
    ],
)
def test_a_model_that_cannot_be_served_is_one_line(arguments: tuple[str, ...], message: str) -> None:
    with serving(*arguments) as process:
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err.count("\n")) == (2, 1), err
    assert message in err


@pytest.mark.reader
def test_the_reader_is_served_until_ctrl_c(port: int) -> None:
    env = FakeEnv()
    with serving("--model", "reader", "--port", str(port)) as process:
        line_with(process, f"http://127.0.0.1:{port}/v1")
        with ServedModel(f"http://127.0.0.1:{port}") as model:
            result = Agent(model, limits=Limits(steps=5)).run("Click Greet.", env)
            reply = model.complete([Message.of("user", "Say hello.")], Sampling()).text
            calibration = calibrate(model, UiTars15())
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert result.finished, result.reason
    assert env.state.presses == 1
    assert reply.startswith("I operate screens by literal instructions")
    assert calibration.fits, str(calibration.check())
    assert (process.returncode, err) == (0, "")
