"""How the person at a screen stops a run or takes the screen back: a hot key, and mouse and keyboard themselves."""

from dataclasses import dataclass

from ...env import ActionRefused
from ...keys import canonical_key

OFF = "off"
DOUBLE = "double"


@dataclass(frozen=True, slots=True)
class HotKey:
    """Keys that are held together, the last of which is pressed once, or twice within half a second."""

    keys: tuple[str, ...]
    twice: bool = False

    @classmethod
    def parse(cls, text: str) -> "HotKey | None":
        """Read `double escape`, `ctrl+alt+q` or `pause`; None for `off`.

        Raises:
            ValueError: it is no hot key; one line that says what is.
        """
        words = text.lower().split()
        if words == [OFF]:
            return None
        twice = words[:1] == [DOUBLE]
        rest = words[1:] if twice else words
        try:
            keys = tuple(canonical_key(key) for key in rest[0].split("+")) if len(rest) == 1 else ()
        except ActionRefused:
            keys = ()
        if not keys:
            raise ValueError(f"the hot key is {text!r}, but should be like double escape, ctrl+alt+q, pause, or off")
        if len(keys) == 1 and len(keys[0]) == 1 and not twice:
            raise ValueError(f"the hot key {text!r} is a letter that is typed: add ctrl+alt+, or say double escape")
        return cls(keys, twice)

    def __str__(self) -> str:
        return f"{DOUBLE} {'+'.join(self.keys)}" if self.twice else "+".join(self.keys)


@dataclass(frozen=True, slots=True)
class InterruptSettings:
    """What the person at a screen may do while it is worked.

    `hot_key` ends the work at once, as `HotKey.parse` reads it; `off` for none. Whoever moves the mouse or types holds
    the work until both have been left alone for `quiet_s` seconds; 0 leaves that out.
    """

    hot_key: str = "double escape"
    quiet_s: float = 5.0

    def __post_init__(self) -> None:
        HotKey.parse(self.hot_key)
        if self.quiet_s < 0:
            raise ValueError(f"the seconds of quiet are 0 or more, not {self.quiet_s:g}")

    @property
    def wanted(self) -> bool:
        """Whether anything is to be watched for."""
        return HotKey.parse(self.hot_key) is not None or self.quiet_s > 0
