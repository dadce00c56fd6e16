"""The one action vocabulary: everything that Screenwright can do to a screen, as a closed union of frozen values.

The vocabulary is generic in the space of its points. A model answers in `ActionIn[ModelPoint]`; an environment takes
`Action`, which is `ActionIn[ScreenPoint]`; `map_points` leads from one to the other. So a type checker refuses to
click on a point that is still in the model's coordinates.

What the models of the UI-TARS family call these actions is told in the dialects (`agent/dialects/`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from .geometry import ScreenPoint

P = TypeVar("P", covariant=True)  # noqa: PLC0105 -- short as in the literature: the point's space
Q = TypeVar("Q")
R = TypeVar("R")


class Button(StrEnum):
    """A mouse button."""

    LEFT = "left"
    RIGHT = "right"
    MIDDLE = "middle"


class Direction(StrEnum):
    """The side on which a scroll shows more of the content (`DOWN`: later content, the wheel towards the user)."""

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


@dataclass(frozen=True, slots=True)
class Move(Generic[P]):
    """Move the pointer to `to` and leave it there (hover)."""

    to: P


@dataclass(frozen=True, slots=True)
class Drag(Generic[P]):
    """Press `button` at the first point of `path`, move through the others, release at the last; two points or more."""

    path: tuple[P, ...]
    button: Button = Button.LEFT
    modifiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.path) < 2:
            raise ValueError(f"the path of a drag has two points or more, not {len(self.path)}")


@dataclass(frozen=True, slots=True)
class Scroll(Generic[P]):
    """Turn the wheel by `amount` notches at `at`, or where the pointer is, to show more on the `direction` side."""

    direction: Direction
    amount: int = 5
    at: P | None = None


@dataclass(frozen=True, slots=True)
class Type:
    """Type `text` where the focus is; line breaks and tabs are typed as such; then Enter if `submit`."""

    text: str
    submit: bool = False


@dataclass(frozen=True, slots=True)
class Hotkey:
    """Press `keys` in order, then release them in reverse; canonical names (see `envs/keys.py`)."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyDown:
    """Press `key` and hold it until a `KeyUp` of the same key or the end of the episode."""

    key: str


@dataclass(frozen=True, slots=True)
class KeyUp:
    """Release `key`."""

    key: str


@dataclass(frozen=True, slots=True)
class ButtonDown(Generic[P]):
    """Press `button`, at `at` if given, and hold it until a `ButtonUp` or the end of the episode."""

    button: Button = Button.LEFT
    at: P | None = None


@dataclass(frozen=True, slots=True)
class ButtonUp(Generic[P]):
    """Release `button`, at `at` if given."""

    button: Button = Button.LEFT
    at: P | None = None


@dataclass(frozen=True, slots=True)
class LongPress(Generic[P]):
    """Hold the left button, or a finger, at `at` for `seconds`."""

    at: P
    seconds: float = 1.5


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for `seconds`."""

    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Navigate:
    """Go to the address `url`."""

    url: str


@dataclass(frozen=True, slots=True)
class Back:
    """Go back: the browser's or the phone's back button."""


@dataclass(frozen=True, slots=True)
class OpenApp:
    """Start the program called `app`, or bring it to the front."""

    app: str


@dataclass(frozen=True, slots=True)
class Home:
    """Go to the home screen."""


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
)
Action: TypeAlias = ActionIn[ScreenPoint]


def points_of(action: ActionIn[Q]) -> tuple[Q, ...]:
    """The points that `action` names, in the order in which the pointer visits them."""
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
    """The same action with every point passed through `convert`."""
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
