import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.models.vllm_command import (
    WEIGHTS_A_GPU,
    Serving,
    billions,
    gpus_to_hold,
    vllm_command,
    weights_gb,
)

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
def test_the_size_is_read_from_the_name(model: str, size: float | None) -> None:
    assert billions(model) == size


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
def test_quantised_weights_take_less(model: str, gigabytes: float | None, gpus: int) -> None:
    assert (weights_gb(model), gpus_to_hold(model)) == (gigabytes, gpus)


def flag(command: list[str], name: str) -> str | None:
    return command[command.index(name) + 1] if name in command else None


def parallel(model: str, gpus: int) -> tuple[str | None, str | None]:
    command = vllm_command(model, Serving(gpus=gpus))
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
def test_a_small_model_is_copied_onto_each_gpu_and_a_large_one_is_split(
    model: str, gpus: int, split: str | None, copies: str | None
) -> None:
    assert parallel(model, gpus) == (split, copies)


@given(billions=st.integers(1, 400), gpus=st.integers(1, 64))
def test_never_more_gpus_than_there_are_and_never_fewer_than_needed_if_they_suffice(billions: int, gpus: int) -> None:
    model = f"a/model-{billions}B"
    if gpus == 1 and billions > 60:
        with pytest.raises(ValueError, match="--gpus"):
            parallel(model, gpus)
        return
    split, copies = (int(value or 1) for value in parallel(model, gpus))
    assert split * copies <= gpus
    assert split.bit_count() == 1
    if gpus >= gpus_to_hold(model):
        assert 2 * billions / split <= WEIGHTS_A_GPU


def test_the_command_has_room_for_histories_and_no_video_and_tells_of_the_cache() -> None:
    command = vllm_command(SMALL, Serving(images=7, port=8123))
    assert command[:3] == ["vllm", "serve", SMALL]
    assert (flag(command, "--host"), flag(command, "--port")) == ("127.0.0.1", "8123")
    assert json.loads(flag(command, "--limit-mm-per-prompt") or "") == {"image": 7, "video": 0}
    assert flag(command, "--max-model-len") == "65536"
    assert flag(command, "--max-num-batched-tokens") == "16384"
    assert flag(command, "--generation-config") == "vllm"
    assert "--enable-prompt-tokens-details" in command


def test_several_machines_are_joined_by_ray() -> None:
    split = vllm_command(LARGE, Serving(gpus=4, ray=True))
    copied = vllm_command(SMALL, Serving(gpus=4, ray=True))
    assert flag(split, "--distributed-executor-backend") == "ray"
    assert flag(split, "--data-parallel-backend") is None
    assert flag(copied, "--data-parallel-backend") == "ray"
    assert "ray" not in vllm_command(SMALL, Serving(gpus=4))


def test_what_the_user_adds_comes_last_and_so_overrules() -> None:
    assert vllm_command(SMALL, Serving(more=("--max-model-len", "32768")))[-2:] == ["--max-model-len", "32768"]


def test_a_model_too_large_for_one_gpu_is_refused_with_what_to_say() -> None:
    with pytest.raises(ValueError, match=r"144 GB.*--gpus"):
        vllm_command(LARGE, Serving())


@pytest.mark.parametrize("model", ["", "--port"])
def test_what_is_no_model_is_refused(model: str) -> None:
    with pytest.raises(ValueError, match="is not a model"):
        vllm_command(model, Serving())


@pytest.mark.parametrize("wrong", [{"gpus": 0}, {"images": 0}, {"port": 0}, {"port": 70_000}])
def test_impossible_servings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="serving takes"):
        Serving(**wrong)  # type: ignore[arg-type]  # the names are of integers only
