"""How a situation becomes a prompt."""

from collections.abc import Sequence

import pytest

from screenwright import (
    Decided,
    FakeEnv,
    ImagePart,
    Message,
    ModelInfo,
    ModelPolicy,
    Replied,
    Sampling,
    ScriptedModel,
    Size,
    UiTars15,
    WindowHistory,
)
from screenwright.agent.budget import LEAST_REPLY, estimated_tokens
from screenwright.agent.policy import EARLIER_LEFT_OUT, Look, Situation

WAIT = "Thought: t\nAction: wait()"
SHOT = FakeEnv().observe().screenshot
IMAGE_TOKENS = 23 * 17 + 2  # 640x480 is sent as 644x476


class Limited(ScriptedModel):
    """A scripted model that says how much it can take."""

    def __init__(self, context_tokens: int) -> None:
        super().__init__([WAIT])
        self.context_tokens = context_tokens

    def info(self) -> ModelInfo:
        return ModelInfo("limited", context_tokens=self.context_tokens)


def asked(context_tokens: int, looks: int = 5) -> tuple[Sequence[Message], Sampling, int]:
    """What a model of that context is asked after `looks` looks, and how many images it is shown."""
    model = Limited(context_tokens)
    past = tuple(Look(SHOT, reply=WAIT) for _ in range(looks - 1))
    events = list(
        ModelPolicy(model, UiTars15(), history=WindowHistory(5)).decide(
            Situation("a task", looks, (*past, Look(SHOT))), lambda: False
        )
    )
    replied = events[0]
    assert isinstance(replied, Replied)
    assert isinstance(events[-1], Decided)
    return model.asked[0], model.samplings[0], replied.images


def images_in(messages: Sequence[Message]) -> int:
    return sum(isinstance(part, ImagePart) for message in messages for part in message.parts)


def test_a_large_context_is_shown_what_the_history_chooses() -> None:
    messages, sampling, images = asked(100_000)
    assert images == images_in(messages) == 5
    assert sampling.max_tokens == UiTars15().sampling.max_tokens


def test_a_small_context_is_shown_fewer_images_and_asked_for_a_shorter_reply() -> None:
    whole, _, _ = asked(100_000)
    text = estimated_tokens(whole, UiTars15().image_rule) - 5 * IMAGE_TOKENS
    messages, sampling, images = asked(text + 3 * IMAGE_TOKENS + LEAST_REPLY)
    assert images == images_in(messages) == 3
    assert LEAST_REPLY <= sampling.max_tokens < LEAST_REPLY + IMAGE_TOKENS
    assert (
        estimated_tokens(messages, UiTars15().image_rule) + sampling.max_tokens <= text + 3 * IMAGE_TOKENS + LEAST_REPLY
    )


def test_the_newest_image_is_always_shown() -> None:
    messages, sampling, images = asked(10)
    assert images == images_in(messages) == 1
    assert sampling.max_tokens == 1


def test_where_the_replies_alone_are_too_long_the_oldest_turns_are_left_out_and_that_is_said() -> None:
    rule = UiTars15().image_rule
    whole, _, _ = asked(1_000_000, looks=200)
    one, _, _ = asked(100_000, looks=1)
    context = estimated_tokens(one, rule) + LEAST_REPLY + 1000
    messages, sampling, images = asked(context, looks=200)
    replies = [message for message in messages if message.role == "assistant"]
    assert images == 1
    assert 0 < len(replies) < 199
    assert len(whole) > len(messages)
    assert sum(EARLIER_LEFT_OUT in message.text for message in messages) == 1
    assert estimated_tokens(messages, rule) + sampling.max_tokens <= context


@pytest.mark.parametrize(("size", "tokens"), [(Size(1288, 728), 1196), (Size(1932, 1092), 2691), (Size(644, 476), 391)])
def test_image_tokens_are_what_servers_count(size: Size, tokens: int) -> None:
    assert UiTars15().image_rule.tokens(size) == tokens + 2


def test_scripts_other_than_latin_are_counted_a_token_a_character() -> None:
    rule = UiTars15().image_rule
    assert estimated_tokens([Message.of("user", "漢" * 90)], rule) > 2 * estimated_tokens(
        [Message.of("user", "a" * 90)], rule
    )
