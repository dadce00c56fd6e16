"""Fitting a prompt into a model's context: an estimate of its tokens, on the safe side for text."""

from collections.abc import Sequence

from .coordinates import ImageRule
from .messages import ImagePart, Message, Part

_ASCII_A_TOKEN = 3
"""Characters of English or code in a token: about four in practice; other scripts take up to a token a character."""

_FRAME = 6
"""Tokens around each message."""

LEAST_REPLY = 200
"""A reply needs room for at least so many tokens; a thought and an action take about eighty."""


def estimated_tokens(messages: Sequence[Message], rule: ImageRule) -> int:
    """Roughly how many tokens `messages` come to: images exactly, text rather too many than too few."""
    return sum(_FRAME + sum(_part_tokens(part, rule) for part in message.parts) for message in messages)


def _part_tokens(part: Part, rule: ImageRule) -> int:
    if isinstance(part, ImagePart):
        return rule.tokens(part.size)
    plain = sum(character.isascii() for character in part.text)
    return plain // _ASCII_A_TOKEN + (len(part.text) - plain) + 1
