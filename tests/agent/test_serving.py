import pytest

from screenwright.agent.serving import Serving, billions, vllm_command


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("ByteDance-Seed/UI-TARS-1.5-7B", 7),
        ("ByteDance-Seed/UI-TARS-72B-DPO", 72),
        ("Qwen/Qwen2.5-VL-32B-Instruct", 32),
        ("some/model-0.5b", 0.5),
        ("ui-tars", None),
        ("/models/2b2", None),
    ],
)
def test_the_size_is_read_from_the_name(model: str, size: float | None) -> None:
    assert billions(model) == size


def flag(command: list[str], name: str) -> str | None:
    return command[command.index(name) + 1] if name in command else None


def test_a_small_model_is_copied_onto_each_gpu_and_a_large_one_is_split() -> None:
    small = vllm_command("ByteDance-Seed/UI-TARS-1.5-7B", Serving(gpus=4))
    large = vllm_command("ByteDance-Seed/UI-TARS-72B-DPO", Serving(gpus=4, ray=True))
    assert (flag(small, "--data-parallel-size"), flag(small, "--tensor-parallel-size")) == ("4", None)
    assert (flag(large, "--tensor-parallel-size"), flag(large, "--data-parallel-size")) == ("4", None)
    assert flag(large, "--distributed-executor-backend") == "ray"
    assert flag(small, "--limit-mm-per-prompt") == '{"image":5,"video":0}'


def test_a_model_too_large_for_one_gpu_is_refused_with_what_to_say() -> None:
    with pytest.raises(ValueError, match="--gpus"):
        vllm_command("ByteDance-Seed/UI-TARS-72B-DPO", Serving())


@pytest.mark.parametrize("wrong", [{"gpus": 0}, {"images": 0}, {"port": 0}, {"port": 70_000}])
def test_impossible_servings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="serving takes"):
        Serving(**wrong)  # type: ignore[arg-type]  # the names are of integers only
