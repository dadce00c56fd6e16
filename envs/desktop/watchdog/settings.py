"""How the user interrupts a run: a hot key stops it, using the mouse or keyboard pauses it."""

from dataclasses import dataclass

from ...env import ActionRefused
from ...keys import canonical_key

OFF = "off"
DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class HotKey:
    """Keys pressed together; with `twice` the last one is pressed twice within half a second."""

    keys: tuple[str, ...]
    twice: bool = False

    @classmethod
    def parse(cls, text: str) -> "HotKey | None":
        """Read `double escape`, `ctrl+alt+q` or `pause`; None for `off`.

        Raises:
            ValueError: `text` is not a hot key.
        """
        parts = text.lower().split()
        if parts == [OFF]:
            return None
        twice = parts[:1] == [DOUBLE]
        rest = parts[1:] if twice else parts
        try:
            keys = tuple(canonical_key(key) for key in rest[0].split("+")) if len(rest) == 1 else ()
        except ActionRefused:
            keys = ()
        if not keys:
            raise ValueError(f"{text!r} is not a hot key; use for example double escape, ctrl+alt+q, pause, or off")
        if len(keys) == 1 and len(keys[0]) == 1 and not twice:
            raise ValueError(
                f"the hot key {text!r} is a character that gets typed: add ctrl+alt+, or use double escape"
            )
        return cls(keys, twice)

    def __str__(self) -> str:
        return f"{DOUBLE} {'+'.join(self.keys)}" if self.twice else "+".join(self.keys)


@dataclass(frozen=True, slots=True)
class InterruptSettings:
    """How the user can interrupt a run.

    `hot_key` stops the run at once; see `HotKey.parse` for the syntax, `off` disables it. Using the mouse or keyboard
    pauses the run until both have been idle for `quiet_s` seconds; 0 disables pausing.
    """

    hot_key: str = "double escape"
    quiet_s: float = 5.0

    def __post_init__(self) -> None:
        HotKey.parse(self.hot_key)
        if self.quiet_s < 0:
            raise ValueError(f"quiet_s must be 0 or more, not {self.quiet_s:g}")

    @property
    def enabled(self) -> bool:
        """Whether a watchdog is needed."""
        return HotKey.parse(self.hot_key) is not None or self.quiet_s > 0
