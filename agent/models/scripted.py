"""A model that answers from a script: the public fake of the `Model` seam."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from ..core.messages import Message
from ..core.model import Completion, ModelInfo, ModelLost, Sampling, Usage, never

Line: TypeAlias = str | Completion | ModelLost | Callable[[Sequence[Message]], str]
"""One answer: its text, a whole `Completion`, a failure, or a function of the messages that gives the text."""

_PIECE = 4
"""Characters by which a reply grows in front of `stop`: about a token."""


class ScriptedModel:
    """Gives the answers of a script in order, each once; when they are used up, the model is lost.

    A function as the whole script answers every call. `asked` holds the messages of each call so far, and `samplings`
    how each was to be drawn. An answer given as text costs `usage`. A `stop` is shown the text as it grows, and ends
    it, as a served model would.
    """

    def __init__(
        self, replies: Iterable[Line] | Callable[[Sequence[Message]], str], *, usage: Usage | None = None
    ) -> None:
        self._script: Iterator[Line] = _forever(replies) if callable(replies) else iter(tuple(replies))
        self._usage = usage or Usage()
        self.asked: list[tuple[Message, ...]] = []
        self.samplings: list[Sampling] = []

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo("scripted")

    def connect(self) -> None:
        """See `Model`. There is nothing to do."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`."""
        self.asked.append(tuple(messages))
        self.samplings.append(sampling)
        line = next(self._script, None)
        if line is None:
            raise ModelLost("the script is over")
        if isinstance(line, ModelLost):
            raise line
        if callable(line):
            line = line(messages)
        whole = line if isinstance(line, Completion) else Completion(line, self._usage)
        text = _until(stop, whole.text)
        return whole if text == whole.text else Completion(text, whole.usage)


def _forever(reply: Callable[[Sequence[Message]], str]) -> Iterator[Line]:
    while True:
        yield reply


def _until(stop: Callable[[str], bool], text: str) -> str:
    """As much of `text` as there is when `stop` has enough; it is asked before the first piece and after each."""
    for end in (*range(0, len(text), _PIECE), len(text)):
        if stop(text[:end]):
            return text[:end]
    return text
