"""The interface between gestures and the platform's input."""

from typing import Protocol, runtime_checkable

from ..actions import Button, Direction
from ..clipboard import Clipboard

DWELL_S = 0.05
"""Toolkits handle motion once per frame, and drop a press at a place that they have not seen the pointer at (GTK 4)."""

COMMON_BUTTONS = (Button.LEFT, Button.RIGHT, Button.MIDDLE)

HOVER_S = 0.28
"""GTK opens a submenu 0.225 s after the pointer is over its entry; an earlier click can close it again (wxWidgets)."""


class Driver(Protocol):
    """Mouse and keyboard of one display. Coordinates are in units of the pointer."""

    def check(self) -> None:
        """Check that the screen is available and the run was not stopped.

        Raises:
            EnvLost: the screen is gone.
            EnvStopped: the user pushed the pointer into a corner.
        """
        ...

    def move(self, x: float, y: float) -> None:
        """Move the pointer to (x, y)."""
        ...

    def dwell_s(self) -> float:
        """How many seconds the pointer has to rest where it is before a press: longest over a menu, see `HOVER_S`."""
        ...

    def can_press(self, button: Button) -> bool:
        """Whether the display takes that mouse button."""
        ...

    def button(self, button: Button, down: bool) -> None:
        """Press or release a mouse button."""
        ...

    def scroll(self, direction: Direction) -> None:
        """Turn the wheel by one notch."""
        ...

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        """The codes to press, in order, for the key with that canonical name.

        Raises:
            ActionRefused: there is no such key.
        """
        ...

    def key(self, code: str | int, down: bool) -> None:
        """Press or release a code of `key_codes`."""
        ...

    def type(self, text: str) -> str:
        """Type `text` into the focused element; returns the method used.

        Raises:
            ActionRefused: a character cannot be typed; nothing was typed.
        """
        ...

    def close(self) -> None:
        """Free all resources; never raises."""
        ...


@runtime_checkable
class ClipboardDriver(Protocol):
    """Optional protocol: a `Driver` with access to the clipboard of its display."""

    def clipboard(self) -> Clipboard:
        """The clipboard.

        Raises:
            EnvUnavailable: it cannot be accessed; the message says what to install.
        """
        ...
