"""The policy that asks a model: prompt, reply, repair of parse failures, zoom refinement and context compaction."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from math import ceil
from typing import Any

from pydantic import JsonValue

from screenwright._text import without_turns

from ...envs.env import EnvInfo
from ...envs.geometry import ScreenPoint, Size
from ...envs.screenshot import Screenshot
from ..core.answer_format import AnswerRequest
from ..core.context import DecisionContext, HistoryStep
from ..core.context_window import MIN_REPLY_TOKENS, PromptLimits, estimated_tokens
from ..core.coordinates import Frame
from ..core.decision import Finish, ParseFailure, Reply
from ..core.describe import describe_action
from ..core.functions import FunctionSpec
from ..core.image_history import History
from ..core.messages import ImageFormat, ImagePart, Message, Turn
from ..core.model import Completion, Model, PromptRefused, Sampling
from ..dialects.dialect import Constrainable, Dialect, RequestShaping
from ..dialects.prompting.prompt_kind import Prompt, prompt_for
from ..dialects.registry import (
    required_dialect_for_model,
    with_ask_user,
    with_functions,
    with_max_image_pixels,
    with_prompt,
)
from ..record.events import ParseFailed, PolicyInfo, Purpose, RecoveredError, Replied, Summarized
from .followups import answer_messages, answer_text, repair_messages
from .grounding import GroundedReply, parse_and_ground
from .policy import PolicyEvents
from .summary import HistorySummary, apply_summary, summary_request, summary_text
from .zoom import ZoomRefinement, is_close

MAX_REPAIRS = 2
"""How often the model may retry after a parse failure before the step fails."""

_RAISED_TEMPERATURE = 0.7
_MIN_ANSWER_TOKENS = 2000
CUT_OFF = "the reply was cut off at the maximum number of tokens"


_NO_LIMITS = PromptLimits()


@dataclass
class ModelPolicy:
    """Asks a model in its dialect, with the screenshots that `history` selects (default: the dialect's).

    Without a dialect, `open` chooses one by the model's name. `prompt` selects one of the dialect's prompts.
    `sampling` replaces the dialect's, and `sampling_changes` single parameters of it, such as `{"temperature": 0.5}`.
    `constrain` restricts replies to the dialect's grammar, if both the dialect and the server support it. `summarize`
    has the model summarize its oldest steps when its context window is full; otherwise they are dropped. `ask_user`
    offers the model to call the user, if its family has a call for that, and `max_image_pixels` sends smaller
    screenshots than the dialect's largest. `functions` are those of the program that the model may call. `encode`
    makes the pictures of the prompt; with `ImagePart.later`, those that the model does not read are never encoded.
    """

    model: Model
    dialect: Dialect | None = None
    _: KW_ONLY
    history: History | None = None
    sampling: Sampling | None = None
    sampling_changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    image_format: ImageFormat = ImageFormat.PNG
    prompt: Prompt | None = None
    constrain: bool = False
    summarize: bool = True
    ask_user: bool = False
    max_image_pixels: int | None = None
    functions: tuple[FunctionSpec, ...] = ()
    encode: Callable[[Screenshot, Size, ImageFormat], ImagePart] = ImagePart.of

    _summary: HistorySummary = field(init=False, default=HistorySummary())
    _accepted: PromptLimits = field(init=False, default=_NO_LIMITS)
    _encoded: dict[str, ImagePart] = field(init=False, default_factory=dict[str, ImagePart])
    _notes: dict[str, str] = field(init=False, default_factory=dict[str, str])

    def __post_init__(self) -> None:
        if self.dialect is not None:
            self.dialect = self._configured(self.dialect)

    def for_episode(self, env: EnvInfo, *, attended: bool) -> "ModelPolicy":
        """See `EpisodeAware`: with the prompt for that kind of screen, unless another one was chosen explicitly."""
        chosen = self.prompt or getattr(self.dialect, "prompt", Prompt.COMPUTER)
        is_default = self.prompt is None and chosen is Prompt.COMPUTER
        return replace(self, prompt=prompt_for(env) if is_default else self.prompt, ask_user=self.ask_user or attended)

    def with_functions(self, functions: tuple[FunctionSpec, ...]) -> "ModelPolicy":
        """See `TakesFunctions`; raises at `open` if the model's name chooses the dialect."""
        return replace(self, functions=functions)

    def info(self) -> PolicyInfo:
        """See `Policy`. Before `open`, only what was set explicitly."""
        model, dialect = self.model.info(), self.dialect
        if dialect is None:
            return PolicyInfo(model, history=str(self.history or ""), sampling=self.sampling)
        return PolicyInfo(
            *(model, dialect.name, dialect.prompt_sha256, str(self.history or dialect.history)),
            sampling=self._sampling_for(dialect),
            prompt_source=dialect.prompt_source,
            max_image_pixels=self.max_image_pixels,
            language=getattr(dialect, "language", ""),
            image_format=self.image_format,
        )

    def open(self) -> None:
        """See `Policy`."""
        self._summary = HistorySummary()
        self.model.connect()
        self.resolve_dialect()

    def resolve_dialect(self) -> Dialect:
        """The dialect, chosen by the model's name if none was given.

        Raises:
            ValueError: the name does not determine the dialect.
        """
        if self.dialect is None:
            self.dialect = self._configured(required_dialect_for_model(self.model.info().name))
        return self.dialect

    def _configured(self, dialect: Dialect) -> Dialect:
        if self.prompt is not None:
            dialect = with_prompt(dialect, self.prompt)
        if self.max_image_pixels is not None:
            dialect = with_max_image_pixels(dialect, self.max_image_pixels)
        dialect = with_functions(dialect, self.functions) if self.functions else dialect
        return with_ask_user(dialect) if self.ask_user else dialect

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`. A parse failure is reported to the model, which retries up to `MAX_REPAIRS` times."""
        started = time.perf_counter()
        dialect = self.resolve_dialect()
        messages, dropped = self._prompt(context)
        encode_s = time.perf_counter() - started
        if dropped and self.summarize:
            yield from self._summarize(context, dropped, interrupted)
            messages, _ = self._prompt(context)
        screen = context.history[-1].screenshot.size
        frame = Frame(screen, dialect.image_rule.resize(screen), dialect.space, context.device)
        repairs: tuple[Message, ...] = ()
        for attempt in range(MAX_REPAIRS + 1):
            completion, messages = yield from self._ask_shortening(
                messages, repairs, context, interrupted, attempt=attempt, encode_s=encode_s
            )
            encode_s = 0.0
            reply = parse_and_ground(dialect, completion.text, frame)
            cut_off = not completion.complete or interrupted()
            if cut_off and isinstance(reply, GroundedReply) and isinstance(reply.ending, Finish):
                # In some families text without an action finishes; a reply that was cut off is no such text.
                reply = ParseFailure("truncated", len(completion.text), "an incomplete reply does not finish the task")
            if isinstance(reply, GroundedReply):
                if context.zoom_at is not None:
                    reply = yield from self._zoom(reply, context, context.zoom_at, attempt, interrupted)
                yield reply.decided(context.step)
                return
            if not completion.text.strip():
                reply = replace(reply, message="the reply is empty")
            if not completion.complete:
                reply = replace(reply, message=f"{reply.message}; {CUT_OFF}")
            yield ParseFailed(context.step, attempt, reply.kind, reply.position, reply.message)
            repairs = (*repairs, *repair_messages(completion.text, reply))

    def answer(
        self, context: DecisionContext, request: AnswerRequest, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError, None, str]:
        """See `AnswersInForm`. The server constrains the reply to the schema, if it can."""
        *past, newest = context.history
        messages, _ = self._prompt(replace(context, history=(*past, replace(newest, reply=None))))
        followup = answer_messages(newest.reply or "", request)
        completion, _ = yield from self._ask_shortening(
            messages, followup, context, interrupted, attempt=request.attempt, answer_schema=request.schema
        )
        return answer_text(completion.text, self.resolve_dialect())

    def _ask_shortening(
        self,
        messages: tuple[Message, ...],
        repairs: tuple[Message, ...],
        context: DecisionContext,
        interrupted: Callable[[], bool],
        *,
        attempt: int,
        encode_s: float = 0.0,
        answer_schema: Mapping[str, JsonValue] | None = None,
    ) -> Generator[Replied | RecoveredError, None, tuple[Completion, tuple[Message, ...]]]:
        """The reply to `messages` and `repairs`, and the messages that the server accepted.

        As long as the server refuses the prompt, a shorter one is sent, and its limit is remembered.
        """
        before = self._accepted
        while True:
            prompt = (*messages, *repairs)
            try:
                reply = yield from self._ask(
                    prompt,
                    context,
                    interrupted,
                    attempt=attempt,
                    encode_s=encode_s,
                    answer_schema=answer_schema,
                )
            except PromptRefused as refused:
                if not self._limit_prompt(prompt, refused):
                    self._accepted = before  # the length was not the reason
                    raise
                yield RecoveredError(context.step, "model", str(refused))
                messages, _ = self._prompt(context)
            else:
                return reply, messages

    def _prompt(self, context: DecisionContext) -> tuple[tuple[Message, ...], int]:
        """The messages, with as many screenshots of the history as fit into the context window.

        If the replies alone do not fit, the oldest turns are dropped, a quarter at a time. Also returns their number.
        """
        summary = self._summary_for(context)
        forgotten = context.history[: context.plan_start]
        history, dropped = apply_summary(context.current_plan, summary, self._note_of, forgotten), 0
        rule = self.history or self.resolve_dialect().history
        shown: Sequence[int] = rule.images(len(history), tuple(step.change for step in history))
        shown = shown[-(self._accepted.images or len(shown)) :]
        in_use = {history[index].screenshot.sha256 for index in shown}
        self._encoded = {name: image for name, image in self._encoded.items() if name in in_use}
        while True:
            messages = self.resolve_dialect().render(context.task, self._turns(history, shown))
            room = self._room(messages)
            if room is None or room >= MIN_REPLY_TOKENS or len(history) == 1:
                return messages, dropped
            if len(shown) > 1:
                shown = shown[1:]
                continue
            dropped += ceil(len(history) / 4)
            history = apply_summary(
                context.current_plan, replace(summary, count=summary.count + dropped), self._note_of, forgotten
            )
            shown = (len(history) - 1,)

    def _summarize(
        self, context: DecisionContext, dropped: int, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError | Summarized]:
        """Have the model summarize the oldest `dropped` turns, or as many of them as fit into one request."""
        summary = self._summary_for(context)
        oldest = context.current_plan[summary.count : summary.count + dropped]
        request = (summary_request(context.task, summary, oldest),)
        while len(oldest) > 1 and (self._room(request) or 0) < MIN_REPLY_TOKENS:
            oldest = oldest[: len(oldest) // 2]
            request = (summary_request(context.task, summary, oldest),)
        if (self._room(request) or 0) < MIN_REPLY_TOKENS:
            return  # even the request does not fit: the turns are dropped without a summary
        try:
            reply = yield from self._ask(request, context, interrupted, purpose="summarize")
        except PromptRefused as refused:
            yield RecoveredError(context.step, "model", str(refused))
            return
        text = summary_text(reply.text, self.resolve_dialect()) or summary.text
        self._summary = HistorySummary(context.plan_start, summary.count + len(oldest), text)
        yield Summarized(context.step, self._summary.count, text)

    def _summary_for(self, context: DecisionContext) -> HistorySummary:
        """The summary made so far, if it belongs to the current plan."""
        return self._summary if self._summary.start == context.plan_start else HistorySummary(context.plan_start)

    def _limit_prompt(self, messages: Sequence[Message], refused: PromptRefused) -> bool:
        """Limit further prompts to less than `messages`, which the server refused; False if nothing is left to drop.

        Takes the limits that the server names. Without them, drops one screenshot at a time, then the oldest turns,
        then reserves less for the reply.
        """
        images = sum(isinstance(part, ImagePart) for message in messages for part in message.parts)
        estimate = estimated_tokens(messages, self.resolve_dialect().image_rule)
        accepted = self._accepted
        if refused.images is not None and refused.images < images:
            limits = replace(accepted, images=refused.images)
        elif refused.tokens is not None and refused.tokens < (self._limit_tokens() or estimate + MIN_REPLY_TOKENS):
            limits = replace(accepted, tokens=refused.tokens)
        elif images > 1:
            limits = replace(accepted, images=images - 1)
        else:
            limits = replace(accepted, tokens=estimate + MIN_REPLY_TOKENS - 1)
        self._accepted = limits
        return limits.images != 0 and limits != accepted

    def _limit_tokens(self) -> int | None:
        """The known number of tokens of prompt and reply together; None if it is unknown."""
        known = [each for each in (self.model.info().context_tokens, self._accepted.tokens) if each is not None]
        return min(known, default=None)

    def _room(self, messages: Sequence[Message]) -> int | None:
        """The estimated number of tokens left for the reply; None if the size of the context window is unknown."""
        limit = self._limit_tokens()
        return None if limit is None else limit - estimated_tokens(messages, self.resolve_dialect().image_rule)

    def _zoom(
        self,
        reply: GroundedReply,
        context: DecisionContext,
        point: ScreenPoint,
        attempt: int,
        interrupted: Callable[[], bool],
    ) -> Generator[Replied | RecoveredError, None, GroundedReply]:
        """Refine the target of `reply` on a magnified crop, if it is still `point`."""
        target = reply.target
        if target is None or not is_close(target, point):
            return reply
        zoom = ZoomRefinement.around(target, context.history[-1].screenshot, self.resolve_dialect(), context.device)
        started = time.perf_counter()
        description = reply.reply.thought or "; ".join(describe_action(action) for action in reply.actions)
        messages = zoom.messages(description)
        encode_s = time.perf_counter() - started
        try:
            refined = yield from self._ask(
                messages,
                context,
                interrupted,
                attempt=attempt + 1,
                encode_s=encode_s,
                purpose="zoom",
                dialect=zoom.dialect,
            )
        except PromptRefused as refused:
            yield RecoveredError(context.step, "model", str(refused))
            return reply
        trace = zoom.read(refined.text)
        return reply if trace is None else reply.with_target(trace)

    def _ask(
        self,
        messages: Sequence[Message],
        context: DecisionContext,
        interrupted: Callable[[], bool],
        *,
        attempt: int = 0,
        encode_s: float = 0.0,
        purpose: Purpose = "act",
        dialect: Dialect | None = None,
        answer_schema: Mapping[str, JsonValue] | None = None,
    ) -> Generator[Replied | RecoveredError, None, Completion]:
        """The model's reply to `messages`. A request without images asks for plain text, not for an action."""
        images = [part for message in messages for part in message.parts if isinstance(part, ImagePart)]
        image = images[-1].size if images else None
        dialect = dialect or self.resolve_dialect()
        sampling = self._sampling_for(self.resolve_dialect())
        if answer_schema is not None:
            purpose, longest = "answer", max(sampling.max_tokens, _MIN_ANSWER_TOKENS)
            sampling = replace(sampling, json_schema=answer_schema, stop=(), max_tokens=longest)
        elif purpose != "summarize" and isinstance(dialect, RequestShaping):
            sampling = dialect.shape(sampling)
        if purpose == "act" and image is not None and self.constrain and isinstance(dialect, Constrainable):
            sampling = replace(sampling, grammar=dialect.grammar(image))
        if purpose == "act" and (attempt > 0 or context.raise_temperature):
            sampling = replace(sampling, temperature=max(sampling.temperature, _RAISED_TEMPERATURE))
        room = self._room(messages)
        if room is not None:
            sampling = replace(sampling, max_tokens=max(min(sampling.max_tokens, room), 1))
        started = time.perf_counter()
        acts = image is not None and purpose != "answer"
        completion = self.model.complete(
            messages, sampling, lambda text: interrupted() or (bool(text) and acts and dialect.is_complete(text))
        )
        model_s = time.perf_counter() - started
        for line in completion.recovered_errors:
            yield RecoveredError(context.step, "model", line)
        text, usage, tokens = completion.text, completion.usage, completion.tokens
        yield Replied(context.step, attempt, text, usage, image, len(images), encode_s, model_s, purpose, tokens)
        return completion

    def _sampling_for(self, dialect: Dialect) -> Sampling:
        return replace(self.sampling or dialect.sampling, **self.sampling_changes)

    def _note_of(self, reply: str) -> str:
        """What the model noted in `reply`; each is parsed once, since every step asks for all earlier ones."""
        if reply not in self._notes:
            parsed = self.resolve_dialect().parse(reply)
            self._notes[reply] = parsed.note or "" if isinstance(parsed, Reply) else ""
        return self._notes[reply]

    def _turns(self, history: Sequence[HistoryStep], shown: Sequence[int]) -> tuple[Turn, ...]:
        images = {index: self._encode(history[index].screenshot) for index in shown}
        return tuple(
            Turn(images.get(index), step.notes, step.reply and without_turns(step.reply))
            for index, step in enumerate(history)
        )

    def _encode(self, screenshot: Screenshot) -> ImagePart:
        """The encoded screenshot; the same bytes in each step, because servers cache by them."""
        part = self._encoded.get(screenshot.sha256)
        if part is None:
            size = self.resolve_dialect().image_rule.resize(screenshot.size)
            part = self._encoded[screenshot.sha256] = self.encode(screenshot, size, self.image_format)
        return part
