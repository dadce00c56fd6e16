"""`screenwright compare`: two evaluations side by side."""

import argparse
import sys
from pathlib import Path

from ..eval.analysis.results import write_comparison
from ..eval.analysis.statistics import wilson
from ..eval.analysis.tables import format_interval
from ..eval.core.store import Store

DESCRIPTION = "Compare two evaluations of the same episodes, and test whether the difference may be chance."


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("a", type=Path, metavar="A", help="folder of an evaluation")
    parser.add_argument("b", type=Path, metavar="B", help="folder of another one with the same episodes")
    parser.add_argument("--out", type=Path, metavar="FILE", help="HTML page to write (default: in B)")


def main(args: argparse.Namespace) -> int:
    """Print the comparison and write its page; returns the exit code.

    Raises:
        RunError: there is no such evaluation, or the page cannot be written.
    """
    stores = Store(args.a), Store(args.b)
    page = args.out or args.b / f"compared-with-{args.a.name}.html"
    result = write_comparison(*stores, page)
    for name, store in zip("AB", stores, strict=True):
        manifest = store.manifest()
        records = store.records(manifest.episodes)
        done = sum(record.done is True for record in records)
        models = (record.agent.get("model", "") for record in records if record.agent)
        agent = next(models, manifest.settings.agent_kind)
        rate = format_interval(wilson(done, len(records)))
        print(f"{name}  {store.folder}  {agent}: {done} of {len(records)}, {rate}")
    both = result.result
    print(result.verdict)
    print(f"both {both.both}, only A {both.only_a}, only B {both.only_b}, neither {both.neither}")
    if result.unpaired:
        print(f"{result.unpaired} episodes have no result in one of the evaluations")
    for name, one in result.categories.items():
        if len(result.categories) > 1:
            print(f"  {name}: {100 * one.difference.value:+.1f} points on {one.pairs} pairs, p = {one.p:.3g}")
    print(f"page: {page}", file=sys.stderr)
    return 0
