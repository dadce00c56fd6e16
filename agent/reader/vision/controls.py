"""Classifies the frames on a screenshot as controls, by shape, contents and colours."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import cv2
import numpy as np

from . import nesting
from .area_table import AreaTable, Numbers, Pairs, any_of_row
from .marks import has_arrow, has_arrow_button_after, has_faint_frame, is_filled, password_dots
from .screen import DOT, Area, Colour, ControlKind, Pixels, ScreenControl, TextSegment, Word
from .shapes import Shape, find_shapes
from .text_colours import colour_distance, dominant_colour, saturation

_CHECKBOX_PX = (9, 40)  # the side of a check box
_CHECKBOX_LINES = 2.2  # or up to this many text heights, for scaled screens
_BOX_PX = (14, 90)  # the height of a button or field
_BOX_LINES = 3.4  # or up to this many text heights
_PANE_WIDTH_PX = 60  # narrower frames are not panes
_DRAWN = 6.0
"""The standard deviation of brightness above which a frame is not empty."""

_MAX_CAPTION_WORDS = 4  # longer texts are paragraphs
_FRAME_PX = 4  # the width of an outline with its anti-aliasing
_VIVID = 90  # the saturation of colours that mark links, focus and primary buttons
_FAINT = 260  # the contrast of disabled text
_LINK_APART = 110  # the minimum distance of a link's colour from that of other text
_ARROWS = frozenset("\u25bc\u25be\u2304\u2228\u02c5\ufe40vV")  # what OCR returns for the arrow of a drop-down
_CROSSES = frozenset("xX\u00d7\u2715\u2716")
SQUARES = frozenset("□■☐☑☒口回✓✔√")
RINGS = SQUARES | frozenset("oO0°○●◎◉")
"""Characters that OCR returns for a radio button before its label; `SQUARES`: for a check box."""


class ControlDetector:
    """Finds the controls on one image (height x width x 3, in BGR order) for one or more readings of its texts.

    Size limits are relative to the median height of its text.
    """

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
        shapes = find_shapes(self.grey)
        self.tracks = [shape.area for shape in shapes if shape.is_thin and shape.is_rectangle]
        self.shapes = [shape for shape in shapes if shape.area.height >= _CHECKBOX_PX[0]]
        self._frames = AreaTable.of(shape.area for shape in self.shapes)[:, None]
        self.segments: Sequence[TextSegment] = ()
        self.max_checkbox_px = self.max_box_px = 0.0
        self._last: tuple[tuple[float, float], list[ScreenControl | None]] | None = None

    def find(self, segments: Sequence[TextSegment]) -> tuple[ScreenControl, ...]:
        """All controls of the image with these texts, from top to bottom."""
        found = [control for control in self._classified(segments) if control is not None]
        found = _tabs(nesting.toolbars_as_panes(nesting.drop_password_dots(nesting.drop_nested(found))), self)
        found += find_links(segments)
        return tuple(sorted(found, key=lambda control: (control.area.top, control.area.left)))

    def _classified(self, segments: Sequence[TextSegment]) -> list[ScreenControl | None]:
        """The control of each shape; shapes without a changed text near them keep that of the last call."""
        changed = self._near(set(segments) ^ set(self.segments))
        self.segments = segments
        heights = sorted(segment.area.height for segment in segments)
        line = heights[len(heights) // 2] if heights else 16.0
        self.max_checkbox_px = max(_CHECKBOX_PX[1], _CHECKBOX_LINES * line)
        self.max_box_px = max(_BOX_PX[1], _BOX_LINES * line)
        limits = self.max_checkbox_px, self.max_box_px
        last = self._last[1] if self._last is not None and self._last[0] == limits else None
        inside, backgrounds = self._inside(segments), self._text_backgrounds(segments)
        found = [
            last[index]
            if last is not None and not changed[index]
            else self._control(
                shape,
                [segments[at] for at in np.flatnonzero(inside[index]).tolist()],
                is_text_background=backgrounds[index],
            )
            for index, shape in enumerate(self.shapes)
        ]
        self._last = limits, found
        return found

    def _near(self, segments: Collection[TextSegment]) -> list[bool]:
        """Whether any of `segments` is so near to each shape that it may matter for it."""
        texts = AreaTable.of(segment.area for segment in segments)
        slack = _slack(texts) + 1
        frames = self._frames
        is_beside = (texts.right < frames.left - slack) | (texts.left > frames.right + slack)
        is_above = (texts.bottom < frames.top - slack) | (texts.top > frames.bottom + slack)
        return any_of_row(~(is_beside | is_above))

    def _inside(self, segments: Sequence[TextSegment]) -> Pairs:
        """Whether each text (column) is inside each shape (row), or mostly and overflows it on one side."""
        texts, frames = AreaTable.of(segment.area for segment in segments), self._frames
        is_in = frames.contains(texts, _slack(texts))
        shared = np.minimum(texts.right, frames.right) - np.maximum(texts.left, frames.left)
        slack = 0.25 * texts.height
        is_level = (frames.top - slack <= texts.top) & (texts.bottom <= frames.bottom + slack)
        return np.asarray(is_in | (is_level & (texts.left > frames.left) & (shared >= 0.7 * texts.width)))

    def _text_backgrounds(self, segments: Sequence[TextSegment]) -> list[bool]:
        """Whether each shape is only the background of words, or of some letters of a word."""
        texts, frames = AreaTable.of(segment.area for segment in segments), self._frames
        share = np.array([0.9 if len(segment.words) > 1 else 0.5 for segment in segments])
        is_part = (frames.height <= texts.height + 6) & (frames.width < share * texts.width)
        is_background = texts.contains(frames, 2) | (texts.contains(frames, 6) & is_part)
        return any_of_row(is_background)

    def _control(
        self, shape: Shape, inside: Sequence[TextSegment], *, is_text_background: bool
    ) -> ScreenControl | None:
        """Classify `shape` with the texts `inside`; None if it is not a control."""
        area = shape.area
        words = [word for segment in inside for word in segment.words]
        is_large_rectangle = shape.is_rectangle and area.width > _CHECKBOX_PX[1]
        if is_large_rectangle and self._has_caption(area, words, has_equal_sides=shape.has_equal_sides):
            return self._captioned(ControlKind.BUTTON, area, words)
        if area.width <= self.max_checkbox_px and area.height <= self.max_checkbox_px and shape.has_equal_sides:
            return self._small(shape)
        if not shape.is_rectangle:
            return ScreenControl(ControlKind.SLIDER, area) if self._is_filled_track(shape) else None
        if area.width >= self.grey.shape[1] - 2 and area.height <= self.max_box_px:
            return ScreenControl(ControlKind.PANE, area)  # a bar across the whole width
        if _BOX_PX[0] <= area.height <= self.max_box_px and area.width >= 1.2 * area.height:
            return None if is_text_background else self._box(area, words)
        if area.height <= self.max_box_px and shape.has_equal_sides:
            return ScreenControl(ControlKind.ICON, area) if self._has_content(area) else None
        if area.width <= _PANE_WIDTH_PX or area.height <= self.max_box_px:
            return None
        is_empty = not inside and not self._has_content(area)
        return ScreenControl(ControlKind.TEXT_AREA if is_empty else ControlKind.PANE, area)

    def _small(self, shape: Shape) -> ScreenControl | None:
        """A check box, a radio button, the handle of a slider, or the inside of a letter."""
        area = shape.area
        if self._is_inside_letter(area):
            return None
        if shape.is_round and (track := self._track(area)) is not None:
            return ScreenControl(ControlKind.SLIDER, track)
        if not (shape.is_square or (shape.is_round and self._is_isolated(area))):
            return None
        kind = ControlKind.RADIO if shape.is_round else ControlKind.CHECKBOX
        return ScreenControl(kind, area, checked=is_filled(self.grey, area), disabled=has_faint_frame(self.grey, area))

    def _track(self, handle: Area) -> Area | None:
        """The area of a slider's track together with its handle."""
        middle = handle.centre[1]
        parts = [
            track
            for track in self.tracks
            if abs(track.centre[1] - middle) <= 3
            and track.left <= handle.right + 4
            and track.right >= handle.left - 4
            and track.width > handle.width
        ]
        return Area.union([*parts, handle]) if parts else None

    def _is_filled_track(self, shape: Shape) -> bool:
        """Whether `shape` is a slider's filled bar with a knob at its end, and the track continues behind it."""
        area = shape.area
        is_bar = _CHECKBOX_PX[0] <= area.height <= self.max_checkbox_px and area.width >= 3 * area.height
        if not is_bar or shape.share >= 0.7:
            return False
        middle = area.centre[1]
        return any(area.contains(track) and abs(track.centre[1] - middle) <= 3 for track in self.tracks)

    def _box(self, area: Area, words: list[Word]) -> ScreenControl:
        dots = password_dots(self.grey, area, discs=bool(words))
        if words and dots is not None and dots > 1 and not _is_ellipsis(dots, words):
            return ScreenControl(ControlKind.FIELD, area, DOT * dots, focused=self._has_focus_ring(area))
        arrow = words.pop() if words and _is_arrow(words[-1], area) else None
        opens = arrow is not None or has_arrow(self.grey, area, words)
        if opens or (words and has_arrow_button_after(self.grey, area)):
            kind = ControlKind.DROP_DOWN
            words = words[:-1] if _ends_in_clear_button(words) else words
        elif words:
            kind = ControlKind.BUTTON if self._is_button(area, words) else ControlKind.FIELD
        elif not self._has_content(area):
            kind = ControlKind.FIELD
        elif dots is not None:
            return ScreenControl(ControlKind.FIELD, area, DOT * dots, focused=self._has_focus_ring(area))
        else:
            kind = ControlKind.ICON
        return self._captioned(kind, area, words)

    def _captioned(self, kind: ControlKind, area: Area, words: Sequence[Word]) -> ScreenControl:
        text = " ".join(word.text for word in words)
        faint = all(_is_faint(word) for word in words)
        focused = None if kind is ControlKind.ICON else self._has_focus_ring(area)
        return ScreenControl(kind, area, text, focused=focused, disabled=faint if words else None)

    def _is_button(self, area: Area, words: Sequence[Word]) -> bool:
        """Whether the text in a frame is a caption, not typed text: it is centred or on a coloured background."""
        extent = Area.union(word.area for word in words)
        before, after = extent.left - area.left, area.right - extent.right
        if abs(before - after) <= max(6.0, 0.2 * area.height) or max(before, after) < 0.6 * area.height:
            return True
        background = words[0].background
        return saturation(background) > _VIVID or (before > area.height and after < 3 * before)

    def _has_caption(self, area: Area, words: Sequence[Word], *, has_equal_sides: bool) -> bool:
        """Whether `words` are the caption of a large or square button."""
        if not words or not (has_equal_sides or area.height > self.max_box_px):
            return False
        return self._has_centred_caption(area, words) or (has_equal_sides and self._is_mostly_caption(area, words))

    def _is_mostly_caption(self, area: Area, words: Sequence[Word]) -> bool:
        """Whether a short text fills much of the width of a frame."""
        return len(words) <= _MAX_CAPTION_WORDS and area.width < 2.5 * Area.union(word.area for word in words).width

    def _has_centred_caption(self, area: Area, words: Sequence[Word]) -> bool:
        """Whether a large frame contains only a short, centred text."""
        extent = Area.union(word.area for word in words)
        if (
            len(words) > _MAX_CAPTION_WORDS
            or area.width > 4 * extent.width + area.height
            or area.height > 12 * extent.height
        ):
            return False
        x, y = extent.centre
        return abs(x - area.centre[0]) < 0.1 * area.width and abs(y - area.centre[1]) < 0.1 * area.height

    def _has_content(self, area: Area) -> bool:
        inner = self.grey[int(area.top) + 3 : int(area.bottom) - 3, int(area.left) + 3 : int(area.right) - 3]
        return bool(inner.size) and float(inner.std()) > _DRAWN

    def _has_focus_ring(self, area: Area) -> bool | None:
        """Whether the frame has a vivid colour, as a field with keyboard focus does."""
        middle = int(area.centre[1])
        around = self.pixels[middle, max(int(area.left) - 12, 0) : int(area.left)].astype(np.int16)
        if not len(around) or bool((around == around[0]).all()):
            return None
        before = around[-min(4, int(area.left)) :]
        background = dominant_colour(around)
        drawn = before[np.abs(before - background).sum(axis=1) > 2 * _VIVID]
        vivid = [pixel for pixel in drawn if saturation((int(pixel[2]), int(pixel[1]), int(pixel[0]))) > _VIVID]
        return True if vivid else None

    def _is_inside_letter(self, area: Area) -> bool:
        """Whether a small shape is the inside of a letter: it is within a word, with no gap to the other letters."""
        x, y = area.centre
        for segment in self.segments:
            for word in segment.words:
                box = word.area
                if not (box.left < x < box.right and box.top < y < box.bottom):
                    continue
                is_first = x - box.left <= area.width and self._is_isolated(area)
                is_sign = fills_checkbox(area, word) or (word.text[0] in RINGS and (is_first or len(word.text) == 1))
                return not is_sign
        return False

    def _is_isolated(self, area: Area) -> bool:
        """Whether the space right of a shape is empty, as it always is for a check box."""
        gap = max(3, round(0.18 * area.width))
        start = int(area.right)
        after = self.grey[int(area.top) : int(area.bottom), start : start + _FRAME_PX + 2 * gap]
        blank = 0
        for column in after.std(axis=0) if after.size else ():
            blank = blank + 1 if column < _DRAWN else 0
            if blank >= gap:
                return True
        return False


def fills_checkbox(checkbox: Area, word: Word) -> bool:
    """Whether OCR read a check box as the single letter `word`, such as V; the inside of the letter O is smaller."""
    box = word.area
    return len(word.text) == 1 and checkbox.width >= 0.75 * box.width and checkbox.height >= 0.75 * box.height


def _ends_in_clear_button(words: Sequence[Word]) -> bool:
    """Whether the last word is the cross that clears a list: it is not next to the choice."""
    if len(words) < 2 or words[-1].text not in _CROSSES:
        return False
    return words[-1].area.left - words[-2].area.right > words[-2].area.height


def _is_ellipsis(dots: int, words: Sequence[Word]) -> bool:
    """Whether a caption is the three dots of a button that opens a dialog or a menu."""
    return dots == 3 and not any(character.isalnum() for word in words for character in word.text)


def _is_faint(word: Word) -> bool:
    return colour_distance(word.colour, word.background) < _FAINT and saturation(word.colour) < _VIVID


def _slack(texts: AreaTable) -> Numbers:
    """How far each text may overflow its frame; OCR often returns an area that is too tall."""
    return np.asarray(np.maximum(8.0, 0.3 * texts.height))


def find_links(segments: Sequence[TextSegment]) -> list[ScreenControl]:
    """Runs of words in a vivid colour that differs from the usual text colour, on a background that is not vivid."""
    usual = _usual_text_colour(segments)
    found: list[ScreenControl] = []
    for segment in segments:
        run: list[Word] = []
        for word in (*segment.words, None):
            if word is not None and _is_link(word, usual):
                run.append(word)
            elif run:
                text = " ".join(each.text for each in run)
                found.append(ScreenControl(ControlKind.LINK, Area.union(each.area for each in run), text))
                run = []
    return found


def _is_link(word: Word, usual: Colour) -> bool:
    return (
        saturation(word.colour) > _VIVID
        and saturation(word.background) < _VIVID
        and colour_distance(word.colour, usual) > _LINK_APART
    )


def _usual_text_colour(segments: Sequence[TextSegment]) -> Colour:
    colours = [word.colour for segment in segments for word in segment.words if saturation(word.colour) <= _VIVID]
    if not colours:
        return (0, 0, 0)
    red, green, blue = (int(value) for value in np.median(np.array(colours), axis=0))
    return red, green, blue


def _is_arrow(word: Word, area: Area) -> bool:
    return len(word.text) == 1 and word.text in _ARROWS and area.right - word.area.right < area.height


def _tabs(controls: list[ScreenControl], detector: ControlDetector) -> list[ScreenControl]:
    """Make captioned frames in a row tabs, if a pane starts below them or they are at the edge of a tab strip."""
    buttons = [
        control for control in controls if control.kind in (ControlKind.BUTTON, ControlKind.FIELD) and control.text
    ]
    panes = [control.area for control in controls if control.kind in (ControlKind.PANE, ControlKind.TEXT_AREA)]
    tabs: dict[Area, ScreenControl] = {}
    for button in buttons:
        row = [other for other in buttons if _in_one_row(button.area, other.area)]
        if len(row) >= 2 and any(_is_attached_to(button.area, pane) for pane in panes):
            background = _background(button, detector)
            unlike = sum(
                colour_distance(background, _background(other, detector)) > 30 for other in row if other is not button
            )
            tabs[button.area] = replace(button, kind=ControlKind.TAB, selected=unlike == len(row) - 1, focused=None)
    return [tabs.get(control.area, control) for control in controls]


def _is_attached_to(tab: Area, pane: Area) -> bool:
    is_above = -6 <= pane.top - tab.bottom <= 10 and pane.width > 2 * tab.width and pane.left <= tab.left + 4
    edge = 0.12 * tab.height
    on_strip = pane.contains(tab) and abs(pane.bottom - tab.bottom) <= edge and pane.top < tab.top - edge
    return is_above or (on_strip and pane.height < 1.7 * tab.height)


def _in_one_row(one: Area, other: Area) -> bool:
    if abs(one.top - other.top) > 8 or abs(one.height - other.height) > 12:
        return False
    return max(one.left, other.left) - min(one.right, other.right) <= 4 * one.height


def _background(control: ScreenControl, detector: ControlDetector) -> Colour:
    area = control.area
    part = detector.pixels[int(area.top) + 2 : int(area.bottom) - 2, int(area.left) + 2 : int(area.right) - 2]
    blue, green, red = (int(value) for value in dominant_colour(part.reshape(-1, 3).astype(np.int16)))
    return red, green, blue
