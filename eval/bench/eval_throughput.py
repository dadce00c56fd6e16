"""Episodes per minute: ours with 1, 2, 4 and 8 workers, BrowserGym with 1 and 2 processes, in one run.

    .venv/bin/python eval/bench/eval_throughput.py --browsergym PYTHON [--episodes N] [--peer-episodes N]

The same MiniWoB++ episodes with the same clicks: the random baseline's, at most four per episode. Ours are complete
evaluations from the start of the first worker to the last record, with every screenshot and event on disk. BrowserGym
makes an environment for each episode, resets it, clicks with `env.step` and closes it, as in its experiments; it
records nothing.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from screenwright.agent.record.events import Acted
from screenwright.agent.record.trajectory import read_run
from screenwright.envs.actions import Click
from screenwright.eval.benchmarks.miniwob.protocol import BROWSERGYM, episode_seed
from screenwright.eval.benchmarks.subprocess_client import SubprocessClient
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.record import Record
from screenwright.eval.runner.evaluation import Evaluation

HERE = Path(__file__).parent
WORKERS = (1, 2, 4, 8)
PEER_PROCESSES = (1, 2)
CLICKS = 4
TIMEOUT_S = 3600.0
TASKS = (
    *("click-test", "click-test-2", "click-button", "click-dialog", "click-tab", "click-link"),
    *("focus-text", "enter-text", "login-user", "click-checkboxes", "click-option", "email-inbox"),
)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--browsergym", required=True, help="a Python that has browsergym-miniwob")
    options.add_argument("--episodes", type=int, default=120, help="of ours, for each number of workers")
    options.add_argument("--peer-episodes", type=int, default=20, help="of BrowserGym's, for each number of processes")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'':28}episodes   seconds per minute")
        for workers in WORKERS:
            out = Path(folder) / str(workers)
            seconds, records = ours(workers, given.episodes, out)
            row(f"Screenwright, {workers} workers", len(records), seconds)
        clicks = [clicks_of(out, record) for record in records[: given.peer_episodes]]
        for processes in PEER_PROCESSES:
            row(f"BrowserGym, {processes} processes", len(clicks), theirs(given.browsergym, processes, clicks))


def ours(workers: int, episodes: int, out: Path) -> tuple[float, list[Record]]:
    """Seconds and records of a complete evaluation."""
    settings = EvalConfig.of(
        benchmark=BROWSERGYM.name,
        task=TASKS,
        seeds=f"0-{-(-episodes // len(TASKS)) - 1}",
        steps=CLICKS,
        agent="random",
        workers=workers,
    )
    started = time.perf_counter()
    records = list(Evaluation.create(settings, out).run())
    seconds = time.perf_counter() - started
    assert all(record.is_judged for record in records)
    return seconds, records


def clicks_of(out: Path, record: Record) -> dict[str, object]:
    """The clicks of an episode in CSS pixels, with BrowserGym's task name and seed."""
    events = read_run(out / "episodes" / record.id.path).events
    points = [event.action.at for event in events if isinstance(event, Acted) and isinstance(event.action, Click)]
    clicks = [[point.x / BROWSERGYM.scale, point.y / BROWSERGYM.scale] for point in points]
    return {"task": record.id.task, "seed": episode_seed(record.id.task, record.id.seed), "clicks": clicks}


def theirs(python: str, processes: int, episodes: Sequence[dict[str, object]]) -> float:
    """Seconds until all processes have run their share; imports are not counted."""
    driver = HERE / "peers" / "browsergym_episodes.py"
    clients = [SubprocessClient(Path(python), driver, {}, "see eval/bench/README.md") for _ in range(processes)]
    shares = [{"episodes": []}] * processes, [{"episodes": episodes[n::processes]} for n in range(processes)]
    with ThreadPoolExecutor(processes) as threads:
        list(threads.map(SubprocessClient.request, clients, shares[0], [TIMEOUT_S] * processes))
        started = time.perf_counter()
        list(threads.map(SubprocessClient.request, clients, shares[1], [TIMEOUT_S] * processes))
        seconds = time.perf_counter() - started
    for client in clients:
        client.close()
    return seconds


def row(name: str, episodes: int, seconds: float) -> None:
    """Print a row of the table."""
    print(f"{name:28}{episodes:8}{seconds:10.1f}{60 * episodes / seconds:11.1f}", flush=True)


if __name__ == "__main__":
    main()
