"""Rounds of rejection sampling: what is learned, what is reported, and that a killed run repeats nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from screenwright import FakeEnv, Message, RunError, Sampling, ScriptedModel
from screenwright.agent.core.model import Completion, never
from screenwright.agent.models.http_server import serve
from screenwright.eval.learn.rounds import RoundsSettings, as_table, run_rounds
from screenwright.eval.learn.tuning import REPORT, TuningResult, TuningSettings

GREET = FakeEnv().where("Greet")
PRESS = f"Thought: I press it.\nAction: click(start_box='({round(GREET.x * 644 / 640)},{round(GREET.y * 476 / 480)})')"


class Presser(ScriptedModel):
    """Presses in tasks that ask for at most `limit` presses, and gives up on others."""

    def __init__(self, limit: int) -> None:
        super().__init__([])
        self._limit = limit

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        text = " ".join(message.text for message in messages)
        able = any(f'"Greet" {count} times' in text for count in range(1, self._limit + 1))
        return Completion(PRESS if able else "Action: finished()")


class Trainer:
    """Stands for TRL: the model after each training can press once more. `kill_at` fails that training."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.trained: list[TuningSettings] = []
        self._kill_at = kill_at

    def __call__(self, settings: TuningSettings) -> TuningResult:
        if len(self.trained) == self._kill_at:
            self._kill_at = None
            raise KeyboardInterrupt
        self.trained.append(settings)
        settings.out.mkdir(parents=True)
        result = TuningResult(settings.out, ("ui-tars-1.5",), 1, 1, 0.5, None)
        (settings.out / REPORT).write_text(json.dumps({"loss": 0.5}))
        return result


@pytest.fixture(scope="module")
def urls() -> Iterator[list[str]]:
    """The models before and after each round."""
    with (
        serve(Presser(1), name="UI-TARS-1.5-7B") as first,
        serve(Presser(2), name="UI-TARS-1.5-7B") as second,
        serve(Presser(3), name="UI-TARS-1.5-7B") as third,
    ):
        yield [first.url, second.url, third.url]


@pytest.fixture
def settings(urls: list[str], tmp_path: Path) -> RoundsSettings:
    (tmp_path / "toy").mkdir()
    more = {"root": tmp_path / "toy", "workers": 0, "calibrate": False}
    tuning = TuningSettings(urls[0], (), tmp_path / "unused")
    return RoundsSettings("toy", tuning, "ui-tars-1.5", "0", "3", tmp_path / "out", ("press-and-end",), 2, 2, more=more)


def run(settings: RoundsSettings, urls: list[str], trainer: Trainer) -> str:
    def address_of(folder: Path) -> str:
        return urls[int(folder.parent.name.removeprefix("round-"))]

    return as_table(run_rounds(settings, train=trainer, address_of=address_of))


def test_each_round_learns_from_what_succeeded_so_far(
    settings: RoundsSettings, urls: list[str], tmp_path: Path
) -> None:
    trainer, settings = Trainer(), replace(settings, held_out="3,4", seeds="0,1,2")
    table = run(settings, urls, trainer)
    out = tmp_path / "out"
    assert [one.data for one in trainer.trained] == [
        (out / "round-1" / "data.jsonl",),
        (out / "round-1" / "data.jsonl", out / "round-2" / "data.jsonl"),
    ]
    assert {one.model for one in trainer.trained} == {urls[0]}
    learned = [json.loads(line)["seed"] for line in (out / "round-2" / "data.jsonl").read_text().splitlines()]
    assert sorted(set(learned)) == [0, 1]
    rows = [[cell.strip() for cell in line.split("|")] for line in table.split("\n\n")[0].splitlines()[2:]]
    assert [row[3:8] for row in rows] == [
        ["0", "0", "0", "0", "0"],
        ["6", "2", "4", "0", "0"],
        ["6", "4", "2", "0", "0"],
    ]
    assert (out / "rounds.md").read_text() == table
    assert len(json.loads((out / "rounds.json").read_text())) == 3


def test_each_round_learns_the_given_data_too(settings: RoundsSettings, urls: list[str], tmp_path: Path) -> None:
    given = tmp_path / "demonstrations.jsonl"
    given.write_text('{"messages": [], "loss": 1}\n')
    trainer, settings = Trainer(), replace(settings, rounds=1, tuning=replace(settings.tuning, data=(given,)))
    run(settings, urls, trainer)
    assert trainer.trained[0].data == (given, tmp_path / "out" / "round-1" / "data.jsonl")
    missing = replace(settings.tuning, data=(tmp_path / "missing.jsonl",))
    with pytest.raises(RunError, match=r"missing\.jsonl"):
        run(replace(settings, tuning=missing, out=tmp_path / "other"), urls, trainer)
    assert not (tmp_path / "other").exists()


def test_success_is_measured_on_seeds_that_are_not_learned(settings: RoundsSettings, urls: list[str]) -> None:
    table = run(replace(settings, seeds="0", held_out="1,2"), urls, Trainer())
    by_round, by_task = (part.splitlines()[2:] for part in table.split("\n\n"))
    assert [line.split("|")[2].strip()[:4] for line in by_round] == ["0.00", "0.50", "1.00"]
    assert [[cell.strip()[:4] for cell in line.split("|")[2:-1]] for line in by_task] == [["0.00", "0.50", "1.00"]]
    with pytest.raises(ValueError, match="seed 2 is in the training seeds and in the held-out ones"):
        replace(settings, seeds="0-2", held_out="2-4")


@pytest.mark.parametrize("killed_in", [0, 1])
def test_a_run_that_was_killed_repeats_nothing(
    settings: RoundsSettings, urls: list[str], tmp_path: Path, killed_in: int
) -> None:
    settings, trainer = replace(settings, seeds="0,1", held_out="3"), Trainer(killed_in)
    with pytest.raises(KeyboardInterrupt):
        run(settings, urls, trainer)
    table = run(settings, urls, trainer)
    judged = (tmp_path / "toy" / "judged").read_text().splitlines()
    assert len(judged) == 3 * 1 + 2 * 4  # an evaluation before and after each round, and the rollouts of each
    assert len(trainer.trained) == 2
    assert run(settings, urls, trainer) == table
    assert len(trainer.trained) == 2
    assert len((tmp_path / "toy" / "judged").read_text().splitlines()) == len(judged)


def test_more_rounds_continue_and_other_settings_are_refused(settings: RoundsSettings, urls: list[str]) -> None:
    settings, trainer = replace(settings, seeds="0", held_out="3", rounds=1), Trainer()
    run(settings, urls, trainer)
    run(replace(settings, rounds=2), urls, trainer)
    assert len(trainer.trained) == 2
    with pytest.raises(RunError, match="rounds with other settings"):
        run(replace(settings, trials=5), urls, trainer)


def test_a_round_without_success_says_so(settings: RoundsSettings, urls: list[str]) -> None:
    with pytest.raises(RunError, match="nothing was exported"):
        run(replace(settings, seeds="2", held_out="3"), urls, Trainer())


def test_seeds_are_checked_first(settings: RoundsSettings) -> None:
    with pytest.raises(ValueError, match="'some' should be seeds"):
        replace(settings, seeds="some")
