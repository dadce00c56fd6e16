"""A reply as it comes in: its text so far, and whether the listener has heard enough."""

import time
from collections.abc import Callable, Sequence

from ..core.messages import Message, TextPart
from ..core.model import Completion, Usage
from .errors import ConnectionBroken, InvalidResponse
from .wire import ChatCompletion, Choice, Spoken

LINGER_S = 0.1
"""How long to wait, after the listener has heard enough, for a reply to end by itself.

Mostly it is over with the next token. Heard to its end it leaves the connection open for the next call, and tells
its token counts, which come last.
"""

_CHARACTERS_PER_TOKEN = 4
_PIXELS_PER_TOKEN = 28 * 28


class StreamAccumulator:
    """What was heard of one reply; begun again when it has to be asked for again.

    Where a server splits thinking off the text, it is put back in front of it as `<think>...</think>`, so that a
    dialect sees the same text from every server.
    """

    def __init__(self, stop: Callable[[str], bool]) -> None:
        self._stop = stop
        self._enough_at: float | None = None
        self.begin()

    def begin(self) -> None:
        """Forget what was heard: the reply comes anew."""
        self._text = ""
        self._thinking = False
        self._usage: Usage | None = None
        self._begun = False
        self._pieces = 0
        self._finish: str | None = None

    @property
    def has_enough(self) -> bool:
        """Whether the reply may end here, whatever the server does now."""
        return self._enough_at is not None

    def is_over(self) -> bool:
        """Whether to wait no longer; asks the listener, with the text so far, until it has had enough once."""
        if self._enough_at is None:
            if not self._stop(self._text):
                return False
            self._enough_at = time.monotonic() - LINGER_S  # nothing new was heard: this is no reply's natural end
        return time.monotonic() >= self._enough_at + LINGER_S

    def hear(self, answer: ChatCompletion) -> bool:
        """Take in a piece, or a whole answer; False once the text runs on although the listener has heard enough.

        Raises:
            BrokenOff: the server reports an error.
        """
        if answer.error:
            raise ConnectionBroken(f"after {len(self._text)} characters with an error: {_said(answer)}")
        if answer.usage is not None:
            self._usage = answer.usage.usage()
        if not answer.choices:
            return True
        self._begun = True
        new = self._text_of(answer.choices[0])
        self._finish = answer.choices[0].finish_reason or self._finish
        if not new:
            return True
        if self._enough_at is not None:
            return not new.strip()
        self._pieces += 1
        self._text += new
        if self._stop(self._text):
            self._enough_at = time.monotonic()
        return True

    def last(self) -> None:
        """The server says that this was all: what may still come is not worth more than a short wait.

        Raises:
            NotAnAnswer: nothing of it was a reply.
            BrokenOff: the server gave up on it.
        """
        if not self._begun:
            raise InvalidResponse("an answer without a reply in it")
        self._check_not_aborted()
        if self._enough_at is None:
            self._enough_at = time.monotonic()

    def check_whole(self) -> None:
        """Raise unless the reply came to its end, now that nothing more comes.

        Raises:
            BrokenOff: the server stopped in the middle.
        """
        self._check_not_aborted()
        if self._finish is None and not self.has_enough:
            raise ConnectionBroken(f"after {len(self._text)} characters")

    def completion(self, messages: Sequence[Message]) -> Completion:
        """What was heard. Counts that the server did not tell, having been cut short, are estimated."""
        text = f"{self._text}</think>" if self._thinking else self._text
        usage = self._usage or Usage(_tokens_in(messages) if self._pieces else 0, self._pieces)
        return Completion(text, usage, complete=self._finish != "length")

    def _check_not_aborted(self) -> None:
        if self._finish in ("abort", "error"):
            raise ConnectionBroken(f"after {len(self._text)} characters, as aborted")

    def _text_of(self, choice: Choice) -> str:
        said = choice.delta or choice.message or Spoken()
        reasoning, content = said.reasoning_content or said.reasoning or "", said.content or ""
        text = ""
        if reasoning:
            text += reasoning if self._thinking else f"<think>{reasoning}"
            self._thinking = True
        if content:
            text += f"</think>{content}" if self._thinking else content
            self._thinking = False
        return text


def _said(answer: ChatCompletion) -> str:
    error = answer.error
    message = error.get("message") if isinstance(error, dict) else error
    return " ".join(str(message).split())[:200]


def _tokens_in(messages: Sequence[Message]) -> int:
    """About how many tokens `messages` are: four characters to one of text, 28 x 28 pixels to one of an image."""
    tokens = 0
    for message in messages:
        for part in message.parts:
            if isinstance(part, TextPart):
                tokens += len(part.text) // _CHARACTERS_PER_TOKEN
            else:
                tokens += part.size.width * part.size.height // _PIXELS_PER_TOKEN
    return tokens
