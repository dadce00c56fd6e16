"""Commands about bundles: `bundle` and `cassette`."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from screenwright._text import counted, printable

from ...agent.record.archive import EVENTS
from ...agent.record.bundle import write_bundle
from ...agent.record.events import Observed
from ...agent.record.trajectory import RunError, read_run
from ...envs.check import Check
from ..arguments import Command
from ..terminal import Terminal, quoted

DIVERGED = 1


def _add_bundle_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: RUN.zip)")
    parser.add_argument("--no-doctor", action="store_true", help="leave out the checks of `screenwright doctor`")


def _bundle(args: argparse.Namespace) -> int:
    run: Path = args.run
    path = args.out or run.with_name(f"{run.resolve().name}.zip")
    checks = () if args.no_doctor else _checks(read_run(run).started.env.kind)
    written = write_bundle(run, path, checks)
    terminal = Terminal()
    terminal.line(
        f"It holds all texts and {len(written.screenshots)} screenshots of the run, without keys, passwords and names "
        f"of users in paths. Look at it before you send it: screenwright view {quoted(path)}"
    )
    print(path)
    return 0


def _checks(kind: str) -> Iterable[Check]:
    """The checks of what a run on that kind of screen needs."""
    from ..settings import DoctorConfig
    from .doctor import run_checks

    return run_checks(DoctorConfig.model_validate({"env": kind})) if kind in ("browser", "desktop", "android") else ()


def _add_cassette_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="bundle or folder of a run, or a folder of these"
    )


def _cassette(args: argparse.Namespace) -> int:
    runs = [run for given in args.runs for run in _runs_in(given)]
    equal = [_is_equal(run) for run in runs]
    if len(runs) > 1:
        print(f"{sum(equal)} of {len(runs)} equal")
    return 0 if all(equal) else DIVERGED


def _runs_in(given: Path) -> list[Path]:
    """The runs and bundles in a folder that is no run itself, at any depth.

    Raises:
        RunError: there is none.
    """
    if not given.is_dir() or (given / EVENTS).exists():
        return [given]
    found = sorted([*(events.parent for events in given.rglob(EVENTS)), *given.rglob("*.zip")])
    if not found:
        raise RunError(f"{given} contains no run and no bundle")
    return found


def _is_equal(run: Path) -> bool:
    from ...agent.cassette.replay import Cassette  # with the client of model servers, which is slow to import

    replayed = Cassette(run).replay()
    if replayed.diverged is not None:
        print(printable(f"{run}: diverged at {replayed.diverged}"))
        return False
    steps = sum(isinstance(event, Observed) for event in replayed.events)
    how = "" if replayed.parsed else ", with the recorded decisions: the replies of its policy cannot be parsed again"
    print(f"{run}: equal, {counted(steps, 'step')}{how}")
    return True


COMMANDS = {
    "cassette": Command(
        _cassette,
        "Run the loop again on recorded runs, with their screens and replies, and compare every event. Needs no screen "
        "and no model.",
        _add_cassette_arguments,
        epilog=f"exit codes: 0 all are equal, 2 bad input, {DIVERGED} one diverged",
    ),
    "bundle": Command(
        _bundle,
        "Write a recorded run as one file without secrets, to report a problem, and print its path.",
        _add_bundle_arguments,
    ),
}
