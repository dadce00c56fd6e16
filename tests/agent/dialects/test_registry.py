"""Choosing a dialect by name or by model."""

import pytest

from screenwright.agent.dialects.registry import (
    dialect_for_model,
    dialect_named,
    dialect_names,
    required_dialect_for_model,
)


@pytest.mark.parametrize("name", dialect_names())
def test_dialect_has_the_name_of_its_entry_point(name: str) -> None:
    assert dialect_named(name).name == name


@pytest.mark.parametrize(
    ("served", "name"),
    [
        ("ByteDance-Seed/UI-TARS-1.5-7B", "ui-tars-1.5"),
        ("ui-tars-1.5-7b-awq", "ui-tars-1.5"),
        ("uitars15-7b", "ui-tars-1.5"),
        ("ui-tars-1p5-7b", "ui-tars-1.5"),
        ("UI_TARS_7B_v1.5", "ui-tars-1.5"),
        ("reader", "ui-tars-1.5"),
        ("ui-tars-1.0", "ui-tars-1.0"),
        ("UI-TARS-7B-SFT", "ui-tars-1.0"),
        ("ui-tars-72b", "ui-tars-1.0"),
        ("/models/UI-TARS-1.5-7B", "ui-tars-1.5"),
        ("bytedance-research/UI-TARS-7B-DPO", "ui-tars-1.0"),
        ("ByteDance-Seed/UI-TARS-2B-SFT", "ui-tars-1.0"),
        ("UI-TARS-72B-DPO", "ui-tars-1.0"),
        ("UI-TARS-2", "seed-xml"),
        ("doubao-1-5-ui-tars-250428", "doubao"),
        ("doubao-1.5-thinking-vision-pro", "doubao"),
        ("doubao-seed-1-8-251228", "seed-xml"),
        ("doubao-seed-1.6", "seed-xml"),
        ("Seed1.5-VL", "doubao"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen2.5-vl"),
        ("mPLUG/GUI-Owl-7B", "gui-owl-1.0"),
        ("mPLUG/GUI-Owl-32B", "gui-owl-1.0"),
        ("Qwen/Qwen3-VL-8B-Instruct", "qwen3-vl"),
        ("mPLUG/GUI-Owl-1.5-8B", "gui-owl-1.5"),
        ("mPLUG/GUI-Owl-1.5-32B-Instruct", "gui-owl-1.5"),
        ("Qwen/Qwen3.5-9B", "qwen3.5"),
        ("Qwen/Qwen3.5-35B-A3B-FP8", "qwen3.5"),
        ("qwen3.6:27b", "qwen3.5"),
        ("unsloth/Qwen3.6-35B-A3B-GGUF", "qwen3.5"),
        ("qwen35vl-9b-awq", "qwen3.5"),
        ("Qwen/Qwen3.8-27B", "qwen3.8"),
        ("qwen3.7-plus", "qwen3.8"),
        ("meituan/EvoCUA-32B-20260105", "evocua"),
        ("microsoft/Fara-7B", "fara-7b"),
        ("fara-7b-gguf", "fara-7b"),
        ("microsoft/Fara1.5-9B", "fara1.5"),
        ("Fara-1.5-27B-FP8", "fara1.5"),
        ("xlangai/OpenCUA-7B", "opencua"),
        ("OpenGVLab/ScaleCUA-3B", "scalecua"),
        ("Hcompany/Holo1-7B", "holo1"),
        ("Hcompany/Holo1.5-7B", "holo1.5"),
        ("Hcompany/Holo2-8B", "holo2"),
        ("HelloKKMe/GTA1-7B", "gta1"),
        ("inclusionAI/UI-Venus-1.5-8B", "ui-venus-1.5"),
        ("inclusionAI/UI-Venus-Navi-7B", "ui-venus-1.0"),
        ("inclusionAI/UI-Venus-Ground-72B", "ui-venus-ground"),
        ("inclusionAI/UI-Venus-2-9B", "ui-venus-2"),
        ("UI-Venus-2-9B-AWQ", "ui-venus-2"),
        ("ui-venus-1.5-30b-a3b-gguf", "ui-venus-1.5"),
        ("UI-Venus-Navi-72B-FP8", "ui-venus-1.0"),
    ],
)
def test_dialect_is_chosen_by_the_model_name(served: str, name: str) -> None:
    dialect = dialect_for_model(served)
    assert dialect is not None
    assert dialect.name == name


@pytest.mark.parametrize("served", ["gpt-4o", "", "Qwen/Qwen3-8B", "Qwen3-5B"])
def test_unknown_model_has_no_dialect(served: str) -> None:
    assert dialect_for_model(served) is None
    with pytest.raises(
        ValueError, match=f"no dialect is known for the model '{served}': choose one of autoglm, doubao, "
    ):
        required_dialect_for_model(served)


@pytest.mark.parametrize(
    ("served", "names"),
    [
        ("ui-tars", "ui-tars-1.0 or ui-tars-1.5"),
        ("UI-TARS-7B", "ui-tars-1.0 or ui-tars-1.5"),
        ("bytedance/UI-TARS-desktop", "ui-tars-1.0 or ui-tars-1.5"),
        ("gui-owl", "gui-owl-1.0 or gui-owl-1.5"),
        ("fara", "fara-7b or fara1.5"),
        ("ui-venus", "ui-venus-1.0 or ui-venus-1.5 or ui-venus-2 or ui-venus-ground"),
    ],
)
def test_name_without_a_version_does_not_choose_a_dialect(served: str, names: str) -> None:
    assert dialect_for_model(served) is None
    with pytest.raises(
        ValueError, match=f"the model name '{served}' does not determine the dialect: use --dialect {names};"
    ):
        required_dialect_for_model(served)


def test_unknown_dialect_error_lists_the_available_ones() -> None:
    with pytest.raises(ValueError, match="there is no dialect 'klingon'; available: autoglm, doubao, ") as caught:
        dialect_named("klingon")
    assert "ui-tars-1.5" in str(caught.value)
    assert "\n" not in str(caught.value)
