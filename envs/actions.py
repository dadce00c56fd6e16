"""The action vocabulary: everything that Screenwright can do on a screen, as a closed union of frozen dataclasses.

The vocabulary is generic in the space of its points. A model answers in `ActionIn[ModelPoint]`; an environment takes
`Action`, which is `ActionIn[ScreenPoint]`; `map_points` converts one to the other. So a type checker rejects a click
on a point that is still in the model's coordinates.

Constructing an action that is out of the bounds of `bounds.py` raises `OutOfBounds`, a `ValueError`.

The dialects (`agent/dialects/`) map these actions to the names that models of the UI-TARS family use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from .bounds import (
    MAX_CLICKS,
    MAX_KEYS,
    MAX_NOTCHES,
    MAX_PATH_POINTS,
    MAX_PRESS_S,
    MAX_TEXT_CHARACTERS,
    MAX_WAIT_S,
    check_length,
    check_number,
)
from .geometry import ScreenPoint

P = TypeVar("P", covariant=True)  # noqa: PLC0105 -- short by convention: the coordinate space of the points
Q = TypeVar("Q")
R = TypeVar("R")


class Button(StrEnum):
    """A mouse button. `BACK` and `FORWARD` are those for the thumb, which browsers and file managers go back with."""

    LEFT = "left"
    RIGHT = "right"
    MIDDLE = "middle"
    BACK = "back"
    FORWARD = "forward"


class Direction(StrEnum):
    """The direction of a scroll (`DOWN` reveals later content, like turning the wheel towards the user)."""

    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Click(Generic[P]):
    """Press and release `button` at `at`, `count` times in quick succession, with `modifiers` held."""

    at: P
    button: Button = Button.LEFT
    count: int = 1
    modifiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_number(self.count, "the count of a click", 1, MAX_CLICKS)
        check_length(self.modifiers, "the modifiers of a click", 0, MAX_KEYS)


@dataclass(frozen=True, slots=True)
class Move(Generic[P]):
    """Move the pointer to `to` and leave it there (hover)."""

    to: P


@dataclass(frozen=True, slots=True)
class Drag(Generic[P]):
    """Press `button` at the first point of `path`, move through the others, and release it at the last."""

    path: tuple[P, ...]
    button: Button = Button.LEFT
    modifiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_length(self.path, "the points of a drag", 2, MAX_PATH_POINTS)
        check_length(self.modifiers, "the modifiers of a drag", 0, MAX_KEYS)


@dataclass(frozen=True, slots=True)
class Scroll(Generic[P]):
    """Turn the wheel `amount` notches in `direction` at `at`; by default at the pointer."""

    direction: Direction
    amount: int = 5
    at: P | None = None

    def __post_init__(self) -> None:
        check_number(self.amount, "the notches of a scroll", 0, MAX_NOTCHES)


@dataclass(frozen=True, slots=True)
class Type:
    """Type `text` into the focused element, then press Enter if `submit`. Line breaks and tabs press Enter and Tab."""

    text: str
    submit: bool = False

    def __post_init__(self) -> None:
        check_length(self.text, "the characters of a text", 0, MAX_TEXT_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Hotkey:
    """Press `keys` in order, then release them in reverse order. Keys have canonical names (see `envs/keys.py`)."""

    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        check_length(self.keys, "the keys pressed together", 0, MAX_KEYS)


@dataclass(frozen=True, slots=True)
class KeyDown:
    """Press `key` and hold it until `KeyUp` or the end of the episode."""

    key: str


@dataclass(frozen=True, slots=True)
class KeyUp:
    """Release `key`."""

    key: str


@dataclass(frozen=True, slots=True)
class ButtonDown(Generic[P]):
    """Press `button`, at `at` if given, and hold it until `ButtonUp` or the end of the episode."""

    button: Button = Button.LEFT
    at: P | None = None


@dataclass(frozen=True, slots=True)
class ButtonUp(Generic[P]):
    """Release `button`, at `at` if given."""

    button: Button = Button.LEFT
    at: P | None = None


@dataclass(frozen=True, slots=True)
class LongPress(Generic[P]):
    """Hold the left mouse button, or a finger, at `at` for `seconds`."""

    at: P
    seconds: float = 1.5

    def __post_init__(self) -> None:
        check_number(self.seconds, "the seconds of a long press", 0, MAX_PRESS_S)


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for `seconds`."""

    seconds: float = 5.0

    def __post_init__(self) -> None:
        check_number(self.seconds, "the seconds of a wait", 0, MAX_WAIT_S)


@dataclass(frozen=True, slots=True)
class Navigate:
    """Open `url` in the browser."""

    url: str

    def __post_init__(self) -> None:
        check_length(self.url, "the characters of a URL", 0, MAX_TEXT_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Back:
    """Go back: the browser's or the phone's back button."""


@dataclass(frozen=True, slots=True)
class OpenApp:
    """Start the program or app named `app`, or bring its window to the front."""

    app: str

    def __post_init__(self) -> None:
        check_length(self.app, "the characters of the name of an app", 0, MAX_TEXT_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Home:
    """Go to the home screen."""


@dataclass(frozen=True, slots=True)
class CallFunction:
    """Call the function `name` of the program; `arguments` is a JSON object. The episode calls it, no environment."""

    name: str
    arguments: str = "{}"

    def __post_init__(self) -> None:
        check_length(self.arguments, "the characters of the arguments of a function", 0, MAX_TEXT_CHARACTERS)


ActionIn: TypeAlias = (
    Click[P]
    | Move[P]
    | Drag[P]
    | Scroll[P]
    | Type
    | Hotkey
    | KeyDown
    | KeyUp
    | ButtonDown[P]
    | ButtonUp[P]
    | LongPress[P]
    | Wait
    | Navigate
    | Back
    | OpenApp
    | Home
    | CallFunction
)
Action: TypeAlias = ActionIn[ScreenPoint]


def points_of(action: ActionIn[Q]) -> tuple[Q, ...]:
    """The points of `action`, in the order in which the pointer visits them."""
    match action:
        case Click(at=at) | LongPress(at=at):
            return (at,)
        case Move(to=to):
            return (to,)
        case Drag(path=path):
            return path
        case Scroll(at=at) | ButtonDown(at=at) | ButtonUp(at=at):
            return () if at is None else (at,)
        case _:
            return ()


def map_points(action: ActionIn[Q], convert: Callable[[Q], R]) -> ActionIn[R]:
    """A copy of the action with every point converted by `convert`."""
    match action:
        case Click(at, button, count, modifiers):
            return Click(convert(at), button, count, modifiers)
        case Move(to):
            return Move(convert(to))
        case Drag(path, button, modifiers):
            return Drag(tuple(convert(point) for point in path), button, modifiers)
        case Scroll(direction, amount, at):
            return Scroll(direction, amount, None if at is None else convert(at))
        case ButtonDown(button, at):
            return ButtonDown(button, None if at is None else convert(at))
        case ButtonUp(button, at):
            return ButtonUp(button, None if at is None else convert(at))
        case LongPress(at, seconds):
            return LongPress(convert(at), seconds)
        case _:
            return action
