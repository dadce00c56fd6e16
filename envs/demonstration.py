"""The input of a person at a screen, as an environment reports it while the person demonstrates a task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from .actions import Button, Direction
from .geometry import ScreenPoint


@dataclass(frozen=True, slots=True)
class PointerInput:
    """A button was pressed or released at `at`, or the pointer moved there. `time_s` is that of `time.monotonic`."""

    kind: Literal["press", "release", "move"]
    at: ScreenPoint
    time_s: float
    button: Button = Button.LEFT


@dataclass(frozen=True, slots=True)
class WheelInput:
    """The wheel was turned by `notches` at `at`."""

    direction: Direction
    notches: float
    at: ScreenPoint
    time_s: float


@dataclass(frozen=True, slots=True)
class KeyInput:
    """A key went down or up. `key` is its canonical name, `text` the character that it types, if any.

    `hidden` if it was typed into a password field; then `key` and `text` do not tell which one it was.
    """

    key: str
    text: str
    pressed: bool
    time_s: float
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class TextInput:
    """A text arrived at once, such as from the clipboard or an input method. It is empty if it is `hidden`."""

    text: str
    time_s: float
    hidden: bool = False


PersonInput: TypeAlias = PointerInput | WheelInput | KeyInput | TextInput


@runtime_checkable
class KnowsPasswordFields(Protocol):
    """Optional protocol: an `Env` that knows what its fields are for."""

    def asks_for_password(self) -> bool:
        """Whether a text that is typed now may go into a field for a password.

        Raises:
            EnvLost: the screen is gone.
        """
        ...


@runtime_checkable
class Demonstrable(Protocol):
    """Optional protocol: an `Env` that reports the input of a person at its screen."""

    def watch_person(self, listener: Callable[[PersonInput], None] | None) -> None:
        """Report input to `listener` from now on, from any thread; None stops that. Opens the screen.

        Points are in pixels of the screenshots.

        Raises:
            EnvUnavailable: the screen cannot report it.
        """
        ...
