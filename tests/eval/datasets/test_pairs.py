"""Preference pairs: two replies to the same prompt, of which one was better."""

import json
from pathlib import Path
from typing import Any

import pytest

from screenwright import Agent, FakeEnv, RunError, ScriptedModel, UiTars15
from screenwright.agent.models.http_server import serve
from screenwright.cli.main import main
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.datasets.pairs import export_pairs
from screenwright.eval.runner.evaluation import Evaluation

GREET = FakeEnv().where("Greet")
PRESS = f"Thought: I press it.\nAction: click(start_box='({round(GREET.x * 644 / 640)},{round(GREET.y * 476 / 480)})')"
MISS = "Thought: Here.\nAction: click(start_box='(620,460)')"
DONE = "Thought: It greets.\nAction: finished(content='x')"


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]


def text_of(messages: list[dict[str, Any]]) -> str:
    return "".join(part["text"] or "" for one in messages for part in one["content"])


def record(folder: Path, *replies: str) -> ScriptedModel:
    model = ScriptedModel(replies)
    Agent(model, dialect=UiTars15()).run("Press Greet", FakeEnv(), out=folder)
    return model


def test_trials_of_different_outcome_are_compared_where_they_were_asked_the_same(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    with serve(ScriptedModel([PRESS, DONE, MISS, DONE, DONE]), name="UI-TARS-1.5-7B") as server:
        given = {
            "benchmark": "toy", "root": tmp_path / "toy", "task": ["press"], "seeds": "0", "trials": 3, "workers": 0,
            "model": server.url, "dialect": "ui-tars-1.5", "calibrate": False,
        }  # fmt: skip
        records = list(Evaluation.create(EvalConfig.from_flat(given), tmp_path / "eval").run())
    assert [one.done for one in records] == [True, False, False]
    assert export_pairs(tmp_path / "eval", tmp_path / "out") == {"outcome": 2, "parse": 0, "recovery": 0}
    first, second = lines(tmp_path / "out")
    assert (first["id"], second["id"]) == ("press/0.1#1", "press/0.2#1")
    for line, rejected in ((first, "(620,460)"), (second, "finished")):
        assert "I press it" in text_of(line["chosen"])
        assert rejected in text_of(line["rejected"])
        assert [one["role"] for one in line["prompt"]] == ["system", "user", "user"]
        assert len(line["images_file_names"]) == 1


def test_a_reply_that_could_not_be_parsed_is_rejected(tmp_path: Path) -> None:
    model = record(tmp_path / "run", "no idea", PRESS, DONE)
    assert export_pairs(tmp_path / "run", tmp_path / "out") == {"outcome": 0, "parse": 1, "recovery": 0}
    (line,) = lines(tmp_path / "out")
    assert (line["cause"], text_of(line["rejected"])) == ("parse", "no idea")
    assert "I press it" in text_of(line["chosen"])
    assert len(line["prompt"]) == len(model.asked[0])  # not the request to try again


def test_the_reply_after_a_step_without_effect_is_chosen_if_it_had_one(tmp_path: Path) -> None:
    record(tmp_path / "run", MISS, PRESS, DONE)
    assert main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "out"), "--format", "pairs"]) == 0
    (line,) = lines(tmp_path / "out")
    assert (line["cause"], line["id"]) == ("recovery", "run/0#1")
    assert "(620,460)" in text_of(line["rejected"])
    assert "I press it" in text_of(line["chosen"])


def test_runs_without_a_pair_and_flags_without_a_meaning_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "run", PRESS, DONE)
    with pytest.raises(RunError, match="no two replies to the same prompt"):
        export_pairs(tmp_path / "run", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    given = ["export", str(tmp_path / "run"), "--out", str(tmp_path / "out"), "--format", "pairs"]
    assert main([*given, "--keep", "all"]) == 2
    assert "--keep does not apply to --format pairs" in capsys.readouterr().err
