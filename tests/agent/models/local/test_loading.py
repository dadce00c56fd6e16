"""`LocalModel` refuses folders that it cannot load, and never runs their code."""

import json
from contextlib import suppress
from pathlib import Path
from shutil import copytree

import pytest
from tiny_models import tiny_model_maker

from screenwright import LocalModel, ModelLost

pytest.importorskip("torch", reason="needs the local extra: run scripts/test-local")
transformers = pytest.importorskip("transformers", reason="needs the local extra: run scripts/test-local")

pytestmark = [
    pytest.mark.local,
    # warnings raised inside the libraries
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    make, home = tiny_model_maker(), tmp_path_factory.mktemp("models")
    for architecture in ("qwen2_vl", "qwen2_5_vl"):
        make(home / architecture, architecture=architecture)
    return {folder.name: folder for folder in home.iterdir()}


def test_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere; use a model's folder"):
        LocalModel(tmp_path / "nowhere")


def test_folder_without_a_model_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"it has no config\.json"):
        LocalModel(tmp_path)


def test_unsupported_model_type_is_rejected(folders: dict[str, Path], tmp_path: Path) -> None:
    other = copytree(folders["qwen2_vl"], tmp_path / "other")
    (other / "config.json").write_text(json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}))
    with pytest.raises(ModelLost, match=r"is a llama, which LocalModel does not support: serve it"):
        LocalModel(other, device="cpu").connect()


def test_code_of_a_checkpoint_is_not_run(folders: dict[str, Path], tmp_path: Path) -> None:
    other = copytree(folders["qwen2_vl"], tmp_path / "other")
    marker = tmp_path / "marker"
    (other / "code.py").write_text(f"open({str(marker)!r}, 'w')")
    config = {"model_type": "opencua", "auto_map": {"AutoConfig": "code.OpenCuaConfig"}}
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="brings its own code, which LocalModel never runs: serve it with vLLM"):
        LocalModel(other, device="cpu")
    assert not marker.exists()


@pytest.mark.parametrize("file", ["tokenizer_config.json", "preprocessor_config.json"])
def test_code_of_a_processor_is_neither_run_nor_asked_about(
    folders: dict[str, Path], tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """transformers asks at a terminal unless `trust_remote_code` is False."""

    def asked(prompt: str = "") -> str:
        pytest.fail(f"a question was asked: {prompt}")

    monkeypatch.setattr("builtins.input", asked)
    other = copytree(folders["qwen2_vl"], tmp_path / "other")
    marker = tmp_path / "marker"
    (other / "code.py").write_text(f"open({str(marker)!r}, 'w')")
    names = ("AutoProcessor", "AutoImageProcessor", "AutoTokenizer")
    config = json.loads((other / file).read_text())
    config["auto_map"] = {name: ["code.Own", None] if name == "AutoTokenizer" else "code.Own" for name in names}
    (other / file).write_text(json.dumps(config))
    with suppress(ModelLost):  # a class of transformers may do as well
        LocalModel(other, device="cpu").connect()
    assert not marker.exists()


@pytest.mark.parametrize("corrupted", ["cut", "gone"])
def test_broken_weights_are_reported_in_one_line(folders: dict[str, Path], tmp_path: Path, corrupted: str) -> None:
    broken = copytree(folders["qwen2_vl"], tmp_path / "broken")
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
    broken = copytree(folders["qwen2_5_vl"], tmp_path / "part")
    weights = safetensors.load_file(broken / "model.safetensors")
    name = next(name for name in weights if "q_proj.weight" in name)
    del weights[name]
    safetensors.save_file(weights, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelLost, match=r"1 of its weights are missing, such as .*q_proj"):
        LocalModel(broken, device="cpu").connect()
