"""Memory that the agent's process shares with its watchdog.

Neither side ever waits for the other, so one that hangs cannot block the other. Each field has one writer. The agent
announces each input in a ring buffer before it sends it; the watchdog reads the announcements as the events arrive,
each exactly once and in the same order for each device.
"""

import mmap
import struct
from enum import IntEnum
from typing import Final

_RING: Final = 1 << 15  # several minutes of typing at full speed
_RING_AT: Final = 64
SIZE: Final = _RING_AT + 2 * _RING
_COUNT: Final = struct.Struct("I")
"""Native: Python writes other formats byte by byte, so that the other process could read a half-written number."""

_ENTRY: Final = struct.Struct("<BB")


class Kind(IntEnum):
    """An input event; the numbers are X11's event codes."""

    KEY_DOWN = 2
    KEY_UP = 3
    BUTTON_DOWN = 4
    BUTTON_UP = 5
    MOTION = 6


class _Flag:
    """A bool at `at` in the shared memory."""

    def __init__(self, at: int) -> None:
        self._at = at

    def __get__(self, state: "SharedState", _owner: type) -> bool:
        return state.memory[self._at] == 1

    def __set__(self, state: "SharedState", value: bool) -> None:
        state.memory[self._at] = value


class SharedState:
    """The fields, in shared memory of `SIZE` bytes.

    Written by the watchdog: `stopped` (input is no longer allowed) and `input_count` (how much input of the user it has
    seen). Written by the agent: `acknowledged` (it has received the stop), `acting` (an action is in progress),
    `run_active` (a run is in progress), and the announcements.
    """

    stopped = _Flag(0)
    acknowledged = _Flag(1)
    acting = _Flag(2)
    run_active = _Flag(3)

    def __init__(self, memory: mmap.mmap) -> None:
        self.memory = memory
        self._read = 0

    @property
    def input_count(self) -> int:
        """The number of the user's inputs so far."""
        return int(_COUNT.unpack_from(self.memory, 8)[0])

    def count_input(self) -> None:
        """Add one to `input_count`."""
        _COUNT.pack_into(self.memory, 8, (self.input_count + 1) & 0xFFFFFFFF)

    def announce(self, kind: Kind, detail: int) -> None:
        """Announce an input that the agent is about to send; `detail` is the key or button."""
        written = self._written
        _ENTRY.pack_into(self.memory, _RING_AT + 2 * (written % _RING), kind, detail & 0xFF)
        _COUNT.pack_into(self.memory, 12, (written + 1) & 0xFFFFFFFF)

    def take(self) -> tuple[Kind, int] | None:
        """Remove and return the oldest announcement; None if there is none."""
        if self._read == self._written:
            return None
        kind, detail = _ENTRY.unpack_from(self.memory, _RING_AT + 2 * (self._read % _RING))
        self._read = (self._read + 1) & 0xFFFFFFFF
        return Kind(kind), int(detail)

    @property
    def _written(self) -> int:
        return int(_COUNT.unpack_from(self.memory, 12)[0])
