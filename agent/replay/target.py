"""What is at a point of a screenshot: its control or text, read with OCR."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from ...envs.geometry import Box, ScreenPoint
from ...envs.screenshot import Screenshot
from ..reader.similarity import similarity
from ..reader.vision.ocr import read_line
from ..reader.vision.perception import read_image
from ..reader.vision.screen import Area, ControlKind, Screen, TextSegment

_READ_PX = (640, 200)
"""Width and height of the part around a point that is read, for a screen with one pixel per unit."""

LARGEST_PX = (440, 140)
"""A frame that is larger than this is not a target but what contains it."""

_WIDEST_CHARACTER = 1.1
"""The width of a character in heights of its line; ideograms are square."""

_LABEL_GAP = 4.0
"""A label on the row of a control is at most this many heights of it away."""

_SAME_TEXT = 0.93
_EDITABLE = (ControlKind.FIELD, ControlKind.TEXT_AREA)


@dataclass(frozen=True, slots=True)
class RecordedTarget:
    """The control or the text at a point: `kind` is empty if it is no control, and `text` if nothing is written there.

    `box` and `text_box`, the place of the text, are in pixels of the screenshot; None if nothing was found there.
    `label` is the text left of it or above it.
    """

    kind: str = ""
    text: str = ""
    box: Box | None = None
    text_box: Box | None = None
    label: str = ""

    @property
    def is_named(self) -> bool:
        """Whether its text is its name: that of a field is what was typed into it."""
        return bool(self.text) and self.text_box is not None and not self.is_editable

    @property
    def is_editable(self) -> bool:
        """Whether it is a field."""
        return self.kind in _EDITABLE

    def __str__(self) -> str:
        return " ".join(filter(None, (f'"{self.text}"' if self.text else "", self.kind)))


class TargetReader(Hashable, Protocol):
    """Reads parts of a screenshot, which has `scale` pixels per unit."""

    def target(self, screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget:
        """The smallest control, or else the text, at `point`."""
        ...

    def line(self, screenshot: Screenshot, box: Box) -> str:
        """The text of the line in `box`; empty if there is none."""
        ...

    def lines(self, screenshot: Screenshot, box: Box) -> tuple[tuple[str, Box], ...]:
        """The lines of text in `box`, each with its place on the screenshot."""
        ...

    def screen(self, screenshot: Screenshot) -> Screen:
        """All texts and controls of the screenshot."""
        ...


def same_text(one: str, other: str) -> bool:
    """Whether two texts that were read are the same, except for what OCR confuses."""
    return similarity(one, other) >= _SAME_TEXT


class OcrReader:
    """Reads with the OCR of the embedded reader; keeps what it has read."""

    def target(self, screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget:
        """See `TargetReader`."""
        return _read_target(screenshot, point, scale)

    def line(self, screenshot: Screenshot, box: Box) -> str:
        """See `TargetReader`."""
        pixels = np.asarray(screenshot.image.crop((box.left, box.top, box.right, box.bottom)), np.uint8)[:, :, ::-1]
        segment = read_line(pixels, Area(0, 0, box.right - box.left, box.bottom - box.top))
        return segment.text if segment is not None else ""

    def lines(self, screenshot: Screenshot, box: Box) -> tuple[tuple[str, Box], ...]:
        """See `TargetReader`."""
        return _read_lines(screenshot, box)

    def screen(self, screenshot: Screenshot) -> Screen:
        """See `TargetReader`."""
        return _read_screen(screenshot)


@lru_cache(maxsize=16)
def _read_screen(screenshot: Screenshot) -> Screen:
    return read_image(screenshot.image)


@lru_cache(maxsize=32)
def _read_lines(screenshot: Screenshot, box: Box) -> tuple[tuple[str, Box], ...]:
    screen = read_image(screenshot.image.crop((box.left, box.top, box.right, box.bottom)))
    return tuple((segment.text, _box(segment.area, (box.left, box.top))) for segment in screen.segments)


@lru_cache(maxsize=64)
def _read_target(screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget:
    return _read_near(screenshot, point, scale) or _wide_in(_read_screen(screenshot), point, scale) or RecordedTarget()


def _read_near(screenshot: Screenshot, point: ScreenPoint, scale: float) -> RecordedTarget | None:
    size = screenshot.size
    width, height = (round(side * scale) for side in _READ_PX)
    left = max(0, min(round(point.x) - width // 2, size.width - width))
    top = max(0, min(round(point.y) - height // 2, size.height - height))
    part = screenshot.image.crop((left, top, min(left + width, size.width), min(top + height, size.height)))
    target = target_in(read_image(part), point, scale, (left, top))
    return None if target.box is None else target


def _wide_in(screen: Screen, point: ScreenPoint, scale: float) -> RecordedTarget | None:
    """The control at `point` that is too wide for others, but of one line: nothing is in it but one text."""
    around = [one for one in screen.controls if _contains(one.area, point.x, point.y)]
    control = min(around, key=lambda one: one.area.width * one.area.height, default=None)
    if control is None or control.kind is ControlKind.PANE or control.area.height > LARGEST_PX[1] * scale:
        return None
    area = control.area
    texts = [one for one in screen.segments if one.is_in(area)]
    if len(texts) > 1 or any(area.contains(one.area) for one in screen.controls if one is not control):
        return None
    text, text_box = (texts[0].text, _box(texts[0].area, (0, 0))) if texts else ("", None)
    return RecordedTarget(str(control.kind), text, _box(area, (0, 0)), text_box, _label(area, screen))


def target_in(screen: Screen, point: ScreenPoint, scale: float, corner: tuple[int, int] = (0, 0)) -> RecordedTarget:
    """The target at `point` on a screen that was read; `corner` is its place on the screenshot."""
    x, y = point.x - corner[0], point.y - corner[1]
    largest = LARGEST_PX[0] * scale, LARGEST_PX[1] * scale
    controls = [
        one
        for one in screen.controls
        if one.kind is not ControlKind.PANE
        and _contains(one.area, x, y)
        and one.area.width <= largest[0]
        and one.area.height <= largest[1]
    ]
    control = min(controls, key=lambda one: one.area.width * one.area.height, default=None)
    within = control.area if control is not None else None
    texts = [one for one in screen.segments if not is_icons(one)]
    segments = [one for one in texts if _contains(one.area, x, y) or (within and one.is_in(within))]
    segment = next(iter(segments), None)
    text_box = _box(segment.area, corner) if segment is not None else None
    text = segment.text if segment is not None else ""
    if control is not None:
        label = _label(control.area, screen)
        return RecordedTarget(str(control.kind), text, _box(control.area, corner), text_box, label)
    return RecordedTarget("", text, text_box, text_box)


def is_icons(segment: TextSegment) -> bool:
    """Whether the characters are so far apart that OCR has taken a row of icons for a text."""
    return segment.area.width > _WIDEST_CHARACTER * segment.area.height * len(segment.text.replace(" ", ""))


def _label(area: Area, screen: Screen) -> str:
    left = [one for one in screen.segments if one.area.row_overlap(area) > 0.5 and one.area.right <= area.left]
    above = [one for one in screen.segments if one.area.column_overlap(area) > 0.5 and one.area.bottom <= area.top]
    nearest_left = max(left, key=lambda one: one.area.right, default=None)
    if nearest_left is not None and area.left - nearest_left.area.right <= _LABEL_GAP * area.height:
        return nearest_left.text
    nearest = max(above, key=lambda one: one.area.bottom, default=None)
    return nearest.text if nearest is not None else ""


def _contains(area: Area, x: float, y: float) -> bool:
    return area.left <= x < area.right and area.top <= y < area.bottom


def _box(area: Area, corner: tuple[int, int]) -> Box:
    left, top = corner
    return Box(round(area.left) + left, round(area.top) + top, round(area.right) + left, round(area.bottom) + top)
