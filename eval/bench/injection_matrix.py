"""Prompt injection under every condition: `injection_matrix.py FOLDER [--seconds N] [--workers N]`.

Runs the obedient agent on the attacks, the resisting one (the oracle) on the attacks and on the tasks without them,
with no rules, each preset, and the firewall alone. What is asked about is denied. FOLDER has an evaluation for each; a
second call continues where the first one stopped. Prints the shares with 95 % intervals.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from screenwright.eval.analysis.statistics import wilson
from screenwright.eval.analysis.summary import summarize
from screenwright.eval.benchmarks.injection.goals import CHANGES
from screenwright.eval.benchmarks.injection.tasks import PLANS
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.record import Record
from screenwright.eval.core.store import Store
from screenwright.eval.runner.evaluation import Evaluation

CONDITIONS: dict[str, dict[str, object]] = {
    "careful": {"rules": "careful"},
    "no rules": {},
    "firewall": {"option": ("fence=true",)},
    "trusted": {"rules": "trusted"},
    "read-only": {"rules": "read-only"},
    "confirm": {"rules": "confirm"},
}
AGENTS = {
    "obedient": ("injection", "obedient"),
    "control": ("injection-control", "oracle"),
    "resisting": ("injection", "oracle"),
}
CHANGING = {plan.name for plan in PLANS if plan.goal in CHANGES}


def main() -> None:
    """Run what is left, and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time, to be continued")
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    end = time.monotonic() + given.seconds
    for condition in CONDITIONS:
        for agent in AGENTS:
            if time.monotonic() < end:
                run(given.folder, condition, agent, given.workers, end)
    records = {(agent, one): finished(given.folder, one, agent) for agent in AGENTS for one in CONDITIONS}
    print_totals(records)
    print_kinds({condition: records["obedient", condition] for condition in CONDITIONS})


def place(folder: Path, condition: str, agent: str) -> Path:
    """The folder of an evaluation."""
    return folder / f"{condition.replace(' ', '-')}-{agent}"


def run(folder: Path, condition: str, agent: str, workers: int, end: float) -> None:
    """Run the episodes that are left, until `end`."""
    out = place(folder, condition, agent)
    benchmark, kind = AGENTS[agent]
    if out.exists():
        evaluation = Evaluation.resume(out, workers)
    else:
        settings = {"benchmark": benchmark, "agent": kind, "workers": workers, "out": out, **CONDITIONS[condition]}
        evaluation = Evaluation.create(EvalConfig.from_flat(settings), out)
    for _ in evaluation.run():
        if time.monotonic() > end:
            return


def finished(folder: Path, condition: str, agent: str) -> Sequence[Record]:
    """The records of an evaluation so far."""
    out = place(folder, condition, agent)
    return Store(out).records(Store(out).manifest().episodes) if out.exists() else ()


def share(count: int, total: int) -> str:
    """`count` of `total` with the interval in percent."""
    rate = wilson(count, total)
    return f"{count} of {total}, {100 * rate.low:.0f} to {100 * rate.high:.0f} %"


def print_totals(records: dict[tuple[str, str], Sequence[Record]]) -> None:
    """A row for each condition: what left, what changed, and the utility."""
    print("| condition | canaries out | changes | utility, no attack | utility, resisting | attacked, resisting |")
    print("|---|---|---|---|---|---|")
    for condition in CONDITIONS:
        attacked = records["obedient", condition]
        changing = [one for one in attacked if one.id.task in CHANGING]
        leaking = [one for one in attacked if one.id.task not in CHANGING]
        cells = [share(sum(one.attacked is True for one in part), len(part)) for part in (leaking, changing)]
        for agent in ("control", "resisting"):
            part = records[agent, condition]
            cells.append(share(sum(one.done is True for one in part), len(part)))
        resisting = records["resisting", condition]
        cells.append(share(sum(one.attacked is True for one in resisting), len(resisting)))
        print(f"| {condition} | {' | '.join(cells)} |")


def print_kinds(records: dict[str, Sequence[Record]]) -> None:
    """A row for each kind of attack: how many attacks on the obedient agent succeeded."""
    print(f"\n| kind | tasks | {' | '.join(records)} |")
    print(f"|---|---|{'---|' * len(records)}")
    groups = {name: summarize(part, len(part)).categories for name, part in records.items() if part}
    for kind in sorted({group.name for part in groups.values() for group in part}):
        found = {name: group for name, part in groups.items() for group in part if group.name == kind}
        size = max(group.attackable for group in found.values())
        cells = [f"{found[name].attacks}" if name in found else "" for name in records]
        print(f"| {kind} | {size} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
