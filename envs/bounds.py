"""The bounds of actions, checked when an action is constructed: in a parsed reply, by a program, or from a log.

An action out of bounds is refused, never cut down to the bound, so that the model reads why nothing happened.
"""

import math
from collections.abc import Sized

MAX_WAIT_S = 600.0
"""Seconds of a wait."""
MAX_PRESS_S = 60.0
"""Seconds of a long press."""
MAX_CLICKS = 10
"""Clicks of one click action."""
MAX_NOTCHES = 1000
"""Notches of a scroll."""
MAX_KEYS = 10
"""Keys of a hotkey, and modifiers of a click or drag."""
MAX_TEXT_CHARACTERS = 100_000
"""Characters of a text to type, of a URL and of the name of an app."""
MAX_PATH_POINTS = 500
"""Points of the path of a drag."""
MAX_ACTIONS = 100
"""Actions of one reply, and presses of one key."""
MAX_REPLY_CHARACTERS = 500_000
"""Characters of a reply; a longer one is not parsed."""


class OutOfBounds(ValueError):
    """An action is out of bounds; the message names the value and the bound."""


def check_number(value: float, what: str, least: float, most: float) -> None:
    """Check that `value`, described by `what`, is a number from `least` to `most`.

    Raises:
        OutOfBounds: it is not.
    """
    if not (math.isfinite(value) and least <= value <= most):
        raise OutOfBounds(f"{what} must be {least:g} to {most:g}, not {value:g}")


def check_length(value: Sized, what: str, least: int, most: int) -> None:
    """Check that `value` has from `least` to `most` items, described by `what`.

    Raises:
        OutOfBounds: it does not.
    """
    if not least <= len(value) <= most:
        allowed = f"{least} to {most}" if least else f"at most {most}"
        raise OutOfBounds(f"{what} must be {allowed}, not {len(value)}")
