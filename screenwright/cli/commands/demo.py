"""`screenwright demo`: the demo benchmark with the embedded reader, showing every step."""

import argparse
from contextlib import nullcontext
from pathlib import Path

from ...agent.core.limits import Limits
from ...agent.loop.agent import Agent, result_of
from ...agent.record.events import Event
from ...eval.benchmarks.demo import Demo
from ...eval.core.task import Outcome, Task
from ..arguments import Command
from ..terminal import Progress, new_run_folder
from .recordings import write_page


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder to record in (default: runs/TIME-demo)")


def _main(args: argparse.Namespace) -> int:
    with nullcontext(args.out) if args.out else new_run_folder("demo") as folder:
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
    write_page(folder)
    print(f"{task.name}: {'done' if outcome.done else 'NOT DONE'}, {outcome.found}", flush=True)
    return outcome


COMMANDS = {
    "demo": Command(
        _main,
        "Fill in a web form in Chromium and edit a text file in a desktop editor, from pixels and without a model "
        "server. Both results are checked, and both runs recorded. Exits with 1 if a task was not done.",
        _add_arguments,
    )
}
