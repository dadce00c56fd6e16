"""`LocalModel` with tiny random weights of both architectures in the real `transformers`."""

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from screenwright import (
    Agent,
    FakeEnv,
    ImagePart,
    Limits,
    LocalModel,
    Message,
    ModelLost,
    Sampling,
    Screenshot,
    Size,
    StopReason,
    TextPart,
)
from screenwright.agent.core.messages import Turn
from screenwright.agent.core.model import never
from screenwright.agent.dialects.registry import dialect_named
from screenwright.agent.loop.open_model import open_model

pytest.importorskip("torch", reason="needs the local extra: run scripts/test-local")
pytest.importorskip("transformers", reason="needs the local extra: run scripts/test-local")

pytestmark = [
    pytest.mark.local,
    # warnings raised inside the libraries
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]

ARCHITECTURES = ("qwen2_vl", "qwen2_5_vl")
SHORT = Sampling(temperature=0.0, max_tokens=12)


def maker() -> Callable[..., None]:
    """`make` of the script that `scripts/test-vllm` uses too."""
    spec = importlib.util.spec_from_file_location("make_tiny_model", Path("tests/helpers/make_tiny_model.py").resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    make: Callable[..., None] = module.make
    return make


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    make, home = maker(), tmp_path_factory.mktemp("models")
    for architecture in ARCHITECTURES:
        make(home / architecture, architecture=architecture)
    return {architecture: home / architecture for architecture in ARCHITECTURES}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def model(request: pytest.FixtureRequest, folders: dict[str, Path]) -> LocalModel:
    return LocalModel(folders[request.param], name="ui-tars-1.5-tiny", device="cpu")


def make_image(shade: int, size: Size = Size(280, 196)) -> ImagePart:
    image = Image.linear_gradient("L").resize((size.width, size.height)).convert("RGB")
    image.paste((shade, 90, 160), (20, 20, 90, 60))
    return ImagePart.of(Screenshot(image), size)


def asked(*images: ImagePart) -> list[Message]:
    return [Message("system", (TextPart("You operate a screen."),)), Message("user", (TextPart("Look:"), *images))]


def test_same_prompt_gives_the_same_reply_and_token_counts(model: LocalModel) -> None:
    first, again = model.complete(asked(make_image(1)), SHORT), model.complete(asked(make_image(1)), SHORT)
    assert first.text == again.text
    assert first.usage.completion == 12
    assert not first.complete
    without = model.complete(asked(), SHORT)
    patches = (280 // 28) * (196 // 28)
    assert first.usage.prompt - without.usage.prompt == patches + 2  # and the start and end tokens of the image


def test_different_image_changes_the_hidden_state(model: LocalModel) -> None:
    """Compares hidden states, since random weights may generate the same tokens."""
    encoded = [encoder_of(model).encode(asked(make_image(shade))) for shade in (1, 250)]
    logits = [loaded_of(model)(**each).logits[0, -1] for each in encoded]
    assert not bool((logits[0] == logits[1]).all())


def loaded_of(model: LocalModel) -> Any:
    model.connect()
    return model._loaded.model  # type: ignore[union-attr]  # the caller has connected it


def encoder_of(model: LocalModel) -> Any:
    model.connect()
    return model._loaded.encoder  # type: ignore[union-attr]  # the caller has connected it


def test_image_of_a_valid_size_is_not_resized(model: LocalModel) -> None:
    """The encoding equals that of the model's own image processor with resizing."""
    encoder, image = encoder_of(model), make_image(7)
    official = encoder.image_processor(images=[image.load()], return_tensors="pt")
    ours = encoder.encode(asked(image))
    assert ours["image_grid_thw"].tolist() == official["image_grid_thw"].tolist()
    assert bool((ours["pixel_values"] == official["pixel_values"]).all())


def test_repeated_image_is_not_encoded_again(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = encoder_of(model)
    encoder.encode(asked(make_image(1), make_image(2)))
    seen: list[object] = []
    process = type(encoder)._process

    def counted(self: Any, image: ImagePart) -> Any:
        seen.append(image)
        return process(self, image)

    monkeypatch.setattr(type(encoder), "_process", counted)
    encoder.encode(asked(make_image(2), make_image(3)))
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


def test_frequency_penalty_reduces_repetition(model: LocalModel) -> None:
    plain = model.complete(asked(), Sampling(max_tokens=40)).text
    varied = model.complete(asked(), Sampling(max_tokens=40, frequency_penalty=2.0)).text
    assert len(set(varied)) > len(set(plain))


def test_image_token_in_a_text_is_only_text(model: LocalModel) -> None:
    messages = [Message("user", (TextPart("<|image_pad|> is a token"), make_image(1)))]
    assert model.complete(messages, SHORT).usage.completion == 12


def test_image_of_an_invalid_size_is_rejected_with_advice(model: LocalModel) -> None:
    with pytest.raises(ModelLost, match=r"an image of 300x200 does not fit this model.*choose the dialect"):
        model.complete(asked(make_image(1, Size(300, 200))), SHORT)


def test_prompt_of_a_dialect_is_accepted(model: LocalModel) -> None:
    dialect = dialect_named("ui-tars-1.5")
    size = dialect.image_rule.resize(Size(640, 480))
    turns = (Turn(make_image(1, size), reply="Thought: x\nAction: wait()"), Turn(make_image(2, size)))
    reply = model.complete(dialect.render("Click on Save.", turns), SHORT, never)
    assert reply.usage.prompt > 2 * (size.width // 28) * (size.height // 28)


def test_episode_ends_with_a_valid_stop_reason(model: LocalModel, tmp_path: Path) -> None:
    agent = Agent(model, limits=Limits(steps=3))
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


# -- models that cannot be loaded


def test_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere; use a model's folder"):
        LocalModel(tmp_path / "nowhere")


def test_folder_without_a_model_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"it has no config\.json"):
        LocalModel(tmp_path)


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def test_unsupported_model_type_is_rejected(folders: dict[str, Path], tmp_path: Path) -> None:
    other = copied(folders["qwen2_vl"], tmp_path / "other")
    (other / "config.json").write_text(json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}))
    with pytest.raises(ModelLost, match=r"is a llama, which LocalModel does not support: serve it"):
        LocalModel(other, device="cpu").connect()


@pytest.mark.parametrize("corrupted", ["cut", "gone"])
def test_broken_weights_are_reported_in_one_line(folders: dict[str, Path], tmp_path: Path, corrupted: str) -> None:
    broken = copied(folders["qwen2_vl"], tmp_path / "broken")
    weights = broken / "model.safetensors"
    if corrupted == "cut":
        weights.write_bytes(weights.read_bytes()[:1000])
    else:
        weights.unlink()
    with pytest.raises(ModelLost, match="cannot be loaded") as error:
        LocalModel(broken, device="cpu").connect()
    assert "\n" not in str(error.value)


def test_incomplete_weights_are_rejected(folders: dict[str, Path], tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    broken = copied(folders["qwen2_5_vl"], tmp_path / "part")
    weights = safetensors.load_file(broken / "model.safetensors")
    name = next(name for name in weights if "q_proj.weight" in name)
    del weights[name]
    safetensors.save_file(weights, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelLost, match=r"1 of its weights are missing, such as .*q_proj"):
        LocalModel(broken, device="cpu").connect()
