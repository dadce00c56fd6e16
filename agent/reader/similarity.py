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


def normalize(text: str) -> str:
    """Normalize for comparison: remove case, accents, repeated spaces, and punctuation at both ends."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(character for character in folded if not unicodedata.combining(character))
    return re.sub(r"\s+", " ", bare).strip(" .:…,;*>|▼▾\"'“”")


def fold_lookalikes(text: str) -> str:
    """Normalize, remove spaces, and merge characters that look alike: `l`, `I` and `1`; `0` and `O`."""
    return normalize(text).replace(" ", "").translate(_LOOKALIKES).replace("rn", "m").replace("vv", "w")


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
    if min(len(one), len(other)) < _MIN_FUZZY_LENGTH:
        return 0.0
    return _FUZZY * SequenceMatcher(None, fold_lookalikes(one), fold_lookalikes(other), autojunk=False).ratio()
