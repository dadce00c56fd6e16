"""Episodes a minute: ours with 1, 2, 4 and 8 workers, and BrowserGym's environment with 1 and 2 processes, in one run.

    scripts/eval-throughput [--episodes N] [--peer-episodes N]

The same MiniWoB++ episodes with the same clicks: the random clicker's, at most four an episode. Ours are whole
evaluations from the start of the first worker to the last record, with every screenshot and event on the disk.
BrowserGym's side makes an environment for each episode, resets it, clicks by `env.step`, and closes it, as its
experiments do; it records nothing.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from screenwright.agent.record.events import Acted
from screenwright.agent.record.trajectory import read_run
from screenwright.envs.actions import Click
from screenwright.eval.benchmarks.miniwob.protocol import BROWSERGYM, episode_seed
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.record import Record
from screenwright.eval.runner.evaluation import Evaluation

HERE = Path(__file__).parent
WORKERS = (1, 2, 4, 8)
PEER_PROCESSES = (1, 2)
CLICKS = 4
TASKS = (
    *("click-test", "click-test-2", "click-button", "click-dialog", "click-tab", "click-link"),
    *("focus-text", "enter-text", "login-user", "click-checkboxes", "click-option", "email-inbox"),
)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--browsergym", required=True, help="the Python with BrowserGym")
    options.add_argument("--episodes", type=int, default=120, help="of ours, for each number of workers")
    options.add_argument("--peer-episodes", type=int, default=20, help="of BrowserGym's, for each number of processes")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'':28}episodes   seconds   a minute")
        for workers in WORKERS:
            out = Path(folder) / str(workers)
            seconds, records = ours(workers, given.episodes, out)
            row(f"Screenwright, {workers} workers", len(records), seconds)
        clicks = [clicked(out, record) for record in records[: given.peer_episodes]]
        for processes in PEER_PROCESSES:
            row(f"BrowserGym, {processes} processes", len(clicks), theirs(given.browsergym, processes, clicks))


def ours(workers: int, episodes: int, out: Path) -> tuple[float, list[Record]]:
    """Seconds and records of a whole evaluation."""
    settings = EvalConfig.of(
        benchmark=BROWSERGYM.name,
        task=TASKS,
        seeds=f"0-{-(-episodes // len(TASKS)) - 1}",
        steps=CLICKS,
        agent="random",
        workers=workers,
    )
    started = time.perf_counter()
    records = list(Evaluation.begin(settings, out).run())
    seconds = time.perf_counter() - started
    assert all(record.is_judged for record in records)
    return seconds, records


def clicked(out: Path, record: Record) -> dict[str, object]:
    """The clicks of an episode, in CSS pixels, and what BrowserGym calls it."""
    events = read_run(out / "episodes" / record.id.path).events
    places = [event.action.at for event in events if isinstance(event, Acted) and isinstance(event.action, Click)]
    clicks = [[place.x / BROWSERGYM.scale, place.y / BROWSERGYM.scale] for place in places]
    return {"task": record.id.task, "seed": episode_seed(record.id.task, record.id.seed), "clicks": clicks}


def theirs(python: str, processes: int, episodes: Sequence[dict[str, object]]) -> float:
    """Seconds until all processes are through with their share; what they import is not counted."""
    running = [
        subprocess.Popen(
            [python, str(HERE / "eval_browsergym_runner.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    started = time.perf_counter()
    for number, process in enumerate(running):
        assert process.stdin is not None
        process.stdin.write(json.dumps(list(episodes[number::processes])) + "\n")
        process.stdin.flush()
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
    seconds = time.perf_counter() - started
    for process in running:
        process.communicate()
    return seconds


def row(name: str, episodes: int, seconds: float) -> None:
    """One line of the table."""
    print(f"{name:28}{episodes:8}{seconds:10.1f}{60 * episodes / seconds:11.1f}", flush=True)


if __name__ == "__main__":
    main()
