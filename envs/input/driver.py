"""What a desktop's input is made of: the seam between gestures and the platform."""

from typing import Protocol

from ..actions import Button, Direction


class Driver(Protocol):
    """Mouse and keyboard of one display, in units of the pointer."""

    def check(self) -> None:
        """See that the person at the screen has not stopped us, and that the screen is still there.

        Raises:
            EnvLost: it is gone, or the pointer was pushed into a corner.
        """
        ...

    def move(self, x: float, y: float) -> None:
        """Put the pointer at (x, y)."""
        ...

    def button(self, button: Button, down: bool) -> None:
        """Press or release a mouse button."""
        ...

    def notch(self, direction: Direction) -> None:
        """Turn the wheel by one notch."""
        ...

    def codes(self, key: str) -> tuple[str | int, ...]:
        """What is to be pressed, in order, for the key of that canonical name.

        Raises:
            ActionRefused: there is no such key.
        """
        ...

    def code(self, code: str | int, down: bool) -> None:
        """Press or release what `codes` named."""
        ...

    def type(self, text: str) -> str:
        """Type `text` where the focus is; the method that was used.

        Raises:
            ActionRefused: some character cannot be typed; nothing was.
        """
        ...

    def close(self) -> None:
        """Give everything back; never raises."""
        ...
