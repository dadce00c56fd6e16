"""`screenwright doctor`: checks what a run needs, and reports how to fix what is wrong."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from enum import Enum
from importlib import metadata
from typing import TYPE_CHECKING, TextIO

from .._version import __version__
from ..agent.dialects.dialect import Dialect
from ..agent.dialects.registry import dialect_named
from ..envs.check import Check, CheckStatus
from .arguments import add_settings, given_flags
from .settings import DoctorConfig, SettingsError, load_settings
from .terminal import Terminal

if TYPE_CHECKING:
    from ..agent.models.served import ServedModel  # its HTTP client takes a third of a second to import


class Failure(Enum):
    """A class of failure: its exit code and description. If several occur, the first of this list counts."""

    BROWSER = (20, "browser")
    DESKTOP = (21, "desktop")
    READER = (22, "reader")
    UNREACHABLE = (23, "model server unreachable")
    PROTOCOL = (24, "model protocol")
    CALIBRATION = (25, "calibration")
    ANDROID = (26, "android")

    @property
    def exit_code(self) -> int:
        """The exit code of the program."""
        return self.value[0]


EXTRAS: Mapping[str, tuple[str, ...]] = {
    "browser": ("playwright", "publicsuffixlist", "idna"),
    "desktop": ("mss", "python-xlib" if sys.platform == "linux" else "pynput"),
    "reader": ("rapidocr", "onnxruntime", "numpy"),
    "android": ("adbutils",),
}
"""The extras that a run may need on this system, and their distributions."""

RARE_EXTRAS: Mapping[str, tuple[str, ...]] = {"local": ("transformers", "accelerate", "torch"), "vllm": ("vllm",)}

DESCRIPTION = (
    "Check what a run needs on this machine, or only what --env and --model name, and report how to fix what is wrong. "
    "On a real screen, the pointer moves for a moment."
)
EPILOG = (
    "exit codes: 0 nothing failed, 2 bad input, "
    + ", ".join(f"{failure.exit_code} {failure.value[1]}" for failure in Failure)
    + "; the first of several"
)

_INTERRUPTED = 130
_FAILURE_OF_PART = {
    "browser": Failure.BROWSER,
    "desktop": Failure.DESKTOP,
    "virtual": Failure.DESKTOP,
    "android": Failure.ANDROID,
}
_WHAT_WIDTH, _VERDICT_WIDTH = 24, 7
_STYLES = {
    CheckStatus.OK: "green",
    CheckStatus.WARNING: "yellow",
    CheckStatus.FAILED: "red",
    CheckStatus.SKIPPED: "dim",
}


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("--install", action="store_true", help="first install what virtual displays need (as root)")
    parser.add_argument("--json", action="store_true", help="print each check as a line of JSON")
    add_settings(parser, DoctorConfig, everything=everything)


def main(args: argparse.Namespace) -> int:
    """Run the checks; returns the exit code.

    Raises:
        SettingsError, ValueError: one line for the user.
    """
    config = load_settings(DoctorConfig, given_flags(args, DoctorConfig), os.environ, args.config)
    return doctor(config, as_json=args.json, install=args.install)


def doctor(config: DoctorConfig, *, as_json: bool, install: bool = False) -> int:
    """Run the checks of `config`, printing each when it completes; returns the exit code.

    Raises:
        ValueError: there is no such model or dialect.
    """
    dialect = dialect_named(config.dialect) if config.dialect else None
    model = None if config.served is None else _opened(config.served, config.model_name)
    if install:
        install_missing()
    checks = run_checks(config, model, dialect)
    report = Report(sys.stdout, as_json=as_json)
    try:
        with closing(checks):  # ends what was started, even if our output is closed
            for check in checks:
                report.add(check)
    except KeyboardInterrupt:
        return _INTERRUPTED
    report.end()
    return exit_code(report.checks)


def run_checks(
    config: DoctorConfig, model: "ServedModel | None" = None, dialect: Dialect | None = None
) -> Generator[Check]:
    """Yield each check when it completes; `model` is a served model, and is closed at the end."""
    system = f"{platform.system()} {platform.machine()}"
    yield Check("version", CheckStatus.OK, f"screenwright {__version__}, Python {platform.python_version()}, {system}")
    if config.everything or config.env == "browser":
        yield from _with_extra("browser", _browser, requested=config.env is not None)
    if config.everything or config.env == "desktop":
        yield from _with_extra("desktop", _desktop, requested=config.env is not None)
    if config.env == "android":
        yield from _with_extra("android", _android, requested=True)
    if config.everything or config.model == "reader":
        yield from _with_extra("reader", lambda: [_check_reader()], requested=config.model is not None)
    if config.everything:
        yield _rare_extras()
    if model is not None:
        yield from _server(model, dialect, calibration=config.calibration)


def install_missing() -> None:
    """Install what is missing for virtual displays and for watching them.

    Raises:
        SettingsError: this is not possible here; the message says what to do by hand.
    """
    from ..envs.desktop.virtual.packages import packages_missing

    packages = packages_missing()
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        raise SettingsError(
            f"apt-get is not available: install the equivalents of the Debian packages {' '.join(packages)}"
        )
    if sys.platform != "win32" and os.geteuid() != 0:
        raise SettingsError(f"installing needs root: sudo {' '.join(command)}")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for before in ([], ["apt-get", "update"]):  # the package lists may be missing or out of date
        if before:
            subprocess.run(before, env=quiet, stdout=sys.stderr, check=False)
        if subprocess.run(command, env=quiet, stdout=sys.stderr, check=False).returncode == 0:
            return
    raise SettingsError(f"{' '.join(command)} failed: see above")


def exit_code(checks: Iterable[Check]) -> int:
    """The exit code after these checks."""
    failures = {failure_of(check) for check in checks if check.status is CheckStatus.FAILED}
    return next((failure.exit_code for failure in Failure if failure in failures), 0)


def failure_of(check: Check) -> Failure:
    """The class of failure of a failed `check`."""
    from ..agent.doctor import CALIBRATION, REACHABLE

    part, _, rest = check.what.partition(": ")
    if part == "packages":
        part = rest
    if part == "reader":
        return Failure.READER
    if check.what == CALIBRATION:
        return Failure.CALIBRATION
    return Failure.UNREACHABLE if check.what == REACHABLE else _FAILURE_OF_PART.get(part, Failure.PROTOCOL)


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
        verdict = CheckStatus.FAILED if requested else CheckStatus.WARNING
        return Check(what, verdict, f"not installed: {', '.join(missing)}", f"pip install 'screenwright[{extra}]'")
    return Check(what, CheckStatus.OK, ", ".join(versions))


def _with_extra(extra: str, checks: Callable[[], Iterable[Check]], *, requested: bool) -> Iterator[Check]:
    """The packages of `extra`, and if they are installed, the `checks` that need them."""
    packages = check_extra(extra, EXTRAS[extra], requested=requested)
    yield packages
    if packages.status is CheckStatus.OK:
        yield from checks()


def _browser() -> Iterable[Check]:
    from ..envs.browser.doctor import check_browser  # needs the browser extra

    return check_browser()


def _android() -> Iterable[Check]:
    from ..envs.android.doctor import check_android  # needs the android extra

    return check_android()


def _desktop() -> Iterable[Check]:
    from ..envs.desktop.doctor import check_desktop  # needs the desktop extra

    return check_desktop()


def _check_reader() -> Check:
    """Whether the reader finds a word in an image."""
    from ..agent.core.model import ModelLost
    from ..agent.doctor.screens import calibration_screens
    from ..agent.loop.agent import Agent

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


def _rare_extras() -> Check:
    checks = [check_extra(extra, names, requested=False) for extra, names in RARE_EXTRAS.items()]
    absent = [check.what.removeprefix("packages: ") for check in checks if check.status is not CheckStatus.OK]
    found = f"not installed, rarely needed: {', '.join(absent)}" if absent else ", ".join(RARE_EXTRAS)
    return Check("packages: others", CheckStatus.OK, found)


def _opened(address: str, name: str | None) -> "ServedModel":
    """The model at `address`, not contacted yet.

    Raises:
        ValueError: it is not an address.
    """
    from ..agent.loop.open_model import open_model
    from ..agent.models.served import ServedModel

    model = open_model(address, name)
    assert isinstance(model, ServedModel)
    return model


def _server(model: "ServedModel", dialect: Dialect | None, *, calibration: bool) -> Iterator[Check]:
    """The server, then the model behind it."""
    from ..agent.doctor import REACHABLE, REPLY, check_endpoint

    with model:
        reached = True
        for check in check_endpoint(model, dialect):
            reached = reached and (check.what not in (REACHABLE, REPLY) or check.status is not CheckStatus.FAILED)
            yield check
        if calibration:
            yield from _calibration(model, dialect, reached=reached)


def _calibration(model: "ServedModel", dialect: Dialect | None, *, reached: bool) -> Iterator[Check]:
    """Measure where the model clicks, and save the result for later runs."""
    from ..agent.core.model import ModelLost
    from ..agent.doctor import CALIBRATION, calibrate, default_folder, dialect_of, save_calibration

    try:
        dialect = dialect_of(model, dialect) if reached else None
    except ModelLost:
        dialect = None
    if dialect is None:
        why = "the dialect of the model is unknown" if reached else "the model cannot be reached"
        yield Check(CALIBRATION, CheckStatus.SKIPPED, why)
        return

    if sys.stderr.isatty():
        print("measuring where the model clicks; this takes as long as two dozen steps", file=sys.stderr)
    calibration = calibrate(model, dialect)
    yield calibration.check()
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


class Report:
    """Prints checks as lines of text or JSON, and collects them."""

    def __init__(self, stream: TextIO, *, as_json: bool) -> None:
        self.checks: list[Check] = []
        self._terminal = Terminal(stream)
        self._as_json = as_json

    def add(self, check: Check) -> None:
        """Print `check`."""
        self.checks.append(check)
        if self._as_json:
            self._terminal.line(json.dumps(asdict(check), ensure_ascii=False))
            return
        verdict = self._terminal.style(f"{check.status:{_VERDICT_WIDTH}}", _STYLES[check.status])
        self._terminal.line(f"{check.what:{_WHAT_WIDTH}}  {verdict}  {check.found}")
        if check.fix:
            self._terminal.line(f"{'':{_WHAT_WIDTH}}  {'':{_VERDICT_WIDTH}}  -> {check.fix}")

    def end(self) -> None:
        """Print the summary."""
        if not self._as_json:
            failed, warned = (self._counted(verdict) for verdict in (CheckStatus.FAILED, CheckStatus.WARNING))
            self._terminal.line(f"{failed or 'nothing'} failed, {warned or 'no'} warning{'' if warned == 1 else 's'}")

    def _counted(self, verdict: CheckStatus) -> int:
        return sum(check.status is verdict for check in self.checks)
