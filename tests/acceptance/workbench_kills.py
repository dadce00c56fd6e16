"""Kills an evaluation of the workbench at random moments and resumes it; nothing may be lost or left over.

    .venv/bin/python tests/acceptance/workbench_kills.py FOLDER [--kills 20] [--seed 1] [--task 'files-*']

A reference evaluation runs undisturbed. Then the same one is killed (SIGKILL) at a random moment and resumed, again and
again, until it has finished; another one starts where kills are left. The results of each task have to be those of the
reference. After each kill no process and no mount may be left, and at the end no temporary folder.
"""

import argparse
import ctypes
import json
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

import psutil

TASKS = ("editor-append-line", "terminal-filter-lines", "files-new-folder", "files-rename", "tables-update-member")
LEFT_S = 20.0
_PR_SET_CHILD_SUBREAPER = 36


def command(out: Path, patterns: list[str]) -> list[str]:
    """The command line of the evaluation in `out`."""
    if (out / "manifest.json").exists():
        return [sys.executable, "-m", "screenwright", "eval", "--resume", str(out)]
    tasks = [word for task in patterns or TASKS for word in ("--task", task)]
    more = ["--agent", "oracle", "--workers", "2", "--seeds", "0-1", "--out", str(out)]
    return [sys.executable, "-m", "screenwright", "eval", "workbench", *tasks, *more]


def start(out: Path, temp: Path, patterns: list[str]) -> "subprocess.Popen[bytes]":
    """Start or resume it with a folder for its temporary files."""
    log = out.with_suffix(".log").open("ab")
    environment = os.environ | {"TMPDIR": str(temp)}
    return subprocess.Popen(command(out, patterns), stdout=log, stderr=log, env=environment)


def results(out: Path) -> dict[str, object]:
    """Whether each recorded episode is done, by task and seed."""
    found = (json.loads(file.read_text()) for file in out.glob("**/episode.json"))
    return {f"{one['id']['task']} {one['id']['seed']}": one["done"] for one in found}


def name_of(process: psutil.Process) -> str:
    """The name of a process that runs; empty if it has ended."""
    with suppress(psutil.NoSuchProcess):
        return "" if process.status() == psutil.STATUS_ZOMBIE else str(process.name())
    return ""


def left_processes() -> list[str]:
    """The processes that still run below this one after a while."""
    end = time.monotonic() + LEFT_S
    while True:
        names = list(filter(None, map(name_of, psutil.Process().children(recursive=True))))
        if not names or time.monotonic() > end:
            return names
        time.sleep(0.2)


def mounts() -> set[str]:
    """The mount points of this machine."""
    return {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}


def main() -> int:
    """Run the trial; the exit code is 1 if anything was lost or left."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--task", action="append", default=[], help="instead of five tasks")
    given = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans become children of this process
    chance, temp = random.Random(given.seed), given.folder / "tmp"
    temp.mkdir(parents=True, exist_ok=True)
    began, before = time.monotonic(), mounts()
    start(given.folder / "reference", temp, given.task).wait()
    duration, wanted = time.monotonic() - began, results(given.folder / "reference")
    print(
        f"reference: {sum(bool(one) for one in wanted.values())} of {len(wanted)} done in {duration:.0f} s", flush=True
    )
    problems: list[str] = []
    kills = run = 0
    while kills < given.kills:
        run += 1
        out = given.folder / f"run-{run}"
        while results(out) != wanted:
            process = start(out, temp, given.task)
            try:
                process.wait(chance.uniform(0.2, duration) if kills < given.kills else None)
                break
            except subprocess.TimeoutExpired:
                process.send_signal(SIGKILL)
                process.wait()
                kills += 1
            left, new = left_processes(), mounts() - before
            problems += [f"kill {kills}: {one} is left" for one in (*left, *new)]
            print(f"kill {kills}: {len(results(out))} episodes recorded, left: {left or 'nothing'}", flush=True)
        if results(out) != wanted:
            problems.append(f"run {run}: {results(out)} instead of {wanted}")
    problems += [f"the folder {one.name} is left" for one in temp.glob("screenwright-*")]
    print(f"{kills} kills in {run} evaluations, problems: {len(problems)}")
    print("\n".join(problems))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
