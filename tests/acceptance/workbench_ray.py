"""A third of the workbench with the oracle on a Ray cluster of two nodes on this machine; needs the ray extra.

    .venv/bin/python tests/acceptance/workbench_ray.py FOLDER [--every 3] [--seed 1]

The evaluation is the command `screenwright eval workbench --ray`. It is resumed if FOLDER has one.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

from screenwright.eval.benchmarks.workbench import Workbench


def command(out: Path, address: str, every: int, seed: int) -> list[str]:
    """The command line of the evaluation."""
    start = [sys.executable, "-m", "screenwright", "eval"]
    if (out / "manifest.json").exists():
        return [*start, "--resume", str(out), "--ray", address]
    tasks = [word for task in Workbench().tasks()[::every] for word in ("--task", task.name)]
    more = ["--agent", "oracle", "--seeds", str(seed), "--workers", "2", "--ray", address, "--out", str(out)]
    return [*start, "workbench", *tasks, *more]


def main() -> int:
    """Run it; the exit code is 1 if an episode is missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=3, help="every nth template")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.environ |= {"PYTHONPATH": os.pathsep.join(sys.path), "RAY_USAGE_STATS_ENABLED": "0"}
    cluster: Any = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
    )
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1)
        given.folder.mkdir(parents=True, exist_ok=True)
        out, started = given.folder / "out", time.monotonic()
        subprocess.run(command(out, cluster.address, given.every, given.seed), check=False)
    finally:
        cluster.shutdown()
    records = [json.loads(file.read_text()) for file in out.glob("**/episode.json")]
    wanted = len(Workbench().tasks()[:: given.every])
    counts = Counter(str(record["done"]) for record in records)
    print(f"{len(records)} of {wanted} episodes in {time.monotonic() - started:.0f} s, done: {dict(counts)}")
    print("\n".join(f"{one['id']['task']}: {one['found']}" for one in records if not one["done"]))
    return len(records) != wanted


if __name__ == "__main__":
    sys.exit(main())
