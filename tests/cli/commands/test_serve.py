"""`screenwright serve` as a process, with a program called vllm that serves a scripted model."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from screenwright import Agent, FakeEnv, Limits, Message, Sampling, ServedModel, UiTars15, WindowHistory
from screenwright.agent.doctor.calibration import calibrate
from screenwright.cli.main import main
from screenwright.testing import eventually

VLLM = """#!{python} -I
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
MODEL, PORT = sys.argv[2], int(sys.argv[sys.argv.index("--port") + 1])
REPLY = {{"choices": [{{"message": {{"content": "white"}}, "finish_reason": "stop"}}]}}
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({{"data": [{{"id": MODEL}}]}} if "models" in self.path else REPLY).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()
    def log_message(self, *args):
        pass
Path({log!r}).write_text(json.dumps({{"pid": os.getpid(), "arguments": sys.argv[1:]}}))
HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
"""


@pytest.fixture
def port() -> int:
    """A free port, below those that the system gives to connections of other tests."""
    for number in random.sample(range(20_000, 32_000), 50):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", number))
            return number
    raise AssertionError("no port is free")


def with_vllm(folder: Path, body: str = VLLM) -> dict[str, str]:
    """Environment variables with which `vllm` is a program of that text."""
    program = folder / "bin" / "vllm"
    program.parent.mkdir()
    program.write_text(body.format(python=sys.executable, log=str(folder / "vllm.json")))
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


def test_print_shows_the_command_and_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["serve", "ByteDance-Seed/UI-TARS-1.5-7B", "--print"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
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
    eventually(lambda: is_alive(vllm["pid"]), False)


def test_vllm_that_exits_is_reported(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", with_vllm(tmp_path, "#!/bin/sh\necho no GPU >&2; exit 1\n")["PATH"])
    assert main(["serve", "ui-tars-1.5", "--port", str(port)]) == 1
    err = capfd.readouterr().err
    assert "no GPU" in err
    assert "ended with exit code 1" in err


@pytest.mark.parametrize("model", ["ui-tars-1.5", "reader"])
def test_address_in_use_is_refused_before_anything_starts(
    model: str, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", with_vllm(tmp_path)["PATH"])
    with socket.create_server(("127.0.0.1", port)):
        assert main(["serve", model, "--port", str(port)]) == 2
    err = capsys.readouterr().err
    assert "--port" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "vllm.json").exists()


def test_without_vllm_the_error_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["serve", "ui-tars-1.5"]) == 2
    assert "pip install 'screenwright[vllm]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the model"),
        (("UI-TARS-72B-DPO", "--print"), "--gpus"),
        (("reader", "--print"), "no command"),
        (("x", "--port", "0"), "--port is 0, but should be from 1 to 65535"),
        (("x", "--gpus", "0"), "--gpus is 0, but should be at least 1"),
        (("x", "--images", "-1"), "--images is -1, but should be at least 1"),
        (("x", "--gpus", "many"), "--gpus"),
        (("http://127.0.0.1:8000/v1", "--print"), "is an address, not a model"),
        ((__file__, "--print"), "is a file, not a model"),
        (("/no/such/folder", "--print"), "is neither a folder nor a name on the Hugging Face hub"),
        (("openai:gpt-5.4", "--print"), "is neither a folder nor a name on the Hugging Face hub"),
        ((str(Path(__file__).parent), "--print"), "contains no model: it has no config.json"),
        (("x", "--print", "--", "Foo/Bar"), "'Foo/Bar' is not a flag of vllm serve: put MODEL before --"),
        (("x", "--print", "--", "--port=9000"), "--port is a flag of screenwright serve: write it before --"),
        (("x", "--print", "--gpus-per-machine", "2"), "--gpus-per-machine applies to several machines: add --ray"),
        (("reader", "--gpus", "2"), "--gpus applies to vLLM, which does not serve the reader"),
        (("reader", "--images", "2"), "--images applies to vLLM"),
        (("reader", "--ray"), "--ray applies to vLLM"),
    ],
)
def test_model_that_cannot_be_served_is_one_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["serve", *arguments])
    except SystemExit as ended:  # argparse
        code = int(ended.code or 0)
    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (2, 1), err
    assert message in err


def test_further_flags_are_passed_to_vllm(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "ui-tars-1.5", "--print", "--", "--max-model-len", "8192", "--print"]) == 0
    assert capsys.readouterr().out.endswith(" --max-model-len 8192 --print\n")


def test_reader_takes_no_flags_of_vllm(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "reader", "--", "--max-model-len", "8192"]) == 2
    assert "leave out -- and what follows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "images"), [("org/unknown", 5), ("ByteDance-Seed/UI-TARS-1.5-7B", 5), ("gta1-7b", 5)]
)
def test_prompt_may_have_as_many_images_as_the_dialect_sends(
    model: str, images: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", model, "--print"]) == 0
    assert f'{{"image":{images},"video":0}}' in capsys.readouterr().out


def test_dialect_with_a_longer_history_gets_more_images(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def two_families(_name: str) -> list[object]:
        return [SimpleNamespace(history=WindowHistory(10)), UiTars15()]

    monkeypatch.setattr("screenwright.cli.commands.serve.dialects_for_model", two_families)
    assert main(["serve", "autoglm-phone-9b", "--print"]) == 0
    assert '{"image":10,"video":0}' in capsys.readouterr().out
    assert main(["serve", "autoglm-phone-9b", "--print", "--images", "2"]) == 0
    assert '{"image":2,"video":0}' in capsys.readouterr().out


def test_code_that_comes_with_a_model_runs_only_if_the_user_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "xlangai/OpenCUA-7B", "--print"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "screenwright: xlangai/OpenCUA-7B comes with Python code that vLLM would run: to allow it, add -- "
        "--trust-remote-code\n"
    )
    assert main(["serve", "xlangai/OpenCUA-7B", "--print", "--", "--trust-remote-code"]) == 0
    assert " --trust-remote-code" in capsys.readouterr().out


@pytest.mark.parametrize("model", ["ui-tars-1.5", "reader"])
def test_server_that_other_machines_can_reach_needs_a_key(
    model: str, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", with_vllm(tmp_path, "#!/bin/sh\nexit 1\n")["PATH"])
    monkeypatch.delenv("VLLM_API_KEY", raising=False)
    assert main(["serve", model, "--port", str(port), "--host", "0.0.0.0"]) == 2
    assert capsys.readouterr().err == (
        "screenwright: other machines can reach --host '0.0.0.0': set VLLM_API_KEY to a key that clients must send, or "
        "use --host 127.0.0.1\n"
    )


@pytest.mark.parametrize("model", ["ui-tars-1.5", "reader"])
def test_key_that_no_client_can_send_is_refused(
    model: str, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", with_vllm(tmp_path, "#!/bin/sh\nexit 1\n")["PATH"])
    monkeypatch.setenv("VLLM_API_KEY", "süß")
    assert main(["serve", model, "--port", str(port)]) == 2
    assert capsys.readouterr().err == (
        "screenwright: VLLM_API_KEY contains characters that an API key cannot have; copy it again\n"
    )


@pytest.mark.reader
def test_reader_is_served_until_ctrl_c(port: int) -> None:
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
