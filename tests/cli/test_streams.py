"""The standard streams and signals of the process: nothing about them costs a run its result or its exit code."""

import errno
import io
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import TextIO, cast

import pytest

from screenwright import ScriptedModel, StopReason, read_run
from screenwright.agent.models.http_server import serve
from screenwright.cli.main import main
from screenwright.cli.streams import PIPE_CLOSED, UNWRITABLE, ForgivingStream, interrupt, stop_signals

ACME = Path(__file__).parents[1] / "helpers" / "acme"
GREET = ["run", "--env", "acme", "--policy", "acme", "--out", "run", "Press Greet"]
"""A run of a plugin that needs no screen and no model; its answer is `greeted`."""


def process(
    *arguments: str, folder: Path, shell: str = "", text: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """The command line as a process; `shell` is a redirection such as `>&-`."""
    command = ["bash", "-c", f'exec "$@" {shell}', "bash", sys.executable, "-W", "error", "-m", "screenwright"]
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ACME), *sys.path])},
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shell", "out", "err"),
    [
        ("<&- 2>&-", "greeted\n", ""),
        (">&-", "", "finished after"),
        (">/dev/full", "", "cannot write to standard output: No space left on device"),
        ("2>/dev/full", "greeted\n", ""),
        ("> >(true)", "", "finished after"),
    ],
)
def test_a_finished_run_keeps_its_exit_code_and_recording(shell: str, out: str, err: str, tmp_path: Path) -> None:
    done = process(*GREET, folder=tmp_path, shell=shell)
    assert (done.returncode, done.stdout) == (0, out)
    assert err in done.stderr
    assert "Traceback" not in done.stderr
    ended = read_run(tmp_path / "run").ended
    assert ended is not None
    assert ended.answer == "greeted"


@pytest.mark.slow
def test_json_into_a_pipe_that_closes_does_not_stop_the_run(tmp_path: Path) -> None:
    done = process(*GREET, "--json", folder=tmp_path, shell="> >(head -1)")
    assert done.returncode == 0
    assert read_run(tmp_path / "run").ended is not None


def test_characters_that_the_terminal_lacks_are_escaped() -> None:
    written = io.BytesIO()
    stream = ForgivingStream(io.TextIOWrapper(written, encoding="cp1252"))
    print("café 完成", file=cast(TextIO, stream), flush=True)
    assert written.getvalue() == b"caf\xe9 \\u5b8c\\u6210" + os.linesep.encode()


@pytest.mark.slow
@pytest.mark.parametrize(("shell", "code"), [(">/dev/full", UNWRITABLE), ("> >(true)", PIPE_CLOSED)])
def test_a_command_whose_result_is_its_output_fails_if_that_is_lost(shell: str, code: int, tmp_path: Path) -> None:
    lines = '{"text": "x", "dialect": "ui-tars-1.5", "screen": [100, 100]}\n' * 2000
    done = process("parse", folder=tmp_path, shell=shell, text=lines)
    assert done.returncode == code
    assert done.stderr.count("\n") == (1 if code == UNWRITABLE else 0)


@pytest.mark.slow
def test_a_task_that_is_not_utf_8_is_run_and_reported(tmp_path: Path) -> None:
    task = os.fsdecode(b"caf\xe9 press")
    done = process(*GREET[:-1], task, folder=tmp_path)
    assert done.returncode == 0
    assert "the task is not valid UTF-8 and is read as: caf\ufffd press" in done.stderr
    assert read_run(tmp_path / "run").started.task == "caf\ufffd press"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signals_reach_the_handler_and_are_restored(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_signals(interrupt), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_signal_that_the_parent_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_signals(interrupt):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_during_imports_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_name: str) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("screenwright.cli.main._load", interrupted)
    assert main(["run", "x"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("signal.raise_signal(signal.SIGINT)", 130),
        ("open('written', 'w').close(); os.mkdir('folder')", 0),
        ("atexit.register(signal.raise_signal, signal.SIGTERM)", 130),
        ("warnings.warn('two\\nlines', RuntimeWarning)", 0),
    ],
    ids=["second Ctrl-C", "files", "signal at the end", "warning"],
)
def test_the_program_ends_without_a_traceback_and_its_files_are_private(
    command: str, code: int, tmp_path: Path
) -> None:
    script = f"""if True:
        import atexit, os, signal, sys, warnings
        from screenwright.cli import main
        from screenwright.cli.streams import interrupt, stop_signals
        def command(arguments=None):
            with stop_signals(interrupt):
                {command}
            return 0
        main.main = command
        sys.exit(main.program())"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    warned = "screenwright: warning: two lines\n" if "warn(" in command else ""
    assert (done.returncode, done.stderr) == (code, warned)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == ({"written": 0o600, "folder": 0o700} if "folder" in command else {})


@pytest.mark.parametrize("arguments", [["completion", "bash"], ["--version"], ["run", "--help"], ["eval", "--list"]])
def test_an_error_of_standard_output_is_reported_as_such(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("sys.stdout", Full())
    assert main(arguments) == UNWRITABLE
    assert capsys.readouterr().err == "screenwright: cannot write to standard output: No space left on device\n"


WAIT = "Thought: Later.\nAction: wait(time=60)"
ASK = "Thought: Which one?\nAction: call_user(content='Which one?')"
CLICK = "Thought: There.\nAction: click(start_box='(10,10)')"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "reply", "flags", "marker"),
    [
        (signal.SIGTERM, WAIT, (), "   1  Later."),
        (signal.SIGINT, ASK, (), "the screen is ready:"),
        (signal.SIGHUP, CLICK, ("--confirm",), "allow it? [y/N]"),
    ],
    ids=["waiting", "asking", "confirming"],
)
def test_a_signal_ends_the_run_as_cancelled_at_once_and_recorded(
    number: signal.Signals, reply: str, flags: tuple[str, ...], marker: str, tmp_path: Path
) -> None:
    ours, stdin = pty.openpty()  # the user at the terminal
    with serve(ScriptedModel(lambda _messages: reply), name="ui-tars-1.5") as server:
        command = [
            sys.executable,
            "-m",
            "screenwright",
            "run",
            "x",
            "--env",
            "acme",
            "--model",
            server.url,
            "--no-calibrate",
        ]
        running = subprocess.Popen(
            [*command, *flags, "--out", "run"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ACME), *sys.path])},
            stdin=stdin,
            stderr=subprocess.PIPE,
        )
        assert running.stderr is not None
        printed = b""
        while marker.encode() not in printed:
            printed += os.read(running.stderr.fileno(), 4096)
            assert running.poll() is None, printed
        running.send_signal(number)
        rest = running.communicate(timeout=60)[1]
    os.close(ours)
    os.close(stdin)
    assert running.returncode == 130, rest
    assert b"Traceback" not in rest
    ended = read_run(tmp_path / "run").ended
    assert ended is not None
    assert ended.stop is StopReason.CANCELLED
