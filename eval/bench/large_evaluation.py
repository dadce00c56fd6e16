"""What a large evaluation costs without its episodes: `.venv/bin/python eval/bench/large_evaluation.py [EPISODES]`.

Runs the demo once with the null agent and copies its records to as many seeds. Then it reads the manifest, finds what
is left to run, and writes the results. Times are seconds of CPU.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from screenwright.eval.analysis.report import Entry
from screenwright.eval.analysis.results import write_results
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import RECORD, Record
from screenwright.eval.core.store import Store
from screenwright.eval.runner.evaluation import Evaluation

T = TypeVar("T")


def timed(name: str, work: Callable[[], T]) -> T:
    """Do `work` and print its CPU time."""
    started = time.process_time()
    result = work()
    print(f"| {name} | {time.process_time() - started:.1f} |", flush=True)
    return result


def copies(folder: Path, count: int) -> Store:
    """An evaluation with `count` finished episodes, copied from a real one."""
    small = Evaluation.create(EvalConfig(benchmark="demo", agent_kind="null"), folder / "small")
    records = list(small.run())
    seeds = range(count // len(records))
    plan = tuple(EpisodeId(record.id.task, seed) for record in records for seed in seeds)
    store = Store(folder / "large")
    store.create(replace(small.manifest, episodes=plan))
    for record in records:
        for seed in seeds:
            _write(store, replace(record, id=EpisodeId(record.id.task, seed)))
    return store


def _write(store: Store, record: Record) -> None:
    """As `Store.write`, without waiting for the disk."""
    place = store.folder_of(record.id)
    place.mkdir(parents=True)
    (place / "episode.json").write_bytes(RECORD.dump_json(record, indent=1))


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", nargs="?", type=int, default=100_000)
    with tempfile.TemporaryDirectory() as folder:
        store = copies(Path(folder), parser.parse_args().episodes)
        print("| | CPU s |\n|---|---|")
        evaluation = timed("read the manifest", lambda: Evaluation.resume(store.folder))
        timed("find what is left to run", evaluation.remaining)
        page = timed("read all records and write the results", lambda: write_results(Entry.of(store)))
        print(f"report: {page.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
