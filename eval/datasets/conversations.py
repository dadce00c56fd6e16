"""Recorded steps as conversations: what the model was shown at each, and what it answered.

A model's own run is told again word for word: the same prompt, the same images as it was sent, the same notes. A run
of a script or of another family's model is put into a dialect's words instead, as that model would have said it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ...agent.core.coordinates import Frame, ModelPoint
from ...agent.core.decision import ModelMove, ParseFailure
from ...agent.core.messages import ImageFormat, ImagePart, Message, Turn
from ...agent.dialects.dialect import Dialect
from ...agent.dialects.prompting.prompt_kind import Prompt
from ...agent.dialects.prompting.thoughts import Thoughts
from ...agent.dialects.registry import dialect_named, with_language, with_prompt, with_thinking
from ...agent.policy.image_history import ChunkedHistory, History
from ...agent.policy.model_policy import repair_messages
from ...agent.record.trajectory import Run, RunError
from ...envs.actions import map_points
from ...envs.geometry import ScreenPoint
from .steps import RecordedStep


@runtime_checkable
class Writes(Protocol):
    """A dialect that can put moves into words."""

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply in which the model would ask for `moves`.

        Raises:
            ValueError: it has no words for one of them.
        """
        ...


_SCATTERED = ("keyframes", "largest changes")
"""Histories that leave out screenshots from the middle."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How runs are told: as they were, or (`dialect`) in that dialect's words, with that prompt and history.

    `image_format`, `language` and `thoughts` are what the model was asked with, which a run's log does not say.
    """

    dialect: str | None = None
    prompt: Prompt | None = None
    history: History = ChunkedHistory()
    image_format: ImageFormat = ImageFormat.PNG
    language: str | None = None
    thoughts: Thoughts = Thoughts.OFFICIAL


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation; `answers` leads from the number of a step to the index of the message that answers it."""

    messages: tuple[Message, ...]
    answers: dict[int, int]


class ConversationBuilder:
    """Tells one run.

    Raises:
        RunError: nobody spoke in it, so that a dialect must be given; or its prompt is not known any more.
        ValueError: there is no such dialect.
    """

    def __init__(self, run: Run, steps: Sequence[RecordedStep], wording: Wording) -> None:
        self._task = run.started.task
        self._steps = steps
        self._wording = wording
        self._as_it_was = wording.dialect is None
        asked_with = run.started.policy.history
        if self._as_it_was and asked_with.startswith(_SCATTERED):
            raise ValueError(f"the model was shown {asked_with}, which cannot be told as it was: say --dialect")
        dialect = _recorded_dialect(run) if wording.dialect is None else _told_in(wording)
        dialect = dialect if wording.language is None else with_language(dialect, wording.language)
        self.dialect = with_thinking(dialect, wording.thoughts)
        self._images: dict[str, ImagePart] = {}
        self._replies = [self._reply(step) for step in steps]

    def step(self, index: int) -> Conversation:
        """What was shown at one step, and the answer to it."""
        first = self._first_shown(index)
        asked = self.dialect.render(self._task, self._turns(index, first, answered=False))
        told = self.dialect.render(self._task, self._turns(index, first, answered=True))
        as_past = told[:-1] == asked and told[-1].role == "assistant"  # as the family shows its own replies
        whole = as_past and len(told[-1].text) >= len(self._replies[index])  # or a part of the thinking is left out
        answer = told[-1] if whole else Message.of("assistant", self._replies[index])
        for one, problem in self._repairs(index):
            asked = (*asked, *repair_messages(one, problem))
        return Conversation((*asked, answer), {self._steps[index].number: len(asked)})

    def stretches(self) -> tuple[Conversation, ...]:
        """The whole run, in as few conversations as show nothing that the model was not shown.

        A new one begins wherever screenshots were dropped from the front. A reply that could not be read is left out,
        as it was from later prompts.

        Raises:
            ValueError: the dialect shows past replies in another form than it is answered in.
        """
        ends = [
            index
            for index in range(len(self._steps))
            if index + 1 == len(self._steps) or self._first_shown(index + 1) != self._first_shown(index)
        ]
        return tuple(
            self._stretch(begin, end) for begin, end in zip([0, *(end + 1 for end in ends)], ends, strict=False)
        )

    def _stretch(self, begin: int, end: int) -> Conversation:
        messages = self.dialect.render(self._task, self._turns(end, self._first_shown(end), answered=True))
        spoken = [index for index, message in enumerate(messages) if message.role == "assistant"]
        told = [len(messages[index].text) >= len(reply) for index, reply in zip(spoken, self._replies, strict=False)]
        if len(spoken) != end + 1 or not all(told):
            raise ValueError(f"{self.dialect.name} does not show every past reply whole: export it step by step")
        return Conversation(messages, {self._steps[index].number: spoken[index] for index in range(begin, end + 1)})

    def _turns(self, index: int, first: int, *, answered: bool) -> tuple[Turn, ...]:
        last = index if answered else index - 1
        return tuple(
            Turn(
                self._image(step) if at >= first else None,
                step.observed.notes,
                self._replies[at] if at <= last else None,
            )
            for at, step in enumerate(self._steps[: index + 1])
        )

    def _first_shown(self, index: int) -> int:
        """The first look whose screenshot the model was sent at that step; it was sent all since then."""
        if self._as_it_was:
            return index + 1 - self._steps[index].replies[0].images
        shown = self._wording.history.images(index + 1)
        if tuple(shown) != tuple(range(shown[0], index + 1)):
            raise ValueError(
                f"an export shows the newest screenshots, not {self._wording.history}: say another --history"
            )
        return shown[0]

    def _repairs(self, index: int) -> list[tuple[str, ParseFailure]]:
        if not self._as_it_was:
            return []
        step = self._steps[index]
        problems = [ParseFailure(one.kind, one.position, one.message) for one in step.parse_failures]
        return [(reply.text, problem) for reply, problem in zip(step.replies, problems, strict=False)]

    def _image(self, step: RecordedStep) -> ImagePart:
        shot = step.observed.observation.screenshot
        part = self._images.get(shot.sha256)
        if part is None:
            size = self.dialect.image_rule.resize(shot.size)
            sent = step.replies[0].image if self._as_it_was and step.replies else None
            if sent is not None and sent != size:
                raise RunError(f"the model was sent images of {sent}, and {self.dialect.name} makes them {size} now")
            part = self._images[shot.sha256] = ImagePart.of(shot, size, self._wording.image_format)
        return part

    def _reply(self, step: RecordedStep) -> str:
        if self._as_it_was:
            return step.replies[-1].text
        shot = step.observed.observation.screenshot
        frame = Frame(shot.size, self.dialect.image_rule.resize(shot.size), self.dialect.space)
        moves: list[ModelMove] = [map_points(one, lambda at: _written(frame, at)) for one in step.decided.actions]
        if step.decided.ending is not None:
            moves.append(step.decided.ending)
        assert isinstance(self.dialect, Writes)
        return self.dialect.format(step.decided.thought, moves)


def _written(frame: Frame, point: ScreenPoint) -> ModelPoint:
    """The point as models write them: in whole numbers."""
    exact = frame.to_model(point)
    return ModelPoint(round(exact.x), round(exact.y))


def _told_in(wording: Wording) -> Dialect:
    dialect = dialect_named(wording.dialect or "")
    if not isinstance(dialect, Writes):
        raise ValueError(f"{dialect.name} cannot put actions into words: choose another dialect")
    return dialect if wording.prompt is None else with_prompt(dialect, wording.prompt)


def _recorded_dialect(run: Run) -> Dialect:
    """The dialect that the run's model was asked in, with the prompt whose identity was recorded."""
    policy = run.started.policy
    if not policy.dialect:
        raise RunError(
            f"{run.folder}: no model spoke in this run ({policy.model.name}): say in which --dialect to tell it"
        )
    known = dialect_named(policy.dialect)
    for prompt in Prompt:
        try:
            dialect = with_prompt(known, prompt)
        except ValueError:
            continue
        if dialect.prompt_sha256 == policy.prompt_sha256:
            return dialect
    raise RunError(
        f"{run.folder}: the prompt of this run is none of {policy.dialect} now: say in which --dialect to tell it anew"
    )
