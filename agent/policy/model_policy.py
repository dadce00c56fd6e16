"""What turns what was seen into a decision: the contract, the model-driven policy, and a scripted one for tests."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import Protocol, TypeAlias

from ...envs.actions import ActionIn, points_of
from ...envs.geometry import ScreenPoint, Size
from ...envs.screenshot import Screenshot
from ...prompts import render
from ..core.context import DecisionContext, HistoryStep
from ..core.context_window import LEAST_REPLY, estimated_tokens
from ..core.coordinates import Absolute, Frame, ModelPoint, PointTrace
from ..core.decision import Ending, Finish, ParseFailure
from ..core.describe import describe_action
from ..core.messages import ImageFormat, ImagePart, Message, Turn
from ..core.model import Completion, Model, ModelInfo, Sampling
from ..dialects.dialect import Constrainable, Dialect
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.registry import dialect_for_model, dialect_names, with_prompt
from ..record.events import Decided, ParseFailed, PolicyInfo, RecoveredError, Replied, Summarized
from .grounded import GroundedReply
from .image_history import ChunkedHistory, History
from .summary import HistorySummary, apply_summary, request, summary_text
from .zoom import ZoomRefinement, is_close

REPAIRS = 2
"""How often an unreadable reply is told to the model, with the reason, before the step is given up."""

_HOTTER = 0.7

Thinking: TypeAlias = Iterator[Replied | Summarized | RecoveredError | ParseFailed | Decided]
"""Of these, `Decided` is the last, if any reply could be read."""


class Policy(Protocol):
    """Turns a situation into a decision."""

    def info(self) -> PolicyInfo:
        """What decides, for the log. Opens nothing."""
        ...

    def open(self) -> None:
        """Get ready, such as contact the model's server; may be called again, and then does nothing.

        Raises:
            ModelLost: the model cannot be had.
            ValueError: what it is asked in cannot be told; says what to set.
        """
        ...

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> Thinking:
        """What happens while deciding, as events; the last one is `Decided`, unless no reply could be read.

        Ends a long wait soon after `interrupted` returns True.

        Raises:
            ModelLost: the model does not answer.
        """
        ...


class ModelPolicy:
    """A model asked in its dialect, shown the screenshots that the history chooses.

    Without a dialect, `open` chooses it by the name that the model has at its server. `prompt` says which of the
    dialect's prompts to ask in, where it has several. `constrain` holds replies to the dialect's grammar, where both
    the dialect and the server can. `condense` lets the model tell its oldest steps again in few words where its context
    has no room for them; without it they are left out.
    """

    def __init__(
        self,
        model: Model,
        dialect: Dialect | None = None,
        *,
        history: History | None = None,
        sampling: Sampling | None = None,
        image_format: ImageFormat = ImageFormat.PNG,
        prompt: Prompt | None = None,
        constrain: bool = False,
        condense: bool = True,
    ) -> None:
        self.model = model
        self._condense = condense
        self._memory = HistorySummary()
        self._constrain = constrain
        self._prompt = prompt
        self.history = history or ChunkedHistory()
        self._dialect = self._asked(dialect) if dialect is not None else None
        self._sampling = sampling
        self.image_format = image_format
        self._encoded: dict[str, ImagePart] = {}

    def info(self) -> PolicyInfo:
        """See `Policy`. Until it is open, what it was told."""
        model, dialect = self.model.info(), self._dialect
        if dialect is None:
            return PolicyInfo(model, history=str(self.history), sampling=self._sampling)
        sampling = self._sampling or dialect.sampling
        return PolicyInfo(model, dialect.name, dialect.prompt_sha256, str(self.history), sampling)

    def open(self) -> None:
        """See `Policy`."""
        self.model.connect()
        _ = self.dialect

    @property
    def dialect(self) -> Dialect:
        """How the model speaks.

        Raises:
            ValueError: its name does not tell.
        """
        if self._dialect is None:
            name = self.model.info().name
            found = dialect_for_model(name)
            if found is None:
                names = ", ".join(dialect_names())
                raise ValueError(f"the name {name!r} does not tell how the model speaks: choose a dialect of {names}")
            self._dialect = self._asked(found)
        return self._dialect

    def _asked(self, dialect: Dialect) -> Dialect:
        return dialect if self._prompt is None else with_prompt(dialect, self._prompt)

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> Thinking:
        """See `Policy`. An unreadable reply is answered with the reason, at most twice, at a higher temperature."""
        started = time.perf_counter()
        messages, turns, left_out = self._prompt_for(context)
        encode_s = time.perf_counter() - started
        if left_out and self._condense:
            yield from self._condensed(context, left_out, interrupted)
            messages, turns, _ = self._prompt_for(context)
        latest = turns[-1].image
        assert latest is not None
        frame = Frame(context.history[-1].screenshot.size, latest.size, self.dialect.space, context.device)
        images = sum(turn.image is not None for turn in turns)
        for attempt in range(REPAIRS + 1):
            started = time.perf_counter()
            completion = self._ask(messages, latest.size, hot=attempt > 0 or context.hotter, stop=interrupted)
            model_s = time.perf_counter() - started
            yield from _overcome(context, completion)
            yield Replied(
                context.step, attempt, completion.text, completion.usage, latest.size, images, encode_s, model_s
            )
            encode_s = 0.0
            read = self._read(completion, frame)
            if isinstance(read, GroundedReply):
                if context.closer is not None:
                    read = yield from self._aimed_again(read, context, context.closer, attempt, interrupted)
                yield read.decided(context.step)
                return
            yield ParseFailed(context.step, attempt, read.kind, read.position, read.message)
            messages = (*messages, *repair(completion.text, read))

    def _prompt_for(self, context: DecisionContext) -> tuple[tuple[Message, ...], tuple[Turn, ...], int]:
        """The conversation, with as many of the history's screenshots as the model's context has room for.

        Where the replies alone are too long, the oldest turns are left out, a quarter at a time; how many is the third.
        """
        memory = self._memory if self._memory.since == context.begun else HistorySummary(context.begun)
        history, left_out = apply_summary(context.shown, memory), 0
        shown: Sequence[int] = self.history.images(len(history), tuple(look.change for look in history))
        while True:
            turns = self._turns(history, shown)
            messages = self.dialect.render(context.task, turns)
            room = self._room(messages)
            if room is None or room >= LEAST_REPLY or len(history) == 1:
                return messages, turns, left_out
            if len(shown) > 1:
                shown = shown[1:]
                continue
            left_out += ceil(len(history) / 4)
            history = apply_summary(context.shown, replace(memory, count=memory.count + left_out))
            shown = (len(history) - 1,)

    def _condensed(
        self, context: DecisionContext, left_out: int, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError | Summarized]:
        """Have the oldest turns told again in few words, as many of `left_out` as fit into one request."""
        memory = self._memory if self._memory.since == context.begun else HistorySummary(context.begun)
        oldest = context.shown[memory.count : memory.count + left_out]
        asked = (request(context.task, memory, oldest),)
        while len(oldest) > 1 and (self._room(asked) or 0) < LEAST_REPLY:
            oldest = oldest[: len(oldest) // 2]
            asked = (request(context.task, memory, oldest),)
        if (self._room(asked) or 0) < LEAST_REPLY:
            return  # not even for that is there room
        started = time.perf_counter()
        completion = self._ask(asked, None, hot=False, stop=interrupted)
        model_s = time.perf_counter() - started
        yield from _overcome(context, completion)
        yield Replied(context.step, 0, completion.text, completion.usage, model_s=model_s, purpose="summarize")
        text = summary_text(completion.text, self.dialect) or memory.text
        self._memory = HistorySummary(context.begun, memory.count + len(oldest), text)
        yield Summarized(context.step, self._memory.count, text)

    def _room(self, messages: Sequence[Message]) -> int | None:
        """How many tokens the context has left for the reply, by our estimate; None if its size is not known."""
        context = self.model.info().context_tokens
        return None if context is None else context - estimated_tokens(messages, self.dialect.image_rule)

    def _aimed_again(
        self,
        plan: GroundedReply,
        context: DecisionContext,
        at: ScreenPoint,
        attempt: int,
        interrupted: Callable[[], bool],
    ) -> Generator[Replied | RecoveredError, None, GroundedReply]:
        """The plan with its place asked for again on an enlarged part of the screen, if it still goes to `at`."""
        (aimed,) = plan.points or (None,) if len(plan.points) < 2 else (None,)
        if aimed is None or not is_close(aimed, at):
            return plan
        closer = ZoomRefinement.around(aimed, context.history[-1].screenshot, self.dialect, context.device)
        started = time.perf_counter()
        messages = closer.messages(plan.reply.thought or "; ".join(describe_action(action) for action in plan.actions))
        encode_s, started = time.perf_counter() - started, time.perf_counter()
        completion = self._ask(messages, closer.frame.image, hot=False, stop=interrupted, asked=closer.dialect)
        model_s = time.perf_counter() - started
        yield from _overcome(context, completion)
        yield Replied(
            context.step,
            attempt + 1,
            completion.text,
            completion.usage,
            closer.frame.image,
            1,
            encode_s,
            model_s,
            "zoom",
        )
        trace = closer.read(completion.text)
        return plan if trace is None else plan.aimed(trace)

    def _ask(
        self,
        messages: Sequence[Message],
        image: Size | None,
        *,
        hot: bool,
        stop: Callable[[], bool],
        asked: Dialect | None = None,
    ) -> Completion:
        """The model's answer; without an `image` it is asked for words, not for an action."""
        sampling = self._sampling or self.dialect.sampling
        if self._constrain and asked is None and image is not None and isinstance(self.dialect, Constrainable):
            sampling = replace(sampling, grammar=self.dialect.grammar(image))
        if hot:
            sampling = replace(sampling, temperature=max(sampling.temperature, _HOTTER))
        room = self._room(messages)
        if room is not None:
            sampling = replace(sampling, max_tokens=max(min(sampling.max_tokens, room), 1))
        return self.model.complete(
            messages,
            sampling,
            lambda text: stop() or (bool(text) and image is not None and (asked or self.dialect).is_complete(text)),
        )

    def _read(self, completion: Completion, frame: Frame) -> GroundedReply | ParseFailure:
        reply = self.dialect.parse(completion.text)
        if isinstance(reply, ParseFailure):
            return reply
        try:
            return GroundedReply.of(reply, frame)
        except ValueError as error:
            return ParseFailure("bad_point", 0, str(error))

    def _turns(self, history: Sequence[HistoryStep], shown: Sequence[int]) -> tuple[Turn, ...]:
        kept = {history[index].screenshot.sha256 for index in shown}
        self._encoded = {name: image for name, image in self._encoded.items() if name in kept}
        return tuple(
            Turn(self._encode(look.screenshot) if index in shown else None, look.notes, look.reply)
            for index, look in enumerate(history)
        )

    def _encode(self, screenshot: Screenshot) -> ImagePart:
        """The screenshot as the model is sent it; the same bytes each time, since servers cache by them."""
        part = self._encoded.get(screenshot.sha256)
        if part is None:
            size = self.dialect.image_rule.resize(screenshot.size)
            part = self._encoded[screenshot.sha256] = ImagePart.of(screenshot, size, self.image_format)
        return part


def _overcome(context: DecisionContext, completion: Completion) -> Iterator[RecoveredError]:
    return (RecoveredError(context.step, "model", line) for line in completion.overcome)


def repair(reply: str, problem: ParseFailure) -> tuple[Message, Message]:
    """The unreadable reply as the model's own turn, and what is said to it about that."""
    excerpt = reply[max(0, problem.position - 40) : problem.position + 40].replace("\n", " ")
    said = render("repair", problem=problem.message, excerpt=excerpt)
    return Message.of("assistant", reply), Message.of("user", said)


class ScriptedPolicy:
    """A policy that plays given decisions in order, then finishes: for tests and for measuring the loop itself."""

    def __init__(self, script: Iterable[tuple[ActionIn[ScreenPoint], ...] | Ending]) -> None:
        self._script = iter(script)

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("script"))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> Thinking:
        """See `Policy`."""
        entry = next(self._script, Finish("the script is over"))
        if isinstance(entry, tuple):
            traces = tuple(_trace(context, point) for action in entry for point in points_of(action))
            yield Decided(context.step, None, entry, traces=traces)
        else:
            yield Decided(context.step, None, (), entry)


def _trace(context: DecisionContext, point: ScreenPoint) -> PointTrace:
    size: Size = context.history[-1].screenshot.size
    return Frame(size, size, Absolute(), context.device).trace(ModelPoint(point.x, point.y))
