"""Best of N: a comparative judge chooses a rollout by what changed on the screen."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from screenwright import FakeEnv, Message, Sampling, ScriptedModel
from screenwright.agent.core.messages import ImagePart
from screenwright.agent.core.model import Completion, never
from screenwright.agent.models.http_server import serve
from screenwright.cli.main import main
from screenwright.eval.analysis.report import Entry
from screenwright.eval.analysis.results import write_results
from screenwright.eval.analysis.tables import as_text
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.picks import read_picks
from screenwright.eval.judges.best_of import parse_choice
from screenwright.eval.runner.evaluation import Evaluation

GREET = FakeEnv().where("Greet")
PRESS = f"Thought: I press it.\nAction: click(start_box='({round(GREET.x * 644 / 640)},{round(GREET.y * 476 / 480)})')"
MISS = "Thought: Here.\nAction: click(start_box='(620,460)')"
DONE = "Thought: It greets.\nAction: finished(content='x')"
FIVE = [MISS, DONE, MISS, DONE, PRESS, DONE, PRESS, PRESS, DONE, DONE]
"""Five trials of a task that wants two presses: only the fourth does it."""


class Judge(ScriptedModel):
    """Chooses the attempt with the most actions that changed the screen, and gives no verdict while it is `silent`."""

    def __init__(self) -> None:
        super().__init__([])
        self.silent = False
        self.seen: list[Message] = []

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        if self.silent:
            return Completion("I cannot tell.")
        self.seen.append(messages[-1])
        attempts = re.split(r"ATTEMPT \d+\n", messages[-1].text)[1:]
        changes = [attempt.count("click at 74, 58 -> changed") for attempt in attempts]
        return Completion(f"It pressed {max(changes)} times.\nCHOICE: {changes.index(max(changes)) + 1}")


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def given(tmp_path: Path, judge: Judge) -> Iterator[dict[str, object]]:
    (tmp_path / "toy").mkdir()
    with serve(ScriptedModel(FIVE), name="UI-TARS-1.5-7B") as server, serve(judge, name="a-judge") as other:
        yield {
            "benchmark": "toy", "root": tmp_path / "toy", "task": ["press"], "seeds": "1", "best_of": 5, "workers": 0,
            "model": server.url, "dialect": "ui-tars-1.5", "calibrate": False, "judge": other.url,
        }  # fmt: skip


def test_the_rollout_that_changed_what_the_task_wants_is_picked(
    given: dict[str, object], judge: Judge, tmp_path: Path
) -> None:
    evaluation = Evaluation.create(EvalConfig.from_flat(given), tmp_path / "eval")
    records = list(evaluation.run())
    assert [record.done for record in records] == [False, False, False, True, False]
    (pick,) = read_picks(evaluation.store)
    assert (pick.task, pick.seed, pick.trial, pick.compared) == ("press", 1, 3, 4)  # two trials were the same
    assert pick.why == "It pressed 2 times."
    entry = Entry.of(evaluation.store)
    best = entry.summary().best_of
    assert best is not None
    assert (best.n, best.variants, best.undecided) == (5, 1, 0)
    assert (best.pass_at_1, best.picked.value, best.pass_at_n) == (0.2, 1.0, 1.0)
    assert "best of 5, 1 variants: pass@1 0.200, picked@5 1.000 [0.207, 1.000], pass@5 1.000" in as_text(
        entry.summary()
    )
    assert '"picked": "It pressed 2 times."' in write_results(entry).read_text().replace('":"', '": "')
    (message,) = judge.seen
    assert sum(isinstance(part, ImagePart) for part in message.parts) == 5  # the start, and the end of each
    assert 'TASK: Click "Greet" 2 times' in message.text


def test_a_judge_without_a_verdict_is_asked_again_by_resume(
    given: dict[str, object], judge: Judge, tmp_path: Path
) -> None:
    judge.silent = True
    evaluation = Evaluation.create(EvalConfig.from_flat(given), tmp_path / "eval")
    list(evaluation.run())
    (pick,) = read_picks(evaluation.store)
    assert pick.trial is None
    assert "gave no verdict in 3 replies" in pick.why
    assert "1 without a verdict, counted as not done" in as_text(Entry.of(evaluation.store).summary())
    judge.silent = False
    assert list(Evaluation.resume(tmp_path / "eval").run()) == []
    (pick,) = read_picks(evaluation.store)
    assert pick.trial == 3


def test_best_of_needs_a_judge_and_replaces_trials(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = ["eval", "demo", "--agent", "null", "--out", str(tmp_path / "out"), "--best-of", "3"]
    assert main(given) == 2
    assert "--best-of needs a model that compares the rollouts: add --judge URL" in capsys.readouterr().err
    assert main([*given, "--judge", "http://127.0.0.1:9", "--trials", "2"]) == 2
    assert "--best-of gives: leave one of them out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ("CHOICE: 2", 2),
        ("**CHOICE:** 3.", 3),
        ("CHOICE: 1, no\nCHOICE: 2", 2),
        ("CHOICE: 4", None),
        ("the first", None),
    ],
)
def test_the_last_choice_of_a_reply_counts(reply: str, choice: int | None) -> None:
    assert parse_choice(reply, 3) == choice
