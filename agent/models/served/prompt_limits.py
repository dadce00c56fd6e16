"""The limits of a prompt that a server's error message names."""

import re

_IMAGES = (
    r"at most (\d+) (?:image|picture)",  # vLLM
    r"images?\b.{0,40}\bexceeds? (?:the )?(?:limit|maximum)(?: of)? (\d+)",  # SGLang
    r"(?:up to|max(?:imum)?(?: number)?(?: of)?(?: is)?:?|limit(?: of| is)?:?) (\d+) images?",
    r"too many (?:images|pictures).{0,80}?(?:max(?:imum)?|limit|at most|up to)\D{0,40}(\d+)",  # Azure, Mistral
    r"too many (?:images|pictures).{0,40}> ?(\d+)",  # Anthropic
)
_TOKENS = (
    r"(?:context (?:length|size|window)|model length)[a-z ():=]{0,20}(\d{3,8})\b",
    r"n_ctx\W{0,5}(\d{3,8})\b",  # llama.cpp
    r"must (?:be <=|have less than) (\d{3,8})\b",  # TGI
    r"\bthe limit (?:is|of) (\d{3,8}) tokens",
)


def image_limit(message: str) -> int | None:
    """The number of images that the server accepts; None if the message names none."""
    return _first(_IMAGES, message)


def token_limit(message: str) -> int | None:
    """The number of tokens of prompt and reply that the server accepts; None if the message names none."""
    return _first(_TOKENS, message)


def _first(patterns: tuple[str, ...], message: str) -> int | None:
    matches = (re.search(pattern, message, re.IGNORECASE | re.DOTALL) for pattern in patterns)
    return next((int(found[1]) for found in matches if found), None)
