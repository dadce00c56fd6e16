"""`screenwright doctor`: checks what a run needs, and reports how to fix what is wrong."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from enum import IntEnum
from importlib import metadata
from typing import TYPE_CHECKING

from screenwright._text import counted

from ..._version import __version__
from ...agent.dialects.dialect import Dialect
from ...agent.dialects.registry import dialect_named
from ...envs.check import Check, CheckStatus
from ...envs.env import EnvUnavailable
from ..arguments import Command, given_flags
from ..settings import DoctorConfig, SettingsError, load_settings
from ..streams import INTERRUPTED
from ..terminal import Terminal

if TYPE_CHECKING:
    from ...agent.models.served.model import ServedModel  # its HTTP client takes a third of a second to import


class Failure(IntEnum):
    """A class of failure and its exit code. If several occur, the smallest code counts."""

    BROWSER = 20
    DESKTOP = 21
    READER = 22
    MODEL_SERVER_UNREACHABLE = 23
    MODEL_PROTOCOL = 24
    CALIBRATION = 25
    ANDROID = 26


EXTRAS: Mapping[str, tuple[str, ...]] = {
    "browser": ("playwright", "publicsuffixlist", "cryptography"),
    "desktop": ("mss", "pyautogui", "python-xlib" if sys.platform == "linux" else "pynput"),
    "android": ("adbutils",),
    "reader": ("rapidocr", "onnxruntime", "numpy"),
}
"""The extras that a run may need on this system, and their distributions."""

RARE_EXTRAS: Mapping[str, tuple[str, ...]] = {"local": ("transformers", "accelerate", "torch"), "vllm": ("vllm",)}

_WHAT_WIDTH, _STATUS_WIDTH = 24, 7
_STYLES = {
    CheckStatus.OK: "green",
    CheckStatus.WARNING: "yellow",
    CheckStatus.FAILED: "red",
    CheckStatus.SKIPPED: "dim",
}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--install", action="store_true", help="first install what virtual displays need (as root)")
    parser.add_argument("--json", action="store_true", help="print each check as a line of JSON")


def _main(args: argparse.Namespace) -> int:
    config = load_settings(DoctorConfig, given_flags(args, DoctorConfig), os.environ, args.config)
    return doctor(config, as_json=args.json, install=args.install)


def doctor(config: DoctorConfig, *, as_json: bool, install: bool = False) -> int:
    """Run the checks of `config`, printing each when it completes; returns the exit code.

    Raises:
        ValueError: there is no such model or dialect.
    """
    dialect = dialect_named(config.dialect) if config.dialect else None
    model = None if config.served is None else _open_served(config.served, config.model_name)
    if install:
        install_missing()
    terminal, done = Terminal(sys.stdout), list[Check]()
    try:
        with closing(run_checks(config, model, dialect)) as checks:  # ends what was started, even if our output closes
            for check in checks:
                done.append(check)
                print_check(check, terminal, as_json=as_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    if not as_json:
        terminal.line(summary_of(done))
    return exit_code(done)


def run_checks(
    config: DoctorConfig, model: "ServedModel | None" = None, dialect: Dialect | None = None
) -> Generator[Check]:
    """Yield each check when it completes; `model` is a served model, and is closed at the end."""
    system = f"{platform.system()} {platform.machine()}"
    yield Check("version", CheckStatus.OK, f"screenwright {__version__}, Python {platform.python_version()}, {system}")
    for extra in EXTRAS:
        requested = extra == (config.model if extra == "reader" else config.env)
        if requested or (config.everything and extra != "android"):
            yield from _check_part(extra, requested=requested)
    if config.everything:
        rare = [check_extra(extra, names, requested=False) for extra, names in RARE_EXTRAS.items()]
        absent = [check.what.removeprefix("packages: ") for check in rare if check.status is not CheckStatus.OK]
        found = f"not installed, rarely needed: {', '.join(absent)}" if absent else ", ".join(RARE_EXTRAS)
        yield Check("packages: others", CheckStatus.OK, found)
    if model is not None:
        yield from _check_server(model, dialect, calibration=config.calibrate)


def install_missing() -> None:
    """Install what is missing for virtual displays and for watching them.

    Raises:
        SettingsError: this is not possible here; the message says what to do by hand.
    """
    from ...envs.desktop.virtual.packages import install_packages, packages_missing

    try:
        install_packages(packages_missing())
    except EnvUnavailable as error:
        raise SettingsError(str(error)) from error


def exit_code(checks: Iterable[Check]) -> int:
    """The exit code after these checks."""
    return min((int(failure_of(check)) for check in checks if check.status is CheckStatus.FAILED), default=0)


def failure_of(check: Check) -> Failure:
    """The class of failure of a failed `check`."""
    from ...agent.doctor import CALIBRATION, REACHABLE

    part, _, rest = check.what.partition(": ")
    if part == "packages":
        part = rest
    by_part = {"virtual": Failure.DESKTOP} | {extra: Failure[extra.upper()] for extra in EXTRAS}
    by_check = {CALIBRATION: Failure.CALIBRATION, REACHABLE: Failure.MODEL_SERVER_UNREACHABLE}
    return by_check.get(check.what) or by_part.get(part, Failure.MODEL_PROTOCOL)


# -- parts


def check_extra(extra: str, distributions: Iterable[str], *, requested: bool) -> Check:
    """Whether the distributions of `extra` are installed. It is a failure only if the user `requested` this check."""
    versions, missing = list[str](), list[str]()
    for name in distributions:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    what = f"packages: {extra}"
    if missing:
        status = CheckStatus.FAILED if requested else CheckStatus.WARNING
        return Check(what, status, f"not installed: {', '.join(missing)}", f"pip install 'screenwright[{extra}]'")
    return Check(what, CheckStatus.OK, ", ".join(versions))


def _check_part(extra: str, *, requested: bool) -> Iterator[Check]:
    """The packages of `extra`, and if they are installed, the checks that import them."""
    packages = check_extra(extra, EXTRAS[extra], requested=requested)
    yield packages
    if packages.status is not CheckStatus.OK:
        return
    if extra == "browser":
        from ...envs.browser.doctor import check_browser

        yield from check_browser()
    elif extra == "desktop":
        from ...envs.desktop.doctor import check_desktop

        yield from check_desktop()
    elif extra == "android":
        from ...envs.android.doctor import check_android

        yield from check_android()
    else:
        yield _check_reader()


def _check_reader() -> Check:
    """Whether the reader finds a word in an image."""
    from ...agent.core.model import ModelLost
    from ...agent.doctor.screens import calibration_screens
    from ...agent.loop.agent import Agent

    what, fix = "reader: finds a word", "pip install --force-reinstall 'screenwright[reader]'"
    scene = calibration_screens()[0]
    target = scene.targets[0]
    try:
        point = Agent("reader").ground(scene.screenshot.image, 'Click "Stop"')
    except (ImportError, ModelLost) as error:
        return Check(what, CheckStatus.FAILED, " ".join(str(error).split()), "apt-get install libgl1 libglib2.0-0")
    if point is None or not target.contains(point):
        return Check(what, CheckStatus.FAILED, f"not {target.name}, in an image of {scene.size}", fix)
    return Check(what, CheckStatus.OK, f"{target.name}, in an image of {scene.size}")


def _open_served(address: str, name: str | None) -> "ServedModel":
    """The model at `address`, not contacted yet."""
    from ...agent.loop.open_model import open_model
    from ...agent.models.served.model import ServedModel

    model = open_model(address, name)
    if not isinstance(model, ServedModel):
        raise SettingsError(f"--model is {address!r}, but should be reader or the address of a server")
    return model


def _check_server(model: "ServedModel", dialect: Dialect | None, *, calibration: bool) -> Iterator[Check]:
    """The server, then the model behind it."""
    from ...agent.doctor import CALIBRATION, NAME, REACHABLE, REPLY, check_endpoint

    with model:
        failed = ""
        for check in check_endpoint(model, dialect, measured=calibration):
            if check.what in (REACHABLE, NAME, REPLY) and check.status is CheckStatus.FAILED:
                failed = failed or check.what
            yield check
        if calibration and failed:
            yield Check(CALIBRATION, CheckStatus.SKIPPED, f"because of {failed}")
        elif calibration:
            yield from _calibrate(model, dialect)


def _calibrate(model: "ServedModel", dialect: Dialect | None) -> Iterator[Check]:
    """Measure where the model clicks, as a run does at its first contact, and save the result for later runs."""
    from ...agent.core.model import ModelLost
    from ...agent.doctor import (
        CALIBRATION,
        calibrate,
        candidates_for,
        default_folder,
        dialect_of,
        first_contact,
        save_calibration,
    )

    if sys.stderr.isatty():
        print("measuring where the model clicks; this takes as long as two dozen steps", file=sys.stderr)
    try:
        known = dialect_of(model, dialect)
        contact = None if known else first_contact(model, candidates_for(model.facts().model), {})
    except ModelLost as lost:
        yield Check(CALIBRATION, CheckStatus.FAILED, str(lost))
        return
    if known is not None:
        calibration = calibrate(model, known)
        yield calibration.check()
    else:
        assert contact is not None
        if contact.fit is None or contact.dialect is None:
            yield contact.check()
            return
        calibration, check = contact.fit, contact.fit.check()
        yield replace(check, found=f"dialect {contact.dialect.name}, {check.found}")
    what = "model: result saved"
    try:
        path = save_calibration(calibration, model.info(), default_folder())
    except OSError as error:
        fix = "make that folder writable, or set XDG_STATE_HOME to another one"
        yield Check(what, CheckStatus.WARNING, f"cannot write to {default_folder()}: {error.strerror}", fix)
        return
    if path is not None:
        yield Check(what, CheckStatus.OK, str(path))


# -- output


def print_check(check: Check, terminal: Terminal, *, as_json: bool) -> None:
    """Print `check` as lines of text, or as a line of JSON."""
    if as_json:
        terminal.line(json.dumps(asdict(check), ensure_ascii=False))
        return
    status = terminal.style(f"{check.status:{_STATUS_WIDTH}}", _STYLES[check.status])
    terminal.line(f"{check.what:{_WHAT_WIDTH}}  {status}  {check.found}")
    if check.fix:
        terminal.line(f"{'':{_WHAT_WIDTH}}  {'':{_STATUS_WIDTH}}  -> {check.fix}")


def summary_of(checks: Iterable[Check]) -> str:
    """How many checks failed and warned, as a line."""
    statuses = [check.status for check in checks]
    failed, warned = statuses.count(CheckStatus.FAILED), statuses.count(CheckStatus.WARNING)
    return f"{failed or 'nothing'} failed, {counted(warned, 'warning') if warned else 'no warnings'}"


COMMANDS = {
    "doctor": Command(
        _main,
        "Check what a run needs on this machine, or only what --env and --model name, and report how to fix what is "
        "wrong. On a real screen, the pointer moves for a moment.",
        _add_arguments,
        DoctorConfig,
        epilog="exit codes: 0 nothing failed, 2 bad input, "
        + ", ".join(f"{failure} {failure.name.lower().replace('_', ' ')}" for failure in Failure)
        + "; the first of several",
    )
}
