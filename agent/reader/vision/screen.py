"""The contents of a screen: text segments and controls, with areas in pixels of the screenshot."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in pixels; `right` and `bottom` are exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def union(cls, areas: Iterable["Area"]) -> "Area":
        """The smallest rectangle that contains all `areas`, at least one."""
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
        """The centre, x and y."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def contains(self, other: "Area", slack: float = 3.0) -> bool:
        """Whether `other` is inside this area, with a tolerance of `slack` pixels."""
        return (
            self.left - slack <= other.left
            and other.right <= self.right + slack
            and self.top - slack <= other.top
            and other.bottom <= self.bottom + slack
        )

    def overlaps(self, other: "Area") -> bool:
        """Whether the two areas have a point in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def row_overlap(self, other: "Area") -> float:
        """The shared part of the smaller height, from 0 to 1: 1 means the same row."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(shared, 0.0) / max(min(self.height, other.height), 1.0)

    def column_overlap(self, other: "Area") -> float:
        """The shared part of the smaller width, from 0 to 1: 1 means the same column."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        return max(shared, 0.0) / max(min(self.width, other.width), 1.0)


Pixels: TypeAlias = npt.NDArray[np.uint8]
"""An image: height x width x 3, in BGR order."""

Colour: TypeAlias = tuple[int, int, int]
"""Red, green and blue, 0 to 255 each."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its OCR score (0 to 1), text colour and background colour."""

    text: str
    area: Area
    score: float = 1.0
    colour: Colour = BLACK
    background: Colour = WHITE


@dataclass(frozen=True)
class TextSegment:
    """Words that belong together on one line, such as a label, a menu entry, or a sentence."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words, separated by spaces."""
        return " ".join(word.text for word in self.words)

    @cached_property
    def area(self) -> Area:
        """The area of all words."""
        return Area.union(word.area for word in self.words)

    def is_in(self, frame: Area) -> bool:
        """Whether the text is inside `frame`; OCR often returns an area that is too tall."""
        return frame.contains(self.area, slack=max(8.0, 0.3 * self.area.height))

    @property
    def score(self) -> float:
        """The lowest score of its words."""
        return min(word.score for word in self.words)


DOT = "\u2022"
"""The text of a password field has one dot for each character."""


class ControlKind(StrEnum):
    """The type of a control, by its appearance."""

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
    """A large frame: a list, a dialog, an image."""


_CHECKABLE = (ControlKind.CHECKBOX, ControlKind.RADIO)
_EDITABLE = (ControlKind.FIELD, ControlKind.TEXT_AREA)


@dataclass(frozen=True, slots=True)
class ScreenControl:
    """A control and the text inside it.

    The states (`checked`, keyboard focus, `disabled`, `selected` among its siblings) are None if the pixels do not show
    them.
    """

    kind: ControlKind
    area: Area
    text: str = ""
    checked: bool | None = None
    focused: bool | None = None
    disabled: bool | None = None
    selected: bool | None = None

    @property
    def is_checkable(self) -> bool:
        """Whether it is a check box or a radio button."""
        return self.kind in _CHECKABLE

    @property
    def is_editable(self) -> bool:
        """Whether text can be typed into it."""
        return self.kind in _EDITABLE


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything found on a screenshot of `width` x `height` pixels."""

    width: int
    height: int
    segments: tuple[TextSegment, ...]
    controls: tuple[ScreenControl, ...]

    def of_kind(self, *kinds: ControlKind) -> tuple[ScreenControl, ...]:
        """The controls of these kinds, in reading order."""
        return tuple(control for control in self.controls if control.kind in kinds)
