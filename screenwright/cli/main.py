"""The command `screenwright`. Errors that a user can fix are one line on standard error, with exit code 2."""

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .._extras import missing_extra
from .._version import __version__
from .arguments import BAD_INPUT, Parser, add_help_all


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its line in the overview, and the module that has its arguments and its `main`."""

    summary: str
    module: str
    has_rare_flags: bool = False

    def load(self) -> Any:
        """The module, imported when it is needed."""
        return import_module(f".{self.module}", __package__)


COMMANDS: Mapping[str, Command] = {
    "demo": Command("run two demo tasks without a model server", "demo"),
    "run": Command("run a task in a browser, on a desktop, over VNC or on a phone", "run", True),
    "view": Command("write a recorded run as an HTML page", "view"),
    "eval": Command("measure an agent on a benchmark", "evaluate", True),
    "compare": Command("compare two evaluations", "compare"),
    "export": Command("convert recorded runs to training data", "export"),
    "grounding-set": Command("write generated pages as a ScreenSpot data set", "grounding_set"),
    "ground": Command("find an element in a screenshot", "ground", True),
    "read": Command("read the texts and controls of a screenshot", "read"),
    "parse": Command("parse replies of a model into actions", "parse"),
    "serve": Command("serve a model at an OpenAI-compatible address", "serve"),
    "doctor": Command("check this machine and a model, and suggest fixes", "doctor"),
    "config": Command("show the effective settings and where each comes from", "config"),
    "completion": Command("print a completion script for bash, zsh or fish", "completion"),
}

_DESCRIPTION = "Screenwright, a GUI agent that operates a computer from screenshots with mouse and keyboard."
_EPILOG = """\
start with:
  screenwright demo
  screenwright run 'Click "Learn more"' --url https://example.org --headed

Settings also come from variables (SCREENWRIGHT_MODEL) and from screenwright.toml."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    args = build_parser([argument for argument in arguments if argument in COMMANDS][:1]).parse_args(arguments)
    try:
        code: int = COMMANDS[args.command].load().main(args)
        return code
    except ImportError as error:
        missing = missing_extra(error) if isinstance(error, ModuleNotFoundError) else None
        return _refuse(missing or error)
    except BrokenPipeError:  # the reader of our output is gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if not isinstance(error, _user_errors()):
            raise
        return _refuse(error)


def build_parser(only: Collection[str] = COMMANDS, *, everything: bool = False) -> Parser:
    """The parser of the command line, with the arguments of `only` these commands, since each imports its module.

    `everything` shows rare flags in the help as well.
    """
    parser = Parser(
        prog="screenwright",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        usage="screenwright COMMAND ...",
    )
    parser.add_argument("--version", action="version", version=f"screenwright {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, title="commands", metavar="COMMAND", parser_class=Parser, prog="screenwright"
    )
    for name, command in COMMANDS.items():
        if name in only:
            _configure(commands, name, command, everything=everything)
        else:
            commands.add_parser(name, help=command.summary)
    return parser


def _configure(commands: Any, name: str, command: Command, *, everything: bool) -> Parser:
    module = command.load()
    usage = getattr(module, "USAGE", None)
    parser: Parser = commands.add_parser(
        name,
        help=command.summary,
        description=module.DESCRIPTION,
        epilog=getattr(module, "EPILOG", None),
        usage=usage and f"%(prog)s {usage}",
    )
    module.add_arguments(parser, everything=everything)
    if command.has_rare_flags and not everything:
        add_help_all(parser, lambda: _command_parser(name))
    return parser


def _command_parser(name: str) -> Parser:
    """The parser of one command, with all flags in its help."""
    commands = Parser(prog="screenwright").add_subparsers(parser_class=Parser, prog="screenwright")
    return _configure(commands, name, COMMANDS[name], everything=True)


def _user_errors() -> tuple[type[Exception], ...]:
    """Errors that a user can fix; imported when one occurs, since they are slow to import."""
    from ..agent.record.trajectory import RunError
    from ..envs.env import EnvUnavailable
    from ..eval.core.task import TaskError
    from ..eval.runner.evaluation import EvalError
    from .settings import SettingsError

    return (SettingsError, EnvUnavailable, RunError, TaskError, EvalError, ValueError)


def _refuse(error: Exception) -> int:
    print(f"screenwright: {' '.join(str(error).split())}", file=sys.stderr)
    return BAD_INPUT
