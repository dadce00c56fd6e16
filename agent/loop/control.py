"""Stopping, pausing and messaging a running episode, safe from any thread and from signal handlers."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...envs.actions import Action
from ...envs.env import Env, Fact, InputMonitored, Observation

_POLL_S = 0.02
"""Waiting polls: a signal handler could deadlock on the lock of an event that its own thread is waiting for."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of an episode: seconds from any start, and how it pauses. Only a replayed episode has another one."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class UserAction:
    """What the user did on the screen, which `observation` shows just before it; `seconds` is the time that it took."""

    observation: Observation
    action: Action
    seconds: float = 0.0


class Control:
    """Signals to an episode, which checks them between its phases and while it waits for the model.

    `stopped` and `reason` are set by `stop`, `user_active` while the user is using the screen, and `declined` if no one
    will answer the model's questions.
    """

    def __init__(self) -> None:
        self.stopped = False
        self.reason = ""
        self.user_active = False
        self.declined = False
        self._paused = False
        self._messages: deque[str] = deque()
        self._facts: deque[Fact] = deque()
        self._user_actions: deque[UserAction] = deque()

    def stop(self, reason: str = "stopped by the user") -> None:
        """End the episode as `cancelled` at the next phase; a model call in progress is interrupted."""
        self.reason = self.reason or reason
        self.stopped = True

    def pause(self) -> None:
        """Pause the episode before its next observation, so that a person may use the screen."""
        self._paused = True

    def resume(self) -> None:
        """Resume a paused episode, even if it is paused because the user is active."""
        self._paused = self.user_active = False

    def user_started(self) -> None:
        """The user is using the screen: pause the episode until `user_finished`."""
        self.user_active = True

    def user_finished(self) -> None:
        """The user has stopped using mouse and keyboard: resume, unless `pause` was called."""
        self.user_active = False

    @property
    def paused(self) -> bool:
        """Whether the episode must wait before its next observation."""
        return (self._paused or self.user_active) and not self.stopped

    def wait_while_paused(self) -> bool:
        """Block until the episode may continue, or the user has acted on the screen; whether it is still paused."""
        while self.paused and not self._user_actions:
            time.sleep(_POLL_S)
        return self.paused

    def send_message(self, text: str = "") -> None:
        """Send the model a message for its next step; answers its question, if it waits for one.

        An empty message only returns the screen to the model.
        """
        self._messages.append(text.strip())

    def decline(self) -> None:
        """Report that no one will answer: if the model asks for the user, the episode ends as `needs_user`."""
        self.declined = True

    def drain_messages(self) -> tuple[str, ...]:
        """Remove and return the messages that have arrived, oldest first."""
        return tuple(self._messages.popleft() for _ in range(len(self._messages)))

    def add_facts(self, facts: Iterable[Fact]) -> None:
        """Report events on the screen to the model that another observer, such as one that shows it to a user, got."""
        self._facts.extend(facts)

    def drain_facts(self) -> tuple[Fact, ...]:
        """Remove and return those facts, oldest first."""
        return tuple(self._facts.popleft() for _ in range(len(self._facts)))

    def add_user_action(self, action: UserAction) -> None:
        """Record what the user did, who has taken over."""
        self._user_actions.append(action)

    def drain_user_actions(self) -> tuple[UserAction, ...]:
        """Remove and return those actions, oldest first."""
        return tuple(self._user_actions.popleft() for _ in range(len(self._user_actions)))

    def wait_for_message(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Block until a message arrives, `decline` or `stop` is called, or `cancelled()` is true."""
        while not (self._messages or self.declined or self.stopped or cancelled()):
            time.sleep(_POLL_S)


def listen_to_input(env: Env, control: Control | None) -> None:
    """Subscribe `control` to the input of a person at the screen of `env`, if it detects that; None unsubscribes."""
    if isinstance(env, InputMonitored):
        env.set_input_listener(control)
