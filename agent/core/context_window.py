"""Estimates the number of tokens of a prompt, to fit it into the model's context window."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .coordinates import ImageRule
from .messages import ImagePart, Message, Part

_ASCII_PER_TOKEN = 3
"""Characters of English or code per token; about four in practice. Other scripts need up to a token per character."""

_TOKENS_PER_MESSAGE = 6
"""Overhead of the chat template."""

MIN_REPLY_TOKENS = 200
"""Room to leave for the reply; a thought and an action take about eighty tokens."""


@dataclass(frozen=True, slots=True)
class PromptLimits:
    """The number of screenshots, and of tokens of prompt and reply, that a server accepts; None if unknown."""

    images: int | None = None
    tokens: int | None = None


def estimated_tokens(messages: Sequence[Message], rule: ImageRule) -> int:
    """The approximate number of tokens: exact for images, overestimated for text."""
    return sum(_TOKENS_PER_MESSAGE + sum(_part_tokens(part, rule) for part in message.parts) for message in messages)


def _part_tokens(part: Part, rule: ImageRule) -> int:
    return rule.tokens(part.size) if isinstance(part, ImagePart) else _text_tokens(part.text)


@lru_cache(4096)
def _text_tokens(text: str) -> int:
    """Cached, since a long run has hundreds of earlier replies in each prompt."""
    ascii_count = len(text.encode("ascii", "ignore"))
    return ascii_count // _ASCII_PER_TOKEN + (len(text) - ascii_count) + 1
