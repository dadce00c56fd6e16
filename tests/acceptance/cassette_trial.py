"""Cassettes of recorded runs of different kinds: the loop's events are equal, byte for byte but times.

    .venv/bin/python tests/acceptance/cassette_trial.py FOLDER... [--runs 20]

Takes runs from the folders, such as the output of evaluations, of replay trials and of tests, one of each kind first.
The kind is the policy, the dialect, the screen, how the run ended, and which events it has. Runs by an outside agent
are left out: there was no loop. Each run is performed again without a screen and without a model; every event, as its
line in the log without times, has to have the same bytes. Ends with 1 if one differs, or if there are fewer runs.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from screenwright.agent.cassette.replay import Cassette
from screenwright.agent.cassette.tape import Diverged
from screenwright.agent.record.trajectory import Run, RunError, read_run

OUTSIDE = "outside agent"
USUAL = {"started", "observed", "decided", "intended", "acted", "stepped", "ended"}
"""The events that every run has."""


def runs_in(folders: Sequence[Path]) -> Iterator[tuple[Path, Run]]:
    """The runs in the folders that can be read."""
    for folder in folders:
        for events in sorted(folder.rglob("events.jsonl")):
            with suppress(RunError):
                run = read_run(events.parent)
                if run.started.policy.model.name != OUTSIDE:
                    yield events.parent, run


def kind_of(run: Run) -> tuple[str, ...]:
    """What distinguishes a run from others."""
    info, ended = run.started.policy, run.ended
    stop = str(ended.stop) if ended is not None else "interrupted"
    events = sorted({event.event for event in run.events} - USUAL)
    return (info.model.name, info.dialect or "-", run.started.env.kind, stop, *events)


def of_different_kinds(runs: Iterator[tuple[Path, Run]]) -> list[tuple[Path, Run]]:
    """The runs, those first whose kind no earlier one has."""
    seen = Counter[tuple[str, ...]]()
    ranked: list[tuple[int, Path, Run]] = []
    for folder, run in runs:
        kind = kind_of(run)
        ranked.append((seen[kind], folder, run))
        seen[kind] += 1
    return [(folder, run) for _, folder, run in sorted(ranked, key=lambda one: one[0])]


def main() -> int:
    """Perform the runs again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    args = parser.parse_args()
    equal = events = 0
    for folder, run in islice(of_different_kinds(runs_in(args.folders)), args.runs):
        try:
            result = f"{len(Cassette(run).check().events):4} events equal"
            equal, events = equal + 1, events + len(run.events)
        except Diverged as diverged:
            result = f"DIFFERS: {diverged}"
        print(f"{result}  {', '.join(kind_of(run))}  {folder.name}", flush=True)
    print(f"{equal} of {args.runs} runs equal, {events} events")
    return 0 if equal == args.runs else 1


if __name__ == "__main__":
    sys.exit(main())
