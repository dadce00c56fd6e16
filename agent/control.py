"""Stopping, pausing and resuming an episode from outside, safe from any thread and from a signal handler."""

import threading


class Control:
    """The switch that an episode looks at between its phases, and while it waits for the model."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._running = threading.Event()
        self._running.set()

    def stop(self) -> None:
        """End the episode as `cancelled` at the next phase; a model call in progress is cut short."""
        self._stopped.set()
        self._running.set()

    def pause(self) -> None:
        """Hold the episode before its next look, so that a person may use the screen."""
        self._running.clear()

    def resume(self) -> None:
        """Let a paused episode go on."""
        self._running.set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    @property
    def paused(self) -> bool:
        """Whether the episode is to hold before its next look."""
        return not self._running.is_set()

    def wait_while_paused(self, seconds: float | None = None) -> None:
        """Return once the episode may go on, or after `seconds`."""
        self._running.wait(seconds)
