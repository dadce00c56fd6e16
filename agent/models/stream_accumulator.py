"""Accumulates a streamed reply and tracks when the caller wants it to stop."""

import time
from collections.abc import Callable, Sequence

from ..core.messages import Message, TextPart
from ..core.model import Completion, Usage
from .errors import ConnectionBroken, InvalidResponse
from .wire import ChatCompletion, Choice, ReplyMessage

GRACE_PERIOD_S = 0.1
"""How long to wait for a reply to end by itself after the caller's stop.

Usually it ends with the next token. A completed response keeps the connection usable for the next call, and includes
the token counts, which are sent last.
"""

_CHARACTERS_PER_TOKEN = 4
_PIXELS_PER_TOKEN = 28 * 28


class StreamAccumulator:
    """The text and token counts of one reply; `reset` before each retry.

    If a server separates reasoning from the text, it is prepended as `<think>...</think>`, so that dialects see the
    same text from every server.
    """

    def __init__(self, stop: Callable[[str], bool]) -> None:
        self._stop = stop
        self._stopped_at: float | None = None
        self.reset()

    def reset(self) -> None:
        """Discard everything received; the request is sent again."""
        self._text = ""
        self._thinking = False
        self._usage: Usage | None = None
        self._has_choices = False
        self._pieces = 0
        self._finish: str | None = None

    @property
    def stopped(self) -> bool:
        """Whether the caller's `stop` has ended the reply; later errors of the server do not matter."""
        return self._stopped_at is not None

    def should_stop(self) -> bool:
        """Whether to stop waiting; calls `stop` with the text so far until it returns True once."""
        if self._stopped_at is None:
            if not self._stop(self._text):
                return False
            self._stopped_at = time.monotonic() - GRACE_PERIOD_S  # no new text: no grace period
        return time.monotonic() >= self._stopped_at + GRACE_PERIOD_S

    def add(self, chunk: ChatCompletion) -> bool:
        """Add a chunk or a whole response; False if more text arrives after the stop.

        Raises:
            ConnectionBroken: the server reports an error.
        """
        if chunk.error:
            raise ConnectionBroken(f"after {len(self._text)} characters with an error: {_error_message(chunk)}")
        if chunk.usage is not None:
            self._usage = chunk.usage.usage()
        if not chunk.choices:
            return True
        self._has_choices = True
        new = self._text_of(chunk.choices[0])
        self._finish = chunk.choices[0].finish_reason or self._finish
        if not new:
            return True
        if self._stopped_at is not None:
            return not new.strip()
        self._pieces += 1
        self._text += new
        if self._stop(self._text):
            self._stopped_at = time.monotonic()
        return True

    def end_of_stream(self) -> None:
        """The server signalled the end of the stream.

        Raises:
            InvalidResponse: there was no reply in it.
            ConnectionBroken: the server aborted the reply.
        """
        if not self._has_choices:
            raise InvalidResponse("a response without a reply")
        self._check_not_aborted()
        if self._stopped_at is None:
            self._stopped_at = time.monotonic()

    def check_complete(self) -> None:
        """Check, at the end of the response, that the reply is complete.

        Raises:
            ConnectionBroken: the reply ended early.
        """
        self._check_not_aborted()
        if self._finish is None and not self.stopped:
            raise ConnectionBroken(f"after {len(self._text)} characters")

    def completion(self, messages: Sequence[Message]) -> Completion:
        """The reply so far. Token counts that the server has not sent, because of a stop, are estimated."""
        text = f"{self._text}</think>" if self._thinking else self._text
        usage = self._usage or Usage(_tokens_in(messages) if self._pieces else 0, self._pieces)
        return Completion(text, usage, complete=self._finish != "length")

    def _check_not_aborted(self) -> None:
        if self._finish in ("abort", "error"):
            raise ConnectionBroken(f"after {len(self._text)} characters: aborted by the server")

    def _text_of(self, choice: Choice) -> str:
        message = choice.delta or choice.message or ReplyMessage()
        reasoning, content = message.reasoning_content or message.reasoning or "", message.content or ""
        text = ""
        if reasoning:
            text += reasoning if self._thinking else f"<think>{reasoning}"
            self._thinking = True
        if content:
            text += f"</think>{content}" if self._thinking else content
            self._thinking = False
        return text


def _error_message(chunk: ChatCompletion) -> str:
    error = chunk.error
    message = error.get("message") if isinstance(error, dict) else error
    return " ".join(str(message).split())[:200]


def _tokens_in(messages: Sequence[Message]) -> int:
    """Estimate the tokens of `messages`: one per four characters of text or 28 x 28 pixels of an image."""
    tokens = 0
    for message in messages:
        for part in message.parts:
            if isinstance(part, TextPart):
                tokens += len(part.text) // _CHARACTERS_PER_TOKEN
            else:
                tokens += part.size.width * part.size.height // _PIXELS_PER_TOKEN
    return tokens
