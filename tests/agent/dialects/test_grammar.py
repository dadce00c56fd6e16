import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright import Agent, FakeEnv, ModelPolicy, ScriptedModel, Size, UiTars15
from screenwright.agent.dialects.grammar import integers_up_to, ui_tars_grammar
from screenwright.agent.dialects.prompting.prompt_kind import Prompt


@given(most=st.integers(0, 99_999), number=st.integers(0, 200_000))
def test_integer_pattern_matches_exactly_the_integers_up_to_the_limit(most: int, number: int) -> None:
    assert (re.fullmatch(integers_up_to(most), str(number)) is not None) is (number <= most)


@pytest.mark.parametrize("most", [0, 1, 9, 10, 99, 100, 727, 1287, 1931])
def test_integer_pattern_rejects_leading_zeros(most: int) -> None:
    assert all(re.fullmatch(integers_up_to(most), str(number)) for number in range(most + 1))
    assert not any(re.fullmatch(integers_up_to(most), text) for text in ("", "00", "01", "-1", str(most + 1), "٣"))


def test_negative_limit_is_an_error() -> None:
    with pytest.raises(ValueError, match="-1"):
        integers_up_to(-1)


def test_grammar_contains_box_tokens_and_image_limits() -> None:
    grammar = ui_tars_grammar(Size(1288, 728))
    assert 'box: <|box_start|> "("' in grammar
    assert integers_up_to(1287) in grammar
    assert integers_up_to(727) in grammar
    assert "navigate" not in grammar
    assert "navigate_back()" in ui_tars_grammar(Size(28, 28), browser=True)


def test_constrained_policy_sends_the_grammar_for_its_image_size() -> None:
    for constrain in (True, False):
        model = ScriptedModel(["Action: finished(content='x')"])
        policy = ModelPolicy(model, UiTars15(), prompt=Prompt.BROWSER, constrain=constrain)
        Agent(policy=policy).run("a task", FakeEnv())
        grammar = model.samplings[0].grammar
        assert (grammar == ui_tars_grammar(Size(644, 476), browser=True)) is constrain
        assert (grammar is None) is not constrain
