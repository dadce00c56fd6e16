"""Turns a screenshot into a `Screen`: its texts and controls."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from .area_table import AreaTable
from .controls import RINGS, SQUARES, ControlDetector, fills_checkbox
from .ocr import read_line, read_text, reading_order
from .pixel_cache import PixelCache
from .screen import Area, ControlKind, Pixels, Screen, ScreenControl, TextSegment, Word

_WIDEST_READ_PX = 400  # wider empty controls are fields, not buttons with a short word
_LABEL_WIDTHS = 8
"""The label of a check box is searched for within this many widths of the box."""

_CONTRAST = 60  # the colour distance at which a pixel counts as drawn
_MAY_HOLD_TEXT = (ControlKind.ICON, ControlKind.DROP_DOWN)
_DRAWN = 12.0  # the standard deviation at which something is drawn
EXPANDERS = frozenset("+十田⊞王")
"""Characters that OCR returns for the + of a closed folder."""

known_screens: PixelCache[Screen] = PixelCache(32)
"""The screens read last, by their pixels."""

_BOUNDARIES = (ControlKind.BUTTON, ControlKind.FIELD, ControlKind.DROP_DOWN, ControlKind.TAB, ControlKind.ICON)
"""Text segments do not cross the frames of these controls."""


@lru_cache(maxsize=8)
def read_png(data: bytes) -> Screen:
    """Read an encoded image; cached, since prompts repeat the latest screenshots."""
    buffer = np.frombuffer(data, np.uint8)
    return read_pixels(np.asarray(cv2.imdecode(buffer, cv2.IMREAD_COLOR), np.uint8))


def read_image(image: Image.Image) -> Screen:
    """Read an image."""
    return read_pixels(np.ascontiguousarray(np.asarray(image.convert("RGB"), np.uint8)[:, :, ::-1]))


def read_pixels(pixels: Pixels) -> Screen:
    """Read pixels of shape height x width x 3, in BGR order."""
    return known_screens.get(pixels, lambda: _read_pixels(pixels))


def _read_pixels(pixels: Pixels) -> Screen:
    segments = read_text(pixels)
    detector = ControlDetector(pixels)
    controls = detector.find(segments)
    frames = _Frames(controls)
    parts = [part for segment in segments for part in _split_at_frames(segment, frames)]
    missed = _missed_by_detection(pixels, controls, parts)
    parts += [part for segment in missed for part in _split_at_frames(segment, frames)]
    split = tuple(_join_in_frame(list(reading_order(parts)), frames))
    if split != segments:
        segments = split
        controls = detector.find(segments)
    height, width = pixels.shape[:2]
    return Screen(width, height, segments, controls)


def _missed_by_detection(
    pixels: Pixels, controls: tuple[ScreenControl, ...], segments: Sequence[TextSegment]
) -> list[TextSegment]:
    """Texts inside and next to controls that the detector missed: it often misses single short words."""
    found: list[TextSegment] = []
    for control in controls:
        area = control.area
        if (
            control.kind in _MAY_HOLD_TEXT
            and not control.text
            and area.width >= 1.2 * area.height
            and area.width <= _WIDEST_READ_PX
            and not _has_text(area, segments, column_overlap=0.4)
        ):
            area_to_read: Area | None = Area(area.left + 3, area.top + 3, area.right - 3, area.bottom - 3)
        else:
            area_to_read = _text_area_right_of(pixels, area, segments) if control.is_checkable else None
        segment = read_line(pixels, area_to_read) if area_to_read is not None else None
        if segment is not None and len(segment.text) > (0 if control.is_checkable else 1):
            found.append(segment)
        found += _expander_before(pixels, control, segments)
    return found


def _expander_before(pixels: Pixels, control: ScreenControl, segments: Sequence[TextSegment]) -> list[TextSegment]:
    """The + of a closed folder in a tree view, left of its icon."""
    icon = control.area
    if not (control.checked or control.kind is ControlKind.ICON) or icon.width > 1.3 * icon.height:
        return []
    area = Area(icon.left - 1.25 * icon.width, icon.top, icon.left - 0.3 * icon.width, icon.bottom)
    if area.left < 0 or _has_text(area, segments, column_overlap=0.1):
        return []
    part = pixels[int(area.top) : int(area.bottom), int(area.left) : int(area.right)]
    if not part.size or float(part.std()) < _DRAWN:
        return []
    sign = read_line(pixels, area)
    return [with_text(sign, "+")] if sign is not None and sign.text in EXPANDERS else []


def _has_text(area: Area, segments: Sequence[TextSegment], *, column_overlap: float) -> bool:
    return any(
        each.area.row_overlap(area) > 0.4 and each.area.column_overlap(area) > column_overlap for each in segments
    )


def with_text(segment: TextSegment, text: str) -> TextSegment:
    """The same segment with another text."""
    return TextSegment((replace(segment.words[0], text=text),))


def _text_area_right_of(pixels: Pixels, checkbox: Area, segments: Sequence[TextSegment]) -> Area | None:
    """The area right of a check box in which something is drawn but no text was detected."""
    if any(
        checkbox.row_overlap(segment.area) > 0.6 and -4 <= segment.area.left - checkbox.right < 2 * checkbox.width
        for segment in segments
    ):
        return None
    left = int(checkbox.right + 0.25 * checkbox.width) + 2
    rows = slice(int(checkbox.top), int(checkbox.bottom))
    part = pixels[rows, left : left + int(_LABEL_WIDTHS * checkbox.width)].astype(np.int16)
    if part.shape[1] < 2:
        return None
    drawn = np.flatnonzero((np.abs(part - part[0, 0]).sum(axis=2) > _CONTRAST).any(axis=0))
    if not len(drawn) or drawn[0] > checkbox.width:
        return None
    ends = drawn[np.flatnonzero(np.diff(np.append(drawn, 1 << 30)) > 0.6 * checkbox.width)[0]]
    return Area(left + float(drawn[0]) - 3, checkbox.top - 2, left + float(ends) + 4, checkbox.bottom + 2)


class _Frames:
    """The controls that texts do not cross, from the smallest, and the check boxes and radio buttons."""

    def __init__(self, controls: tuple[ScreenControl, ...]) -> None:
        frames = (control.area for control in controls if control.kind in _BOUNDARIES)
        self._areas = sorted(frames, key=lambda area: area.width * area.height)
        self._table = AreaTable.of(self._areas)
        self.checkboxes = [control for control in controls if control.is_checkable]

    def around(self, area: Area) -> Area | None:
        """The smallest frame that contains the centre of `area`."""
        found = np.flatnonzero(self._table.holds_point(*area.centre))
        return self._areas[found[0]] if len(found) else None


def _split_at_frames(segment: TextSegment, frames: _Frames) -> list[TextSegment]:
    """Split a segment at the frames of controls, and remove radio buttons that OCR read as letters."""
    first = _strip_checkbox_glyph(segment.words[0], frames.checkboxes)
    words = [*([first] if first is not None else []), *segment.words[1:]]
    parts: list[list[Word]] = []
    last_frame: Area | None = None
    for word in words:
        frame = frames.around(word.area)
        if parts and frame == last_frame:
            parts[-1].append(word)
        else:
            parts.append([word])
        last_frame = frame
    return [TextSegment(tuple(part)) for part in parts]


def _join_in_frame(segments: list[TextSegment], frames: _Frames) -> list[TextSegment]:
    """Join adjacent segments inside one frame: they are parts of one caption."""
    joined: list[TextSegment] = []
    for segment in segments:
        last = joined[-1] if joined else None
        frame = frames.around(segment.area)
        if (
            last is not None
            and frame is not None
            and frame == frames.around(last.area)
            and _are_adjacent(last, segment)
        ):
            joined[-1] = TextSegment((*last.words, *segment.words))
        else:
            joined.append(segment)
    return joined


def _are_adjacent(one: TextSegment, other: TextSegment) -> bool:
    return one.area.row_overlap(other.area) > 0.6 and other.area.left - one.area.right < 1.2 * one.area.height


def _strip_checkbox_glyph(word: Word, checkboxes: list[ScreenControl]) -> Word | None:
    """Remove a check box or radio button that OCR read as the first letter of `word`; None if nothing is left."""
    box = word.area
    for checkbox in checkboxes:
        x, y = checkbox.area.centre
        signs = RINGS if checkbox.kind is ControlKind.RADIO else SQUARES
        if not (word.text[0] in signs or fills_checkbox(checkbox.area, word)) or not (
            box.left - 4 <= x <= box.right and box.top <= y <= box.bottom
        ):
            continue
        if len(word.text) == 1 or checkbox.area.right >= box.right - 4:
            return None
        if x - box.left <= checkbox.area.width:
            return replace(word, text=word.text[1:], area=Area(checkbox.area.right + 3, box.top, box.right, box.bottom))
    return word
