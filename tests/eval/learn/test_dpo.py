"""Preference with TRL on exported pairs: the chosen reply gains, and masks cover replies only."""

from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model_maker

from screenwright import Agent, FakeEnv, Limits, ModelPolicy, RunError, ScriptedModel
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.models.local.prompt import PromptEncoder, encoder_for
from screenwright.cli.main import main
from screenwright.eval.datasets.pairs import export_pairs
from screenwright.eval.learn.dpo import PairCollator, train_dpo
from screenwright.eval.learn.examples import read_pair, read_pair_lines
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


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and two pairs: replies that could not be parsed, and those that could."""
    folder = tmp_path_factory.mktemp("dpo")
    tiny_model_maker()(folder / "model")
    policy = ModelPolicy(
        ScriptedModel(["no idea", "(100,64)", "click there", "(21,130)"]), Gta1(), max_image_pixels=30_000
    )
    Agent(policy=policy, limits=Limits(steps=2)).run("Press Greet", FakeEnv(), out=folder / "run")
    assert export_pairs(folder / "run", folder / "pairs") == {"outcome": 0, "parse": 2, "recovery": 0}
    return folder


@pytest.fixture(scope="module")
def encoder(home: Path) -> PromptEncoder:
    return encoder_for(str(home / "model"), transformers.AutoConfig.from_pretrained(home / "model"))


def rows(home: Path) -> list[dict[str, str]]:
    return [{"line": line, "folder": str(home / "pairs")} for line in read_pair_lines(home / "pairs")]


def reply_logps(folder: Path, batch: dict[str, Any]) -> Any:
    """The log-probability of each reply of the batch, chosen ones first."""
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder)
    with torch.no_grad():
        inputs = {name: tensor for name, tensor in batch.items() if name != "completion_mask"}
        logps = model(**inputs).logits[:, :-1].log_softmax(-1)
    picked = logps.gather(-1, batch["input_ids"][:, 1:, None])[..., 0]
    return (picked * batch["completion_mask"][:, 1:]).sum(-1)


def test_the_chosen_replies_gain_probability_over_the_rejected(
    home: Path, encoder: PromptEncoder, tmp_path: Path
) -> None:
    more = {"save_strategy": "no", "logging_steps": 1}
    done = train_dpo(
        TuningSettings(
            str(home / "model"),
            (home / "pairs",),
            tmp_path / "out",
            epochs=5,
            accumulate=2,
            learning_rate=1e-3,
            more=more,
        )
    )
    assert (done.steps, done.examples, done.dialects) == (5, 2, ("gta1",))
    batch = PairCollator(encoder)(rows(home))
    before, after = (reply_logps(folder, batch) for folder in (home / "model", tmp_path / "out"))
    margin = (after[:2] - after[2:]) - (before[:2] - before[2:])
    assert (margin > 0).all()


def test_masks_cover_the_reply_and_its_end_token_only(home: Path, encoder: PromptEncoder) -> None:
    batch = PairCollator(encoder)(rows(home))
    tokenizer = encoder.tokenizer
    learned = [
        tokenizer.decode(ids[mask.bool()])
        for ids, mask in zip(batch["input_ids"], batch["completion_mask"], strict=True)
    ]
    assert learned == [f"{text}<|im_end|>" for text in ("(100,64)", "(21,130)", "no idea", "click there")]
    assert int(batch["image_grid_thw"].shape[0]) == 4  # a picture for each reply
    for index, row in enumerate(rows(home)):
        pair = read_pair(row["line"], home / "pairs")
        prompt = encoder.encode(pair.chosen.messages[:-1], pair.chosen.request).tensors["input_ids"][0].tolist()
        for at in (index, index + 2):
            assert batch["input_ids"][at, : len(prompt)].tolist() == prompt
            assert int(batch["completion_mask"][at, : len(prompt)].sum()) == 0
        assert pair.chosen.messages[:-1] == pair.rejected.messages[:-1]


def test_adapters_are_trained_against_the_model_without_them(home: Path, tmp_path: Path) -> None:
    given = ["train", "dpo", str(home / "pairs"), "--test", str(home / "pairs"), "--model", str(home / "model")]
    assert main([*given, "--out", str(tmp_path / "out"), "--lora", "4", "--accumulate", "1", "--epochs", "1"]) == 0
    before, after = (
        dict(transformers.AutoModelForImageTextToText.from_pretrained(folder).state_dict())
        for folder in (home / "model", tmp_path / "out")
    )
    changed = {name for name, tensor in before.items() if not tensor.equal(after[name])}
    assert changed
    assert all("language_model.layers" in name for name in changed)


def test_other_data_is_refused(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "metadata.jsonl").write_text('{"messages": []}\n')
    with pytest.raises(RunError, match="has no preference pairs"):
        train_dpo(TuningSettings("unused", (tmp_path,), tmp_path / "out"))
    given = ["train", "dpo", str(tmp_path / "none"), "--model", str(home / "model"), "--out", str(tmp_path / "out")]
    assert main(given) == 2
    assert "metadata.jsonl cannot be read" in capsys.readouterr().err
