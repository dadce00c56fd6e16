"""Rebuilds the conversation of each recorded step: the prompt that the model received, and its reply.

By default the conversations are exactly those of the run: the same prompts, images and notes. With a dialect, a run of
a script or of another model is rewritten as the prompts and replies of that dialect.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol, runtime_checkable

from screenwright._text import without_tokens, without_turns

from ...agent.core.coordinates import Frame, ModelPoint
from ...agent.core.decision import ModelMove, ParseFailure
from ...agent.core.describe import describe_action
from ...agent.core.image_history import ChunkedHistory, History
from ...agent.core.messages import ImageFormat, ImagePart, Message, Turn
from ...agent.core.model import Sampling
from ...agent.dialects.dialect import Dialect, RequestShaping
from ...agent.dialects.prompting.prompt_kind import Prompt
from ...agent.dialects.prompting.thoughts import Thoughts
from ...agent.dialects.registry import (
    dialect_named,
    has_prompt,
    with_ask_user,
    with_language,
    with_max_image_pixels,
    with_other_prompts,
    with_prompt,
    with_thoughts,
)
from ...agent.policy.followups import repair_messages
from ...agent.record.trajectory import Run, RunError
from ...envs.actions import map_points
from ...envs.geometry import ScreenPoint
from .steps import RecordedStep


@runtime_checkable
class ReplyFormatter(Protocol):
    """A dialect that can format moves as a reply."""

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply of a model that decides on `moves`.

        Raises:
            ValueError: the dialect cannot express a move.
        """
        ...


_WITH_GAPS = ("keyframes", "largest changes")
"""Histories that omit screenshots from the middle; their prompts cannot be rebuilt from the event log."""


@dataclass(frozen=True, slots=True)
class ConversationFormat:
    """The format of the conversations: as recorded, or rewritten in `dialect` with `prompt` and `history`.

    `max_image_pixels` limits the rewritten screenshots (default: the dialect's limit).
    The recorded prompts keep their own `image_format`, `language` and `thoughts`.
    """

    dialect: str | None = None
    prompt: Prompt | None = None
    history: History = ChunkedHistory()
    image_format: ImageFormat = ImageFormat.PNG
    language: str | None = None
    thoughts: Thoughts = Thoughts.OFFICIAL
    max_image_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation; `replies` maps step numbers to the index of the message with the reply."""

    messages: tuple[Message, ...]
    replies: dict[int, int]


class ConversationBuilder:
    """Builds the conversations of one run.

    Raises:
        RunError: no model took part in the run, so a dialect is required; or its prompt does not exist any more; or the
            dialect cannot express an action.
        ValueError: the dialect is unknown, or the history of the run has gaps.
    """

    def __init__(self, run: Run, steps: Sequence[RecordedStep], target: ConversationFormat) -> None:
        self._folder = run.folder
        self._task = without_tokens(run.started.task)
        self._steps = steps
        self._format = target
        self._as_recorded = target.dialect is None
        history = run.started.policy.history
        if self._as_recorded and history.startswith(_WITH_GAPS):
            raise ValueError(f"the prompts had the history '{history}', which cannot be rebuilt: use --dialect")
        self.dialect = _recorded_dialect(run) if target.dialect is None else _chosen_dialect(target)
        self._image_format = target.image_format
        if self._as_recorded and (recorded := run.started.policy.image_format):
            self._image_format = ImageFormat(recorded)
        self._recorded = run.started.policy.sampling if self._as_recorded else None
        self._images: dict[str, ImagePart] = {}
        self._replies = [without_turns(self._reply(step)) for step in steps]

    @property
    def request(self) -> Sampling:
        """What a request has in addition to its messages, such as the functions that the model may call."""
        sampling = self._recorded or self.dialect.sampling
        return self.dialect.shape(sampling) if isinstance(self.dialect, RequestShaping) else sampling

    def prompt(self, index: int) -> tuple[Message, ...]:
        """The prompt of one step, without the replies to it that could not be parsed."""
        return self.dialect.render(self._task, self._turns(index, self._first_shown(index), answered=False))

    def reply(self, index: int) -> Message:
        """The reply of one step, as later prompts show it, unless these omit a part, such as the thinking."""
        prompt = self.prompt(index)
        answered = self.dialect.render(self._task, self._turns(index, self._first_shown(index), answered=True))
        is_shown = answered[:-1] == prompt and answered[-1].role == "assistant"
        is_complete = is_shown and len(answered[-1].text) >= len(self._replies[index])
        return answered[-1] if is_complete else Message.of("assistant", self._replies[index])

    def sampled(self, number: int) -> tuple[int, ...]:
        """The tokens that the model sampled in the step `number`; empty if they were not recorded."""
        step = next(step for step in self._steps if step.number == number)
        tokens = step.replies[-1].tokens if self._as_recorded and step.replies else None
        return () if tokens is None else tokens.reply

    def step(self, index: int) -> Conversation:
        """The prompt of one step and the reply to it."""
        prompt = self.prompt(index)
        for text, failure in self._repairs(index):
            prompt = (*prompt, *repair_messages(text, failure))
        return Conversation((*prompt, self.reply(index)), {self._steps[index].number: len(prompt)})

    def segments(self) -> tuple[Conversation, ...]:
        """The whole run in as few conversations as possible, without adding content to any recorded prompt.

        A new segment starts where screenshots were dropped from the front. Replies that could not be parsed are
        omitted, as in later prompts.

        Raises:
            ValueError: the dialect does not show past replies completely.
        """
        ends = [
            index
            for index in range(len(self._steps))
            if index + 1 == len(self._steps) or self._first_shown(index + 1) != self._first_shown(index)
        ]
        return tuple(
            self._segment(start, end) for start, end in zip([0, *(end + 1 for end in ends)], ends, strict=False)
        )

    def _segment(self, start: int, end: int) -> Conversation:
        messages = self.dialect.render(self._task, self._turns(end, self._first_shown(end), answered=True))
        replies = [index for index, message in enumerate(messages) if message.role == "assistant"]
        complete = [len(messages[index].text) >= len(text) for index, text in zip(replies, self._replies, strict=False)]
        if len(replies) != end + 1 or not all(complete):
            raise ValueError(f"{self.dialect.name} does not show past replies completely: use --per step")
        return Conversation(messages, {self._steps[index].number: replies[index] for index in range(start, end + 1)})

    def _turns(self, index: int, first: int, *, answered: bool) -> tuple[Turn, ...]:
        last = index if answered else index - 1
        return tuple(
            Turn(
                self._image(step) if number >= first else None,
                tuple(map(without_tokens, step.observed.notes)),
                self._replies[number] if number <= last else None,
            )
            for number, step in enumerate(self._steps[: index + 1])
        )

    def _first_shown(self, index: int) -> int:
        """The index of the oldest screenshot in the prompt of a step; all newer ones are in it as well."""
        if self._as_recorded:
            return index + 1 - self._steps[index].replies[0].images
        history = self._format.history
        shown = history.images(index + 1)
        if tuple(shown) != tuple(range(shown[0], index + 1)):
            raise ValueError(f"an export shows the newest screenshots, not {history}: use another --history")
        return shown[0]

    def _repairs(self, index: int) -> list[tuple[str, ParseFailure]]:
        if not self._as_recorded:
            return []
        step = self._steps[index]
        failures = [ParseFailure(one.kind, one.position, one.message) for one in step.parse_failures]
        return [(reply.text, failure) for reply, failure in zip(step.replies, failures, strict=False)]

    def _image(self, step: RecordedStep) -> ImagePart:
        screenshot = step.observed.observation.screenshot
        part = self._images.get(screenshot.sha256)
        if part is None:
            size = self.dialect.image_rule.resize(screenshot.size)
            sent = step.replies[0].image if self._as_recorded and step.replies else None
            if sent is not None and sent != size:
                raise RunError(
                    f"the run has images of {sent}, but {self.dialect.name} resizes them to {size} now: rewrite it "
                    "with --dialect NAME"
                )
            part = self._images[screenshot.sha256] = ImagePart.of(screenshot, size, self._image_format)
        return part

    def _reply(self, step: RecordedStep) -> str:
        if self._as_recorded:
            return step.replies[-1].text
        size = step.observed.observation.screenshot.size
        frame = Frame(size, self.dialect.image_rule.resize(size), self.dialect.space)
        moves: list[ModelMove] = [
            map_points(action, lambda point: _rounded(frame, point)) for action in step.decided.actions
        ]
        if step.decided.ending is not None:
            moves.append(step.decided.ending)
        assert isinstance(self.dialect, ReplyFormatter)
        try:
            return self.dialect.format(step.decided.thought, moves)
        except ValueError as error:
            actions = ", ".join(map(describe_action, step.decided.actions)) or "the end"
            where = f"{self._folder}, step {step.number}"
            raise RunError(f"{where}: {self.dialect.name} cannot express {actions}: use another --dialect") from error


def _rounded(frame: Frame, point: ScreenPoint) -> ModelPoint:
    """The point in model coordinates, rounded as models write them."""
    exact, decimals = frame.to_model(point), frame.space.decimals
    return ModelPoint(round(exact.x, decimals or None), round(exact.y, decimals or None))


def _chosen_dialect(target: ConversationFormat) -> Dialect:
    dialect = dialect_named(target.dialect or "")
    if not isinstance(dialect, ReplyFormatter):
        raise ValueError(f"{dialect.name} cannot format actions: choose another dialect")
    dialect = dialect if target.language is None else with_language(dialect, target.language)
    chosen = with_thoughts(dialect, target.thoughts)
    chosen = chosen if target.prompt is None else with_prompt(chosen, target.prompt)
    return chosen if target.max_image_pixels is None else with_max_image_pixels(chosen, target.max_image_pixels)


def _recorded_dialect(run: Run) -> Dialect:
    """The dialect of the run, with the prompt whose SHA-256 was recorded."""
    policy = run.started.policy
    if not policy.dialect:
        raise RunError(f"{run.folder}: the run has no model replies ({policy.model.name}): use --dialect")
    known = dialect_named(policy.dialect)
    known = with_language(known, policy.language) if policy.language else known
    for dialect, prompt in product(with_other_prompts(known), Prompt):
        if not has_prompt(dialect, prompt):
            continue
        asking = with_prompt(dialect, prompt)
        for form in (asking, with_ask_user(asking)):
            if form.prompt_sha256 == policy.prompt_sha256:
                most = policy.max_image_pixels
                return form if most is None else with_max_image_pixels(form, most)
    if run.started.functions:
        names = ", ".join(run.started.functions)
        raise RunError(f"{run.folder}: the prompt of the run describes {names}, of a program: it cannot be exported")
    raise RunError(
        f"{run.folder}: the prompt of the run is not in {policy.dialect} any more: use --dialect to rewrite it"
    )
