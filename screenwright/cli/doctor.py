"""`screenwright doctor`: looks at what a run needs, a line for each thing, and says how to mend what is wrong."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from enum import Enum
from importlib import metadata
from typing import TYPE_CHECKING, TextIO

from .._version import __version__
from ..agent.dialects.dialect import Dialect
from ..agent.dialects.registry import dialect_named
from ..envs.check import Check, CheckStatus
from .settings import RunSettings, SettingsError

if TYPE_CHECKING:
    from ..agent.models.served import ServedModel  # the OpenAI SDK takes half a second to import


class Failure(Enum):
    """A class of failure, its exit code, and what it is; where several are met, the first of this list counts."""

    BROWSER = (20, "browser")
    DESKTOP = (21, "desktop")
    READER = (22, "reader")
    UNREACHABLE = (23, "model server unreachable")
    PROTOCOL = (24, "model protocol")
    CALIBRATION = (25, "calibration")
    ANDROID = (26, "android")

    @property
    def exit_code(self) -> int:
        """What the program exits with."""
        return self.value[0]


EXTRAS: Mapping[str, tuple[str, ...]] = {
    "browser": ("playwright", "publicsuffixlist", "idna"),
    "desktop": ("mss", "pyautogui", *(("python-xlib",) if sys.platform == "linux" else ())),
    "reader": ("rapidocr", "onnxruntime", "numpy"),
    "android": ("adbutils",),
}
"""The extras that a run may need here, and the distributions that they bring."""

RARE_EXTRAS: Mapping[str, tuple[str, ...]] = {"local": ("transformers", "accelerate", "torch"), "vllm": ("vllm",)}

HELP = (
    "Look at what a run needs on this machine, or only at what --env and --model name, and say how to mend what is "
    "wrong. The pointer of a real screen is moved for a moment, and put back."
)
EXIT_CODES = (
    "exit codes: 0 nothing failed, 2 bad input, "
    + ", ".join(f"{failure.exit_code} {failure.value[1]}" for failure in Failure)
    + "; of several the first"
)

_INTERRUPTED = 130
_OF_PARTS = {
    "browser": Failure.BROWSER,
    "desktop": Failure.DESKTOP,
    "virtual": Failure.DESKTOP,
    "android": Failure.ANDROID,
}
_WHAT_WIDTH, _VERDICT_WIDTH = 24, 7
_COLOURS = {CheckStatus.OK: "32", CheckStatus.WARNING: "33", CheckStatus.FAILED: "31", CheckStatus.SKIPPED: "2"}


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """What to look at. Without `env` and `model`, that is everything on this machine."""

    env: str | None = None
    model: str | None = None
    model_name: str | None = None
    dialect: str | None = None
    calibration: bool = True
    install: bool = False

    @property
    def everything(self) -> bool:
        """Whether nothing was asked for in particular."""
        return self.env is None and self.model is None

    @property
    def served(self) -> str | None:
        """The address of the model's server, if there is to be one."""
        return None if self.model == "reader" else self.model


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("--env", choices=("browser", "desktop", "android"), help="look at this kind of screen")
    parser.add_argument("--model", metavar="ADDRESS|reader", help="look at this model")
    for name in ("model_name", "dialect"):
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, metavar=name.upper(), help=RunSettings.model_fields[name].description)
    parser.add_argument("--no-calibration", action="store_true", help="do not ask the model to click on targets")
    parser.add_argument(
        "--install", action="store_true", help="first install what virtual displays are made of (apt-get, as root)"
    )
    parser.add_argument("--json", action="store_true", help="print each check as a line of JSON")


def request_of(given: argparse.Namespace) -> DoctorRequest:
    """What the flags ask for.

    Raises:
        SettingsError: they contradict each other.
    """
    wanted = DoctorRequest(
        given.env, given.model, given.model_name, given.dialect, not given.no_calibration, given.install
    )
    if wanted.served is None:
        for flag in ("model_name", "dialect", "no_calibration"):
            if getattr(given, flag):
                raise SettingsError(f"--{flag.replace('_', '-')} is about a served model: say --model ADDRESS too")
    return wanted


def doctor(wanted: DoctorRequest, *, as_json: bool) -> int:
    """Look at everything `wanted`, print each line as it comes; returns the exit code.

    Raises:
        ValueError: there is no such model or dialect.
    """
    dialect = dialect_named(wanted.dialect) if wanted.dialect else None
    model = None if wanted.served is None else _opened(wanted.served, wanted.model_name)
    if wanted.install:
        install_missing()
    checks = run_checks(wanted, model, dialect)
    report = Report(sys.stdout, as_json=as_json)
    try:
        with closing(checks):  # whatever happens to our output, nothing that was started stays
            for check in checks:
                report.add(check)
    except KeyboardInterrupt:
        return _INTERRUPTED
    report.end()
    return exit_code(report.checks)


def run_checks(
    wanted: DoctorRequest, model: "ServedModel | None" = None, dialect: Dialect | None = None
) -> Generator[Check]:
    """Each check as it comes; `model` is the one that is served, and is closed at the end."""
    system = f"{platform.system()} {platform.machine()}"
    yield Check("version", CheckStatus.OK, f"screenwright {__version__}, Python {platform.python_version()}, {system}")
    if wanted.everything or wanted.env == "browser":
        yield from _browser(asked=wanted.env is not None)
    if wanted.everything or wanted.env == "desktop":
        yield from _desktop(asked=wanted.env is not None)
    if wanted.env == "android":
        yield from _android()
    if wanted.everything or wanted.model == "reader":
        yield from _reader(asked=wanted.model is not None)
    if wanted.everything:
        yield _rare_extras()
    if model is not None:
        yield from _server(model, dialect, calibration=wanted.calibration)


def install_missing() -> None:
    """Install what is missing for virtual displays and for watching them.

    Raises:
        SettingsError: it cannot be done here; says what to do by hand.
    """
    from ..envs.desktop.virtual.packages import packages_missing

    packages = packages_missing()
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        raise SettingsError(f"there is no apt-get here: install by hand what Debian calls {' '.join(packages)}")
    if sys.platform != "win32" and os.geteuid() != 0:
        raise SettingsError(f"installing needs root: sudo {' '.join(command)}")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for before in ([], ["apt-get", "update"]):  # the lists of packages may be too old, or not there
        if before:
            subprocess.run(before, env=quiet, stdout=sys.stderr, check=False)
        if subprocess.run(command, env=quiet, stdout=sys.stderr, check=False).returncode == 0:
            return
    raise SettingsError(f"{' '.join(command)} failed: see above")


def exit_code(checks: Iterable[Check]) -> int:
    """What to exit with after these checks."""
    failures = {failure_of(check) for check in checks if check.verdict is CheckStatus.FAILED}
    return next((failure.exit_code for failure in Failure if failure in failures), 0)


def failure_of(check: Check) -> Failure:
    """The class that `check` belongs to when it failed."""
    from ..agent.doctor import CALIBRATION, REACHABLE

    part, _, rest = check.what.partition(": ")
    if part == "packages":
        part = rest
    if part == "reader":
        return Failure.READER
    if check.what == CALIBRATION:
        return Failure.CALIBRATION
    return Failure.UNREACHABLE if check.what == REACHABLE else _OF_PARTS.get(part, Failure.PROTOCOL)


# -- the parts


def check_extra(extra: str, distributions: Iterable[str], *, asked: bool) -> Check:
    """Whether what `extra` brings is installed. Where nobody asked for it, its absence is no failure."""
    versions, missing = list[str](), list[str]()
    for name in distributions:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    what = f"packages: {extra}"
    if missing:
        verdict = CheckStatus.FAILED if asked else CheckStatus.WARNING
        return Check(what, verdict, f"not installed: {', '.join(missing)}", f"pip install 'screenwright[{extra}]'")
    return Check(what, CheckStatus.OK, ", ".join(versions))


def _browser(*, asked: bool) -> Iterator[Check]:
    packages = check_extra("browser", EXTRAS["browser"], asked=asked)
    yield packages
    if packages.verdict is CheckStatus.OK:
        from ..envs.browser.doctor import check_browser  # needs the browser extra

        yield from check_browser()


def _android() -> Iterator[Check]:
    packages = check_extra("android", EXTRAS["android"], asked=True)
    yield packages
    if packages.verdict is CheckStatus.OK:
        from ..envs.android.doctor import check_android  # needs the android extra

        yield from check_android()


def _desktop(*, asked: bool) -> Iterator[Check]:
    packages = check_extra("desktop", EXTRAS["desktop"], asked=asked)
    yield packages
    if packages.verdict is CheckStatus.OK:
        from ..envs.desktop.doctor import check_desktop  # needs the desktop extra

        yield from check_desktop()


def _reader(*, asked: bool) -> Iterator[Check]:
    packages = check_extra("reader", EXTRAS["reader"], asked=asked)
    yield packages
    if packages.verdict is CheckStatus.OK:
        yield _reading()


def _reading() -> Check:
    """Whether the reader finds a word on a picture."""
    from ..agent.core.model import ModelLost
    from ..agent.doctor.screens import calibration_screens
    from ..agent.loop.agent import Agent

    what, mend = "reader: finds a word", "pip install --force-reinstall 'screenwright[reader]'"
    scene = calibration_screens()[0]
    target = scene.targets[0]
    try:
        point = Agent("reader").ground(scene.screenshot.image, 'Click "Stop"')
    except (ImportError, ModelLost) as error:
        return Check(what, CheckStatus.FAILED, " ".join(str(error).split()), "apt-get install libgl1 libglib2.0-0")
    if point is None or not target.contains(point):
        return Check(what, CheckStatus.FAILED, f"not {target.name}, on a picture of {scene.size}", mend)
    return Check(what, CheckStatus.OK, f"{target.name}, on a picture of {scene.size}")


def _rare_extras() -> Check:
    checks = [check_extra(extra, names, asked=False) for extra, names in RARE_EXTRAS.items()]
    absent = [check.what.removeprefix("packages: ") for check in checks if check.verdict is not CheckStatus.OK]
    found = f"not installed, and rarely needed: {', '.join(absent)}" if absent else ", ".join(RARE_EXTRAS)
    return Check("packages: others", CheckStatus.OK, found)


def _opened(address: str, name: str | None) -> "ServedModel":
    """The model at `address`, not contacted yet.

    Raises:
        ValueError: that is no address.
    """
    from ..agent.loop.open_model import open_model
    from ..agent.models.served import ServedModel

    model = open_model(address, name)
    assert isinstance(model, ServedModel)
    return model


def _server(model: "ServedModel", given: Dialect | None, *, calibration: bool) -> Iterator[Check]:
    """The server, then the model behind it."""
    from ..agent.doctor import REACHABLE, REPLY, check_endpoint

    with model:
        reached = True
        for check in check_endpoint(model, given):
            reached = reached and (check.what not in (REACHABLE, REPLY) or check.verdict is not CheckStatus.FAILED)
            yield check
        if calibration:
            yield from _calibration(model, given, reached=reached)


def _calibration(model: "ServedModel", given: Dialect | None, *, reached: bool) -> Iterator[Check]:
    """Where the model clicks, and that this is kept for the runs to come."""
    from ..agent.core.model import ModelLost
    from ..agent.doctor import CALIBRATION, calibrate, default_folder, dialect_of, save_calibration

    try:
        dialect = dialect_of(model, given) if reached else None
    except ModelLost:
        dialect = None
    if dialect is None:
        why = "it is not known how to ask the model" if reached else "the model cannot be asked"
        yield Check(CALIBRATION, CheckStatus.SKIPPED, why)
        return

    if sys.stderr.isatty():
        print("asking the model to click on targets; this takes as long as two dozen steps", file=sys.stderr)
    calibration = calibrate(model, dialect)
    yield calibration.check()
    what = "model: verdict kept"
    try:
        path = save_calibration(calibration, model.info(), default_folder())
    except OSError as error:
        mend = "make that folder writable, or set XDG_STATE_HOME to one that is"
        yield Check(what, CheckStatus.WARNING, f"not in {default_folder()}: {error.strerror}", mend)
        return
    if path is not None:
        yield Check(what, CheckStatus.OK, str(path))


# -- what is printed


class Report:
    """Prints checks as they come, for a person or as JSON, and remembers them."""

    def __init__(self, stream: TextIO, *, as_json: bool) -> None:
        self.checks: list[Check] = []
        self._stream = stream
        self._as_json = as_json
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")

    def add(self, check: Check) -> None:
        """Print `check`."""
        self.checks.append(check)
        if self._as_json:
            self._line(json.dumps(asdict(check), ensure_ascii=False))
            return
        verdict = f"{check.verdict:{_VERDICT_WIDTH}}"
        if self._coloured:
            verdict = f"\x1b[{_COLOURS[check.verdict]}m{verdict}\x1b[0m"
        self._line(f"{check.what:{_WHAT_WIDTH}}  {verdict}  {check.found}")
        if check.mend:
            self._line(f"{'':{_WHAT_WIDTH}}  {'':{_VERDICT_WIDTH}}  -> {check.mend}")

    def end(self) -> None:
        """Say how it came out."""
        if not self._as_json:
            failed, warned = (self._counted(verdict) for verdict in (CheckStatus.FAILED, CheckStatus.WARNING))
            self._line(f"{failed or 'nothing'} failed, {warned or 'no'} warning{'' if warned == 1 else 's'}")

    def _counted(self, verdict: CheckStatus) -> int:
        return sum(check.verdict is verdict for check in self.checks)

    def _line(self, text: str) -> None:
        print(text, file=self._stream, flush=True)
