"""Stopping, pausing and talking to an episode from outside, safe from any thread and from a signal handler."""

import threading
from collections import deque


class Control:
    """The switch that an episode looks at between its phases, and while it waits for the model."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._reason = ""
        self._held = False
        self._user_at_work = False
        self._turned = threading.Event()
        self._words: deque[str] = deque()
        self._heard = threading.Event()
        self._declined = False

    def stop(self, reason: str = "stopped by the user") -> None:
        """End the episode as `cancelled` at the next phase; a model call in progress is cut short."""
        self._reason = self._reason or reason
        self._stopped.set()
        self._turned.set()
        self._heard.set()

    def pause(self) -> None:
        """Hold the episode before its next look, so that a person may use the screen."""
        self._held = True

    def resume(self) -> None:
        """Let a paused episode go on, also one that holds because the user is at work."""
        self._held = self._user_at_work = False
        self._turned.set()

    def user_began(self) -> None:
        """The user works the screen: hold the episode until `user_finished`."""
        self._user_at_work = True

    def user_finished(self) -> None:
        """The user has left mouse and keyboard alone: let the episode go on, unless `pause` holds it."""
        self._user_at_work = False
        self._turned.set()

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
        """Whether the episode is to hold before its next look."""
        return (self._held or self._user_at_work) and not self.stopped

    @property
    def user_at_work(self) -> bool:
        """Whether it holds because the user works the screen."""
        return self._user_at_work

    def wait_while_paused(self) -> None:
        """Return once the episode may go on."""
        while self.paused:
            self._turned.wait()
            self._turned.clear()

    def tell(self, text: str = "") -> None:
        """Say something to the model, which it reads at its next look; answers its question, if it waits for one.

        Without a text, the screen is handed back as it is.
        """
        self._words.append(text.strip())
        self._heard.set()

    def decline(self) -> None:
        """Say that nobody will answer: an episode that waits for the user ends as `needs_user`, now or later."""
        self._declined = True
        self._heard.set()

    @property
    def declined(self) -> bool:
        """Whether `decline` was called."""
        return self._declined

    def drain_messages(self) -> tuple[str, ...]:
        """What was said since it was asked last, oldest first."""
        self._heard.clear()
        words: list[str] = []
        while self._words:
            words.append(self._words.popleft())
        if self._declined or self.stopped:
            self._heard.set()
        return tuple(words)

    def wait_for_message(self, seconds: float | None = None) -> None:
        """Return once something was said, nobody will answer, or the episode is stopped; or after `seconds`."""
        self._heard.wait(seconds)
