"""Accumulates a streamed reply and tracks when the caller wants it to stop."""

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from screenwright._text import counted, one_line

from ...core.messages import Message, TextPart
from ...core.model import Completion, SampledTokens, Usage
from .. import replies
from ..errors import ConnectionBroken, ErrorResponse, InvalidResponse, ReplyWithheld
from .tool_calls import ReceivedCalls

GRACE_PERIOD_S = 0.1
"""How long to wait for a reply to end by itself after the caller's stop.

Usually it ends with the next token. A completed response keeps the connection usable for the next call, and includes
the token counts, which are sent last.
"""

COUNTS_PERIOD_S = 2.0
"""How long to wait for token counts and the end of the stream after the finish reason; some servers send neither."""

MAX_CHARACTERS_PER_TOKEN = 64
"""A reply with more characters for each token of `max_tokens` is cut off: the server ignores the limit."""

_CHARACTERS_PER_TOKEN = 4
_PIXELS_PER_TOKEN = 28 * 28

_TRUNCATED = ("length", "max_tokens", "max_output_tokens", "model_length", "max_length")
_FILTERED = (
    "content_filter",
    "safety",
    "prohibited_content",
    "blocklist",
    "recitation",
    "spii",
    "refusal",
    "sensitive",
)
_ABORTED = ("abort", "error", "cancelled")
_CALLED = ("tool_calls", "function_call")
_OPENER = re.compile(r"\s*<tool_call>\s*$")


@dataclass(slots=True)
class _Received:
    """What has arrived of a reply. `half` is the first half of a surrogate pair, at the end of the last piece."""

    text: str = ""
    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    half: str = ""
    is_thinking: bool = False
    pieces: int = 0
    finish: str = ""
    finished_at: float | None = None
    has_choice: bool = False
    has_new_call: bool = False
    calls: ReceivedCalls = field(default_factory=ReceivedCalls)
    usage: JsonValue = None
    prompt_ids: tuple[int, ...] = ()
    reply_ids: list[int] = field(default_factory=list[int])
    logprobs: list[float] = field(default_factory=list[float])


class StreamAccumulator:
    """The text and token counts of one reply; `reset` before each retry.

    If a server separates reasoning from the text, it is prepended as `<think>...</think>`, so that dialects see the
    same text from every server. A reply that the server's parser took for reasoning or tool calls alone is restored.
    """

    def __init__(self, stop: Callable[[str], bool], max_tokens: int) -> None:
        self._stop = stop
        self._max_characters = MAX_CHARACTERS_PER_TOKEN * max_tokens
        self._stopped_at: float | None = None
        self._ended_at: float | None = None
        self._received = _Received()

    def reset(self) -> None:
        """Discard everything received; the request is sent again."""
        self._received, self._ended_at = _Received(), None

    @property
    def pieces(self) -> int:
        """How many pieces of text have arrived."""
        return self._received.pieces

    @property
    def stopped(self) -> bool:
        """Whether the caller's `stop` has ended the reply."""
        return self._stopped_at is not None

    @property
    def ended(self) -> bool:
        """Whether the reply is over, for the caller or for the server."""
        return self.stopped or self._ended_at is not None

    @property
    def is_usable(self) -> bool:
        """Whether the reply is whole, so that later errors of the server do not matter."""
        return self.ended or bool(self._received.finish)

    def should_stop(self) -> bool:
        """Whether to stop waiting; calls `stop` with the text so far until it returns True once."""
        if not self.stopped and self._stop(self._text_with_calls()):
            self._stopped_at = time.monotonic() - GRACE_PERIOD_S  # no new text: no grace period
        waits = (
            (self._stopped_at, GRACE_PERIOD_S),
            (self._ended_at, GRACE_PERIOD_S),
            (self._received.finished_at, COUNTS_PERIOD_S),
        )
        return any(since is not None and time.monotonic() >= since + wait_s for since, wait_s in waits)

    def add(self, body: JsonValue) -> bool:
        """Add an event or a whole response; False if more text arrives after the stop.

        Raises:
            ErrorResponse: it reports an error.
        """
        received = self._received
        error = replies.field(body, "error", "errors")
        if error or replies.field(body, "object") == "error":
            raise ErrorResponse(
                replies.status_in(error if isinstance(error, dict) else body),
                json.dumps(body),
                characters=len(received.text),
            )
        received.usage = replies.field(body, "usage") or received.usage
        received.prompt_ids = replies.numbers_in(replies.field(body, "prompt_token_ids")) or received.prompt_ids
        choices = replies.field(body, "choices")
        choices = choices if isinstance(choices, list) else [choices]
        received.has_new_call = False
        new = "".join(self._text_of(choice, position) for position, choice in enumerate(choices))
        if self.ended:
            return not (new.strip() or received.has_new_call)
        if not new and not received.has_new_call:
            return True
        received.pieces += 1
        received.text += new
        if len(received.text) > self._max_characters:
            received.finish = "length"
            return False
        if self._stop(self._text_with_calls()):
            self._stopped_at = time.monotonic()
        return True

    def reject(self, found: str) -> None:
        """The server sent `found` in place of an event.

        Raises:
            InvalidResponse: it is not a model server.
            ConnectionBroken: it is one, so the reply is damaged.
        """
        if not self._received.has_choice:
            raise InvalidResponse(found)
        raise ConnectionBroken(f"after {counted(len(self._received.text), 'character')}, with {found}")

    def end_of_stream(self) -> None:
        """The server signalled the end of the reply."""
        self._ended_at = time.monotonic()

    def check_complete(self) -> None:
        """Check, at the end of the response, that there is a whole reply.

        Raises:
            InvalidResponse: there was no reply in it.
            ConnectionBroken: the reply ended early.
            ReplyWithheld: the server completed the reply, but withheld it.
        """
        received = self._received
        if self.stopped:
            return
        has_reply = received.text or received.calls or received.refusal or received.finish
        if not (received.has_choice and has_reply):
            raise InvalidResponse("a response without a reply")
        if received.finish in _ABORTED:
            raise ConnectionBroken(f"after {counted(len(received.text), 'character')}: aborted by the server")
        if not received.finish and self._ended_at is None:
            raise ConnectionBroken(f"after {counted(len(received.text), 'character')}")
        if received.finish in _FILTERED:
            raise ReplyWithheld(f"a content filter ended it ({received.finish})")
        if received.refusal and not received.content.strip():
            raise ReplyWithheld(f"the model refused: {one_line(received.refusal)}")
        if received.finish in _CALLED and not (received.text.strip() or received.calls):
            raise ReplyWithheld("its tool parser took the whole reply; serve the model without one")

    def completion(self, messages: Sequence[Message]) -> Completion:
        """The reply so far. Token counts that the server has not sent, because of a stop, are estimated."""
        received = self._received
        estimate = Usage(_tokens_in(messages) if received.pieces else 0, received.pieces, estimated=received.pieces > 0)
        return Completion(
            self._whole_text(),
            replies.usage_of(received.usage, estimate),
            complete=received.finish not in _TRUNCATED,
            content=received.content,
            reasoning=received.reasoning,
            calls=received.calls.parsed(),
            finish_reason=received.finish,
            tokens=self._tokens(),
        )

    def _text_with_calls(self) -> str:
        """The text so far, with the calls that have arrived completely."""
        calls = self._received.calls.complete
        return _with_calls(self._closed_text(), calls) if calls else self._received.text

    def _closed_text(self) -> str:
        return f"{self._received.text}</think>" if self._received.is_thinking else self._received.text

    def _whole_text(self) -> str:
        received, text = self._received, self._closed_text()
        if self.stopped:
            return replies.well_formed(_with_calls(text, received.calls.complete))
        if received.calls:
            return replies.well_formed(_with_calls(text, str(received.calls)))
        only_reasoning = received.reasoning.strip() and not received.content.strip()
        return received.reasoning if only_reasoning and received.finish not in _TRUNCATED else text

    def _text_of(self, choice: JsonValue, position: int) -> str:
        """The new text in `choice`; other choices than the first are ignored."""
        received = self._received
        if not isinstance(choice, dict):
            return ""
        # Whole replies are in order; the pieces of several streamed ones are interleaved.
        index = None if choice.get("message") else replies.count_of(choice.get("index"))
        if position if index is None else index:
            return ""
        received.has_choice = True
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish not in ("", "null"):
            received.finish, received.finished_at = finish.lower(), time.monotonic()
        message = replies.field(choice, "delta", "message")
        content = replies.field(message, "content") or replies.field(choice, "text")
        content = message if isinstance(message, str) else content
        if received.content and content == received.content and not choice.get("delta"):
            return ""  # the whole text once more, at the end of a stream
        if self.ended:  # of what follows, only the counts and the finish reason matter
            received.has_new_call |= bool(replies.field(message, "tool_calls"))
            return "".join(text for _, text in replies.texts_of(content))
        self._add_tokens(choice)
        received.has_new_call |= received.calls.add_from(message)
        parts = list(replies.texts_of(content))
        parts += replies.texts_of(
            replies.field(message, "reasoning_content", "reasoning", "thinking", "reasoning_details"), "reasoning"
        )
        parts += replies.texts_of(replies.field(message, "refusal"), "refusal")
        received.refusal += "".join(text for kind, text in parts if kind == "refusal")
        reasoning = replies.well_formed("".join(text for kind, text in parts if kind == "reasoning"))
        return self._joined(reasoning, "".join(text for kind, text in parts if kind == "text"))

    def _add_tokens(self, choice: JsonValue) -> None:
        """Add the ids and log-probabilities in `choice`, which vLLM sends when it is asked for them."""
        received = self._received
        received.reply_ids += replies.numbers_in(replies.field(choice, "token_ids"))
        rated = replies.items(replies.field(replies.field(choice, "logprobs"), "content"))
        values = (one.get("logprob") for one in rated if isinstance(one, dict))
        received.logprobs += [float(one) for one in values if isinstance(one, int | float)]

    def _tokens(self) -> SampledTokens | None:
        received = self._received
        found = SampledTokens(received.prompt_ids, tuple(received.reply_ids), tuple(received.logprobs))
        return None if found == SampledTokens() else found

    def _joined(self, reasoning: str, content: str) -> str:
        received = self._received
        content = received.half + content
        is_half = "\ud800" <= content[-1:] <= "\udbff"
        received.half = content[-1] if is_half else ""
        content = replies.well_formed(content[:-1] if is_half else content)
        received.reasoning += reasoning
        received.content += content
        text = ""
        if reasoning:
            text += reasoning if received.is_thinking else f"<think>{reasoning}"
            received.is_thinking = True
        if content:
            text += f"</think>{content}" if received.is_thinking else content
            received.is_thinking = False
        return text


def _with_calls(text: str, calls: str) -> str:
    """`text` and `calls`, without the start of a call that some parsers of vLLM leave in the text."""
    text = _OPENER.sub("", text) if calls else text
    return "\n".join(each for each in (text, calls) if each)


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
