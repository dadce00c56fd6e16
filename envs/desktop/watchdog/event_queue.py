"""Passes events from the thread of a platform's input hook to the watchdog."""

import queue
from collections.abc import Sequence

from .activity import UserInput


class EventQueue:
    """A queue with one writer thread and one reader thread."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[UserInput] = queue.SimpleQueue()
        self._next: UserInput | None = None

    def put(self, event: UserInput) -> None:
        """Add an event."""
        self._queue.put(event)

    def wait(self, seconds: float) -> None:
        """Return once there is an event, or after `seconds`."""
        if self._next is None:
            try:
                self._next = self._queue.get(timeout=seconds)
            except queue.Empty:
                return

    def take(self) -> Sequence[UserInput]:
        """Remove and return all events, oldest first."""
        found = [self._next] if self._next is not None else []
        self._next = None
        while not self._queue.empty():
            found.append(self._queue.get())
        return found
