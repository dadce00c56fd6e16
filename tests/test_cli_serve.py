"""`screenwright serve`: the embedded reader over the wire, and the command for everything else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, Limits, ServedModel


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "screenwright", "serve", *arguments]


ENVIRON = {**os.environ, "PYTHONPATH": ":".join(sys.path)}


@pytest.mark.reader
def test_the_reader_is_served_until_ctrl_c_and_works_over_the_wire(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(command("reader", "--port", "8137"), env=ENVIRON, stderr=stream, cwd=tmp_path)
    try:
        while "answers at" not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        env = FakeEnv()
        with ServedModel("http://127.0.0.1:8137") as model:
            result = Agent(model, limits=Limits(steps=5)).run("Click Greet.", env)
        assert result.finished, result.reason
        assert env.state.presses == 1
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert "Traceback" not in log.read_text()


def test_the_vllm_command_is_shown_without_starting_anything() -> None:
    done = subprocess.run(
        command("ByteDance-Seed/UI-TARS-1.5-7B", "--gpus", "2", "--print"),
        env=ENVIRON, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("vllm serve ByteDance-Seed/UI-TARS-1.5-7B --host 127.0.0.1")
    assert "--data-parallel-size 2" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "which model"),
        (("UI-TARS-72B-DPO", "--print"), "--gpus"),
        (("x", "--port", "0"), "port"),
        (("x", "--gpus", "many"), "--gpus"),
    ],
)
def test_what_cannot_be_served_is_one_line(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = subprocess.run(command(*arguments), env=ENVIRON, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert says in done.stderr
