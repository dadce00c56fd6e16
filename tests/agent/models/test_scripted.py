from collections.abc import Sequence
from itertools import pairwise

import pytest

from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Completion, Model, ModelLost, Sampling, Usage
from screenwright.agent.models.scripted import ScriptedModel

QUESTION = (Message.of("user", "What now?"),)


def test_replies_are_returned_in_order_and_once() -> None:
    model: Model = ScriptedModel(["one", "two"])
    assert [model.complete(QUESTION, Sampling()).text for _ in range(2)] == ["one", "two"]


def test_exhausted_script_raises_model_lost() -> None:
    model = ScriptedModel(["only"])
    model.complete(QUESTION, Sampling())
    with pytest.raises(ModelLost, match="the script is over"):
        model.complete(QUESTION, Sampling())


def test_error_in_the_script_is_raised_in_order() -> None:
    model = ScriptedModel([ModelLost("unplugged"), "back again"])
    with pytest.raises(ModelLost, match="unplugged"):
        model.complete(QUESTION, Sampling())
    assert model.complete(QUESTION, Sampling()).text == "back again"


def test_reply_can_be_computed_from_the_messages() -> None:
    def echo(messages: Sequence[Message]) -> str:
        return f"you said {messages[-1].text}"

    model = ScriptedModel(["fixed", echo])
    assert [model.complete(QUESTION, Sampling()).text for _ in range(2)] == ["fixed", "you said What now?"]


def test_function_computes_every_reply() -> None:
    model = ScriptedModel(lambda messages: f"{len(messages)} messages")
    assert [model.complete(QUESTION * number, Sampling()).text for number in (1, 3)] == ["1 messages", "3 messages"]


def test_calls_are_recorded() -> None:
    model = ScriptedModel(["a", "b"])
    model.complete(QUESTION, Sampling(max_tokens=7))
    model.complete((*QUESTION, Message.of("assistant", "a")), Sampling())
    assert [len(messages) for messages in model.asked] == [1, 2]
    assert model.samplings[0].max_tokens == 7


def test_stop_is_called_before_the_first_token_and_with_the_growing_text() -> None:
    seen: list[str] = []

    def listen(text: str) -> bool:
        seen.append(text)
        return False

    assert ScriptedModel(["a reply of some length"]).complete(QUESTION, Sampling(), listen).text == seen[-1]
    assert seen[0] == ""
    assert all(later.startswith(earlier) and later != earlier for earlier, later in pairwise(seen))
    assert len(seen) > 4


def test_stop_ends_the_reply() -> None:
    reply = ScriptedModel(["click(1, 2) and much more"]).complete(QUESTION, Sampling(), lambda text: ")" in text)
    assert reply.text.startswith("click(1, 2)")
    assert "more" not in reply.text


def test_reply_has_the_given_usage_and_may_be_truncated() -> None:
    model = ScriptedModel(["cheap", Completion("cut", Usage(9, 9), complete=False)], usage=Usage(100, 10, 60))
    assert model.complete(QUESTION, Sampling()).usage == Usage(100, 10, 60)
    cut = model.complete(QUESTION, Sampling())
    assert (cut.usage, cut.complete) == (Usage(9, 9), False)
