"""`screenwright run`: builds the agent and the screen from the settings, and prints the progress."""

import argparse
import json
import os
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType

from pydantic import JsonValue, TypeAdapter, ValidationError

from screenwright._files import read_file, write_file
from screenwright._text import printable

from ...agent.core.answer_format import SchemaAnswer
from ...agent.core.limits import StopReason
from ...agent.core.validation import first_problem
from ...agent.dialects.registry import dialect_for_model
from ...agent.guard.approval import Approver, NoApprover
from ...agent.guard.rules import RuleSet
from ...agent.loop.agent import Agent
from ...agent.loop.config.run import RunConfig
from ...agent.policy.model_policy import ModelPolicy
from ...agent.record.events import Ended, Event, Observed
from ...agent.record.trajectory import RunError, event_to_json, read_run
from ...envs.config import BrowserConfig, DesktopConfig, ScreenConfig
from ...envs.config.desktop import UserAtScreen
from ...envs.config.screen import parse_size
from ...envs.env import Env
from ...envs.secrets import Secret, SecretVault
from ..approver import TerminalApprover
from ..arguments import BAD_INPUT, Command, given_flags
from ..settings import DEFAULT_FILE, SettingsError, given_now, load_settings
from ..streams import stop_signals
from ..terminal import Progress, Terminal, new_run_folder, quoted
from ..trust import FoundSettings

EXIT_CODES: dict[StopReason, int] = {
    StopReason.FINISHED: 0,
    StopReason.NEEDS_USER: 3,
    StopReason.INFEASIBLE: 4,
    StopReason.REFUSED: 5,
    StopReason.STUCK: 6,
    StopReason.STEP_LIMIT: 7,
    StopReason.TIME_LIMIT: 8,
    StopReason.TOKEN_LIMIT: 9,
    StopReason.ENV_LOST: 10,
    StopReason.MODEL_LOST: 11,
    StopReason.INVALID_ANSWER: 12,
    StopReason.COST_LIMIT: 13,
    StopReason.DIVERGED: 14,
    StopReason.CANCELLED: 130,
}

_TO_CONTINUE = {
    StopReason.STEP_LIMIT: " --steps N",
    StopReason.TIME_LIMIT: " --seconds N",
    StopReason.TOKEN_LIMIT: " --tokens N",
    StopReason.COST_LIMIT: " --max-cost N",
    StopReason.ENV_LOST: "",
    StopReason.MODEL_LOST: "",
    StopReason.CANCELLED: "",
}
"""What a run that ended early needs, besides `--resume`, to get further."""

SETTINGS_FILE = "settings.toml"
"""The settings of a run, in its folder."""

_SCHEMA: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
_FILES_SHOWN = 6
_NEAR = 0.05
"""A size whose sides differ by less than this share of the default's is as good as the default."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", nargs="?", metavar="TASK", help="what to do")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="continue a recorded run, with its settings")
    parser.add_argument(
        "--output-schema",
        type=Path,
        metavar="FILE",
        help="JSON schema of the answer, which is printed as JSON; a resumed run keeps its own",
    )
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON on standard output")


def _main(args: argparse.Namespace) -> int:
    terminal = Terminal()
    resume: Path | None = args.resume
    task = _checked_text((args.task or "").strip(), terminal)
    if bool(task) == (resume is not None):
        raise SettingsError("name a TASK, or --resume RUN to continue a recorded run")
    if resume is not None and args.output_schema is not None:
        raise SettingsError("--output-schema belongs to the run, and --resume keeps it: leave it out")
    form = _answer_form(args.output_schema, resume)
    found = DEFAULT_FILE if resume is None or not (resume / SETTINGS_FILE).exists() else resume / SETTINGS_FILE
    config = load_settings(RunConfig, given_flags(args, RunConfig), os.environ, args.config, found, terminal.line)
    if resume is not None:
        is_url_given = "url" in given_now(RunConfig, given_flags(args, RunConfig), os.environ)
        recorded = None if args.config is not None else recorded_settings(resume)
        config = config if is_url_given else at_last_page(config, resume, recorded)
    secrets = config.build_secrets()
    given = resume or config.out
    with new_run_folder(run_name(task, secrets)) if given is None else nullcontext(given) as folder:
        return _run(config, task, folder, terminal, secrets, form, resume=resume is not None, as_json=args.json)


def _run(
    config: RunConfig,
    task: str,
    folder: Path,
    terminal: Terminal,
    secrets: tuple[Secret, ...],
    form: SchemaAnswer | None,
    *,
    resume: bool,
    as_json: bool,
) -> int:
    screen = config.env
    asks = sys.stdin.isatty() or config.action_rules.confirm
    approver = TerminalApprover(terminal, folder) if asks else NoApprover()
    agent, env = build_run(config, folder, approver, secrets, terminal.report, resume=resume)
    with closing(agent):
        if screen.takes_over and not config.yes:
            confirm_takeover(screen, terminal)
        if isinstance(screen, BrowserConfig) and not {"url", "cdp"} & screen.model_fields_set and not resume:
            terminal.line("no --url was given: the browser starts with an empty page")
        with env, stopping_cleanly(agent, terminal):
            if resume:
                events = agent.continue_stream(folder, env, output=form)
            else:
                events = agent.stream(task, env, output=form, out=folder)
            ended = show_events(events, env, folder, config, terminal, as_json=as_json)
    for line in files_of(env):
        terminal.line(line)
    answer = ended.answer if form is None else _as_json(form, ended)
    if answer and not as_json:
        print(printable(answer) if sys.stdout.isatty() else answer)
    terminal.line(f"recorded in {folder}; view it with: screenwright view {quoted(folder)}")
    if ended.stop in _TO_CONTINUE:
        terminal.line(f"continue with: screenwright run --resume {quoted(folder)}{_TO_CONTINUE[ended.stop]}")
    return EXIT_CODES[ended.stop if ended.verified is not False else StopReason.STUCK]


def run_name(task: str, secrets: tuple[Secret, ...]) -> str:
    """The name of a run's folder, after the time: the first words of the task."""
    return "-".join(re.findall(r"[a-z0-9]+", SecretVault(secrets).redact(task).lower())[:6]) or "task"


def build_run(
    config: RunConfig,
    folder: Path,
    approver: Approver,
    secrets: tuple[Secret, ...],
    report: Callable[[str], object],
    *,
    resume: bool,
) -> tuple[Agent, Env]:
    """The agent and the screen, not opened yet, for a run that is recorded in `folder`, or with `resume` is there.

    Raises:
        ValueError: a setting does not fit, or the model's clicks miss.
        SettingsError: the run was started with other rules.
        ImportError: an extra is not installed.
    """
    screen = config.env
    env = screen.build(folder)
    guard, rules = config.build_guard(), config.build_rules()
    if resume:
        _check_rules(config, folder, rules)
    agent = config.build_agent(report=report, guard=guard, rules=rules, approver=approver, secrets=secrets)
    fitting = unscaled(screen, agent)
    return agent, env if fitting is screen else fitting.build(folder)


def unscaled(screen: ScreenConfig, agent: Agent) -> ScreenConfig:
    """`screen` in a size near the default that the model gets in its own pixels; unchanged if the user chose a size."""
    is_chosen = "screen" in screen.model_fields_set or getattr(screen, "scale", 1) != 1
    if is_chosen or not isinstance(screen, UserAtScreen) or not isinstance(agent.policy, ModelPolicy):
        return screen
    dialect = agent.policy.dialect or dialect_for_model(agent.policy.model.info().name)
    if dialect is None:  # the server cannot be reached
        return screen
    size = parse_size(screen.screen)
    own = dialect.image_rule.resize(size)
    is_near = max(abs(own.width / size.width - 1), abs(own.height / size.height - 1)) < _NEAR
    return screen.model_copy(update={"screen": str(own)}) if is_near else screen


def files_of(env: Env) -> list[str]:
    """Lines about the files in the private home of a virtual desktop: which were kept, and which are lost."""
    kept: tuple[Path, ...] = getattr(env, "kept_files", ())
    lost: tuple[str, ...] = getattr(env, "lost_files", ())
    lines = [f"kept: {printable(', '.join(map(str, kept)))}"] if kept else []
    if lost:
        more = f" and {len(lost) - _FILES_SHOWN} more" if len(lost) > _FILES_SHOWN else ""
        lines.append(f"removed with the display's private home: {printable(', '.join(lost[:_FILES_SHOWN]))}{more}")
        lines.append("to keep such files, run with --keep FILE, or with --home FOLDER as the home of the programs")
    return lines


def show_events(
    events: Iterator[Event], env: Env, folder: Path, config: RunConfig, terminal: Terminal, *, as_json: bool
) -> Ended:
    """Print the events of a run and record its settings; returns the last event."""
    progress = Progress(terminal)
    said: set[str] = set()
    last: Event | None = None
    for last in events:
        for line in _about_screen(env):
            if line not in said:
                terminal.line(line)
                said.add(line)
        progress.show(last)
        if as_json:
            print(event_to_json(last).decode(), flush=True)
        if last.event == "started":
            record_settings(folder, config)
    assert isinstance(last, Ended)
    return last


def _about_screen(env: Env) -> Iterator[str]:
    """What the user should know about an open screen."""
    if watch_url := getattr(env, "watch_url", ""):
        yield f"watch it at {watch_url}"
    if unsandboxed := getattr(env, "unsandboxed", ""):
        yield f"programs run without a sandbox, as you: {unsandboxed}"
    if shown := getattr(env, "shown", ()):
        names = printable(", ".join(map(str, shown)))
        yield f"programs can read, not change: {names} (--grant-folder FOLDER:rw to change what is in it)"


def _checked_text(text: str, terminal: Terminal) -> str:
    """`text` without bytes that are not UTF-8, which Python passes on as surrogates."""
    checked = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if checked != text:
        terminal.line(f"the task is not valid UTF-8 and is read as: {checked}")
    return checked


def _answer_form(file: Path | None, resume: Path | None) -> SchemaAnswer | None:
    """The form of the answer: that of the schema in `file`, or of the run that is resumed; None if any text will do."""
    if file is None:
        schema = None if resume is None else read_run(resume).started.answer_schema
        return None if schema is None else SchemaAnswer(schema)
    try:
        return SchemaAnswer(_SCHEMA.validate_json(file.read_bytes().removeprefix(BOM_UTF8)))
    except OSError as error:
        raise SettingsError(f"--output-schema {file}: {error.strerror}") from error
    except ValidationError as error:
        raise SettingsError(f"--output-schema {file} is not a JSON object: {first_problem(error)}") from error
    except ValueError as error:
        raise SettingsError(f"--output-schema {file} is {error}") from error


def _as_json(form: SchemaAnswer, ended: Ended) -> str:
    """The answer as JSON; empty unless the run finished, so that standard output has no other text."""
    return json.dumps(form.read(ended.answer), ensure_ascii=False) if ended.stop is StopReason.FINISHED else ""


def _check_rules(config: RunConfig, run: Path, rules: RuleSet | None) -> None:
    """A run goes on with its rules, unless others are named: it must not go on without them by accident."""
    recorded = read_run(run).started.rules_sha256
    if config.action_rules.rules is None and recorded and recorded != (rules.sha256 if rules is not None else ""):
        raise SettingsError("the run was started with other rules: name them again with --rules")


def at_last_page(config: RunConfig, resume: Path, recorded: FoundSettings | None = None) -> RunConfig:
    """The settings with the last page of a browser run as its first, unless its host is not allowed.

    The page is asked about if the settings that were `recorded` with the run are not trusted.

    Raises:
        NotTrusted: the run is someone else's, and the user does not allow the page.
    """
    screen = config.env
    if not isinstance(screen, BrowserConfig):
        return config
    from ...envs.browser.firewall.fence import Fence
    from ...envs.browser.firewall.rules import Firewall
    from ...envs.browser.page.addresses import start_address

    run = read_run(resume)
    pages = [event.observation.location for event in run.events if isinstance(event, Observed)]
    if not pages or not pages[-1].startswith(("http", "file:")):
        return config
    if Fence(screen.grants, start_address(screen.url)).refusal(pages[-1]):
        return config
    if screen.allow_hosts and Firewall.parse(screen.allow_hosts).refusal(pages[-1]):
        return config
    if recorded is not None:
        recorded.confirm({"task": run.started.task, "url": pages[-1]})
    return config.model_copy(update={"env": screen.model_copy(update={"url": pages[-1]})})


def recorded_settings(folder: Path) -> FoundSettings:
    """The settings that the run in `folder` was recorded with; a run from Python has none."""
    path = folder / SETTINGS_FILE
    content = read_file(path, inside=folder) if path.exists() else b""
    return FoundSettings(path, content, "--url, or --config with a file of yours")


def confirm_takeover(screen: ScreenConfig, terminal: Terminal) -> None:
    """Ask before taking over a real screen or a phone."""
    if not sys.stdin.isatty():
        other = ", or --virtual" if isinstance(screen, DesktopConfig) else ""
        raise SettingsError(f"this takes over {screen.takes_over}: add --yes{other}")
    ways = "; ".join(filter(None, ("Ctrl-C here stops it", screen.interruption)))
    terminal.line(f"Screenwright will take over {screen.takes_over}. {ways}.")
    if not terminal.confirm("Continue?"):
        raise SettingsError("cancelled; nothing was done")


@contextmanager
def stopping_cleanly(agent: Agent, terminal: Terminal) -> Generator[None]:
    """The first Ctrl-C, SIGTERM or SIGHUP stops the run cleanly, the second one ends the program."""
    is_stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal is_stopping
        if is_stopping:
            raise KeyboardInterrupt
        is_stopping = True
        agent.stop()
        with suppress(RuntimeError):  # the signal may have arrived while another line is being written
            terminal.line("\nstopping after the current action; Ctrl-C again ends at once")
        terminal.cancel_questions()

    with stop_signals(stop):
        yield


def record_settings(folder: Path, config: RunConfig) -> None:
    """Write the settings next to the log, as a settings file, for `--resume`.

    A proxy with a password is left out, so it must be given again.
    """
    left_out = {"out", "yes", "rules"}  # rules are never taken from a folder
    values = config.flat(set_only=True)
    if "@" in (values.get("proxy") or ""):
        left_out.add("proxy")
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items() if name not in left_out]
    try:
        write_file(folder / SETTINGS_FILE, "".join(lines).encode(), inside=folder)
        recorded_settings(folder).trust()
    except OSError as error:
        raise RunError(f"the run cannot be recorded in {folder}: {error.strerror}") from error


_CODE_NAMES = {BAD_INPUT: "bad input"} | {code: str(stop) for stop, code in EXIT_CODES.items()}
COMMANDS = {
    "run": Command(
        _main,
        "Run TASK on a screen. The answer goes to standard output, progress to standard error.",
        _add_arguments,
        RunConfig,
        usage="TASK [flags]",
        epilog="exit codes: " + ", ".join(f"{code} {name}" for code, name in sorted(_CODE_NAMES.items())),
    )
}
