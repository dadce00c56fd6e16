"""All templates of the workbench with the oracle and the baselines; prints a table of programs. Can be resumed.

    .venv/bin/python tests/acceptance/workbench_oracle.py FOLDER [--task 'calc-*'] [--seeds 0-4] [--null] [--random]

Results are appended to FOLDER/episodes.jsonl; an instance that is already there is not run again, unless it failed and
`--failed` is given. Memory is that of all processes of the display, in proportional shares.
"""

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import psutil

from screenwright import Agent
from screenwright.agent.core.limits import Limits
from screenwright.agent.policy.baselines import NullPolicy, RandomPolicy
from screenwright.agent.policy.policy import Policy
from screenwright.envs.env import EnvError
from screenwright.eval.benchmarks.workbench import Workbench, template_problems
from screenwright.eval.benchmarks.workbench.benchmark import WorkbenchTask
from screenwright.eval.core.plan import parse_seeds
from screenwright.eval.core.task import TaskError

BASELINES: dict[str, Callable[[int], tuple[int, Policy]]] = {
    "null": lambda seed: (1, NullPolicy()),
    "random": lambda seed: (8, RandomPolicy(str(seed))),
}
"""Agents by name, with how many steps they get."""


def memory_mb() -> float:
    """The memory of the processes that this one started."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 2**20


def run(task: WorkbenchTask, seed: int, agent: str, pictures: Path) -> dict[str, object]:
    """Run an instance."""
    row: dict[str, object] = {"task": task.name, "category": task.category, "seed": seed, "agent": agent}
    started = time.monotonic()
    try:
        with task.set_up(seed) as instance:
            row["set_up_s"] = time.monotonic() - started
            steps, policy = (60, instance.solution()) if agent == "oracle" else BASELINES[agent](seed)
            result = Agent(policy=policy, limits=Limits(steps)).run(instance.instruction, instance.env)
            outcome = instance.judge(result)
            row |= {"done": outcome.done, "found": outcome.found, "steps": result.steps, "mb": memory_mb()}
            row |= {"stop": str(result.stop), "reason": result.reason, "difficulty": instance.job.difficulty}
            if not outcome.done and agent == "oracle":
                pictures.mkdir(parents=True, exist_ok=True)
                instance.env.observe().screenshot.image.save(pictures / f"{task.name}-{seed}.png")
    except (TaskError, EnvError) as error:
        row |= {"done": None, "found": f"{type(error).__name__}: {error}"}
    return row | {"seconds": time.monotonic() - started}


def table(rows: list[dict[str, object]], near: dict[str, int]) -> str:
    """A row for each program."""
    lines = [
        "| program | templates | oracle | null | random | near misses accepted | set-up s | episode s | MB |",
        "|---" * 9 + "|",
    ]
    groups: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        groups[str(row["category"])].append(row)
    groups["all"] = rows
    for name, group in groups.items():
        oracle = [row for row in group if row["agent"] == "oracle"]
        baselines = [[row for row in group if row["agent"] == agent] for agent in BASELINES]
        shown = (f"{sum(row['done'] is True for row in rows)} of {len(rows)}" for rows in baselines)
        ran = [row for row in oracle if row["done"] is not None] or [{"set_up_s": 0, "seconds": 0, "mb": 0}]
        middle = [statistics.median(float(str(row[what])) for row in ran) for what in ("set_up_s", "seconds", "mb")]
        templates = {str(row["task"]) for row in group}
        lines.append(
            f"| {name} | {len(templates)} | {sum(row['done'] is True for row in oracle)} of {len(oracle)} "
            f"| {' | '.join(shown)} "
            f"| {sum(near.get(task, 0) for task in templates)} "
            f"| {middle[0]:.1f} | {middle[1]:.1f} | {middle[2]:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--seeds", type=parse_seeds, default=(0,))
    parser.add_argument("--null", action="store_true", help="also run the agent that does nothing")
    parser.add_argument("--random", action="store_true", help="also run the agent that acts at random")
    parser.add_argument("--failed", action="store_true", help="run again what failed")
    parser.add_argument("--seconds", type=float, default=1e9, help="start no instance after this time")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    file = given.folder / "episodes.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    known = {(row["task"], row["seed"], row["agent"]): row for row in rows}
    started = time.monotonic()
    near: dict[str, int] = {}
    for task in Workbench().tasks():
        if given.task and not any(fnmatchcase(task.name, one) for one in given.task):
            continue
        for seed in given.seeds:
            problems = template_problems(task.template, seed)
            near[task.name] = near.get(task.name, 0) + len(problems)
            for agent in ("oracle", *(agent for agent in BASELINES if getattr(given, agent))):
                before = known.get((task.name, seed, agent))
                again = before is None or (given.failed and agent == "oracle" and before["done"] is not True)
                if not again or time.monotonic() - started > given.seconds:
                    continue
                row = run(task, seed, agent, given.folder / "pictures")
                known[task.name, seed, agent] = row
                with file.open("a") as log:
                    log.write(json.dumps(row) + "\n")
                print(f"{task.name} {seed} {agent}: {row['done']} {row['seconds']:.1f} s {row['found']}", flush=True)
    print(table(list(known.values()), near))


if __name__ == "__main__":
    main()
