"""A model with scripted replies, for tests."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from ..core.messages import Message
from ..core.model import Completion, ModelInfo, ModelLost, Sampling, Usage, never

ScriptedReply: TypeAlias = str | Completion | ModelLost | Callable[[Sequence[Message]], str]
"""A reply: its text, a whole `Completion`, an error to raise, or a function from the messages to the text."""

_CHUNK_SIZE = 4
"""Characters added between two calls of `stop`: about a token."""


class ScriptedModel:
    """Returns the scripted replies in order, each once, and then raises `ModelLost`.

    With a function instead of replies, it computes every reply. `asked` and `samplings` record the arguments of each
    call. A reply given as text has the token counts `usage`. `stop` is called as the text grows, as by a served model.
    """

    def __init__(
        self, replies: Iterable[ScriptedReply] | Callable[[Sequence[Message]], str], *, usage: Usage | None = None
    ) -> None:
        self._script: Iterator[ScriptedReply] = _repeat(replies) if callable(replies) else iter(tuple(replies))
        self._usage = usage or Usage()
        self.asked: list[tuple[Message, ...]] = []
        self.samplings: list[Sampling] = []

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo("scripted")

    def connect(self) -> None:
        """See `Model`. Does nothing."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`."""
        self.asked.append(tuple(messages))
        self.samplings.append(sampling)
        reply = next(self._script, None)
        if reply is None:
            raise ModelLost("the script is over")
        if isinstance(reply, ModelLost):
            raise reply
        if callable(reply):
            reply = reply(messages)
        whole = reply if isinstance(reply, Completion) else Completion(reply, self._usage)
        text = _text_until_stop(stop, whole.text)
        return whole if text == whole.text else Completion(text, whole.usage)


def _repeat(reply: Callable[[Sequence[Message]], str]) -> Iterator[ScriptedReply]:
    while True:
        yield reply


def _text_until_stop(stop: Callable[[str], bool], text: str) -> str:
    """The text up to where `stop` returns True; it is called before the first chunk and after each."""
    for end in (*range(0, len(text), _CHUNK_SIZE), len(text)):
        if stop(text[:end]):
            return text[:end]
    return text
