"""Checks whether text can be typed."""

import unicodedata

from ..env import ActionRefused

_KEYS = "\n\r\t"


def check_typeable(text: str) -> None:
    """Check that `text` has no control characters but line breaks and tabs, and no lone surrogates.

    Raises:
        ActionRefused: it has one; programs would drop it silently.
    """
    wrong = next((char for char in text if char not in _KEYS and unicodedata.category(char) in ("Cc", "Cs")), None)
    if wrong is not None:
        raise ActionRefused(f"the character {wrong!r} cannot be typed; use a hotkey action for special keys")
