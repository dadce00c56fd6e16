"""How a situation becomes a prompt."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from screenwright import (
    Completion,
    Decided,
    FakeEnv,
    ImagePart,
    Message,
    ModelInfo,
    ModelPolicy,
    RecoveredError,
    Replied,
    Sampling,
    ScriptedModel,
    Size,
    Summarized,
    UiTars15,
    WindowHistory,
)
from screenwright.agent.core.context import DecisionContext, HistoryStep
from screenwright.agent.core.context_window import MIN_REPLY_TOKENS, estimated_tokens
from screenwright.agent.policy.summary import MAX_SUMMARY_CHARACTERS, OMITTED, SUMMARIZED

WAIT = "Thought: t\nAction: wait()"
SHOT = FakeEnv().observe().screenshot
IMAGE_TOKENS = 23 * 17 + 2  # 640x480 is sent as 644x476


class Limited(ScriptedModel):
    """A scripted model that says how much it can take."""

    def __init__(self, context_tokens: int, replies: Sequence[str | Completion] = (WAIT,)) -> None:
        super().__init__(replies)
        self.context_tokens = context_tokens

    def info(self) -> ModelInfo:
        return ModelInfo("limited", context_tokens=self.context_tokens)


def asked(context_tokens: int, history: int = 5) -> tuple[Sequence[Message], Sampling, int]:
    """What a model of that context is asked after `history` looks, and how many images it is shown."""
    model = Limited(context_tokens)
    past = tuple(HistoryStep(SHOT, reply=WAIT) for _ in range(history - 1))
    events = list(
        ModelPolicy(model, UiTars15(), history=WindowHistory(5), summarize=False).decide(
            DecisionContext("a task", history, (*past, HistoryStep(SHOT))), lambda: False
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
    messages, sampling, images = asked(text + 3 * IMAGE_TOKENS + MIN_REPLY_TOKENS)
    assert images == images_in(messages) == 3
    assert MIN_REPLY_TOKENS <= sampling.max_tokens < MIN_REPLY_TOKENS + IMAGE_TOKENS
    assert (
        estimated_tokens(messages, UiTars15().image_rule) + sampling.max_tokens
        <= text + 3 * IMAGE_TOKENS + MIN_REPLY_TOKENS
    )


def test_the_newest_image_is_always_shown() -> None:
    messages, sampling, images = asked(10)
    assert images == images_in(messages) == 1
    assert sampling.max_tokens == 1


def test_where_the_replies_alone_are_too_long_the_oldest_turns_are_left_out_and_that_is_said() -> None:
    rule = UiTars15().image_rule
    whole, _, _ = asked(1_000_000, history=200)
    one, _, _ = asked(100_000, history=1)
    context = estimated_tokens(one, rule) + MIN_REPLY_TOKENS + 1000
    messages, sampling, images = asked(context, history=200)
    replies = [message for message in messages if message.role == "assistant"]
    assert images == 1
    assert 0 < len(replies) < 199
    assert len(whole) > len(messages)
    assert sum(OMITTED in message.text for message in messages) == 1
    assert estimated_tokens(messages, rule) + sampling.max_tokens <= context


SHORT = "The list was opened; it has 12 names. Still to be done: choose Ann."


def nobody_stops() -> bool:
    return False


def condensing(*replies: str | Completion, history: int = 200) -> tuple[Limited, ModelPolicy, DecisionContext]:
    """A policy that has no room for so many replies, and where it is."""
    rule = UiTars15().image_rule
    one, _, _ = asked(100_000, history=1)
    model = Limited(estimated_tokens(one, rule) + MIN_REPLY_TOKENS + 1000, replies)
    past = tuple(HistoryStep(SHOT, reply=f"Thought: name {number}\nAction: wait()") for number in range(1, history))
    return model, ModelPolicy(model, UiTars15()), DecisionContext("a task", history, (*past, HistoryStep(SHOT)))


def test_the_oldest_steps_are_told_again_in_short_by_the_model_once_the_context_is_full() -> None:
    model, policy, context = condensing(SHORT, WAIT, history=120)
    told, condensed, acted, decided = policy.decide(context, nobody_stops)
    assert isinstance(told, Replied)
    assert (told.purpose, told.text, told.images) == ("summarize", SHORT, 0)
    assert isinstance(condensed, Summarized)
    assert condensed.text == SHORT
    assert 0 < condensed.steps < 119
    assert isinstance(acted, Replied)
    assert acted.purpose == "act"
    assert isinstance(decided, Decided)
    (request,), prompt = model.asked
    assert "a task" in request.text
    assert f"{condensed.steps}. Thought: name {condensed.steps} Action" in request.text
    assert f"name {condensed.steps + 1} " not in request.text
    assert estimated_tokens((request,), UiTars15().image_rule) < model.context_tokens
    assert sum(SUMMARIZED + SHORT in message.text for message in prompt) == 1


def test_what_was_told_in_short_stands_until_the_context_is_full_again_and_is_then_told_with_the_next() -> None:
    model, policy, context = condensing(SHORT, WAIT, WAIT, "Shorter.", WAIT, history=80)
    first = [event for event in policy.decide(context, nobody_stops) if isinstance(event, Summarized)]
    more = replace(context, history=(*context.history, HistoryStep(SHOT)))
    assert not [event for event in policy.decide(more, nobody_stops) if isinstance(event, Summarized)]
    assert any(SUMMARIZED + SHORT in message.text for message in model.asked[-1])
    many = replace(context, history=(*context.history[:-1] * 2, HistoryStep(SHOT)))
    second = [event for event in policy.decide(many, nobody_stops) if isinstance(event, Summarized)]
    assert SHORT in model.asked[-2][0].text
    assert (len(first), len(second)) == (1, 1)
    assert second[0].steps > first[0].steps
    assert second[0].text == "Shorter."


def test_a_fresh_plan_is_not_told_what_was_before_it() -> None:
    model, policy, context = condensing(SHORT, WAIT, WAIT)
    list(policy.decide(context, nobody_stops))
    list(policy.decide(replace(context, history=(*context.history, HistoryStep(SHOT, replan=True))), nobody_stops))
    assert not any(SUMMARIZED in message.text for message in model.asked[-1])


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("Thought: the list has 12 names\nAction: wait()", "the list has 12 names"),
        ("Action: wait()", ""),
        (" \n ", ""),
        ("so " * 5000, ("so " * 5000)[:MAX_SUMMARY_CHARACTERS]),
    ],
)
def test_a_model_that_answers_with_an_action_is_taken_by_its_thought(reply: str, text: str) -> None:
    model, policy, context = condensing(reply, WAIT)
    (condensed,) = [event for event in policy.decide(context, nobody_stops) if isinstance(event, Summarized)]
    assert condensed.text == text
    assert any((SUMMARIZED + text if text else OMITTED) in message.text for message in model.asked[-1])


def test_a_context_without_room_even_for_that_is_not_asked() -> None:
    model = Limited(10)
    context = DecisionContext("a task", 2, (HistoryStep(SHOT, reply=WAIT), HistoryStep(SHOT)))
    events = list(ModelPolicy(model, UiTars15()).decide(context, nobody_stops))
    assert len(model.asked) == 1
    assert isinstance(events[-1], Decided)


def test_trouble_that_a_server_was_asked_again_for_is_an_event() -> None:
    model = Limited(100_000, [Completion(WAIT, recovered_errors=("the model server failed (502)",))])
    events = list(
        ModelPolicy(model, UiTars15()).decide(DecisionContext("a task", 1, (HistoryStep(SHOT),)), nobody_stops)
    )
    assert events[0] == RecoveredError(1, "model", "the model server failed (502)")


@pytest.mark.parametrize(("size", "tokens"), [(Size(1288, 728), 1196), (Size(1932, 1092), 2691), (Size(644, 476), 391)])
def test_image_tokens_are_what_servers_count(size: Size, tokens: int) -> None:
    assert UiTars15().image_rule.tokens(size) == tokens + 2


def test_scripts_other_than_latin_are_counted_a_token_a_character() -> None:
    rule = UiTars15().image_rule
    assert estimated_tokens([Message.of("user", "漢" * 90)], rule) > 2 * estimated_tokens(
        [Message.of("user", "a" * 90)], rule
    )
