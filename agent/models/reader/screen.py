"""What is on a screen, as values: pieces of text and controls, with boxes in pixels of the picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in pixels; right and bottom lie just outside."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, areas: Iterable["Area"]) -> "Area":
        """The smallest rectangle that holds all `areas`; there is at least one."""
        found = tuple(areas)
        return cls(
            min(area.left for area in found),
            min(area.top for area in found),
            max(area.right for area in found),
            max(area.bottom for area in found),
        )

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """The middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def holds(self, other: "Area", slack: float = 3.0) -> bool:
        """Whether `other` lies within this area, give or take `slack` pixels."""
        return (
            self.left - slack <= other.left
            and other.right <= self.right + slack
            and self.top - slack <= other.top
            and other.bottom <= self.bottom + slack
        )

    def beside(self, other: "Area") -> float:
        """How much of the lower one's height the two share, from 0 to 1: 1 is the same row."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(shared, 0.0) / max(min(self.height, other.height), 1.0)

    def above(self, other: "Area") -> float:
        """How much of the narrower one's width the two share, from 0 to 1: 1 is the same column."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        return max(shared, 0.0) / max(min(self.width, other.width), 1.0)


@dataclass(frozen=True, slots=True)
class Word:
    """One word."""

    text: str
    area: Area


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stand together on one line, such as a label, a menu entry, or a sentence."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words, a space between them."""
        return " ".join(word.text for word in self.words)

    @property
    def area(self) -> Area:
        """Where it stands."""
        return Area.around(word.area for word in self.words)


class Kind(StrEnum):
    """What a control looks like."""

    BOX = "box"
    """A frame that is wider than high: a button, a text field, a drop-down list."""

    PANE = "pane"
    """A large frame: a text area, a list, a dialog."""

    TICK = "tick"
    """A small square or circle: a check box or a radio button."""


@dataclass(frozen=True, slots=True)
class Control:
    """Something to work. `filled` says whether a tick is ticked; `text` is what stands inside, if anything."""

    kind: Kind
    area: Area
    text: str = ""
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """All that was found on one picture of `width` times `height` pixels."""

    width: int
    height: int
    pieces: tuple[Piece, ...]
    controls: tuple[Control, ...]
