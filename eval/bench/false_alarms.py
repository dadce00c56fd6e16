"""Loops detected in episodes that succeeded: `.venv/bin/python eval/bench/false_alarms.py RUN [RUN ...]`.

Each RUN is the folder of an evaluation, such as one with `--agent oracle`. An oracle makes progress at every step, so
every recovery action in its episodes is a false alarm.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from screenwright.agent.record.events import Escalated
from screenwright.agent.record.trajectory import RunError, read_run
from screenwright.eval.core.store import Store


def alarms_in(folder: Path) -> tuple[int, int, list[str]]:
    """The number of successful episodes, their steps, and a line for each with a detected loop.

    Raises:
        RunError: there is no evaluation, or a record is damaged.
    """
    store = Store(folder)
    done = [record for record in store.records(store.manifest().episodes) if record.done]
    lines: list[str] = []
    for record in done:
        actions = [event for event in read_run(store.folder_of(record.id)).events if isinstance(event, Escalated)]
        if actions:
            counts = ", ".join(
                f"{action} {count}" for action, count in Counter(str(each.action) for each in actions).items()
            )
            lines.append(f"{record.id.path}: {counts}; first at step {actions[0].step}: {actions[0].loop}")
    return len(done), sum(record.steps for record in done), lines


def main() -> int:
    """Count and print; the exit code is 1 if there is a false alarm."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("runs", nargs="+", metavar="RUN", help="folder of an evaluation")
    found = 0
    for name in options.parse_args().runs:
        try:
            episodes, steps, lines = alarms_in(Path(name))
        except RunError as error:
            print(f"false_alarms: {error}", file=sys.stderr)
            return 2
        print(f"{name}: {episodes} episodes done in {steps} steps, loops detected in {len(lines)}")
        for line in lines:
            print(f"  {line}")
        found += len(lines)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
