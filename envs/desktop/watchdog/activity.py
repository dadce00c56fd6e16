"""Interprets the user's input: the hot key, the start of activity, and the end of it.

Pure logic: `program.py` supplies the events and the clock.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from .settings import HotKey

DOUBLE_PRESS_S = 0.5
MIN_MOTIONS, MOTIONS_WITHIN_S = 4, 0.5
"""Fewer motions within that time are ignored: someone bumped the desk."""


@dataclass(frozen=True, slots=True)
class UserInput:
    """One input of the user; `key` is the canonical key name, empty if the key has none.

    `at_s` is in seconds of the device's own clock, which does not lag behind on a busy machine.
    """

    kind: Literal["key", "key up", "button", "motion"]
    at_s: float
    key: str = ""


class ActivitySignal(Enum):
    """What the watchdog reports; the values are its messages to the agent's process."""

    STOP = "stop"
    ACTIVE = "active"
    INPUT = "input"
    IDLE = "idle"


@dataclass(slots=True)
class UserActivity:
    """Tracks held keys and the time of the last input. `now` is in seconds of the watchdog's clock."""

    hot_key: HotKey | None
    quiet_s: float
    _held: set[str] = field(default_factory=set[str])
    _pressed_at: float | None = None
    _motions: deque[float] = field(default_factory=lambda: deque[float](maxlen=MIN_MOTIONS))
    _last: float | None = None

    def on_input(self, event: UserInput, now: float) -> tuple[ActivitySignal, ...]:
        """Process an input; returns what it means."""
        if event.kind == "key up":
            self._held.discard(_left_key(event.key))
            return ()
        if event.kind == "key" and self._completes_hot_key(_left_key(event.key), event.at_s):
            return (ActivitySignal.STOP,)
        if self.quiet_s <= 0 or not self._is_deliberate(event):
            return ()
        was_idle = self._last is None
        self._last = now
        return (ActivitySignal.ACTIVE, ActivitySignal.INPUT) if was_idle else (ActivitySignal.INPUT,)

    def on_tick(self, now: float) -> tuple[ActivitySignal, ...]:
        """Process the passing of time; returns `IDLE` once after `quiet_s` without input."""
        if self._last is None or now - self._last < self.quiet_s:
            return ()
        self._last = None
        return (ActivitySignal.IDLE,)

    def _is_deliberate(self, event: UserInput) -> bool:
        if event.kind != "motion":
            return True
        self._motions.append(event.at_s)
        return len(self._motions) == MIN_MOTIONS and event.at_s - self._motions[0] <= MOTIONS_WITHIN_S

    def _completes_hot_key(self, key: str, at_s: float) -> bool:
        """Whether this press completes the hot key. Another key in between interrupts a double press."""
        before, self._pressed_at = self._pressed_at, None
        self._held.add(key)
        if self.hot_key is None:
            return False
        *others, last = map(_left_key, self.hot_key.keys)
        if key != last or not set(others) <= self._held:
            if key in others:
                self._pressed_at = before  # releasing and pressing ctrl again does not interrupt ctrl+q, ctrl+q
            return False
        if not self.hot_key.twice or (before is not None and at_s - before <= DOUBLE_PRESS_S):
            return True
        self._pressed_at = at_s
        return False


def _left_key(key: str) -> str:
    """The right modifier keys count as the left ones."""
    return key.removeprefix("right") or key
