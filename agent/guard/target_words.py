"""What pressing a button or a link would do, by the words on it, in several languages (`words.toml`)."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "\u0131": "i", "đ": "d", "\u2019": "'", "\u02bc": "'"})
"""Letters without a decomposition, and apostrophes."""

_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff]")
"""Scripts whose words are not separated by spaces, or carry endings: there a word is found anywhere."""


@cache
def target_words() -> dict[str, tuple[str, ...]]:
    """The words of each meaning, such as `pay`, as they are compared."""
    text = (Path(__file__).parent / "words.toml").read_text(encoding="utf-8")
    return {meaning: tuple(map(comparable, words)) for meaning, words in tomllib.loads(text).items()}


def comparable(text: str) -> str:
    """`text` in lower case, without accents, with single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return " ".join("".join(one for one in decomposed if not unicodedata.combining(one)).split())


@cache
def words_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Finds one of `words`, which are comparable, in a comparable text."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(_one(word) for word in longest_first) or r"(?!)")


def _one(word: str) -> str:
    return re.escape(word) if _UNSPACED.search(word) else rf"(?<!\w){re.escape(word)}(?!\w)"
