"""The command `screenwright`. Errors that a user can fix are one line on standard error, with exit code 2."""

import argparse
import os
import sys
import warnings
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module

from screenwright._text import one_line

from .._extras import missing_extra
from .._version import __version__
from .arguments import BAD_INPUT, Command, Parser
from .streams import (
    INTERRUPTED,
    ForgivingStream,
    end_at_once,
    exit_code_of,
    forgiving_streams,
    interrupt,
    on_stop_signals,
    stop_signals,
)

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "run two demo tasks without a model server"),
    "run": ("run", "run a task in a browser, on a desktop, over VNC or on a phone"),
    "replay": ("replay", "perform a recorded run again, without a model"),
    "recipe": ("replay", "write recorded runs as a recipe that can be edited and performed"),
    "app": ("app", "start and watch tasks in a web browser"),
    "mcp": ("mcp", "serve a screen to other agents over MCP"),
    "session": ("session", "hold a screen between commands, for agents in a shell"),
    "record": ("record", "record what you do on a screen as a run"),
    "view": ("recordings", "write a recorded run as an HTML page"),
    "eval": ("evaluate", "measure an agent on a benchmark"),
    "compare": ("evaluate", "compare two evaluations"),
    "bundle": ("bundles", "write a recorded run as one file without secrets, to report a problem"),
    "cassette": ("bundles", "run the loop again on recorded runs, without a screen or a model, and compare it"),
    "export": ("recordings", "convert recorded runs to training data"),
    "train": ("train", "fine-tune a model on exported runs"),
    "grounding-set": ("evaluate", "write generated pages as a ScreenSpot data set"),
    "ground": ("images", "find an element in a screenshot"),
    "read": ("images", "read the texts and controls of a screenshot"),
    "parse": ("parse", "parse replies of a model into actions"),
    "prompts": ("prompts", "list, add or remove the official prompts of models"),
    "serve": ("serve", "serve a model at an OpenAI-compatible address"),
    "doctor": ("doctor", "check this machine and a model, and suggest fixes"),
    "policy": ("policy", "check rules about actions on recorded runs, or explain them"),
    "config": ("config", "show the effective settings and where each comes from"),
    "completion": ("config", "print a completion script for bash, zsh or fish"),
}
"""The module of each command, and its line in the overview."""

_KEEP_GOING = ("app", "demo", "run", "record", "replay", "eval", "train", "doctor")
"""Commands whose work and exit code count even if no one reads their output."""

_PASSES_ON = ("serve",)
"""Commands that pass what follows `--` on to another program."""

_DESCRIPTION = "Screenwright, a GUI agent that operates a computer from screenshots with mouse and keyboard."
_MAX_ERROR = 2000
_EPILOG = """\
start with:
  screenwright demo
  screenwright run 'Click "Learn more"' --url https://example.org --headed

Settings also come from variables (SCREENWRIGHT_MODEL) and from screenwright.toml."""


def program() -> int:
    """The program: `main`, whose files only the user may read, and which more signals end at once while it ends."""
    on_stop_signals(end_at_once)
    os.umask(0o077)  # what it writes shows all that was typed, such as passwords
    warnings.showwarning = _show_warning
    try:
        return main()
    except KeyboardInterrupt:  # the second one, while the first is handled
        return INTERRUPTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    arguments = [*(sys.argv[1:] if arguments is None else arguments)]
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:2], "--help"]
    with forgiving_streams() as out, stop_signals(interrupt):
        return exit_code_of(_run(arguments, out), out)


def _run(arguments: Sequence[str], out: ForgivingStream) -> int:
    try:
        args = parse_arguments(arguments)
        out.keep_going = args.command in _KEEP_GOING and not getattr(args, "list", False)
        return _load(args.command).main(args)
    except SystemExit as end:  # from the argument parser
        return int(end.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except ImportError as error:
        missing = missing_extra(error) if isinstance(error, ModuleNotFoundError) else None
        return _refuse(missing or error)
    except Exception as error:
        if error is out.error:  # standard output cannot be written; `exit_code_of` reports it
            return BAD_INPUT
        if isinstance(error, OSError) and error.filename is not None:  # such as a folder that may not be read
            return _refuse(ValueError(f"{error.filename}: {error.strerror}"))
        if not isinstance(error, _user_errors()):
            raise
        return _refuse(error)


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The parsed command line; what a command passes on to another program is in `passed_on`."""
    command = [argument for argument in arguments if argument in COMMANDS][:1]
    end = arguments.index("--") if "--" in arguments and {*command} & {*_PASSES_ON} else len(arguments)
    args = build_parser(command).parse_args(arguments[:end])
    args.passed_on = tuple(arguments[end + 1 :])
    return args


def build_parser(only: Collection[str] = COMMANDS, *, everything: bool = False) -> Parser:
    """The parser of the command line, with the arguments of `only` these commands, since each imports its module.

    `everything` shows rare flags in the help as well.
    """
    parser = Parser(prog="screenwright", description=_DESCRIPTION, epilog=_EPILOG, usage="screenwright COMMAND ...")
    parser.add_argument("--version", action="version", version=f"screenwright {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, title="commands", metavar="COMMAND", parser_class=Parser, prog="screenwright"
    )
    for name, (_, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if name in only:
            _load(name).configure(command, everything=everything)
    return parser


def _load(name: str) -> Command:
    """The command, imported when it is needed."""
    command: Command = import_module(f".commands.{COMMANDS[name][0]}", __package__).COMMANDS[name]
    return command


def _user_errors() -> tuple[type[Exception], ...]:
    """Errors that a user can fix; imported when one occurs, since they are slow to import."""
    from ..agent.record.trajectory import RunError
    from ..envs.env import EnvUnavailable
    from ..eval.core.task import TaskError
    from ..eval.runner.evaluation import EvalError
    from .settings import SettingsError

    return (SettingsError, EnvUnavailable, RunError, TaskError, EvalError, ValueError)


def _show_warning(message: Warning | str, *_place: object, **_named: object) -> None:
    """Print a warning as one line, without the place in the code."""
    print(f"screenwright: warning: {one_line(str(message), _MAX_ERROR)}", file=sys.stderr)


def _refuse(error: Exception) -> int:
    print(f"screenwright: {one_line(str(error), _MAX_ERROR)}", file=sys.stderr)
    return BAD_INPUT
