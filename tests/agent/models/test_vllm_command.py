import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.models.vllm_command import (
    WEIGHTS_PER_GPU_GB,
    ServeOptions,
    billion_parameters,
    gpus_needed,
    vllm_command,
    weights_gb,
)
from screenwright.agent.models.vllm_families import serving_profile

SMALL = "ByteDance-Seed/UI-TARS-1.5-7B"
LARGE = "ByteDance-Seed/UI-TARS-72B-DPO"


@pytest.mark.parametrize(
    ("model", "size"),
    [
        (SMALL, 7),
        (LARGE, 72),
        ("Qwen/Qwen2.5-VL-32B-Instruct", 32),
        ("Qwen/Qwen3-VL-30B-A3B-Instruct", 30),
        ("some/model-0.5b", 0.5),
        ("ui-tars", None),
        ("/models/2b2", None),
        ("/disk-80b/ui-tars/", None),
        ("/disk-80b/ui-tars-2B-SFT/", 2),
    ],
)
def test_size_is_read_from_the_name(model: str, size: float | None) -> None:
    assert billion_parameters(model) == size


@pytest.mark.parametrize(
    ("model", "gigabytes", "gpus"),
    [
        (SMALL, 14, 1),
        (LARGE, 144, 4),
        ("Qwen/Qwen2.5-VL-32B-Instruct", 64, 2),
        ("Qwen/Qwen2.5-VL-72B-Instruct-AWQ", 36, 1),
        ("RedHatAI/Qwen2.5-VL-72B-Instruct-FP8-dynamic", 72, 2),
        ("ui-tars", None, 1),
    ],
)
def test_quantized_weights_need_less_memory(model: str, gigabytes: float | None, gpus: int) -> None:
    assert (weights_gb(model), gpus_needed(model)) == (gigabytes, gpus)


def flag(command: list[str], name: str) -> str | None:
    return command[command.index(name) + 1] if name in command else None


def parallel(model: str, gpus: int) -> tuple[str | None, str | None]:
    command = vllm_command(model, ServeOptions(gpus=gpus))
    return flag(command, "--tensor-parallel-size"), flag(command, "--data-parallel-size")


@pytest.mark.parametrize(
    ("model", "gpus", "split", "copies"),
    [
        (SMALL, 1, None, None),
        (SMALL, 4, None, "4"),
        (LARGE, 2, "2", None),
        (LARGE, 4, "4", None),
        (LARGE, 8, "4", "2"),
        (LARGE, 3, "2", None),
        ("ui-tars", 2, None, "2"),
    ],
)
def test_small_model_is_replicated_and_large_model_is_split(
    model: str, gpus: int, split: str | None, copies: str | None
) -> None:
    assert parallel(model, gpus) == (split, copies)


@given(billion_parameters=st.integers(1, 400), gpus=st.integers(1, 64))
def test_command_uses_at_most_the_available_and_at_least_the_needed_gpus(billion_parameters: int, gpus: int) -> None:
    model = f"a/model-{billion_parameters}B"
    if gpus == 1 and billion_parameters > 60:
        with pytest.raises(ValueError, match="--gpus"):
            parallel(model, gpus)
        return
    split, copies = (int(value or 1) for value in parallel(model, gpus))
    assert split * copies <= gpus
    assert split.bit_count() == 1
    if gpus >= gpus_needed(model):
        assert 2 * billion_parameters / split <= WEIGHTS_PER_GPU_GB


def test_command_has_context_for_histories_no_video_and_cache_reports() -> None:
    command = vllm_command(SMALL, ServeOptions(images=7, port=8123))
    assert command[:3] == ["vllm", "serve", SMALL]
    assert (flag(command, "--host"), flag(command, "--port")) == ("127.0.0.1", "8123")
    assert json.loads(flag(command, "--limit-mm-per-prompt") or "") == {"image": 7, "video": 0}
    assert flag(command, "--max-model-len") == "auto"  # from the model's configuration
    assert flag(command, "--max-num-batched-tokens") == "16384"
    assert flag(command, "--generation-config") == "vllm"
    assert "--enable-prompt-tokens-details" in command


@pytest.mark.parametrize(
    ("model", "tools", "reasoning"),
    [
        ("Qwen/Qwen3.5-9B", "qwen3_coder", "qwen3"),
        ("unsloth/qwen3_8-27b-FP8", "qwen3_coder", "qwen3"),
        ("Hcompany/Holo3.1-35B-A3B-NVFP4", "qwen3_coder", "qwen3"),
        ("Hcompany/Holo4-27B", "qwen3_coder", "qwen3"),
        ("Hcompany/Holo2-8B", None, "holo2"),
        ("microsoft/Fara1.5-9B", "qwen3_coder", "qwen3"),
        ("microsoft/Fara-7B", "hermes", None),
        ("inclusionAI/UI-Venus-2-9B", "qwen3_coder", "qwen3"),
        ("inclusionAI/UI-Venus-1.5-8B", None, None),
        ("Qwen/Qwen2.5-VL-7B-Instruct-AWQ", "hermes", None),
        ("Qwen/Qwen3-VL-8B-Instruct", "hermes", None),
        ("mPLUG/GUI-Owl-1.5-8B-Instruct", "hermes", None),
        ("zai-org/GLM-4.6V-Flash", "glm45", "glm45"),
        ("zai-org/AutoGLM-Phone-9B", None, None),
        ("moonshotai/Kimi-K2.6", "kimi_k2", "kimi_k2"),
        ("moonshotai/Kimi-K3", "kimi_k3", "kimi_k3"),
        ("google/gemma-4-12B-it", "gemma4", "gemma4"),
        (SMALL, None, None),
    ],
)
def test_family_is_served_with_its_parsers(model: str, tools: str | None, reasoning: str | None) -> None:
    command = vllm_command(model, ServeOptions(gpus=8))
    assert (flag(command, "--tool-call-parser"), flag(command, "--reasoning-parser")) == (tools, reasoning)
    assert ("--enable-auto-tool-choice" in command) == (tools is not None)


@pytest.mark.parametrize(
    ("model", "runs_code"),
    [("moonshotai/Kimi-K2.6", True), ("xlangai/OpenCUA-7B", True), ("allenai/MolmoWeb-8B", True), (SMALL, False)],
)
def test_families_that_bring_code_are_known_and_it_is_never_run_by_default(model: str, runs_code: bool) -> None:
    assert serving_profile(model).runs_code == runs_code
    assert "--trust-remote-code" not in vllm_command(model, ServeOptions(gpus=8))


def test_folder_is_known_by_its_name_or_else_by_its_configuration(tmp_path: Path) -> None:
    model = tmp_path / "qwen3.5" / "tuned"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    assert flag(vllm_command(str(model), ServeOptions()), "--tool-call-parser") == "qwen3_coder"
    other = tmp_path / "tuned"
    other.mkdir()
    with pytest.raises(ValueError, match="contains no model"):
        vllm_command(str(other), ServeOptions())
    (other / "config.json").write_text("{broken")
    assert "--tool-call-parser" not in vllm_command(str(other), ServeOptions())
    (other / "config.json").write_text('{"model_type": "qwen3_5_moe"}')
    assert flag(vllm_command(str(other), ServeOptions()), "--tool-call-parser") == "qwen3_coder"


def test_several_machines_use_ray() -> None:
    split = vllm_command(LARGE, ServeOptions(gpus=4, ray=True))
    copied = vllm_command(SMALL, ServeOptions(gpus=4, ray=True))
    assert flag(split, "--distributed-executor-backend") == "ray"
    assert flag(split, "--data-parallel-backend") is None
    assert flag(copied, "--data-parallel-backend") == "ray"
    assert "ray" not in vllm_command(SMALL, ServeOptions(gpus=4))


@pytest.mark.parametrize(
    ("model", "gpus", "per_machine", "local"),
    [(SMALL, 16, 8, "8"), (LARGE, 16, 8, "2"), (SMALL, 4, 8, "4"), (SMALL, 8, 2, "2"), (LARGE, 8, 2, "1")],
)
def test_first_machine_gets_as_many_copies_as_fit_on_it(model: str, gpus: int, per_machine: int, local: str) -> None:
    command = vllm_command(model, ServeOptions(gpus=gpus, ray=True, gpus_per_machine=per_machine))
    assert flag(command, "--data-parallel-size-local") == local


def test_extra_arguments_come_last_and_override() -> None:
    assert vllm_command(SMALL, ServeOptions(extra_args=("--max-model-len", "32768")))[-2:] == [
        "--max-model-len",
        "32768",
    ]


def test_model_too_large_for_one_gpu_is_rejected_with_the_flag_to_use() -> None:
    with pytest.raises(ValueError, match=r"144 GB.*--gpus"):
        vllm_command(LARGE, ServeOptions())


@pytest.mark.parametrize("model", ["", "--port", "a/b/c", "/no/folder", "openai:gpt-5.4", "x" * 5000 + "/"])
def test_what_is_no_model_is_rejected(model: str) -> None:
    with pytest.raises(ValueError, match="is neither a folder nor a name on the Hugging Face hub: name a model"):
        vllm_command(model, ServeOptions())


@pytest.mark.parametrize("model", ["gpt2", "owner/model-GGUF:Q4_K_M", "s3://bucket/model", "./model.gguf"])
def test_other_forms_that_vllm_takes_are_left_to_it(model: str) -> None:
    assert vllm_command(model, ServeOptions())[2] == model


@pytest.mark.parametrize("wrong", [{"gpus": 0}, {"images": 0}, {"port": 0}, {"port": 70_000}, {"gpus_per_machine": 0}])
def test_invalid_option_is_rejected_by_name(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"--{next(iter(wrong)).replace('_', '-')} is .* but should be"):
        ServeOptions(**wrong)  # type: ignore[arg-type]  # the names are of integers only
