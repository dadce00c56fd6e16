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
