"""Which texts can be typed at all."""

import unicodedata

from ..env import ActionRefused

_KEYS = "\n\r\t"


def check_typeable(text: str) -> None:
    """Refuse what is no text: control characters other than line breaks and tabs, and halves of characters.

    Raises:
        ActionRefused: there is one; programs would drop it without a word.
    """
    wrong = next((char for char in text if char not in _KEYS and unicodedata.category(char) in ("Cc", "Cs")), None)
    if wrong is not None:
        raise ActionRefused(f"no key types the character {wrong!r}: leave it out, or press keys by their names")
