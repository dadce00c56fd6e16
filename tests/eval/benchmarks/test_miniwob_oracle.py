"""The oracle: the best score that the harness allows with ordinary actions."""

import re
from importlib import resources
from pathlib import Path

import pytest

from screenwright.eval.benchmarks.miniwob import miniwob
from screenwright.eval.benchmarks.miniwob.oracle import can_solve
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.runner.evaluation import Evaluation

TASKS = (
    *("click-test-2", "click-dialog-2", "click-checkboxes", "click-menu", "choose-date-easy", "choose-list"),
    *("login-user", "use-slider", "email-inbox", "navigate-tree", "drag-sort-numbers", "simple-algebra"),
)


@pytest.mark.browser
def test_the_oracle_solves_tasks_of_every_kind(tmp_path: Path) -> None:
    settings = EvalConfig.of(benchmark="miniwob", task=TASKS, seeds="4000-4001", agent="oracle", workers=2)
    records = list(Evaluation.create(settings, tmp_path / "out").run())
    assert len(records) == 2 * len(TASKS)
    assert [record.id.path for record in records if record.score != 1.0] == []


def test_its_scripts_only_read_the_page() -> None:
    folder = resources.files("screenwright.eval.benchmarks.miniwob.oracle")
    source = "\n".join(file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".js"))
    forbidden = (
        r"\.click\(\)|dispatchEvent|\.focus\(|\.submit\(|\.value = |\.checked = |endEpisode|\.trigger\(|scrollTop = "
    )
    assert re.findall(forbidden, source) == []


def test_most_pages_have_a_solution() -> None:
    known = [task.name for task in miniwob().tasks() if can_solve(task.name)]
    assert len(known) > 100
    assert not can_solve("no-such-page")
