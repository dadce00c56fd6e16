"""The platform interface of the watchdog: reads the user's input and releases held keys."""

from collections.abc import Sequence
from typing import Protocol

from .activity import UserInput


class InputSource(Protocol):
    """The input devices of one screen, on a connection of the watchdog's own.

    Every method but `close` raises `EnvError` if the screen is gone. `can_release` is False where `release` does
    nothing; held keys are then released when the agent's process ends.
    """

    can_release: bool

    def wait(self, seconds: float) -> None:
        """Return once there may be input, or after `seconds`."""
        ...

    def read(self) -> Sequence[UserInput]:
        """The user's input since the last call, without the agent's."""
        ...

    def release(self) -> None:
        """Release every key and button that is down and that the user does not hold down."""
        ...

    def close(self) -> None:
        """Disconnect; never raises."""
        ...
