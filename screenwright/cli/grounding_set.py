"""`screenwright grounding-set`: exports the pages of the benchmark `grounding` as a ScreenSpot data set."""

import argparse
from pathlib import Path

from ..eval.benchmarks.grounding.pages import PageGrounding, write_set

DESCRIPTION = "Write the pages of the benchmark grounding as a data set in ScreenSpot's format, for other tools."


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder to write")
    parser.add_argument("--pages", type=int, default=20, metavar="N", help="number of pages (default: %(default)s)")


def main(args: argparse.Namespace) -> int:
    """Write the data set; returns the exit code.

    Raises:
        TaskError: a page cannot be rendered.
        EnvUnavailable: there is no browser.
        ValueError: the folder cannot be written.
    """
    try:
        boxes = write_set(args.folder, range(args.pages))
    except OSError as error:
        raise ValueError(f"{args.folder} cannot be written: {error.strerror}") from error
    finally:
        PageGrounding().close()
    print(f"{args.folder}: {args.pages} pages, {boxes} boxes; screenwright eval screenspot --root {args.folder}")
    return 0
