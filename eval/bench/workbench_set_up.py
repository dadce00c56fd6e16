"""What setting up an episode of the workbench costs: seconds, and processor time of all processes, for each program.

    .venv/bin/python eval/bench/workbench_set_up.py [--task '*-rename*'] [--times 3]

By default the first template of each category. The processor time includes ending the episode, so that all processes
are counted; in web applications it is without the browser, which episodes share, so its time is a column of its own.
"""

import argparse
import os
import resource
import statistics
import time
from fnmatch import fnmatchcase
from itertools import groupby

import psutil

from screenwright.eval.benchmarks.workbench import Workbench
from screenwright.eval.benchmarks.workbench.benchmark import WorkbenchTask


def ended_cpu_s() -> float:
    """The processor time of this process and of all that have ended below it."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def browser_cpu_s() -> float:
    """The processor time of the browsers that run below this process."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if process.name().startswith("chrom"):
                times = process.cpu_times()
                total += times.user + times.system
        except psutil.Error:
            continue
    return total


def set_up(task: WorkbenchTask, seed: int) -> tuple[float, float, float]:
    """The seconds of a set-up, its processor time, and that of the browser."""
    ended, browser, started = ended_cpu_s(), browser_cpu_s(), time.monotonic()
    with task.set_up(seed):
        seconds = time.monotonic() - started
        browser = browser_cpu_s() - browser
    return seconds, ended_cpu_s() - ended, browser


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    benchmark = Workbench()
    tasks = [task for task in benchmark.tasks() if any(fnmatchcase(task.name, one) for one in given.task)]
    if not given.task:
        tasks = [next(group) for _, group in groupby(benchmark.tasks(), lambda task: task.category)]
    print(f"load {os.getloadavg()[0]:.1f}\n\n| template | set-up s | CPU s | CPU s of the browser |\n{'|---' * 4}|")
    for task in tasks:
        set_up(task, 0)  # what is kept for later starts, and the browser
        rows = zip(*(set_up(task, seed) for seed in range(1, given.times + 1)), strict=True)
        middle = [statistics.median(row) for row in rows]
        print(f"| {task.name} | {' | '.join(f'{one:.1f}' for one in middle)} |", flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f}")
    benchmark.close()


if __name__ == "__main__":
    main()
