from collections.abc import Sequence
from itertools import pairwise

import pytest

from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Completion, Model, ModelLost, Sampling, Usage
from screenwright.agent.models.scripted import ScriptedModel

QUESTION = (Message.of("user", "What now?"),)


def test_replies_come_in_order_and_each_once() -> None:
    model: Model = ScriptedModel(["one", "two"])
    assert [model.complete(QUESTION, Sampling()).text for _ in range(2)] == ["one", "two"]


def test_a_script_that_is_over_loses_the_model() -> None:
    model = ScriptedModel(["only"])
    model.complete(QUESTION, Sampling())
    with pytest.raises(ModelLost, match="the script is over"):
        model.complete(QUESTION, Sampling())


def test_a_failure_in_the_script_is_raised_in_its_turn() -> None:
    model = ScriptedModel([ModelLost("unplugged"), "back again"])
    with pytest.raises(ModelLost, match="unplugged"):
        model.complete(QUESTION, Sampling())
    assert model.complete(QUESTION, Sampling()).text == "back again"


def test_a_reply_may_be_computed_from_the_messages() -> None:
    def echo(messages: Sequence[Message]) -> str:
        return f"you said {messages[-1].text}"

    model = ScriptedModel(["fixed", echo])
    assert [model.complete(QUESTION, Sampling()).text for _ in range(2)] == ["fixed", "you said What now?"]


def test_a_function_as_the_script_answers_every_call() -> None:
    model = ScriptedModel(lambda messages: f"{len(messages)} messages")
    assert [model.complete(QUESTION * number, Sampling()).text for number in (1, 3)] == ["1 messages", "3 messages"]


def test_what_was_asked_is_kept() -> None:
    model = ScriptedModel(["a", "b"])
    model.complete(QUESTION, Sampling(max_tokens=7))
    model.complete((*QUESTION, Message.of("assistant", "a")), Sampling())
    assert [len(messages) for messages in model.asked] == [1, 2]
    assert model.samplings[0].max_tokens == 7


def test_stop_is_asked_before_the_first_token_and_sees_the_text_grow() -> None:
    seen: list[str] = []

    def listen(text: str) -> bool:
        seen.append(text)
        return False

    assert ScriptedModel(["a reply of some length"]).complete(QUESTION, Sampling(), listen).text == seen[-1]
    assert seen[0] == ""
    assert all(later.startswith(earlier) and later != earlier for earlier, later in pairwise(seen))
    assert len(seen) > 4


def test_stop_ends_the_reply_there() -> None:
    reply = ScriptedModel(["click(1, 2) and much more"]).complete(QUESTION, Sampling(), lambda text: ")" in text)
    assert reply.text.startswith("click(1, 2)")
    assert "more" not in reply.text


def test_a_reply_costs_the_usage_given_and_may_be_cut_off() -> None:
    model = ScriptedModel(["cheap", Completion("cut", Usage(9, 9), complete=False)], usage=Usage(100, 10, 60))
    assert model.complete(QUESTION, Sampling()).usage == Usage(100, 10, 60)
    cut = model.complete(QUESTION, Sampling())
    assert (cut.usage, cut.complete) == (Usage(9, 9), False)
