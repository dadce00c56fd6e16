"""`screenwright view`: writes a recorded run as one HTML page."""

import argparse
import webbrowser
from pathlib import Path

from ..agent.record.trajectory import RunError, read_run
from ..agent.record.viewer import render_page

DESCRIPTION = "Write a recorded run as one self-contained HTML page and print its path."


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: RUN/view.html)")
    parser.add_argument("--open", action="store_true", help="open it in the web browser")


def main(args: argparse.Namespace) -> int:
    """Write the page; returns the exit code.

    Raises:
        RunError: there is no such run, or the page cannot be written.
    """
    recorded = read_run(args.run)
    path: Path = args.out or args.run / "view.html"
    try:
        path.write_text(render_page(recorded.events, title=recorded.started.task), encoding="utf-8")
    except OSError as error:
        raise RunError(f"the page cannot be written to {path}: {error.strerror}") from error
    print(path)
    if args.open:
        webbrowser.open(path.resolve().as_uri())
    return 0
