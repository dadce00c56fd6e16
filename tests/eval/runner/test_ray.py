"""Evaluations on a Ray cluster of several nodes on this machine, one of which is killed."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from screenwright.agent.record.trajectory import RunError, read_run
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.runner.evaluation import Evaluation

ray: Any = pytest.importorskip("ray", reason="needs the ray extra: run scripts/test-ray")

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head node without CPUs."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    cluster: Any = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
    )
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def create(cluster: Any, tmp_path: Path, **more: object) -> Evaluation:
    root = tmp_path / "toy"
    root.mkdir()
    given = {"benchmark": "toy", "root": root, "agent": "oracle", "workers": 2, "ray": cluster.address, **more}
    return Evaluation.create(EvalConfig.from_flat(given), tmp_path / "out")


def test_no_episode_is_lost_or_repeated_after_a_node_is_killed(cluster: Any, tmp_path: Path) -> None:
    cluster.add_node(num_cpus=1)
    doomed = cluster.add_node(num_cpus=1)
    evaluation = create(cluster, tmp_path, task=("slow",), seeds="0-59", steps=99)
    seen: Counter[int] = Counter()
    for count, record in enumerate(evaluation.run(), start=1):
        seen[record.id.seed] += 1
        assert record.done
        if count == 20:
            cluster.remove_node(doomed, allow_graceful=False)
    assert seen == Counter(range(60))
    records = evaluation.records()
    assert len(records) == 60
    assert any(record.errors for record in records), "the node was idle when it was killed"
    last = read_run(tmp_path / "out/episodes/slow/59")
    assert last.ended is not None
    assert last.ended.steps == 61


@pytest.mark.parametrize("how", ["dies", "hangs", "bug"])
def test_a_failed_worker_costs_one_attempt(cluster: Any, tmp_path: Path, how: str) -> None:
    cluster.add_node(num_cpus=2)
    records = {
        record.id.task: record
        for record in create(cluster, tmp_path, task=("press", f"{how}-once"), seeds="0", episode_timeout=5.0).run()
    }
    assert records["press"].done
    assert records[f"{how}-once"].done
    assert len(records[f"{how}-once"].errors) == 1


def test_a_missing_cluster_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    settings = EvalConfig.from_flat(
        {"benchmark": "toy", "root": tmp_path / "toy", "ray": "127.0.0.1:1", "agent": "oracle"}
    )
    evaluation = Evaluation.create(settings, tmp_path / "out")
    with pytest.raises(RunError, match=r"no Ray cluster at 127\.0\.0\.1:1"):
        list(evaluation.run())
