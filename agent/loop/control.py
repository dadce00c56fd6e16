"""Stopping, pausing and messaging a running episode, safe from any thread and from signal handlers."""

import threading
from collections import deque


class Control:
    """Signals to an episode, which checks them between its phases and while it waits for the model."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._reason = ""
        self._paused = False
        self._user_active = False
        self._unpaused = threading.Event()
        self._messages: deque[str] = deque()
        self._message_arrived = threading.Event()
        self._declined = False

    def stop(self, reason: str = "stopped by the user") -> None:
        """End the episode as `cancelled` at the next phase; a model call in progress is interrupted."""
        self._reason = self._reason or reason
        self._stopped.set()
        self._unpaused.set()
        self._message_arrived.set()

    def pause(self) -> None:
        """Pause the episode before its next observation, so that a person may use the screen."""
        self._paused = True

    def resume(self) -> None:
        """Resume a paused episode, even if it is paused because the user is active."""
        self._paused = self._user_active = False
        self._unpaused.set()

    def user_started(self) -> None:
        """The user is using the screen: pause the episode until `user_finished`."""
        self._user_active = True

    def user_finished(self) -> None:
        """The user has stopped using mouse and keyboard: resume, unless `pause` was called."""
        self._user_active = False
        self._unpaused.set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    @property
    def reason(self) -> str:
        """Why it was stopped."""
        return self._reason

    @property
    def paused(self) -> bool:
        """Whether the episode must wait before its next observation."""
        return (self._paused or self._user_active) and not self.stopped

    @property
    def user_active(self) -> bool:
        """Whether it is paused because the user is using the screen."""
        return self._user_active

    def wait_while_paused(self) -> None:
        """Block until the episode may continue."""
        while self.paused:
            self._unpaused.wait()
            self._unpaused.clear()

    def send_message(self, text: str = "") -> None:
        """Send the model a message for its next step; answers its question, if it waits for one.

        An empty message only returns the screen to the model.
        """
        self._messages.append(text.strip())
        self._message_arrived.set()

    def decline(self) -> None:
        """Report that no one will answer: if the model asks for the user, the episode ends as `needs_user`."""
        self._declined = True
        self._message_arrived.set()

    @property
    def declined(self) -> bool:
        """Whether `decline` was called."""
        return self._declined

    def drain_messages(self) -> tuple[str, ...]:
        """Remove and return the messages that have arrived, oldest first."""
        self._message_arrived.clear()
        messages: list[str] = []
        while self._messages:
            messages.append(self._messages.popleft())
        if self._declined or self.stopped:
            self._message_arrived.set()
        return tuple(messages)

    def wait_for_message(self, timeout_s: float | None = None) -> None:
        """Block until a message arrives, `decline` or `stop` is called, or the timeout expires."""
        self._message_arrived.wait(timeout_s)
