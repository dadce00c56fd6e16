"""Text similarity that tolerates typical OCR errors."""

import re
import unicodedata
from difflib import SequenceMatcher

EXACT = 1.0
_EXCEPT_CASE = 0.99
_EXCEPT_SPACES = 0.98
_LOOKS_ALIKE = 0.96
_FUZZY = 0.95
_MIN_FUZZY_LENGTH = 4
_LOOKALIKES = str.maketrans("i|1!0o5$2z8b6g9q", "lllloosszzbbggqq")
"""Characters that OCR confuses, in lower case, mapped to one representative each."""

_FRAME_SIGNS = frozenset("olv")
"""What OCR may return, folded, for a border, a radio button or a check box directly before a word."""


def normalize(text: str) -> str:
    """Normalize for comparison: remove case, accents, repeated spaces, and punctuation at both ends."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(character for character in folded if not unicodedata.combining(character))
    return re.sub(r"\s+", " ", bare).strip(" .:…,;*>|▼▾\"'“”")


def fold_lookalikes(text: str) -> str:
    """Normalize, remove spaces, and merge characters that look alike: `l`, `I` and `1`; `0` and `O`."""
    return normalize(text).replace(" ", "").translate(_LOOKALIKES).replace("rn", "m").replace("vv", "w")


def _are_different_words(seen: str, wanted: str) -> bool:
    """Whether two texts differ in more than OCR errors: in a number, or in the beginning or ending of a word.

    `Chapter 12` is not `Chapter 13`, `Orders` is not `Order`, and `Uninstall` is not `Install`.
    """
    numbers = [word for word in wanted.split() if any(character.isdigit() for character in word)]
    if any(fold_lookalikes(number) not in fold_lookalikes(seen) for number in numbers):
        return True
    words = [text.split() for text in (seen, wanted)]
    pairs = zip(*words, strict=True) if len(words[0]) == len(words[1]) else [(seen, wanted)]
    return any(_is_inflected(fold_lookalikes(one), fold_lookalikes(other)) for one, other in pairs)


def _is_inflected(seen: str, wanted: str) -> bool:
    """Whether one word is the other with more letters; OCR may see a frame or a radio button before a word."""
    short, long = sorted((seen, wanted), key=len)
    if short == long or not short:
        return False
    return long.startswith(short) or (long.endswith(short) and long.removesuffix(short) not in _FRAME_SIGNS)


def similarity(seen: str, wanted: str) -> float:
    """The similarity of two texts, from 0 to 1; of short ones, only those that look the same are similar."""
    if seen == wanted:
        return EXACT
    one, other = normalize(seen), normalize(wanted)
    if not one or not other:
        return EXACT if seen.strip() == wanted.strip() else 0.0
    if one == other:
        return _EXCEPT_CASE
    if one.replace(" ", "") == other.replace(" ", ""):
        return _EXCEPT_SPACES
    if fold_lookalikes(one) == fold_lookalikes(other):
        return _LOOKS_ALIKE
    if min(len(one), len(other)) < _MIN_FUZZY_LENGTH or _are_different_words(one, other):
        return 0.0
    return _FUZZY * SequenceMatcher(None, fold_lookalikes(one), fold_lookalikes(other), autojunk=False).ratio()
