"""`screenwright demo`: the demo benchmark with the embedded reader, showing every step."""

import argparse
from datetime import datetime
from pathlib import Path

from ..agent.core.limits import Limits
from ..agent.loop.agent import Agent, result_of
from ..agent.record.events import Event
from ..agent.record.trajectory import read_run
from ..agent.record.viewer import render_page
from ..eval.benchmarks.demo import Demo
from ..eval.core.task import Outcome, Task
from .progress import Progress

DESCRIPTION = (
    "Fill in a web form in Chromium and edit a text file in a desktop editor, from pixels and without a model server. "
    "Both results are checked, and both runs recorded. Exits with 1 if a task was not done."
)


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder to record in (default: runs/demo-TIME)")


def main(args: argparse.Namespace) -> int:
    """Run both tasks; returns the exit code.

    Raises:
        EnvUnavailable: there is no browser, display or editor.
    """
    folder: Path = args.out or Path("runs") / f"demo-{datetime.now():%Y%m%d-%H%M%S}"
    outcomes = [_run(task, folder / task.name) for task in Demo().tasks()]
    print("recorded runs, to open in a web browser:")
    for page in sorted(folder.glob("*/view.html")):
        print(f"  {page}")
    return 0 if all(outcome.done for outcome in outcomes) else 1


def _run(task: Task, folder: Path) -> Outcome:
    progress, events = Progress(), list[Event]()
    with task.set_up(seed=0) as instance:
        for event in Agent("reader", limits=Limits(steps=30)).stream(instance.instruction, instance.env, out=folder):
            progress.show(event)
            events.append(event)
        outcome = instance.judge(result_of(events[-1], folder))
    page = render_page(read_run(folder).events, title=instance.instruction)
    (folder / "view.html").write_text(page, encoding="utf-8")
    print(f"{task.name}: {'done' if outcome.done else 'NOT DONE'}, {outcome.found}", flush=True)
    return outcome
