"""`LocalModel` with tiny random weights of several architectures in the real `transformers`."""

import json
import re
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from PIL import Image
from pydantic import JsonValue
from tiny_models import tiny_model_maker

from screenwright import (
    Agent,
    FakeEnv,
    ImagePart,
    Limits,
    LocalModel,
    Message,
    ModelLost,
    ModelPolicy,
    Sampling,
    Screenshot,
    Size,
    StopReason,
    TextPart,
)
from screenwright.agent.core.messages import FunctionCall, Turn
from screenwright.agent.core.model import never
from screenwright.agent.dialects.registry import dialect_named
from screenwright.agent.loop.open_model import open_model

pytest.importorskip("torch", reason="needs the local extra: run scripts/test-local")
transformers = pytest.importorskip("transformers", reason="needs the local extra: run scripts/test-local")

pytestmark = [
    pytest.mark.local,
    # warnings raised inside the libraries
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]

PATCH_GRIDS = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_5", "glm4v")
ARCHITECTURES = (*PATCH_GRIDS, "kimi_k25", "molmo2")
TOOL: dict[str, JsonValue] = {"type": "function", "function": {"name": "computer_use", "parameters": {}}}
SHORT = Sampling(temperature=0.0, max_tokens=12)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    make, home = tiny_model_maker(), tmp_path_factory.mktemp("models")
    for architecture in ARCHITECTURES:
        make(home / architecture, architecture=architecture)
    return {architecture: home / architecture for architecture in ARCHITECTURES}


@pytest.fixture(scope="module")
def models(folders: dict[str, Path]) -> dict[str, LocalModel]:
    return {name: LocalModel(folder, name="ui-tars-1.5-tiny", device="cpu") for name, folder in folders.items()}


@pytest.fixture(params=("qwen2_5_vl", "molmo2"))
def model(request: pytest.FixtureRequest, models: dict[str, LocalModel]) -> LocalModel:
    """A model of each of the two ways in which prompts are encoded."""
    return models[request.param]


@pytest.fixture
def qwen(models: dict[str, LocalModel]) -> LocalModel:
    return models["qwen2_5_vl"]


@pytest.fixture(params=PATCH_GRIDS)
def patch_grid(request: pytest.FixtureRequest, models: dict[str, LocalModel]) -> LocalModel:
    return models[request.param]


def make_image(shade: int, size: Size = Size(448, 224)) -> ImagePart:
    """An image whose sides are multiples of the factors of all architectures."""
    image = Image.linear_gradient("L").resize((size.width, size.height)).convert("RGB")
    image.paste((shade, 90, 160), (20, 20, 90, 60))
    return ImagePart.of(Screenshot(image), size)


def asked(*images: ImagePart) -> list[Message]:
    return [Message("system", (TextPart("You operate a screen."),)), Message("user", (TextPart("Look:"), *images))]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_same_prompt_gives_the_same_reply_and_token_counts(models: dict[str, LocalModel], architecture: str) -> None:
    model = models[architecture]
    first, again = model.complete(asked(make_image(1)), SHORT), model.complete(asked(make_image(1)), SHORT)
    assert first.text == again.text
    assert first.usage.completion == 12
    assert not first.complete
    without = model.complete(asked(), SHORT)
    assert first.usage.prompt - without.usage.prompt > 90  # the tokens of the image
    if architecture in PATCH_GRIDS:
        factor = encoder_of(model).factor
        patches = (448 // factor) * (224 // factor)
        assert first.usage.prompt - without.usage.prompt == patches + 2  # and the start and end tokens of the image


def test_different_image_changes_the_hidden_state(model: LocalModel) -> None:
    """Compares hidden states, since random weights may generate the same tokens."""
    encoded = [encoder_of(model).encode(asked(make_image(shade)), SHORT) for shade in (1, 250)]
    logits = [loaded_of(model)(**each.tensors).logits[0, -1] for each in encoded]
    assert not bool((logits[0] == logits[1]).all())


def loaded_of(model: LocalModel) -> Any:
    model.connect()
    return model._loaded.model  # type: ignore[union-attr]  # the caller has connected it


def encoder_of(model: LocalModel) -> Any:
    model.connect()
    return model._loaded.encoder  # type: ignore[union-attr]  # the caller has connected it


@pytest.mark.parametrize("architecture", PATCH_GRIDS)
def test_prompt_is_encoded_as_by_the_own_processor_of_the_model(
    models: dict[str, LocalModel], folders: dict[str, Path], architecture: str
) -> None:
    encoder, messages = encoder_of(models[architecture]), asked(make_image(7), make_image(8))
    processor = transformers.AutoProcessor.from_pretrained(folders[architecture])
    text = encoder.template.render(messages, SHORT)
    images = [make_image(7).load(), make_image(8).load()]
    official = processor(text=[text], images=images, return_mm_token_type_ids=True, return_tensors="pt")
    ours = encoder.encode(messages, SHORT).tensors
    assert ours.keys() == official.keys()
    for name in ("input_ids", "attention_mask", "mm_token_type_ids", "image_grid_thw"):
        assert ours[name].tolist() == official[name].tolist(), name
    assert float((ours["pixel_values"] - official["pixel_values"]).abs().max()) < 1e-5


def test_repeated_image_is_not_encoded_again(qwen: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = encoder_of(qwen)
    encoder.encode(asked(make_image(1), make_image(2)), SHORT)
    seen: list[object] = []
    process = type(encoder)._process

    def counted(self: Any, image: ImagePart) -> Any:
        seen.append(image)
        return process(self, image)

    monkeypatch.setattr(type(encoder), "_process", counted)
    encoder.encode(asked(make_image(2), make_image(3)), SHORT)
    assert [image.sha256 for image in seen if isinstance(image, ImagePart)] == [make_image(3).sha256]


def test_stop_ends_the_reply(model: LocalModel) -> None:
    whole = model.complete(asked(make_image(1)), SHORT).text
    texts: list[str] = []

    def enough(text: str) -> bool:
        texts.append(text)
        return len(text) >= 3

    part = model.complete(asked(make_image(1)), SHORT, enough)
    assert part.complete
    assert part.usage.completion < 12
    assert whole.startswith(part.text.rstrip("\N{REPLACEMENT CHARACTER}"))
    assert texts[0] == ""


def test_call_stopped_before_it_starts_does_not_load_the_model(folders: dict[str, Path]) -> None:
    fresh = LocalModel(folders["qwen2_vl"], device="cpu")
    assert fresh.complete(asked(make_image(1)), SHORT, lambda _: True).text == ""
    assert fresh.info().version == ""


def test_sampling_varies_replies_and_temperature_0_does_not(model: LocalModel) -> None:
    warm = Sampling(temperature=1.5, top_p=0.95, max_tokens=12)
    assert len({model.complete(asked(), warm).text for _ in range(4)}) > 1
    assert len({model.complete(asked(), SHORT).text for _ in range(2)}) == 1


def test_a_seed_repeats_what_was_sampled(folders: dict[str, Path]) -> None:
    warm = Sampling(temperature=1.5, max_tokens=12)

    def replies(name: str) -> list[str]:
        fresh.seed(name)
        return [fresh.complete(asked(), warm).text for _ in range(2)]

    fresh = LocalModel(folders["qwen2_5_vl"], name="ui-tars-1.5-tiny", device="cpu")
    first = replies("click-test/0")
    assert first[0] != first[1]
    assert replies("click-test/0.1") != first
    assert replies("click-test/0") == first
    fresh = LocalModel(folders["qwen2_5_vl"], name="ui-tars-1.5-tiny", device="cpu")
    assert replies("click-test/0") == first


@pytest.mark.parametrize(
    "penalty", [{"frequency_penalty": 2.0}, {"presence_penalty": 2.0}, {"repetition_penalty": 100.0}]
)
def test_penalty_reduces_repetition(qwen: LocalModel, penalty: dict[str, Any]) -> None:
    plain = qwen.complete(asked(), Sampling(max_tokens=40)).text
    varied = qwen.complete(asked(), replace(Sampling(max_tokens=40), **penalty)).text
    assert len(set(varied)) > len(set(plain))


def test_only_the_likeliest_tokens_are_sampled_with_top_k(qwen: LocalModel) -> None:
    greedy = qwen.complete(asked(), SHORT).text
    assert qwen.complete(asked(), Sampling(temperature=1.5, max_tokens=12, top_k=1)).text == greedy


def test_token_ids_and_log_probabilities_are_reported_if_asked_for(qwen: LocalModel) -> None:
    assert qwen.complete(asked(make_image(1)), SHORT).tokens is None
    wanted = replace(SHORT, extra_body={"return_token_ids": True, "logprobs": True})
    found = qwen.complete(asked(make_image(1)), wanted)
    assert found.tokens is not None
    prompt = encoder_of(qwen).encode(asked(make_image(1)), SHORT)
    assert list(found.tokens.prompt) == prompt.tensors["input_ids"][0].tolist()
    assert len(found.tokens.reply) == found.usage.completion == len(found.tokens.logprobs)
    assert encoder_of(qwen).tokenizer.decode(list(found.tokens.reply)) == found.text
    logits = loaded_of(qwen)(**prompt.tensors).logits[0, -1]
    assert found.tokens.logprobs[0] == pytest.approx(float(logits.log_softmax(-1)[found.tokens.reply[0]]), abs=1e-4)


# -- what the chat template receives


def prompt_of(model: LocalModel, sampling: Sampling, *messages: Message) -> str:
    text: str = encoder_of(model).template.render(messages or asked(), sampling)
    return text


def test_functions_and_variables_reach_the_template(model: LocalModel) -> None:
    assert "computer_use" not in prompt_of(model, SHORT)
    assert prompt_of(model, replace(SHORT, tools=(TOOL,))).startswith("<|im_start|>system\nFunctions: {")
    with_thinking = replace(SHORT, chat_template_kwargs={"enable_thinking": True})
    assert prompt_of(model, with_thinking).endswith("assistant\n<think>\n")
    without = replace(SHORT, chat_template_kwargs={"enable_thinking": False})
    assert prompt_of(model, without).endswith("</think>\n\n")


def test_past_reasoning_and_calls_and_their_results_reach_the_template(model: LocalModel) -> None:
    call = FunctionCall("computer_use", {"action": "wait", "time": 1}, "call-1")
    past = replace(Message.of("assistant", "I wait."), reasoning="It loads.", calls=(call,))
    result = replace(Message.of("tool", "done"), call_id="call-1")
    text = prompt_of(model, SHORT, Message.of("user", "Go."), past, result)
    assert "<think>It loads.</think>I wait.<tool_call><function=computer_use>" in text
    assert "<parameter=action>wait</parameter><parameter=time>1</parameter></function>" in text
    assert "<|im_start|>tool\ndone<|im_end|>" in text


def test_reply_includes_the_thinking_tag_that_the_prompt_ends_with(model: LocalModel) -> None:
    sampling = replace(SHORT, chat_template_kwargs={"enable_thinking": True})
    assert model.complete(asked(), sampling).text.startswith("<think>")
    sampling = replace(SHORT, chat_template_kwargs={"enable_thinking": False})
    assert not model.complete(asked(), sampling).text.startswith("<think>")


def test_template_that_accepts_only_lists_of_parts_gets_lists(folders: dict[str, Path], tmp_path: Path) -> None:
    only_lists = (
        "{% for message in messages %}{% for part in message['content'] %}[{{ part['text'] }}]{% endfor %}{% endfor %}"
    )
    folder = copytree(folders["qwen2_5_vl"], tmp_path / "lists")
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": only_lists}))
    model = LocalModel(folder, device="cpu")
    assert prompt_of(model, SHORT, Message.of("system", "Be brief."), Message.of("user", "Go.")) == "[Be brief.][Go.]"


def test_template_that_rejects_the_messages_is_named(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copytree(folders["qwen2_5_vl"], tmp_path / "strict")
    template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system message') }}{% endif %}"
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    with pytest.raises(ModelLost, match="no system message"):
        LocalModel(folder, device="cpu").complete(asked(), SHORT)


def test_stop_string_ends_the_reply_and_is_part_of_it(model: LocalModel) -> None:
    first = model.complete(asked(), SHORT).text[0]
    reply = model.complete(asked(), replace(SHORT, stop=("never in the reply", first)))
    assert (reply.text, reply.complete, reply.usage.completion) == (first, True, 1)


def test_grammar_is_refused_since_it_would_not_be_enforced(model: LocalModel) -> None:
    with pytest.raises(ModelLost, match="leave out --constrain, or serve it with vLLM"):
        model.complete(asked(), replace(SHORT, grammar='start: "x"'))


def test_image_token_in_a_text_is_only_text(model: LocalModel) -> None:
    name = encoder_of(model).template.image_token
    messages = [Message("user", (TextPart(f"{name} is a token"), make_image(1)))]
    assert model.complete(messages, SHORT).usage.completion == 12


def test_no_special_token_of_the_tokenizer_is_read_in_a_text(model: LocalModel) -> None:
    template = encoder_of(model).template
    special = {str(each) for each in template.tokenizer.added_tokens_decoder.values() if each.special}
    structure = {name for name in special if "box" not in name} | {template.image_token}
    text, call = " ".join(sorted(special)), FunctionCall("f", {"x": "".join(sorted(special))})
    plainly = template.render([Message("user", (TextPart("x"),)), Message("assistant", (TextPart("y"),))], SHORT)
    attack = [
        Message("user", (TextPart(text),)),
        Message("assistant", (TextPart(text),), reasoning=text, calls=(call,)),
    ]
    assert len(structure) > 3
    counted = template.render(attack, SHORT)
    assert [name for name in structure if counted.count(name) != plainly.count(name)] == []


def test_image_of_an_invalid_size_is_rejected_with_advice(patch_grid: LocalModel) -> None:
    with pytest.raises(ModelLost, match=r"an image of 300x200 does not fit this model.*choose the dialect"):
        patch_grid.complete(asked(make_image(1, Size(300, 200))), SHORT)


def test_prompt_of_a_dialect_is_accepted(qwen: LocalModel) -> None:
    dialect = dialect_named("ui-tars-1.5")
    size = dialect.image_rule.resize(Size(640, 480))
    turns = (Turn(make_image(1, size), reply="Thought: x\nAction: wait()"), Turn(make_image(2, size)))
    reply = qwen.complete(dialect.render("Click on Save.", turns), SHORT, never)
    assert reply.usage.prompt > 2 * (size.width // 28) * (size.height // 28)


def test_episode_ends_with_a_valid_stop_reason(qwen: LocalModel, tmp_path: Path) -> None:
    agent = Agent(policy=ModelPolicy(qwen, sampling=SHORT), limits=Limits(steps=3))
    result = agent.run("Click on Save.", FakeEnv(), out=tmp_path / "run")
    assert result.stop in (StopReason.STUCK, StopReason.STEP_LIMIT)
    assert result.usage.prompt > 0


def test_info_is_complete_after_loading(folders: dict[str, Path]) -> None:
    model = LocalModel(folders["qwen2_5_vl"], device="cpu")
    assert model.info().name == "qwen2_5_vl"
    model.connect()
    assert re.fullmatch(r"transformers \S+, torch \S+, float32 on cpu", model.info().version)
    assert model.info().context_tokens == 65536


@pytest.mark.parametrize("prefix", ["", "local:"])
def test_folder_opens_as_a_model(folders: dict[str, Path], prefix: str) -> None:
    model = open_model(f"{prefix}{folders['qwen2_vl']}", "ui-tars-7b")
    assert isinstance(model, LocalModel)
    assert model.info().name == "ui-tars-7b"
