"""Do each task of the demonstration, check its outcome, and say where the recorded run can be looked at."""

import sys
from datetime import datetime
from pathlib import Path

from screenwright import Agent, EnvUnavailable, Limits
from screenwright.agent.loop.agent import result_of
from screenwright.agent.record.events import Event
from screenwright.cli.progress import Progress
from screenwright.cli.view import view
from screenwright.eval.benchmarks.demo import Demo
from screenwright.eval.core.task import Outcome, Task


def main() -> int:
    """Run the demonstration; 0 if everything was really done."""
    folder = Path("runs") / f"demo-{datetime.now():%Y%m%d-%H%M%S}"
    outcomes: list[Outcome] = []
    pages: list[Path] = []
    for task in Demo().tasks():
        outcomes.append(_do(task, folder / task.name))
        pages.append(view(folder / task.name, None, show=False))
    print("\nEach run is recorded. Open in a web browser:")
    for page in pages:
        print(f"  {page}")
    return 0 if all(outcome.done for outcome in outcomes) else 1


def _do(task: Task, folder: Path) -> Outcome:
    print(f"\n=== {task.name}", flush=True)
    progress, events = Progress(sys.stdout), list[Event]()
    with task.set_up(seed=0) as instance:
        for event in Agent("reader", limits=Limits(steps=30)).stream(instance.instruction, instance.env, out=folder):
            progress.show(event)
            events.append(event)
        outcome = instance.judge(result_of(events[-1], folder))
    print(f"{'done' if outcome.done else 'NOT DONE'}: {outcome.found}", flush=True)
    return outcome


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EnvUnavailable as error:
        sys.exit(f"demo: {error}")
