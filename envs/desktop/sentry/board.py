"""What the process that works a screen and its sentry write for each other: a piece of shared memory.

It is read and written without waiting for the other side, so that neither can be held up by one that hangs. Each field
has one writer. The announcements are a ring: the worker writes what it is about to do to the device, then counts up;
the sentry reads them as the events arrive, which they do in the same order and each exactly once.
"""

import mmap
import struct
from enum import IntEnum
from typing import Final

_RING: Final = 1 << 15  # several minutes of typing at full speed
_RING_AT: Final = 64
SIZE: Final = _RING_AT + 2 * _RING
_COUNT: Final = struct.Struct("<I")
_ENTRY: Final = struct.Struct("<BB")


class Kind(IntEnum):
    """What is done to a device; the numbers are X11's codes of events."""

    KEY_DOWN = 2
    KEY_UP = 3
    BUTTON_DOWN = 4
    BUTTON_UP = 5
    MOTION = 6


class Board:
    """The fields, in shared memory of `SIZE` bytes.

    Written by the sentry: `stopped` (nothing may be pressed any more) and `touches` (how often the person was seen to
    use mouse or keyboard). Written by the worker: `heard` (it was told of the stop), `acting` (an action is in flight),
    `attended` (a run is in progress), and the announcements.
    """

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._read = 0

    @property
    def stopped(self) -> bool:
        """Whether nothing may be pressed any more."""
        return self._memory[0] == 1

    @stopped.setter
    def stopped(self, value: bool) -> None:
        self._memory[0] = value

    @property
    def heard(self) -> bool:
        """Whether the worker has been told."""
        return self._memory[1] == 1

    @heard.setter
    def heard(self, value: bool) -> None:
        self._memory[1] = value

    @property
    def acting(self) -> bool:
        """Whether an action is in flight."""
        return self._memory[2] == 1

    @acting.setter
    def acting(self, value: bool) -> None:
        self._memory[2] = value

    @property
    def attended(self) -> bool:
        """Whether a run is in progress."""
        return self._memory[3] == 1

    @attended.setter
    def attended(self, value: bool) -> None:
        self._memory[3] = value

    @property
    def touches(self) -> int:
        """How often the person was seen to use mouse or keyboard."""
        return int(_COUNT.unpack_from(self._memory, 8)[0])

    def touched(self) -> None:
        """Count one touch more."""
        _COUNT.pack_into(self._memory, 8, (self.touches + 1) & 0xFFFFFFFF)

    def announce(self, kind: Kind, detail: int) -> None:
        """Say what is about to be done to the device."""
        written = self._written
        _ENTRY.pack_into(self._memory, _RING_AT + 2 * (written % _RING), kind, detail & 0xFF)
        _COUNT.pack_into(self._memory, 12, (written + 1) & 0xFFFFFFFF)

    def take(self) -> tuple[Kind, int] | None:
        """The next announcement that was not taken; None if there is none."""
        if self._read == self._written:
            return None
        kind, detail = _ENTRY.unpack_from(self._memory, _RING_AT + 2 * (self._read % _RING))
        self._read = (self._read + 1) & 0xFFFFFFFF
        return Kind(kind), int(detail)

    def ahead(self, kind: Kind, detail: int) -> int | None:
        """How many announcements lie before the next one of this kind and detail; None if there is none."""
        for place in range((self._written - self._read) & 0xFFFFFFFF):
            at = _RING_AT + 2 * ((self._read + place) % _RING)
            if _ENTRY.unpack_from(self._memory, at) == (kind, detail & 0xFF):
                return place
        return None

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()

    @property
    def _written(self) -> int:
        return int(_COUNT.unpack_from(self._memory, 12)[0])
