"""Reinforcement learning on episodes: what was sampled is what is trained, and the reply that is rewarded gains."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model_maker

from screenwright import Agent, FakeEnv, Limits, ModelPolicy, RunError, ScriptedModel
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.registry import with_max_image_pixels
from screenwright.agent.models.local.prompt import PatchGridEncoder, PromptEncoder, encoder_for
from screenwright.agent.record.events import Replied
from screenwright.agent.record.trajectory import read_run
from screenwright.cli.main import main
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.datasets.export import export
from screenwright.eval.datasets.filters import StepFilter
from screenwright.eval.learn.grpo import GrpoSettings, batch_of, train_grpo
from screenwright.eval.learn.rollouts import RolloutModel, RolloutRunner, SampledReply
from screenwright.eval.learn.sft import train_sft
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

PIXELS = 30_000
GREET, SCREEN = FakeEnv().where("Greet"), FakeEnv().observe().screenshot.size
SENT = with_max_image_pixels(Gta1(), PIXELS).image_rule.resize(SCREEN)
PRESS = f"({round(GREET.x * SENT.width / SCREEN.width)},{round(GREET.y * SENT.height / SCREEN.height)})"
MISS = f"({SENT.width - 3},{SENT.height - 3})"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that presses the button in about half of its replies, and misses it in the others."""
    folder = tmp_path_factory.mktemp("grpo")
    (folder / "toy").mkdir()
    tiny_model_maker()(folder / "untrained")
    for presses in (1, 2):
        for name, reply in (("press", PRESS), ("miss", MISS)):
            policy = ModelPolicy(ScriptedModel([reply] * presses), Gta1(), max_image_pixels=PIXELS)
            run = folder / f"{name}-{presses}"
            Agent(policy=policy, limits=Limits(steps=presses)).run(f'Click "Greet" {presses} times', FakeEnv(), out=run)
            export(run, folder / f"{name}-{presses}.jsonl", StepFilter.parse("all"))
    data = tuple(sorted(folder.glob("*.jsonl")))
    tuning = TuningSettings(
        str(folder / "untrained"), data, folder / "model", epochs=40, accumulate=6, learning_rate=3e-3,
        more={"save_strategy": "no"},
    )  # fmt: skip
    train_sft(tuning)
    return folder


def settings(home: Path, out: Path, **changes: Any) -> GrpoSettings:
    tuning = TuningSettings(
        str(home / "model"), (), out, epochs=24, batch=4, accumulate=2, learning_rate=3e-4,
        more={"save_strategy": "no"} | changes.pop("fields", {}),
    )  # fmt: skip
    more = {"root": home / "toy", "steps": 1, "max_image_pixels": PIXELS, "recovery": False} | changes.pop("more", {})
    given: dict[str, Any] = {"seeds": "0", "tasks": ("press-and-end",), **changes}
    return GrpoSettings("toy", tuning, "gta1", **given, more=more)


def loaded(folder: Path) -> Any:
    return transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype="float32").eval()


@pytest.fixture
def encoder(home: Path) -> PromptEncoder:
    return encoder_for(str(home / "model"), transformers.AutoConfig.from_pretrained(home / "model"))


@pytest.fixture
def rollouts(home: Path, encoder: PromptEncoder, tmp_path: Path) -> Iterator[RolloutRunner]:
    model = RolloutModel.around(loaded(home / "model"), encoder, str(home / "model"), 1.0)
    evaluation = settings(home, tmp_path, more={"steps": 2}).evaluation()
    with RolloutRunner(evaluation, model, tmp_path / "rollouts") as runner:
        yield runner


def press_probability(folder: Path, reply: SampledReply, tokenizer: Any) -> float:
    """The probability of the reply `PRESS` after the prompt of `reply`."""
    text = tokenizer.encode(PRESS, add_special_tokens=False)
    batch = batch_of([(SampledReply(reply.prompt, tuple(text), (0.0,) * len(text)), 0.0)], 1, 0)
    return float(logps_of(loaded(folder), batch).sum().exp())


def logps_of(model: Any, batch: dict[str, Any]) -> Any:
    """The log-probabilities of the replies in a batch, as TRL computes them."""
    names = ("pixel_values", "image_grid_thw", "mm_token_type_ids")
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"].new_ones(batch["completion_ids"].shape)], dim=1)
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask, **{name: batch[name] for name in names}).logits
    count = batch["completion_ids"].shape[1]
    return logits[:, -count - 1 : -1].log_softmax(-1).gather(-1, batch["completion_ids"][..., None])[..., 0]


def test_the_rewarded_reply_gains_probability(
    home: Path, rollouts: RolloutRunner, encoder: PromptEncoder, tmp_path: Path
) -> None:
    first = rollouts.run(EpisodeId("press-and-end", 0), "before").replies[0]
    done = train_grpo(settings(home, tmp_path / "out"))
    assert (done.steps, done.examples, done.dialects) == (24, 1, ("gta1",))
    folders = (home / "model", tmp_path / "out")
    before, after = (press_probability(folder, first, encoder.tokenizer) for folder in folders)
    assert 0.2 < before < 0.8
    assert after > before + 0.1
    runs = sorted((tmp_path / "out" / "rollouts").glob("step-*/press-and-end/*"))
    assert len(runs) == 24 * 8


def test_the_tokens_of_an_episode_are_those_that_were_sent_and_sampled(
    rollouts: RolloutRunner, encoder: PromptEncoder, home: Path, tmp_path: Path
) -> None:
    episodes = [rollouts.run(EpisodeId("press", 1, trial), "step") for trial in range(4)]
    assert all(len(episode.replies) >= 2 for episode in episodes)  # a reply that cannot be parsed is tried again
    for episode in episodes:
        events = read_run(tmp_path / "rollouts" / "step" / episode.id.path).events
        recorded = [event.tokens for event in events if isinstance(event, Replied)]
        for reply, tokens in zip(episode.replies, recorded, strict=True):
            assert tokens is not None
            assert tokens.prompt == tuple(reply.prompt["input_ids"][0].tolist())
            assert (tokens.reply, tokens.logprobs) == (reply.ids, reply.logprobs)
    rows = [(reply, 1.0) for episode in episodes for reply in episode.replies]
    batch = batch_of(rows, len(rows) + 1, encoder.tokenizer.pad_token_id)
    assert batch["prompt_ids"].shape[0] == len(rows) + 1
    assert batch["completion_mask"].sum(1).tolist() == [*(len(reply.ids) for reply, _ in rows), 0]
    assert batch["num_images"] == [1] * (len(rows) + 1)
    trained = logps_of(loaded(home / "model"), batch) * batch["completion_mask"]
    sampled = batch["sampling_per_token_logps"] * batch["completion_mask"]
    assert float((trained - sampled).abs().max()) < 1e-3


def test_a_reply_with_the_placeholder_of_an_image_is_left_out(
    rollouts: RolloutRunner, encoder: PromptEncoder, home: Path
) -> None:
    reply = rollouts.run(EpisodeId("press-and-end", 0), "step").replies[0]
    assert isinstance(encoder, PatchGridEncoder)
    odd = SampledReply(reply.prompt, (*reply.ids, encoder.image_token), (*reply.logprobs, -9.0))
    batch = batch_of([(reply, 1.0), (odd, -1.0)], 1, encoder.tokenizer.pad_token_id)
    assert batch["advantages"].tolist() == [1.0]
    assert logps_of(loaded(home / "model"), batch).shape == (1, len(reply.ids))


def test_an_episode_that_cannot_be_judged_has_no_reward(rollouts: RolloutRunner, encoder: PromptEncoder) -> None:
    failed = rollouts.run(EpisodeId("refuses-always", 0), "step")
    assert (failed.replies, failed.reward) == ((), None)
    with pytest.raises(RunError, match="no episode has a reply"):
        batch_of([], 1, encoder.tokenizer.pad_token_id)


def test_settings_that_have_no_meaning_are_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="a step has 8 episodes"):
        settings(home, tmp_path, group=3)
    with pytest.raises(ValueError, match="beta cannot be set: there is no reference model"):
        settings(home, tmp_path, fields={"beta": 0.1})
    given = ["train", "grpo", "toy", "--model", str(home / "model"), "--dialect", "gta1", "--seeds", "0"]
    toy = ["--eval", f"root={home / 'toy'}", "--out", str(tmp_path / "out")]
    assert main([*given, *toy, "--task", "none"]) == 2
    assert "none" in capsys.readouterr().err
    assert main([*given, *toy, "--set", "no_such_field=1"]) == 2
    assert "GRPOConfig has no 'no_such_field'" in capsys.readouterr().err
