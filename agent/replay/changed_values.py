"""Targets that belong to the value of a parameter, such as the button in the row of a name.

With another value, the text in the target or near it is another one too. Then the recorded pixels do not decide: the
new text has to be read at the same place. It has to be equal, since `Order 12` is not `Order 13`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...envs.geometry import Box, ScreenPoint
from ...envs.screenshot import Screenshot
from ..reader.similarity import normalize
from .pattern import Anchor
from .target import TargetReader

_AROUND_PX = (400, 140)
"""How far from the point a text is looked for, in units; on the row of the point across the whole screen."""

_ROW_SHARE = 0.7
_COLUMN_PX = 60
_SLACK = 1.5
"""How much further up or down a text above or below the target may be, in heights of its line."""


@dataclass(frozen=True, slots=True)
class NearbyText:
    """A text near a target; its left end, its middle and its height are in units from the point of the target."""

    text: str
    left: float
    middle: tuple[float, float]
    height: float
    is_inside: bool = False

    @classmethod
    def of(cls, text: str, box: Box, at: ScreenPoint, scale: float) -> "NearbyText":
        """A text in `box`, and the target at `at`, on a screen with `scale` pixels per unit."""
        x, y = (box.left + box.right) / 2 - at.x, (box.top + box.bottom) / 2 - at.y
        is_inside = box.left <= at.x < box.right and box.top <= at.y < box.bottom
        middle = x / scale, y / scale
        return cls(text, (box.left - at.x) / scale, middle, (box.bottom - box.top) / scale, is_inside)

    @property
    def is_on_row(self) -> bool:
        """Whether it is left or right of the target."""
        return abs(self.middle[1]) <= _ROW_SHARE * self.height

    @property
    def distance(self) -> float:
        """How far it is from the target; what is on its row is nearer than what is above or below it."""
        return 0.0 if self.is_inside else abs(self.middle[0]) / 3 + abs(self.middle[1])

    def is_placed_as(self, other: "NearbyText") -> bool:
        """Whether both are at the same place, except for their lengths and for rows of other heights."""
        if self.is_on_row or other.is_on_row:
            return self.is_on_row and other.is_on_row
        same_row = abs(self.middle[1] - other.middle[1]) <= _SLACK * other.height
        shifts = abs(self.left - other.left), abs(self.middle[0] - other.middle[0])
        return same_row and min(shifts) <= _COLUMN_PX


def expected_text(anchor: Anchor, reader: TargetReader) -> NearbyText | None:
    """The text with a changed value that is nearest to the target of the recording, as it has to be now, if any is."""
    if not anchor.changed:
        return None
    found = _texts_around(anchor.screenshot, anchor.point, anchor.scale, reader)
    renamed = [replace(one, text=with_new_values(one.text, anchor.changed)) for one in found]
    changed = [new for old, new in zip(found, renamed, strict=True) if old.text != new.text]
    near = [one for one in changed if one.is_on_row or abs(one.middle[0]) <= _AROUND_PX[0]]
    return min(near, key=lambda one: one.distance, default=None)


def places_of(expected: NearbyText, screenshot: Screenshot, reader: TargetReader) -> list[ScreenPoint]:
    """The middles of the lines on the screen that are the text of the target."""
    size = screenshot.size
    lines = reader.lines(screenshot, Box(0, 0, size.width, size.height))
    wanted = normalize(expected.text)
    boxes = [box for line, box in lines if normalize(line) == wanted]
    return [ScreenPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in boxes]


def is_near(expected: NearbyText, at: ScreenPoint, scale: float, screenshot: Screenshot, reader: TargetReader) -> bool:
    """Whether the text is at its place near a target at `at` of a screen with `scale` pixels per unit."""
    wanted = normalize(expected.text)
    around = _texts_around(screenshot, at, scale, reader)
    return any(one.is_placed_as(expected) and normalize(one.text) == wanted for one in around)


def with_new_values(text: str, changed: Iterable[tuple[str, str]]) -> str:
    """`text` with the new values in place of the recorded ones, which are whole words of it."""
    for old, new in changed:
        text = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _, new=new: new, text, flags=re.IGNORECASE)  # type: ignore[misc]
    return text


def _texts_around(screenshot: Screenshot, at: ScreenPoint, scale: float, reader: TargetReader) -> list[NearbyText]:
    """The texts of all rows in which something may belong to what is at the point."""
    size, high = screenshot.size, _AROUND_PX[1] * scale
    box = Box(0, max(0, round(at.y - high)), size.width, min(size.height, round(at.y + high)))
    return [NearbyText.of(text, place, at, scale) for text, place in reader.lines(screenshot, box)]
