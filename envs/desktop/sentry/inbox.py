"""What a thread that listens to a system's hooks has sensed, until the sentry asks for it."""

import queue
from collections.abc import Sequence

from .person import Sensed


class Inbox:
    """Filled by one thread, emptied by another."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Sensed] = queue.SimpleQueue()
        self._next: Sensed | None = None

    def put(self, sensed: Sensed) -> None:
        """Add something."""
        self._queue.put(sensed)

    def wait(self, seconds: float) -> None:
        """Return once there is something, or after so long."""
        if self._next is None:
            try:
                self._next = self._queue.get(timeout=seconds)
            except queue.Empty:
                return

    def take(self) -> Sequence[Sensed]:
        """All that there is, oldest first."""
        found = [self._next] if self._next is not None else []
        self._next = None
        while not self._queue.empty():
            found.append(self._queue.get())
        return found
