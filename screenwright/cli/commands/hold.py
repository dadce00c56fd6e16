"""`screenwright session start`: opens a screen and holds it in a background process."""

import argparse
import json
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from types import FrameType
from typing import TextIO

from screenwright._text import one_line

from ..._extras import missing_extra
from ...agent.record.trajectory import RunError
from ...envs.env import EnvError
from ...envs.temp_folder import TempFolder
from ...session.caller import CallRefused
from ...session.config import SessionConfig
from ...session.daemon import SessionDaemon
from ...session.protocol import FOLDER
from ...session.tools import session_tools
from ..arguments import BAD_INPUT, Command, flag_of, given_flags
from ..settings import SettingsError, load_settings
from ..streams import stop_signals
from ..terminal import Terminal
from .mcp import opener
from .run import confirm_takeover

_ERRORS = (SettingsError, EnvError, RunError, CallRefused, ValueError, ImportError)
_MAX_ERROR = 2000


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--foreground", action="store_true", help="hold the screen in this process, until it is ended")
    parser.add_argument("--detached", action="store_true", help=argparse.SUPPRESS)


def _main(args: argparse.Namespace) -> int:
    try:
        return _hold(args) if args.foreground else _start(args)
    except _ERRORS as error:
        print(_error(error))
        return BAD_INPUT


def _error(error: Exception) -> str:
    missing = missing_extra(error) if isinstance(error, ModuleNotFoundError) else None
    return json.dumps({"error": one_line(str(missing or error), _MAX_ERROR)}, ensure_ascii=False)


def _start(args: argparse.Namespace) -> int:
    """Start a process that holds the session, and print what it prints when the screen is open."""
    command = [sys.executable, "-m", "screenwright", "session", "start", "--foreground", "--detached", *_flags(args)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        try:
            line = process.stdout.readline()
        except BaseException:  # such as Ctrl-C: no session is left behind
            process.terminate()
            raise
    if not line:
        return process.wait() or BAD_INPUT
    sys.stdout.write(line.decode())
    if "error" in json.loads(line):
        return process.wait()
    process.returncode = 0  # it goes on: neither wait for it nor warn that it was left
    return 0


def _flags(args: argparse.Namespace) -> list[str]:
    """The flags that were given, as arguments."""
    flags = [f"--config={args.config}"] if args.config is not None else []
    for name, value in given_flags(args, SessionConfig).items():
        if isinstance(value, bool):
            flags.append(flag_of(name, value))
        else:
            flags += [f"{flag_of(name)}={one}" for one in (value if isinstance(value, list) else [value])]
    return flags


def _hold(args: argparse.Namespace) -> int:
    config = load_settings(SessionConfig, given_flags(args, SessionConfig), os.environ, args.config)
    if config.env.takes_over and not config.yes:
        confirm_takeover(config.env, Terminal())
    with ExitStack() as stack:
        session = opener(config, config.build_secrets(), "session", stack)()
        stack.callback(session.close)
        folder = stack.enter_context(TempFolder(FOLDER))
        daemon = SessionDaemon(session, session_tools(config.env.kind_name()), folder, config.idle_timeout)
        stack.callback(daemon.close)

        def stop(_signal: int, _frame: FrameType | None) -> None:
            daemon.stop()

        stack.enter_context(stop_signals(stop))
        out = _detached() if args.detached else sys.stdout
        try:
            session.look()  # opens the screen, so that what is missing is reported now
        except _ERRORS as error:
            print(_error(error), file=out, flush=True)
            return BAD_INPUT
        print(json.dumps({"session": daemon.id, "run": str(session.folder)}), file=out, flush=True)
        if args.detached:
            out.close()
        daemon.run()
    return 0


def _detached() -> TextIO:
    """Leave the terminal and the streams of the caller, to whom one line can still be written.

    A program that reads those streams waits until the last process closes them, also one that the screen starts.
    """
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with suppress(OSError):
        os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
    return out


COMMAND = Command(
    _main,
    "Open a screen and hold it in the background until it is ended, or was not used for the idle timeout.",
    _add_arguments,
    SessionConfig,
    usage="[flags]",
)
