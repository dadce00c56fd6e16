"""What is on a screen, as values: pieces of text and controls, with boxes in pixels of the picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt


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


Pixels: TypeAlias = npt.NDArray[np.uint8]
"""A picture: height x width x 3, blue first."""

Colour: TypeAlias = tuple[int, int, int]
"""Red, green and blue, 0 to 255 each."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Word:
    """One word, how sure the reading is (0 to 1), and in which colour on which ground it stands."""

    text: str
    area: Area
    score: float = 1.0
    ink: Colour = BLACK
    ground: Colour = WHITE


@dataclass(frozen=True)
class Piece:
    """Words that stand together on one line, such as a label, a menu entry, or a sentence."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words, a space between them."""
        return " ".join(word.text for word in self.words)

    @cached_property
    def area(self) -> Area:
        """Where it stands."""
        return Area.around(word.area for word in self.words)

    @property
    def score(self) -> float:
        """How sure the least sure of its words is."""
        return min(word.score for word in self.words)


class ControlKind(StrEnum):
    """What a control looks like."""

    BUTTON = "button"
    FIELD = "text field"
    TEXT_AREA = "text area"
    DROP_DOWN = "drop-down"
    CHECKBOX = "checkbox"
    RADIO = "radio"
    TAB = "tab"
    LINK = "link"
    SLIDER = "slider"
    ICON = "icon"
    PANE = "pane"
    """A large frame: a list, a dialog, a picture."""


_TICKS = (ControlKind.CHECKBOX, ControlKind.RADIO)
_WRITTEN_INTO = (ControlKind.FIELD, ControlKind.TEXT_AREA)


@dataclass(frozen=True, slots=True)
class ScreenControl:
    """Something to work. `text` is what stands inside, if anything.

    What cannot be told from its pixels is None: whether it is `checked`, has the `focused` look of what keys go to, is
    `disabled`, or the `selected` one among its like.
    """

    kind: ControlKind
    area: Area
    text: str = ""
    checked: bool | None = None
    focused: bool | None = None
    disabled: bool | None = None
    selected: bool | None = None

    @property
    def is_tick(self) -> bool:
        """Whether it is a check box or a radio button."""
        return self.kind in _TICKS

    @property
    def is_written_into(self) -> bool:
        """Whether text can be typed into it."""
        return self.kind in _WRITTEN_INTO


@dataclass(frozen=True, slots=True)
class Screen:
    """All that was found on one picture of `width` times `height` pixels."""

    width: int
    height: int
    pieces: tuple[Piece, ...]
    controls: tuple[ScreenControl, ...]

    def of_kind(self, *kinds: ControlKind) -> tuple[ScreenControl, ...]:
        """The controls of these kinds, in the order of reading."""
        return tuple(control for control in self.controls if control.kind in kinds)

    @property
    def line_height(self) -> float:
        """How high a line of text is here, the middle one of all, in pixels; 16 where nothing is written."""
        heights = sorted(piece.area.height for piece in self.pieces)
        return heights[len(heights) // 2] if heights else 16.0
