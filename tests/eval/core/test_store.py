"""The records of an evaluation on disk."""

from pathlib import Path

import pytest

from screenwright.agent.record.trajectory import RunError
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Record
from screenwright.eval.core.store import Store

DONE, FAILED, LOST, LEFT = (EpisodeId(name, 0) for name in ("done", "failed", "lost", "left"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    for record in (Record(DONE, done=True), Record(FAILED, done=False), Record(LOST, errors=("the screen is gone",))):
        store.write(record)
    return store


def test_episodes_that_have_a_result_are_judged(store: Store) -> None:
    assert store.judged((DONE, FAILED, LOST, LEFT)) == {DONE, FAILED}
    assert [record.id for record in store.records((LEFT, LOST, DONE))] == [LOST, DONE]


def test_record_of_another_episode_is_refused(store: Store) -> None:
    (store.folder_of(FAILED) / "episode.json").write_bytes((store.folder_of(DONE) / "episode.json").read_bytes())
    with pytest.raises(RunError, match="another episode, done/0"):
        store.judged((DONE, FAILED))


@pytest.mark.parametrize("level", ["episodes", "episodes/done", "episodes/done/0", "episodes/done/0/episode.json"])
def test_record_behind_a_symbolic_link_is_refused(store: Store, tmp_path: Path, level: str) -> None:
    place, moved = tmp_path / level, tmp_path / "moved"
    place.rename(moved)
    place.symlink_to(moved)
    with pytest.raises(RunError, match="symbolic link"):
        store.judged((DONE,))
