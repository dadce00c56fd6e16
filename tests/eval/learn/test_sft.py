"""Training with TRL on exported conversations: a tiny model learns a reply, and a killed training continues."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model_maker

from screenwright import Agent, FakeEnv, Limits, LocalModel, ModelPolicy, RunError, Sampling, ScriptedModel
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.cli.main import main
from screenwright.eval.datasets.export import export
from screenwright.eval.datasets.filters import StepFilter
from screenwright.eval.datasets.pairs import export_pairs
from screenwright.eval.learn import sft
from screenwright.eval.learn.examples import read_example, read_lines
from screenwright.eval.learn.sft import train_sft
from screenwright.eval.learn.tokens import LineCollator, encode_example
from screenwright.eval.learn.tuning import TuningSettings

pytest.importorskip("trl", reason="needs the learn extra: run scripts/test-train")
torch: Any = pytest.importorskip("torch")
transformers: Any = pytest.importorskip("transformers")

pytestmark = [
    pytest.mark.train,
    # warnings raised inside the libraries
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

REPLIES = ("(100,64)", "(21,130)")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, a run, and its export in both layouts."""
    folder = tmp_path_factory.mktemp("train")
    tiny_model_maker()(folder / "model")
    policy = ModelPolicy(ScriptedModel(REPLIES), Gta1(), max_image_pixels=30_000)
    Agent(policy=policy, limits=Limits(steps=2)).run("Press Greet", FakeEnv(), out=folder / "run")
    export(folder / "run", folder / "data.jsonl", StepFilter.parse("all"))
    export(folder / "run", folder / "trl", StepFilter.parse("all"), layout="trl")
    return folder


def settings(home: Path, out: Path, **changes: Any) -> TuningSettings:
    more = {"save_strategy": "steps", "save_steps": 1, "logging_steps": 1, **changes.pop("more", {})}
    given: dict[str, Any] = {"epochs": 3, "accumulate": 1, "learning_rate": 3e-3, **changes}
    return TuningSettings(str(home / "model"), (home / "data.jsonl",), out, more=more, **given)


def weights(folder: Path) -> dict[str, Any]:
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder)
    return dict(model.state_dict())


def test_the_model_says_what_it_was_taught(home: Path, tmp_path: Path) -> None:
    done = train_sft(settings(home, tmp_path / "out", epochs=40, more={"save_strategy": "no"}))
    assert (done.steps, done.dialects, done.examples) == (80, ("gta1",), 2)
    model = LocalModel(tmp_path / "out", device="cpu")
    for line, reply in zip(read_lines(home / "data.jsonl"), REPLIES, strict=True):
        prompt = read_example(line, home).messages[:-1]
        assert model.complete(prompt, Sampling(max_tokens=100)).text == reply
    report = json.loads((tmp_path / "out" / "training.json").read_text())
    assert report["settings"]["epochs"] == 40
    losses = [entry["loss"] for entry in report["log"] if "loss" in entry]
    assert losses[-1] < losses[0] / 10


class Killed(Exception):
    pass


@pytest.mark.parametrize("lora", [0, 4])
def test_a_training_that_was_killed_continues_to_the_same_weights(
    home: Path, tmp_path: Path, lora: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = train_sft(settings(home, tmp_path / "whole", lora=lora))
    batches = 0

    class Dying(LineCollator):
        def __call__(self, rows: Sequence[Any]) -> dict[str, Any]:
            nonlocal batches
            batches += 1
            if batches == 5:
                raise Killed
            return super().__call__(rows)

    monkeypatch.setattr(sft, "LineCollator", Dying)
    with pytest.raises(Killed):
        train_sft(settings(home, tmp_path / "killed", lora=lora))
    trained = train_sft(settings(home, tmp_path / "killed", lora=lora))
    assert trained.steps == 6
    assert trained.loss == pytest.approx(undisturbed.loss)
    assert batches < 5 + 6
    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert [name for name, tensor in whole.items() if not tensor.equal(resumed[name])] == []


def test_another_training_into_the_same_folder_is_refused(home: Path, tmp_path: Path) -> None:
    train_sft(settings(home, tmp_path, epochs=1))
    with pytest.raises(RunError, match="finished training"):
        train_sft(settings(home, tmp_path, epochs=1))
    (tmp_path / "training.json").unlink()
    with pytest.raises(RunError, match="other settings"):
        train_sft(settings(home, tmp_path, epochs=2))


def test_adapters_train_the_language_model_only_and_are_merged(home: Path, tmp_path: Path) -> None:
    train_sft(settings(home, tmp_path / "out", epochs=2, lora=4))
    before, after = weights(home / "model"), weights(tmp_path / "out")
    assert before.keys() == after.keys()
    changed = {name for name, tensor in before.items() if not tensor.equal(after[name])}
    assert changed
    assert all("language_model.layers" in name for name in changed)
    assert {name.rpartition(".")[0].rpartition(".")[2] for name in changed} == {
        *("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
    }


def test_the_command_reports_the_loss_on_test_data(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = str(home / "data.jsonl"), str(tmp_path / "out")
    given = ["train", "sft", data, "--test", data, "--model", str(home / "model"), "--out", out, "--epochs", "1"]
    assert main([*given, "--accumulate", "1", "--set", "max_steps=1"]) == 0
    assert "1 step on 2 conversations" in (printed := capsys.readouterr().out)
    assert "on the test data" in printed
    assert f"--model {out} --dialect gta1" in printed
    assert main([*given[:-4], "--out", out + "2", "--set", "no_such_field=1"]) == 2
    assert "SFTConfig has no 'no_such_field'" in capsys.readouterr().err


def test_the_collator_of_trl_makes_the_same_prompt(home: Path) -> None:
    datasets: Any = pytest.importorskip("datasets")
    trainer: Any = pytest.importorskip("trl.trainer.sft_trainer")
    rows = datasets.load_dataset("imagefolder", data_dir=str(home / "trl"), split="train")
    processor = transformers.AutoProcessor.from_pretrained(home / "model")
    collator = trainer.DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True)
    model = LocalModel(home / "model", device="cpu")
    model.connect()
    encoder = model._loaded.encoder  # type: ignore[union-attr]  # it is connected
    after_reply = encoder.tokenizer.encode("\n", add_special_tokens=False)
    for row, line in zip(rows, read_lines(home / "data.jsonl"), strict=True):
        theirs = collator([{name: row[name] for name in ("prompt", "completion", "images")}])
        ours = encode_example(encoder, read_example(line, home))
        for name in ("input_ids", "labels"):
            assert theirs[name][0].tolist() == [*ours[name][0].tolist(), *after_reply], name
        assert theirs["image_grid_thw"].tolist() == ours["image_grid_thw"].tolist()
        assert float((theirs["pixel_values"] - ours["pixel_values"]).abs().max()) < 1e-5


def test_trl_takes_the_preference_pairs(home: Path, tmp_path: Path) -> None:
    datasets: Any = pytest.importorskip("datasets")
    trainer: Any = pytest.importorskip("trl.trainer.dpo_trainer")
    policy = ModelPolicy(ScriptedModel(["no idea", *REPLIES]), Gta1(), max_image_pixels=30_000)
    Agent(policy=policy, limits=Limits(steps=1)).run("Press Greet", FakeEnv(), out=tmp_path / "run")
    export_pairs(tmp_path / "run", tmp_path / "pairs")
    (row,) = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "pairs"), split="train")
    processor = transformers.AutoProcessor.from_pretrained(home / "model")
    collator = trainer.DataCollatorForVisionPreference(processor)
    batch = collator([{name: row[name] for name in ("prompt", "chosen", "rejected", "images")}])
    chosen, rejected = (
        processor.tokenizer.decode(ids[mask.bool()]).removesuffix("\n")
        for ids, mask in zip(batch["input_ids"], batch["completion_mask"], strict=True)
    )
    assert (chosen, rejected) == ("(100,64)<|im_end|>", "no idea<|im_end|>")
