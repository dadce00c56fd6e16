"""The gallery as a benchmark: the oracle solves it, and doing nothing does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from screenwright.agent.core.limits import Limits
from screenwright.agent.policy.baselines import NullPolicy
from screenwright.eval.benchmarks.gallery import Gallery
from screenwright.eval.benchmarks.gallery.instructions import INSTRUCTIONS
from screenwright.eval.benchmarks.gallery.oracle import GalleryOracle
from screenwright.eval.benchmarks.gallery.traps import ALL, MAGENTA, TrapStep, click
from screenwright.eval.benchmarks.registry import benchmark_named
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Record
from screenwright.eval.runner.baselines import AgentFactory, oracle, same_for_all
from screenwright.eval.runner.episode import EpisodeJob, EpisodeRunner


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    gallery = Gallery()
    yield gallery
    gallery.close()


def run(gallery: Gallery, folder: Path, task: str, factory: AgentFactory) -> Record:
    record = EpisodeRunner(gallery, factory).run(EpisodeJob(EpisodeId(task, 0), folder / task, Limits(15)))
    assert isinstance(record, Record), record
    return record


def performs(*steps: TrapStep) -> AgentFactory:
    return same_for_all(lambda: GalleryOracle(steps, str))


def test_every_trap_has_an_instruction(gallery: Gallery) -> None:
    assert sorted(INSTRUCTIONS) == sorted(trap.name for trap in ALL)
    assert len(gallery.tasks()) == len(ALL) == len({task.name for task in gallery.tasks()})
    assert {task.category for task in gallery.tasks()} == {"widget", "dialog", "tab"}


@pytest.mark.browser
@pytest.mark.reader
@pytest.mark.parametrize("name", ["file", "address-typed", "text-in-a-PDF"])
def test_the_oracle_solves_the_trap_and_doing_nothing_does_not(gallery: Gallery, tmp_path: Path, name: str) -> None:
    assert run(gallery, tmp_path / "oracle", name, oracle).done
    nothing = run(gallery, tmp_path / "nothing", name, same_for_all(NullPolicy))
    assert not nothing.done
    assert "ADDRESS" not in nothing.instruction


@pytest.mark.browser
@pytest.mark.reader
def test_a_failure_quotes_the_report_of_the_page(gallery: Gallery, tmp_path: Path) -> None:
    record = run(gallery, tmp_path, "select", performs(click(MAGENTA), click("Plum")))
    assert not record.done
    assert record.found == "the page reported 'Plum'"


@pytest.mark.browser
@pytest.mark.reader
def test_the_oracle_gives_up_on_a_missing_target(gallery: Gallery, tmp_path: Path) -> None:
    record = run(gallery, tmp_path, "select", performs(click("#123456")))
    assert (record.done, record.stop, record.reason) == (False, "infeasible", "no pixel has the colour #123456")


def test_a_root_folder_is_refused(tmp_path: Path) -> None:
    assert isinstance(benchmark_named("gallery"), Gallery)
    with pytest.raises(ValueError, match="leave out --root"):
        benchmark_named("gallery", tmp_path)
