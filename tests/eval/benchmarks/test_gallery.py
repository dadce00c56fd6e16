"""The gallery asked in words: the oracle gets through, nobody else by doing nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from screenwright import Policy
from screenwright.agent.core.limits import Limits
from screenwright.eval.benchmarks.gallery import Gallery
from screenwright.eval.benchmarks.gallery.oracle import HandPolicy
from screenwright.eval.benchmarks.gallery.traps import ALL, MAGENTA, Step, click
from screenwright.eval.benchmarks.gallery.words import ASKED
from screenwright.eval.benchmarks.registry import benchmark_named
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Record
from screenwright.eval.core.task import TaskInstance
from screenwright.eval.runner.baselines import AgentFactory, NullAgent, Oracle
from screenwright.eval.runner.episode import EpisodeJob, EpisodeRunner


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    gallery = Gallery()
    yield gallery
    gallery.close()


def played(gallery: Gallery, folder: Path, task: str, contender: AgentFactory) -> Record:
    record = EpisodeRunner(gallery, contender).do(EpisodeJob(EpisodeId(task, 0), folder / task, Limits(15)))
    assert isinstance(record, Record), record
    return record


class Hand(AgentFactory):
    def __init__(self, *steps: Step) -> None:
        self.steps = steps

    def policy(self, scene: TaskInstance, episode: EpisodeId) -> Policy:
        return HandPolicy(self.steps, str)


def test_every_trap_is_asked_in_words_and_no_other(gallery: Gallery) -> None:
    assert sorted(ASKED) == sorted(trap.name for trap in ALL)
    assert len(gallery.tasks()) == len(ALL) == len({task.name for task in gallery.tasks()})
    assert {task.category for task in gallery.tasks()} == {"widget", "dialog", "tab"}


@pytest.mark.browser
@pytest.mark.reader
@pytest.mark.parametrize("name", ["file", "address-typed", "text-in-a-PDF"])
def test_the_oracle_gets_through_and_doing_nothing_does_not(gallery: Gallery, tmp_path: Path, name: str) -> None:
    assert played(gallery, tmp_path / "oracle", name, Oracle()).done
    nothing = played(gallery, tmp_path / "nothing", name, NullAgent())
    assert not nothing.done
    assert "ADDRESS" not in nothing.instruction


@pytest.mark.browser
@pytest.mark.reader
def test_what_the_page_told_is_said_of_a_failure(gallery: Gallery, tmp_path: Path) -> None:
    record = played(gallery, tmp_path, "select", Hand(click(MAGENTA), click("Plum")))
    assert not record.done
    assert record.found == "the page told 'Plum'"


@pytest.mark.browser
@pytest.mark.reader
def test_the_hand_gives_up_what_it_does_not_see(gallery: Gallery, tmp_path: Path) -> None:
    record = played(gallery, tmp_path, "select", Hand(click("#123456")))
    assert (record.done, record.stop, record.reason) == (False, "infeasible", "nothing is #123456")


def test_a_folder_of_data_is_refused(tmp_path: Path) -> None:
    assert isinstance(benchmark_named("gallery"), Gallery)
    with pytest.raises(ValueError, match="leave out --root"):
        benchmark_named("gallery", tmp_path)
