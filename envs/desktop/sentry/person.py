"""What a person does at mouse and keyboard, judged: is that the hot key, are they at work, have they stopped?

Values in, values out; the process around it (`program.py`) has the devices and the clock.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from .settings import HotKey

TWICE_WITHIN_S = 0.5
LEAST_MOTIONS = 4
"""So many motions within `MOTIONS_WITHIN_S` are a hand; fewer are a desk that was bumped into."""

MOTIONS_WITHIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Sensed:
    """Something that the person did: a key by its canonical name (empty if it has none), a button, or a motion.

    `at` is when, in seconds of the device's own clock, which a busy machine does not hold up.
    """

    what: Literal["key", "key up", "button", "motion"]
    at: float
    key: str = ""


class Meaning(Enum):
    """What follows from it."""

    STOP = "stop"
    BEGAN = "began"
    TOUCHED = "touched"
    FINISHED = "finished"


@dataclass(slots=True)
class UserActivity:
    """Keeps in mind what is held and when something was last done. `now` is in seconds of the sentry's clock."""

    hot_key: HotKey | None
    quiet_s: float
    _held: set[str] = field(default_factory=set[str])
    _pressed_at: float | None = None
    _motions: deque[float] = field(default_factory=lambda: deque[float](maxlen=LEAST_MOTIONS))
    _last: float | None = None

    def did(self, sensed: Sensed, now: float) -> tuple[Meaning, ...]:
        """Take in what was done."""
        if sensed.what == "key up":
            self._held.discard(_plain(sensed.key))
            return ()
        stop = sensed.what == "key" and self._is_hot_key(_plain(sensed.key), sensed.at)
        if stop:
            return (Meaning.STOP,)
        if self.quiet_s <= 0 or not self._counts(sensed):
            return ()
        began = self._last is None
        self._last = now
        return (Meaning.BEGAN, Meaning.TOUCHED) if began else (Meaning.TOUCHED,)

    def passed(self, now: float) -> tuple[Meaning, ...]:
        """Take in that time has passed."""
        if self._last is None or now - self._last < self.quiet_s:
            return ()
        self._last = None
        return (Meaning.FINISHED,)

    def _counts(self, sensed: Sensed) -> bool:
        if sensed.what != "motion":
            return True
        self._motions.append(sensed.at)
        return len(self._motions) == LEAST_MOTIONS and sensed.at - self._motions[0] <= MOTIONS_WITHIN_S

    def _is_hot_key(self, key: str, at: float) -> bool:
        """Whether this press completes it. Another key in between breaks a double press."""
        before, self._pressed_at = self._pressed_at, None
        self._held.add(key)
        if self.hot_key is None:
            return False
        *others, last = map(_plain, self.hot_key.keys)
        if key != last or not set(others) <= self._held:
            if key in others:
                self._pressed_at = before  # holding ctrl anew is part of it
            return False
        if not self.hot_key.twice or (before is not None and at - before <= TWICE_WITHIN_S):
            return True
        self._pressed_at = at
        return False


def _plain(key: str) -> str:
    """The right modifier keys count as the left ones."""
    return key.removeprefix("right") or key
