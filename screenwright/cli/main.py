"""The command `screenwright`. Trouble that a user can mend is one line on standard error and exit code 2."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NoReturn, get_args, get_origin

from .._extras import missing_extra
from .._version import __version__
from ..agent.models.vllm_command import Serving
from ..agent.record.trajectory import RunError
from ..envs.env import EnvUnavailable
from ..envs.geometry import Size
from ..eval.core.task import TaskError
from ..eval.runner.evaluation import EvalError
from .doctor import EXIT_CODES as DOCTOR_EXIT_CODES
from .doctor import HELP as DOCTOR_HELP
from .doctor import add_flags, doctor, request_of
from .evaluate import COMPARE_HELP, compare_runs, evaluate
from .evaluate import EXIT_CODES as EVAL_EXIT_CODES
from .evaluate import HELP as EVAL_HELP
from .evaluate import add_flags as add_eval_flags
from .export import HELP as EXPORT_HELP
from .export import add_flags as add_export_flags
from .export import export_run
from .ground import ground, grounding_agent
from .parse import parse_lines, parse_reply
from .read import HELP as READ_HELP
from .read import add_flags as add_read_flags
from .read import read
from .run import EXIT_CODES, run
from .serve import serve
from .settings import RunSettings, SettingsError, load_settings
from .view import view

BAD_INPUT = 2


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(BAD_INPUT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    given = _parser().parse_args(arguments)
    try:
        return COMMANDS[given.command](given)
    except (SettingsError, EnvUnavailable, RunError, TaskError, EvalError, ValueError) as error:
        return _refuse(error)
    except ImportError as error:
        missing = missing_extra(error) if isinstance(error, ModuleNotFoundError) else None
        return _refuse(missing or error)
    except BrokenPipeError:  # the reader of our output went away, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _refuse(error: Exception) -> int:
    print(f"screenwright: {' '.join(str(error).split())}", file=sys.stderr)
    return BAD_INPUT


def _run(given: argparse.Namespace) -> int:
    if (given.task is None) == (given.resume is None):
        raise SettingsError("say what to do, or --resume RUN to go on with a recorded run")
    flags = {name: value for name, value in vars(given).items() if name in RunSettings.model_fields}
    if given.resume is not None and given.config is None:
        given.config = _settings_of(given.resume)
    settings = load_settings(flags, os.environ, given.config)
    return run(settings, given.task, resume=given.resume, as_json=given.json)


def _view(given: argparse.Namespace) -> int:
    print(view(given.run, given.out, show=given.open))
    return 0


def _parse(given: argparse.Namespace) -> int:
    if given.dialect is None and given.screen is None:
        for line in parse_lines(sys.stdin):
            print(line, flush=True)
        return 0
    if given.dialect is None or given.screen is None:
        raise SettingsError("a plain reply needs both --dialect NAME and --screen WxH")
    print(parse_reply(sys.stdin.read(), given.dialect, _size(given.screen)))
    return 0


def _ground(given: argparse.Namespace) -> int:
    agent = grounding_agent(given.model, given.model_name, given.dialect)
    return ground(given.picture, given.text, agent, draw=given.draw, as_json=given.json)


def _read(given: argparse.Namespace) -> int:
    return read(given.picture, as_json=given.json, draw=given.draw)


def _serve(given: argparse.Namespace) -> int:
    served = given.model_flag or given.model
    if served is None:
        raise SettingsError("say which model to serve: a name at the hub, a folder, or reader")
    serving = Serving(given.host, given.port, given.gpus, given.images, given.ray)
    return serve(served, serving, show=given.print)


def _doctor(given: argparse.Namespace) -> int:
    return doctor(request_of(given), as_json=given.json)


def _compare(given: argparse.Namespace) -> int:
    return compare_runs(given.a, given.b, given.out)


def _size(text: str) -> Size:
    width, x, height = text.partition("x")
    if not (x and width.isdecimal() and height.isdecimal()):
        raise SettingsError(f"--screen is {text!r}, but should be of the form 1280x720")
    return Size(int(width), int(height))


def _settings_of(run_folder: Path) -> Path | None:
    """The settings that a recorded run was started with, if it was started from the command line."""
    path = run_folder / "settings.toml"
    return path if path.exists() else None


def _parser() -> _Parser:
    parser = _Parser(prog="screenwright", description="Works a screen as a person does: looks, thinks, acts.")
    parser.add_argument("--version", action="version", version=f"screenwright {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    _add_run(commands.add_parser("run", help="do a task", description=_RUN_HELP, epilog=_exit_codes()))
    viewer = commands.add_parser("view", help="make a page of a recorded run", description=_VIEW_HELP)
    viewer.add_argument("run", type=Path, metavar="RUN", help="the folder of the run")
    viewer.add_argument("--out", type=Path, metavar="FILE", help="where to write the page (default: RUN/view.html)")
    viewer.add_argument("--open", action="store_true", help="open it in the web browser")
    parse = commands.add_parser("parse", help="read replies of a model", description=_PARSE_HELP)
    parse.add_argument("--dialect", metavar="NAME", help="read one plain reply, in this dialect")
    parse.add_argument("--screen", metavar="WxH", help="the size of the screen that it is about")
    place = commands.add_parser("ground", help="find a thing on a picture", description=_GROUND_HELP)
    place.add_argument("picture", type=Path, metavar="IMAGE", help="a screenshot")
    place.add_argument("text", metavar="TEXT", help="the thing to find, in words")
    for name in ("model", "model_name", "dialect"):
        field = RunSettings.model_fields[name]
        place.add_argument("--" + name.replace("_", "-"), default=field.default, help=field.description)
    place.add_argument("--draw", type=Path, metavar="FILE", help="write the picture there with the place marked")
    place.add_argument("--json", action="store_true", help="print JSON")
    add_read_flags(commands.add_parser("read", help="say what stands on a picture", description=READ_HELP))
    _add_serve(commands.add_parser("serve", help="serve a model", description=_SERVE_HELP))
    add_flags(
        commands.add_parser("doctor", help="see what a run needs", description=DOCTOR_HELP, epilog=DOCTOR_EXIT_CODES)
    )
    add_eval_flags(commands.add_parser("eval", help="measure an agent", description=EVAL_HELP, epilog=EVAL_EXIT_CODES))
    pair = commands.add_parser("compare", help="compare two evaluations", description=COMPARE_HELP)
    pair.add_argument("a", type=Path, metavar="A", help="the folder of an evaluation")
    pair.add_argument("b", type=Path, metavar="B", help="the folder of another of the same episodes")
    pair.add_argument("--out", type=Path, metavar="FILE", help="where to write the page (default: in B)")
    add_export_flags(commands.add_parser("export", help="make training data of runs", description=EXPORT_HELP))
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    serving = Serving()
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a name at the hub, a folder, or reader")
    parser.add_argument("--model", dest="model_flag", metavar="MODEL", help="the same")
    parser.add_argument("--print", action="store_true", help="only show the vllm command")
    parser.add_argument("--host", default=serving.host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=serving.port, help="port to listen on (default: %(default)s)")
    parser.add_argument("--gpus", type=int, default=serving.gpus, help="how many GPUs to use (default: %(default)s)")
    parser.add_argument("--images", type=int, default=serving.images, help="images a prompt (default: %(default)s)")
    parser.add_argument("--ray", action="store_true", help="several machines, joined by Ray")


def _add_run(parser: argparse.ArgumentParser) -> None:
    """One flag a setting, so that there is one table of them; a flag not given leaves no trace."""
    parser.add_argument("task", nargs="?", metavar="TASK", help="what to do, in words")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with a recorded run instead")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: ./screenwright.toml)")
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON on standard output")
    for name, field in RunSettings.model_fields.items():
        flag = "--" + name.replace("_", "-")
        if field.annotation is bool:
            action = argparse.BooleanOptionalAction
            parser.add_argument(flag, action=action, default=argparse.SUPPRESS, help=field.description)
        else:
            kind = "append" if field.annotation == tuple[str, ...] else "store"
            choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            shown = "|".join(choices) or name.upper()
            parser.add_argument(flag, action=kind, default=argparse.SUPPRESS, metavar=shown, help=field.description)


def _exit_codes() -> str:
    return "exit codes: 2 bad input, " + ", ".join(f"{code} {stop}" for stop, code in EXIT_CODES.items())


_RUN_HELP = "Do TASK on a screen. The answer goes to standard output, progress to standard error."
_PARSE_HELP = (
    'Read JSON lines {"text", "dialect", "screen": [w, h]} on standard input, or one plain reply with --dialect and '
    "--screen, and print what each means as a line of JSON."
)
_GROUND_HELP = "Print where on IMAGE the thing is that TEXT describes, as x y in pixels; exit code 4 if nowhere."
_SERVE_HELP = "Serve MODEL with vLLM at an OpenAI-compatible address, or the embedded reader, until Ctrl-C."
_VIEW_HELP = "Write one self-contained HTML page of a recorded run and print its path."
COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "view": _view,
    "parse": _parse,
    "ground": _ground,
    "read": _read,
    "serve": _serve,
    "doctor": _doctor,
    "eval": evaluate,
    "compare": _compare,
    "export": export_run,
}
