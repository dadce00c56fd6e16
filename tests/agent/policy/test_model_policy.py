"""From a decision context to a prompt that fits the context window."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from screenwright import (
    Agent,
    Completion,
    Decided,
    FakeEnv,
    Finish,
    ImagePart,
    Message,
    ModelInfo,
    ModelPolicy,
    ParseFailed,
    RecoveredError,
    Replied,
    Sampling,
    ScriptedModel,
    Size,
    Started,
    Summarized,
    Supervision,
    UiTars15,
    WindowHistory,
    dialect_named,
)
from screenwright.agent.core.context import DecisionContext, HistoryStep
from screenwright.agent.core.context_window import MIN_REPLY_TOKENS, estimated_tokens
from screenwright.agent.core.coordinates import Frame
from screenwright.agent.core.model import PromptRefused, never
from screenwright.agent.dialects.registry import dialect_names, with_ask_user
from screenwright.agent.policy.summary import MAX_SUMMARY_CHARACTERS, OMITTED, SUMMARIZED, summary_text
from screenwright.envs.geometry import ScreenPoint

WAIT = "Thought: t\nAction: wait()"
SHOT = FakeEnv().observe().screenshot
IMAGE_TOKENS = 23 * 17 + 2  # 640x480 is sent as 644x476


class Limited(ScriptedModel):
    """A scripted model with a limited context window."""

    def __init__(self, context_tokens: int, replies: Sequence[str | Completion] = (WAIT,)) -> None:
        super().__init__(replies)
        self.context_tokens = context_tokens

    def info(self) -> ModelInfo:
        return ModelInfo("limited", context_tokens=self.context_tokens)


def asked(context_tokens: int, history: int = 5) -> tuple[Sequence[Message], Sampling, int]:
    """The prompt, the sampling and the number of images for a model with that context window after `history` steps."""
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


def test_large_context_gets_all_images_of_the_history() -> None:
    messages, sampling, images = asked(100_000)
    assert images == images_in(messages) == 5
    assert sampling.max_tokens == UiTars15().sampling.max_tokens


def test_small_context_gets_fewer_images_and_a_shorter_reply() -> None:
    whole, _, _ = asked(100_000)
    text = estimated_tokens(whole, UiTars15().image_rule) - 5 * IMAGE_TOKENS
    messages, sampling, images = asked(text + 3 * IMAGE_TOKENS + MIN_REPLY_TOKENS)
    assert images == images_in(messages) == 3
    assert MIN_REPLY_TOKENS <= sampling.max_tokens < MIN_REPLY_TOKENS + IMAGE_TOKENS
    assert (
        estimated_tokens(messages, UiTars15().image_rule) + sampling.max_tokens
        <= text + 3 * IMAGE_TOKENS + MIN_REPLY_TOKENS
    )


def test_newest_image_is_always_sent() -> None:
    messages, sampling, images = asked(10)
    assert images == images_in(messages) == 1
    assert sampling.max_tokens == 1


def test_oldest_turns_are_dropped_with_a_note_if_replies_do_not_fit() -> None:
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


def never_interrupted() -> bool:
    return False


def with_full_context(*replies: str | Completion, history: int = 200) -> tuple[Limited, ModelPolicy, DecisionContext]:
    """A model, a policy and a context with more replies than fit into the window."""
    rule = UiTars15().image_rule
    one, _, _ = asked(100_000, history=1)
    model = Limited(estimated_tokens(one, rule) + MIN_REPLY_TOKENS + 1000, replies)
    past = tuple(HistoryStep(SHOT, reply=f"Thought: name {number}\nAction: wait()") for number in range(1, history))
    return model, ModelPolicy(model, UiTars15()), DecisionContext("a task", history, (*past, HistoryStep(SHOT)))


def test_model_summarizes_the_oldest_steps_when_the_context_is_full() -> None:
    model, policy, context = with_full_context(SHORT, WAIT, history=120)
    reply, summarized, acted, decided = policy.decide(context, never_interrupted)
    assert isinstance(reply, Replied)
    assert (reply.purpose, reply.text, reply.images) == ("summarize", SHORT, 0)
    assert isinstance(summarized, Summarized)
    assert summarized.text == SHORT
    assert 0 < summarized.steps < 119
    assert isinstance(acted, Replied)
    assert acted.purpose == "act"
    assert isinstance(decided, Decided)
    (request,), prompt = model.asked
    assert "a task" in request.text
    assert f"{summarized.steps}. Thought: name {summarized.steps} Action" in request.text
    assert f"name {summarized.steps + 1} " not in request.text
    assert estimated_tokens((request,), UiTars15().image_rule) < model.context_tokens
    assert sum(SUMMARIZED + SHORT in message.text for message in prompt) == 1


def test_summary_is_kept_and_extended_when_the_context_is_full_again() -> None:
    model, policy, context = with_full_context(SHORT, WAIT, WAIT, "Shorter.", WAIT, history=80)
    first = [event for event in policy.decide(context, never_interrupted) if isinstance(event, Summarized)]
    more = replace(context, history=(*context.history, HistoryStep(SHOT)))
    assert not [event for event in policy.decide(more, never_interrupted) if isinstance(event, Summarized)]
    assert any(SUMMARIZED + SHORT in message.text for message in model.asked[-1])
    many = replace(context, history=(*context.history[:-1] * 2, HistoryStep(SHOT)))
    second = [event for event in policy.decide(many, never_interrupted) if isinstance(event, Summarized)]
    assert SHORT in model.asked[-2][0].text
    assert (len(first), len(second)) == (1, 1)
    assert second[0].steps > first[0].steps
    assert second[0].text == "Shorter."


def test_new_plan_drops_the_summary() -> None:
    model, policy, context = with_full_context(SHORT, WAIT, WAIT)
    list(policy.decide(context, never_interrupted))
    list(policy.decide(replace(context, history=(*context.history, HistoryStep(SHOT, replan=True))), never_interrupted))
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
def test_summary_is_the_thought_if_the_model_replies_with_an_action(reply: str, text: str) -> None:
    model, policy, context = with_full_context(reply, WAIT)
    (summarized,) = [event for event in policy.decide(context, never_interrupted) if isinstance(event, Summarized)]
    assert summarized.text == text
    assert any((SUMMARIZED + text if text else OMITTED) in message.text for message in model.asked[-1])


def test_no_summary_is_requested_if_the_request_does_not_fit() -> None:
    model = Limited(10)
    context = DecisionContext("a task", 2, (HistoryStep(SHOT, reply=WAIT), HistoryStep(SHOT)))
    events = list(ModelPolicy(model, UiTars15()).decide(context, never_interrupted))
    assert len(model.asked) == 1
    assert isinstance(events[-1], Decided)


class RefusingModel(ScriptedModel):
    """A model whose server accepts only some prompts, and does not report its limits."""

    def __init__(self, accepts: Callable[[Sequence[Message], Sampling], bool]) -> None:
        super().__init__(lambda _: WAIT)
        self.accepts, self.refused = accepts, 0

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        if not self.accepts(messages, sampling):
            self.refused += 1
            raise PromptRefused("too long")
        return super().complete(messages, sampling, stop)


def context_of(steps: int) -> DecisionContext:
    past = tuple(HistoryStep(SHOT, reply=WAIT) for _ in range(steps - 1))
    return DecisionContext("a task", steps, (*past, HistoryStep(SHOT)))


def test_refused_prompt_is_sent_again_with_fewer_screenshots_and_the_limit_is_remembered() -> None:
    model = RefusingModel(lambda messages, _: images_in(messages) <= 2)
    policy = ModelPolicy(model, UiTars15(), history=WindowHistory(5))
    events = list(policy.decide(context_of(5), never_interrupted))
    assert events[:3] == [RecoveredError(5, "model", "too long")] * 3
    assert isinstance(events[-1], Decided)
    assert [images_in(messages) for messages in model.asked] == [2]
    list(policy.decide(context_of(6), never_interrupted))
    assert (model.refused, images_in(model.asked[-1])) == (3, 2)


def test_refused_prompt_with_one_screenshot_is_sent_again_without_the_oldest_turns() -> None:
    model = RefusingModel(lambda messages, _: images_in(messages) == 1 and len(messages) < 40)
    events = list(ModelPolicy(model, UiTars15()).decide(context_of(60), never_interrupted))
    assert isinstance(events[-1], Decided)
    assert 20 < len(model.asked[0]) < 40


def test_refused_reply_length_is_reduced() -> None:
    model = RefusingModel(lambda _, sampling: sampling.max_tokens <= MIN_REPLY_TOKENS)
    assert isinstance(list(ModelPolicy(model, UiTars15()).decide(context_of(1), never_interrupted))[-1], Decided)


def test_prompt_that_is_refused_at_any_length_is_an_error_and_sets_no_limit() -> None:
    accepted = False
    model = RefusingModel(lambda messages, sampling: accepted)
    policy = ModelPolicy(model, UiTars15(), history=WindowHistory(5))
    with pytest.raises(PromptRefused):
        list(policy.decide(context_of(5), never_interrupted))
    accepted = True
    list(policy.decide(context_of(5), never_interrupted))
    assert images_in(model.asked[-1]) == 5


def test_failure_to_parse_a_reply_that_was_cut_off_says_so() -> None:
    model = ScriptedModel([Completion("Thought: I", complete=False), WAIT])
    _, failed, *_ = ModelPolicy(model, UiTars15()).decide(context_of(1), never_interrupted)
    assert isinstance(failed, ParseFailed)
    assert failed.message.endswith("the reply was cut off at the maximum number of tokens")
    _, failed, *_ = ModelPolicy(ScriptedModel(["", WAIT]), UiTars15()).decide(context_of(1), never_interrupted)
    assert isinstance(failed, ParseFailed)
    assert failed.message == "the reply is empty"


def test_recovered_server_error_is_an_event() -> None:
    model = Limited(100_000, [Completion(WAIT, recovered_errors=("the model server failed (502)",))])
    events = list(
        ModelPolicy(model, UiTars15()).decide(DecisionContext("a task", 1, (HistoryStep(SHOT),)), never_interrupted)
    )
    assert events[0] == RecoveredError(1, "model", "the model server failed (502)")


@pytest.mark.parametrize(("size", "tokens"), [(Size(1288, 728), 1196), (Size(1932, 1092), 2691), (Size(644, 476), 391)])
def test_image_tokens_match_the_server(size: Size, tokens: int) -> None:
    assert UiTars15().image_rule.tokens(size) == tokens + 2


def test_non_latin_scripts_count_one_token_per_character() -> None:
    rule = UiTars15().image_rule
    assert estimated_tokens([Message.of("user", "漢" * 90)], rule) > 2 * estimated_tokens(
        [Message.of("user", "a" * 90)], rule
    )


@pytest.mark.parametrize("name", ["ui-tars-1.5", "seed-xml", "qwen3-vl"])
def test_summary_is_the_text_of_a_reply_or_its_thought(name: str) -> None:
    dialect = dialect_named(name)
    assert summary_text("<think>hm</think>\nOpened the shop.", dialect).endswith("Opened the shop.")
    acting = "Opened the shop.\n<tool_call><function=wait></function></tool_call>"
    assert summary_text(acting, dialect) == "Opened the shop."


CONTEXT = DecisionContext("a task", 0, (HistoryStep(SHOT),))
DONE = "I have ordered the tea."  # a reply without a call, with which Seed finishes


def test_cut_off_reply_does_not_finish() -> None:
    model = ScriptedModel([Completion(DONE[:9], complete=False), DONE])
    events = list(ModelPolicy(model, dialect_named("seed-xml")).decide(CONTEXT, lambda: False))
    assert [event.kind for event in events if isinstance(event, ParseFailed)] == ["truncated"]
    decided = events[-1]
    assert isinstance(decided, Decided)
    assert decided.ending == Finish(DONE)


def test_interrupted_reply_does_not_finish() -> None:
    model = ScriptedModel([DONE] * 3)
    # The reply is stopped in its middle, when its text is passed on for the second time.
    calls = iter([False, False])
    events = ModelPolicy(model, dialect_named("seed-xml")).decide(CONTEXT, lambda: next(calls, True))
    assert not any(isinstance(event, Decided) for event in events)


@pytest.mark.parametrize("name", dialect_names())
def test_smaller_screenshots_are_sent_and_recorded_and_points_stay_exact(name: str) -> None:
    screen = FakeEnv(size=Size(1600, 1200)).observe().screenshot
    rule = dialect_named(name).image_rule
    cap = max(400_000, min(4 * rule.min_pixels, rule.max_pixels))
    policy = ModelPolicy(ScriptedModel([WAIT]), dialect_named(name), max_image_pixels=cap)
    dialect = policy.resolve_dialect()
    size = dialect.image_rule.resize(screen.size)
    assert size.width * size.height <= cap
    assert policy.info().max_image_pixels == cap
    frame = Frame(screen.size, size, dialect.space)
    point = frame.trace(frame.to_model(ScreenPoint(801.0, 555.0))).screen
    assert (round(point.x, 3), round(point.y, 3)) == (801.0, 555.0)


def test_absolute_points_refer_to_the_smaller_screenshot() -> None:
    screen = FakeEnv(size=Size(1600, 1200)).observe().screenshot
    model = ScriptedModel(["Action: click(start_box='(364,266)')"])
    policy = ModelPolicy(model, UiTars15(), max_image_pixels=400_000)
    replied, decided = policy.decide(DecisionContext("t", 1, (HistoryStep(screen),)), never_interrupted)
    assert isinstance(replied, Replied)
    assert replied.image == Size(728, 532)
    assert isinstance(decided, Decided)
    assert decided.traces[0].screen == ScreenPoint(800.0, 600.0)


def test_call_for_the_user_is_offered_when_one_attends_and_changes_the_recorded_prompt() -> None:
    def prompt_of(attended: bool) -> tuple[str, str]:
        model = ScriptedModel(lambda _: "Action: finished(content='done')")
        agent = Agent(model, dialect="ui-tars-1.5", supervision=Supervision(attended=attended))
        started = next(iter(agent.stream("t", FakeEnv())))
        assert isinstance(started, Started)
        agent.run("t", FakeEnv())
        return "".join(message.text for message in model.asked[0]), started.policy.prompt_sha256

    alone, attended = prompt_of(False), prompt_of(True)
    assert ["call_user()" in text for text, _ in (alone, attended)] == [False, True]
    assert alone[1] != attended[1]


@pytest.mark.parametrize("name", dialect_names())
def test_family_without_a_call_for_the_user_is_asked_as_before(name: str) -> None:
    dialect = dialect_named(name)
    assert (with_ask_user(dialect) == dialect) is not hasattr(dialect, "ask_user")
