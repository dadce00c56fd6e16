"""The reader as a model: messages in, a reply in the UI-TARS-1.5 format out."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from ..core.messages import ImagePart, Message
from ..core.model import Completion, ModelInfo, ModelLost, Sampling, Usage, never
from ..dialects.ui_tars import UiTars15
from .course import Words, course_after
from .instructions import read_instructions
from .moves import Sight
from .planner import ground, plan
from .steps import Step
from .vision.perception import read_png
from .vision.printed import without_task

_TASK = re.compile(r"## User Instruction\s*\n(.*)\Z", re.DOTALL)
_SAID = re.compile(r"^The user (?:answers|says): (.+(?:\n  .*)*)$", re.MULTILINE)
"""How the loop tells its model what the user said in the middle of a run; lines after the first are set in."""

_DIALECT = UiTars15()


class ReaderModel:
    """Reads the screen by OCR and follows literal instructions; needs no weights beyond those inside its packages.

    Everything it knows it takes from the messages: the task, its own replies, the newest picture. It answers in
    pixels of that picture, one action a reply. One that `chats` answers in words whoever asks for something else.
    """

    def __init__(self, *, chats: bool = False) -> None:
        self._chats = chats

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo("reader")

    def connect(self) -> None:
        """See `Model`. There is nothing to do."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`. The sampling has no meaning to it: it always gives the same answer.

        Raises:
            ModelLost: the messages hold no task or no picture, and it does not chat.
        """
        if stop(""):
            return Completion("", complete=False)
        try:
            task, picture = _task_in(messages), _newest_picture(messages)
        except ModelLost as lost:
            if not self._chats:
                raise
            return Completion(f"I work screens by literal instructions; {lost}.")
        screen = read_png(picture.data)
        if _is_grounding(messages):
            decided = ground(task, screen)  # what is asked for may be all that stands there: it is no printed task
        else:
            screen = without_task(screen, task)
            sight = Sight(screen, _is_unchanged(messages), _navigates(messages))
            decided = plan(course_after(steps_of(task), _heard(messages)), sight)
        text = _DIALECT.format(decided.thought, (decided.move,))
        return Completion(text, Usage(0, len(text.split())))


@lru_cache(maxsize=32)
def steps_of(task: str) -> tuple[Step, ...]:
    """The steps that a task asks for."""
    return read_instructions(task)


def _is_grounding(messages: Sequence[Message]) -> bool:
    """Whether the prompt asks for a place only: it offers no way to finish."""
    return not any("finished(" in message.text for message in messages if message.role != "assistant")


def _task_in(messages: Sequence[Message]) -> str:
    for message in messages:
        found = _TASK.search(message.text) if message.role == "user" else None
        if found:
            return found.group(1).strip()
    raise ModelLost("the reader was asked without a task: its prompt ends with '## User Instruction' and the task")


def _heard(messages: Sequence[Message]) -> Iterator[str | Words]:
    """Our own replies, and what the user said between them."""
    for message in messages:
        if message.role == "assistant":
            yield message.text
        elif message.role == "user" and not _TASK.search(message.text) and (said := _SAID.findall(message.text)):
            yield Words("\n".join(text.replace("\n  ", "\n") for text in said))


def _navigates(messages: Sequence[Message]) -> bool:
    """Whether the prompt offers to go to an address."""
    return any("navigate(" in message.text for message in messages if message.role != "assistant")


def _is_unchanged(messages: Sequence[Message]) -> bool:
    """Whether the last action left no trace: the newest two pictures, shown before and after it, are one."""
    pictures = _pictures(messages)
    return len(pictures) > 1 and pictures[-1].data == pictures[-2].data


def _newest_picture(messages: Sequence[Message]) -> ImagePart:
    pictures = _pictures(messages)
    if not pictures:
        raise ModelLost("the reader was asked without a picture of the screen")
    return pictures[-1]


def _pictures(messages: Sequence[Message]) -> list[ImagePart]:
    return [part for message in messages for part in message.parts if isinstance(part, ImagePart)]
