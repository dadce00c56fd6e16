"""What the sentry needs of a platform: to see what the person does, and to let go of what is held."""

from collections.abc import Sequence
from typing import Protocol

from .person import Sensed


class Senses(Protocol):
    """The devices of one screen, on a connection of the sentry's own.

    `lets_go` says whether `release` does anything. Where it does not, what is down is let go of when the worker ends.
    """

    lets_go: bool

    def wait(self, seconds: float) -> None:
        """Return once something may have happened, or after so long.

        Raises:
            EnvError: the screen is gone.
        """
        ...

    def sensed(self) -> Sequence[Sensed]:
        """What the person did since this was asked last; what the worker did is left out.

        Raises:
            EnvError: the screen is gone.
        """
        ...

    def release(self) -> None:
        """Let go of every key and button that is down for a reason other than the person's own fingers.

        Raises:
            EnvError: the screen is gone.
        """
        ...

    def close(self) -> None:
        """Disconnect; never raises."""
        ...
