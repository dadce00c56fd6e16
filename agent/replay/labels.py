"""Finds a target among equal ones by its label, as a person does: the field of `Name`, `Delete` in the row of `Ada`.

The texts left of the target, right of it, above it and below it are read in the recording, and the nearest that only
the target has there is its label. On the new screen the target is the only one of its kind with this label.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ...envs.geometry import ScreenPoint
from ..reader.vision.screen import Area, ControlKind, Screen, ScreenControl, TextSegment
from .located import Ambiguous, Found, Located, Missing
from .target import LARGEST_PX, RecordedTarget, is_icons, same_text

_CONFIDENCE = 0.9
_MOST_TEXTS = 4
"""A label has at most this many texts, such as the name in a row and the button between it and the target."""

_SAME_LINE = 0.5
_SAME_COLUMN = 0.3
_SLACK = 0.4
"""OCR returns areas that are too tall: a text may overlap what it labels by this share of its height."""

_NEAR = 6.0
"""The label of the only target of its kind is at most this many heights of the target away."""

_LARGEST_BOX_PX = 26
_LEAST_FIELD = 1.8
"""A field is at least this many times as wide as high."""

_SAME_SIZE = 0.08
_MERGED = 1.5
_BARE = 3.0
_NEARER = 0.95
"""An equal target without a label of its own is too near at less than these heights, if none was as near as that."""

_FIELDS = frozenset({ControlKind.FIELD, ControlKind.TEXT_AREA, ControlKind.DROP_DOWN})
_BOXES = frozenset({ControlKind.CHECKBOX, ControlKind.RADIO})


class Side(Enum):
    """Where a label is, seen from its target."""

    LEFT = "left"
    RIGHT = "right"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Label:
    """Texts at one side of a target, nearest first. `shared_by` of its equals have a label of their own there.

    It is `plain` if its nearest text is not that of a control.
    """

    side: Side
    texts: tuple[str, ...]
    gap: float
    shared_by: int
    plain: bool

    def __str__(self) -> str:
        return " ".join(f'"{text}"' for text in reversed(self.texts[-2:]))


@dataclass(frozen=True, slots=True)
class Equals:
    """Areas of one kind on a screen, the texts around them, and all controls."""

    areas: tuple[Area, ...]
    texts: tuple[TextSegment, ...]
    controls: tuple[Area, ...] = ()

    def at(self, point: ScreenPoint) -> Area | None:
        """The smallest one that contains the point."""
        found = [one for one in self.areas if one.left <= point.x < one.right and one.top <= point.y < one.bottom]
        return min(found, key=lambda one: one.width * one.height, default=None)

    def towards(self, area: Area, side: Side, count: int) -> tuple[TextSegment, ...]:
        """The nearest `count` texts at a side of `area`, nearest first; fewer if there are not as many."""
        found = sorted(
            (gap, index) for index, text in enumerate(self.texts) if (gap := _gap(area, text.area, side)) >= 0
        )
        return tuple(self.texts[index] for _, index in found[:count])

    def with_label(self, side: Side, texts: Sequence[str]) -> list[Area]:
        """The areas that have these texts at a side."""
        return [one for one in self.areas if self._has(one, side, texts)]

    def nearest_without_label(self, area: Area, label: "Label") -> float:
        """How far the nearest equal of `area` without a label of its own is, in heights of `area`."""
        texts = {one: self.towards(one, label.side, len(label.texts)) for one in self.areas}
        shared = [tuple(text.text for text in found) for found in texts.values()]
        bare = [
            one
            for one, read in zip(texts, shared, strict=True)
            if len(read) < len(label.texts) or shared.count(read) > 1
        ]
        return min((_distance(area, one) / area.height for one in bare if one != area), default=math.inf)

    def _has(self, area: Area, side: Side, texts: Sequence[str]) -> bool:
        near = self.towards(area, side, len(texts))
        return len(near) == len(texts) and all(same_text(one.text, text) for one, text in zip(near, texts, strict=True))


def equals_of(target: RecordedTarget, screen: Screen, scale: float) -> Equals:
    """What is equal to `target` on a screen: what has its text, or the fields or the check boxes; none for icons."""
    controls = [one for one in screen.controls if _is_target(one, scale)]
    if target.is_named:
        segments = [one for one in screen.segments if same_text(one.text, target.text)]
        areas = [_frame_of(one, controls, screen.segments) for one in segments]
    else:
        kinds = next((kinds for kinds in (_FIELDS, _BOXES) if target.kind in kinds), frozenset[ControlKind]())
        areas = [one.area for one in controls if one.kind in kinds and not _may_be_key(one, scale)]
    return equal_areas(areas, screen)


def equal_areas(areas: Sequence[Area], screen: Screen) -> Equals:
    """These areas, with the texts of `screen` that may be labels, which are outside of them."""
    texts = [one for one in screen.segments if not is_icons(one) and not any(one.is_in(area) for area in areas)]
    controls = [one.area for one in screen.controls if one.kind is not ControlKind.PANE]
    return Equals(tuple(dict.fromkeys(areas)), tuple(texts), tuple(controls))


def _distance(one: Area, other: Area) -> float:
    """From edge to edge."""
    across = max(one.left - other.right, other.left - one.right, 0.0)
    return math.hypot(across, max(one.top - other.bottom, other.top - one.bottom, 0.0))


def label_of(area: Area, recorded: Equals) -> Label | None:
    """The label that only `area` has among its equals: where most of them have one, no control before others.

    A single letter is one only where others have one, too: OCR also reads the pointer and icons as letters.
    """
    found = [label for side in Side if (label := _label_at(area, side, recorded)) is not None]
    labels = [one for one in found if one.shared_by > 1 or max(map(len, one.texts)) > 1]
    return min(labels, key=lambda one: (-one.shared_by, not one.plain, one.gap), default=None)


def _label_at(area: Area, side: Side, recorded: Equals) -> Label | None:
    near = recorded.towards(area, side, _MOST_TEXTS)
    for count in range(1, len(near) + 1):
        texts = tuple(one.text for one in near[:count])
        if len(recorded.with_label(side, texts)) == 1:
            plain = not any(near[0].is_in(control) for control in recorded.controls)
            return Label(side, texts, _gap(area, near[0].area, side), _labelled(side, count, recorded), plain)
    return None


def _labelled(side: Side, count: int, recorded: Equals) -> int:
    """How many of the areas have a label of their own at the side."""
    found = [tuple(one.text for one in recorded.towards(area, side, count)) for area in recorded.areas]
    return sum(len(texts) == count and found.count(texts) == 1 for texts in found)


def located_by_label(
    name: str, area: Area, at: ScreenPoint, recorded: Equals, now: Equals, scales: tuple[float, float]
) -> Located | None:
    """The one of `now` that has the label of `area`, which was clicked at `at`; None if the label does not decide.

    Single characters, as which OCR may read icons, are left out if the label is not there with them. `scales` are the
    pixels per unit of both screens.
    """
    located = _located(name, area, at, recorded, now, scales)
    if not isinstance(located, Missing):
        return located
    again = _located(name, area, at, _without_characters(recorded), _without_characters(now), scales)
    return again if isinstance(again, Found) else located


def _without_characters(equals: Equals) -> Equals:
    return replace(equals, texts=tuple(one for one in equals.texts if len(one.text) > 1))


def _located(
    name: str, area: Area, at: ScreenPoint, recorded: Equals, now: Equals, scales: tuple[float, float]
) -> Located | None:
    label = label_of(area, recorded)
    if label is None or (len(recorded.areas) == 1 and label.gap > _NEAR * area.height):
        return None
    found = now.with_label(label.side, label.texts)
    if not found:
        return Missing(f"{name} is not next to {label}")
    points = tuple(ScreenPoint(*one.centre) for one in found)
    if len(found) > 1:
        return Ambiguous(f"{name} is next to {label} {len(found)} times", points)
    bare = now.nearest_without_label(found[0], label)
    if bare < min(_BARE, _NEARER * recorded.nearest_without_label(area, label)):
        return Ambiguous(f"two places may be {name} next to {label}", points)
    if _is_merged(found[0], area, recorded, now) or _is_contradicted(found[0], area, label, recorded, now):
        return Ambiguous(f"what was near {name} is near two places", points)
    return found_in(found[0], area, at, scales)


def _is_merged(found: Area, area: Area, recorded: Equals, now: Equals) -> bool:
    """Whether `found` is so much higher than its equals that it may be two of them that touch."""
    least = [min(one.height for one in equals.areas) for equals in (recorded, now)]
    return found.height / least[1] > _MERGED * area.height / least[0]


def _is_contradicted(found: Area, area: Area, label: Label, recorded: Equals, now: Equals) -> bool:
    """Whether a label at another side, where each of the equals has one too, is that of another one now."""
    others = [_label_at(area, side, recorded) for side in Side if side is not label.side]
    same = [one for one in others if one is not None and one.shared_by == label.shared_by == len(recorded.areas) > 1]
    named = [now.with_label(one.side, one.texts) for one in same]
    return any(len(areas) == 1 and areas[0] != found for areas in named)


def found_in(found: Area, area: Area, at: ScreenPoint, scales: tuple[float, float]) -> Found:
    """The point of `found` that corresponds to `at` in `area`."""
    across, down = (at.x - area.left) / area.width, (at.y - area.top) / area.height
    zoom = (found.height / scales[1]) / (area.height / scales[0])
    point = ScreenPoint(found.left + across * found.width, found.top + down * found.height)
    return Found(point, _CONFIDENCE, 1.0 if abs(zoom - 1) <= _SAME_SIZE else zoom)


def _gap(area: Area, text: Area, side: Side) -> float:
    """How far a text is from `area` at a side, in pixels; negative if it is not there."""
    slack = _SLACK * text.height
    if side in (Side.LEFT, Side.RIGHT):
        gap = area.left - text.right if side is Side.LEFT else text.left - area.right
        is_there = text.row_overlap(area) > _SAME_LINE
    else:
        gap = area.top - text.bottom if side is Side.ABOVE else text.top - area.bottom
        is_there = text.column_overlap(area) > _SAME_COLUMN
    return max(gap, 0.0) if is_there and gap >= -slack else -1.0


def _is_target(control: ScreenControl, scale: float) -> bool:
    width, height = control.area.width, control.area.height
    return control.kind is not ControlKind.PANE and width <= LARGEST_PX[0] * scale and height <= LARGEST_PX[1] * scale


def _may_be_key(control: ScreenControl, scale: float) -> bool:
    """Whether the reader may have taken a button for this: one with a single letter that OCR does not read."""
    if control.kind in _BOXES:
        return max(control.area.width, control.area.height) > _LARGEST_BOX_PX * scale
    return control.area.width < _LEAST_FIELD * control.area.height


def _frame_of(segment: TextSegment, controls: Sequence[ScreenControl], texts: Sequence[TextSegment]) -> Area:
    """The control around a text; the text itself if the control has a text on another row, as touching buttons do."""
    around = [one.area for one in controls if segment.is_in(one.area)]
    frame = min(around, key=lambda one: one.width * one.height, default=segment.area)
    rows = [one for one in texts if one.is_in(frame) and one.area.row_overlap(segment.area) <= _SAME_LINE]
    return segment.area if rows else frame
