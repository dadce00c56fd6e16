"""Training sees the tokens that the model was sent, and learns its own replies only."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model_maker

from screenwright import Agent, FakeEnv, LocalModel, Message, RunError, Sampling, ScriptedModel, WindowHistory
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import Finish
from screenwright.agent.core.model import Completion, SampledTokens, never
from screenwright.agent.dialects.registry import dialect_named
from screenwright.envs.actions import Click
from screenwright.eval.datasets.conversations import ReplyFormatter
from screenwright.eval.datasets.export import Per, export
from screenwright.eval.datasets.filters import StepFilter
from screenwright.eval.learn.examples import TrainingExample, read_example, read_lines
from screenwright.eval.learn.tokens import IGNORED, LineCollator, TemplateChangesPrompt, encode_example

pytest.importorskip("torch", reason="needs the local extra: run scripts/test-local")

pytestmark = [
    pytest.mark.local,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]

BOX = re.compile(r"\(\d+,\d+\)")


class Encoding(ScriptedModel):
    """Plays replies, and keeps the tensors that `LocalModel` would give to the weights."""

    def __init__(self, encoder: Any, replies: Sequence[str]) -> None:
        super().__init__(replies)
        self._encoder = encoder
        self.sent: list[Any] = []

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        self.sent.append(self._encoder.encode(messages, sampling).tensors)
        return super().complete(messages, sampling, stop)


@dataclass
class Family:
    """A tiny model of a family, and a run with it. `sent` are the prompts, without those of parse failures."""

    encoder: Any
    replies: list[str]
    sent: list[Any]
    run: Path

    def examples(self, folder: Path, keep: str = "all", per: Per = "step") -> list[TrainingExample]:
        export(self.run, folder / "data.jsonl", StepFilter.parse(keep), per)
        return [read_example(line, folder) for line in read_lines(folder / "data.jsonl")]


def made(architecture: str, name: str, folder: Path) -> Family:
    tiny_model_maker()(folder / "model", architecture=architecture)
    model = LocalModel(folder / "model", device="cpu")
    model.connect()
    encoder = model._loaded.encoder  # type: ignore[union-attr]  # it is connected
    dialect = dialect_named(name)
    assert isinstance(dialect, ReplyFormatter)
    script: list[Any] = [
        Click(ModelPoint(100, 64)),
        Click(ModelPoint(620, 460)),
        Click(ModelPoint(90, 64)),
        Finish("ok"),
    ]
    replies = [dialect.format("I see it.", [move]) for move in script]
    if name == "ui-tars-1.5":  # as the model itself writes boxes
        replies = [BOX.sub(r"<|box_start|>\g<0><|box_end|>", reply) for reply in replies]
    replies.insert(1, "")  # cannot be parsed in any family
    asked = Encoding(encoder, replies)
    Agent(asked, dialect=dialect, history=WindowHistory(3)).run("Press Greet", FakeEnv(), out=folder / "run")
    assert len(asked.sent) == 5
    return Family(encoder, [*replies[:1], *replies[2:]], asked.sent, folder / "run")


@pytest.fixture(scope="module")
def ui_tars(tmp_path_factory: pytest.TempPathFactory) -> Family:
    return made("qwen2_5_vl", "ui-tars-1.5", tmp_path_factory.mktemp("ui-tars"))


@pytest.fixture(scope="module")
def qwen35(tmp_path_factory: pytest.TempPathFactory) -> Family:
    return made("qwen3_5", "qwen3.5", tmp_path_factory.mktemp("qwen35"))


@pytest.fixture(params=["ui_tars", "qwen35"])
def family(request: pytest.FixtureRequest) -> Family:
    found: Family = request.getfixturevalue(request.param)
    return found


def ids_of(family: Family, text: str) -> list[int]:
    tokenizer = family.encoder.tokenizer
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return [*ids, tokenizer.eos_token_id]


def test_the_prompt_in_training_is_the_prompt_that_was_sent(family: Family, tmp_path: Path) -> None:
    examples = family.examples(tmp_path)
    sent = [family.sent[index] for index in (0, 2, 3, 4)]
    assert len(examples) == len(sent)
    for example, prompt in zip(examples, sent, strict=True):
        tensors = encode_example(family.encoder, example)
        start = prompt["input_ids"].shape[1]
        assert tensors["input_ids"][0, :start].tolist() == prompt["input_ids"][0].tolist()
        assert tensors["image_grid_thw"].tolist() == prompt["image_grid_thw"].tolist()
        assert tensors["pixel_values"].equal(prompt["pixel_values"])
        assert tensors["mm_token_type_ids"][0, :start].tolist() == prompt["mm_token_type_ids"][0].tolist()


def test_labels_are_the_reply_and_its_end_and_nothing_else(family: Family, tmp_path: Path) -> None:
    for example, reply in zip(family.examples(tmp_path), family.replies, strict=True):
        tensors = encode_example(family.encoder, example)
        learned = [label for label in tensors["labels"][0].tolist() if label != IGNORED]
        assert learned == tensors["input_ids"][0].tolist()[-len(learned) :] == ids_of(family, reply)


class Spelling(ScriptedModel):
    """Samples a token for each character, which is another tokenization than that of the text as a whole."""

    def __init__(self, encoder: Any, replies: Sequence[str]) -> None:
        super().__init__(replies)
        self._tokenizer = encoder.tokenizer

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        completion = super().complete(messages, sampling, stop)
        ids = [self._tokenizer.encode(one, add_special_tokens=False)[0] for one in completion.text]
        return replace(completion, tokens=SampledTokens(reply=(*ids, self._tokenizer.eos_token_id)))


def test_the_tokens_that_were_sampled_are_learned_if_they_were_recorded(ui_tars: Family, tmp_path: Path) -> None:
    reply = "Thought: I read it.\nAction: finished(content='done')"
    asked = Spelling(ui_tars.encoder, [reply])
    Agent(asked, dialect=dialect_named("ui-tars-1.5")).run("Read", FakeEnv(), out=tmp_path / "run")
    export(tmp_path / "run", tmp_path / "data.jsonl")
    (line,) = read_lines(tmp_path / "data.jsonl")
    example = read_example(line, tmp_path)
    learned = encode_example(ui_tars.encoder, example)["labels"][0, -len(reply) - 1 :].tolist()
    assert ui_tars.encoder.tokenizer.decode(learned) == f"{reply}<|im_end|>"
    assert len(learned) == len(reply) + 1 > len(ids_of(ui_tars, reply))
    of_another_model = replace(example, sampled=dict.fromkeys(example.learned, (1, 2, 3)))
    labels = encode_example(ui_tars.encoder, of_another_model)["labels"][0].tolist()
    assert [label for label in labels if label != IGNORED] == ids_of(ui_tars, reply)


def test_a_batch_is_its_examples_padded(family: Family, tmp_path: Path) -> None:
    lines = [{"line": json.dumps(one), "folder": str(tmp_path)} for one in exported(family, tmp_path)][:2]
    alone = [encode_example(family.encoder, read_example(row["line"], tmp_path)) for row in lines]
    batch = LineCollator(family.encoder)(lines)
    lengths = [one["input_ids"].shape[1] for one in alone]
    assert batch["input_ids"].shape == batch["labels"].shape == (2, max(lengths))
    for row, (one, length) in enumerate(zip(alone, lengths, strict=True)):
        assert batch["input_ids"][row, :length].tolist() == one["input_ids"][0].tolist()
        assert batch["labels"][row, :length].tolist() == one["labels"][0].tolist()
        assert batch["attention_mask"][row].tolist() == [1] * length + [0] * (max(lengths) - length)
        assert set(batch["labels"][row, length:].tolist()) <= {IGNORED}
    assert batch["image_grid_thw"].shape[0] == sum(len(one["image_grid_thw"]) for one in alone)


def exported(family: Family, folder: Path) -> list[dict[str, Any]]:
    export(family.run, folder / "data.jsonl", StepFilter.parse("all"))
    return [json.loads(line) for line in read_lines(folder / "data.jsonl")]


def test_one_conversation_trains_each_of_its_replies_that_was_kept(ui_tars: Family, tmp_path: Path) -> None:
    learned: list[list[int]] = []
    for example in ui_tars.examples(tmp_path, "parsed", per="episode"):
        labels = encode_example(ui_tars.encoder, example)["labels"][0].tolist()
        spans = groupby(labels, lambda label: label != IGNORED)
        learned += [list(span) for is_learned, span in spans if is_learned]
    assert learned == [ids_of(ui_tars, reply) for index, reply in enumerate(ui_tars.replies) if index != 1]


def test_a_template_that_changes_earlier_turns_trains_steps_only(qwen35: Family, tmp_path: Path) -> None:
    """Its prompts end with empty thinking tags, which earlier turns do not have."""
    examples = qwen35.examples(tmp_path, "parsed", per="episode")
    with pytest.raises(TemplateChangesPrompt, match="--per step"):
        list(map(partial(encode_example, qwen35.encoder), examples))


def test_files_that_are_no_conversations_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"text": "x"}\n')
    with pytest.raises(RunError, match="export --format chat"):
        read_lines(tmp_path / "other.jsonl")
    (tmp_path / "none.jsonl").write_text('{"messages": [{"role": "user", "content": [], "loss": 0}]}\n')
    with pytest.raises(RunError, match="no reply to learn"):
        read_lines(tmp_path / "none.jsonl")
    with pytest.raises(RunError, match="cannot be read"):
        read_lines(tmp_path / "missing.jsonl")
