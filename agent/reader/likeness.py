"""How well a text that was read fits one that was asked for, in spite of what OCR takes for what."""

import re
import unicodedata
from difflib import SequenceMatcher

EXACT = 1.0
_BUT_FOR_CASE = 0.99
_BUT_FOR_SPACES = 0.98
_SAME_SHAPE = 0.96
_LIKE = 0.95
_SHORT = 4
_SHAPES = str.maketrans("i|1!0o5$2z8b6g9q", "lllloosszzbbggqq")
"""Letters, as they look without case, that are read as one another."""


def plain(text: str) -> str:
    """Text for comparing: without case, accents, punctuation at its ends, and doubled spaces."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(character for character in folded if not unicodedata.combining(character))
    return re.sub(r"\s+", " ", bare).strip(" .:…,;*>|▼▾\"'“”")


def shape(text: str) -> str:
    """A plain text by the look of its letters, without spaces: `l`, `I` and `1` are one, and so are `0` and `O`."""
    return plain(text).replace(" ", "").translate(_SHAPES).replace("rn", "m").replace("vv", "w")


def likeness(seen: str, wanted: str) -> float:
    """How alike two texts are, up to 1. Short ones must look the same, since one letter is a lot of them."""
    if seen == wanted:
        return EXACT
    one, other = plain(seen), plain(wanted)
    if not one or not other:
        return EXACT if seen.strip() == wanted.strip() else 0.0
    if one == other:
        return _BUT_FOR_CASE
    if one.replace(" ", "") == other.replace(" ", ""):
        return _BUT_FOR_SPACES
    if shape(one) == shape(other):
        return _SAME_SHAPE
    if min(len(one), len(other)) < _SHORT:
        return 0.0
    return _LIKE * SequenceMatcher(None, shape(one), shape(other), autojunk=False).ratio()
