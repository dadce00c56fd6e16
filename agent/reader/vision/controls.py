"""What the frames on a picture are for, judged by their form, by what stands in them, and by their colours."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from .ink import apart, most_frequent, saturation
from .screen import Area, Colour, ControlKind, Piece, Pixels, ScreenControl, Word
from .shapes import Shape, is_same, shapes_on

_TICK_PX = (9, 40)
_TICK_LINES = 2.2
_BOX_PX = (14, 90)
_BOX_LINES = 3.4
_PANE_WIDTH_PX = 60
_DRAWN = 6.0
"""Brightness varies by more than this in a frame that has something drawn in it."""

_MOST_NAME_WORDS = 4
_FRAME_PX = 4
_VIVID = 90
_FAINT = 260
_LINK_APART = 110
_ARROWS = frozenset("\u25bc\u25be\u2304\u2228\u02c5\ufe40vV")
SQUARES = frozenset("□■☐☑☒口回✓✔√")
RINGS = SQUARES | frozenset("oO0°○●◎◉")
"""What a radio button before its label is read as, and, without letters, a check box."""


def find_controls(pixels: Pixels, pieces: Sequence[Piece]) -> tuple[ScreenControl, ...]:
    """All controls on a picture (height x width x 3, blue first), in the order of reading."""
    looker = _Looker(pixels, pieces)
    found = [control for shape in looker.shapes if (control := looker.control(shape)) is not None]
    found = _tabs(_with_strips(_without_dots(_without_inner(found))), looker)
    found += links_in(pieces)
    return tuple(sorted(found, key=lambda control: (control.area.top, control.area.left)))


class _Looker:
    """A picture with what was read on it. Sizes go by the height of its lines."""

    def __init__(self, pixels: Pixels, pieces: Sequence[Piece]) -> None:
        self.pixels = pixels
        self.pieces = pieces
        self.grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
        self.shapes = shapes_on(self.grey)
        heights = sorted(piece.area.height for piece in pieces)
        line = heights[len(heights) // 2] if heights else 16.0
        self.most_tick = max(_TICK_PX[1], _TICK_LINES * line)
        self.most_box = max(_BOX_PX[1], _BOX_LINES * line)
        self.tracks = [shape.area for shape in self.shapes if shape.is_thin and shape.is_rectangle]

    def control(self, shape: Shape) -> ScreenControl | None:
        """What `shape` is; None if it is nothing to work."""
        area = shape.area
        if area.height < _TICK_PX[0]:
            return None
        words = [word for piece in self._inside(area) for word in piece.words]
        if shape.is_rectangle and area.width > _TICK_PX[1] and self._is_named_by(area, words, is_even=shape.is_even):
            return self._named(ControlKind.BUTTON, area, words)
        if area.width <= self.most_tick and area.height <= self.most_tick and shape.is_even:
            return self._small(shape)
        if not shape.is_rectangle:
            return ScreenControl(ControlKind.SLIDER, area) if self._is_filled_track(shape) else None
        if area.width >= self.grey.shape[1] - 2 and area.height <= self.most_box:
            return ScreenControl(ControlKind.PANE, area)  # a bar from edge to edge
        if _BOX_PX[0] <= area.height <= self.most_box and area.width >= 1.2 * area.height:
            return self._box(area)
        if area.height <= self.most_box and shape.is_even:
            return ScreenControl(ControlKind.ICON, area) if self._is_drawn_in(area) else None
        if area.width <= _PANE_WIDTH_PX or area.height <= self.most_box:
            return None
        is_empty = not self._is_drawn_in(area) and not self._inside(area)
        return ScreenControl(ControlKind.TEXT_AREA if is_empty else ControlKind.PANE, area)

    def _small(self, shape: Shape) -> ScreenControl | None:
        """A check box, a radio button, the handle of a slider, or the inside of a letter."""
        area = shape.area
        if self._is_letter(area):
            return None
        if shape.is_round and (track := self._track(area)) is not None:
            return ScreenControl(ControlKind.SLIDER, track)
        if not (shape.is_square or (shape.is_round and self._stands_alone(area))):
            return None
        kind = ControlKind.RADIO if shape.is_round else ControlKind.CHECKBOX
        return ScreenControl(kind, area, checked=self._is_filled(area), disabled=self._is_faint_frame(area))

    def _track(self, handle: Area) -> Area | None:
        """The track that a handle runs on, with the handle."""
        middle = handle.centre[1]
        parts = [
            track
            for track in self.tracks
            if abs(track.centre[1] - middle) <= 3
            and track.left <= handle.right + 4
            and track.right >= handle.left - 4
            and track.width > handle.width
        ]
        return Area.around([*parts, handle]) if parts else None

    def _is_filled_track(self, shape: Shape) -> bool:
        """Whether `shape` is a bar with a knob at its end, and what is left of the track goes on behind that."""
        area = shape.area
        if not (_TICK_PX[0] <= area.height <= self.most_tick and area.width >= 3 * area.height and shape.share < 0.7):
            return False
        middle = area.centre[1]
        return any(area.holds(track) and abs(track.centre[1] - middle) <= 3 for track in self.tracks)

    def _box(self, area: Area) -> ScreenControl | None:
        if any(_is_ground_of_words(area, piece) for piece in self.pieces):
            return None
        inside = self._inside(area)
        words = [word for piece in inside for word in piece.words]
        arrow = words.pop() if words and _is_arrow(words[-1], area) else None
        if arrow is not None or self._has_arrow(area, words):
            kind = ControlKind.DROP_DOWN
        elif words:
            kind = ControlKind.BUTTON if self._is_button(area, words) else ControlKind.FIELD
        elif self._is_drawn_in(area) and not self._is_written_into(area):
            kind = ControlKind.ICON
        else:
            kind = ControlKind.FIELD
        return self._named(kind, area, words)

    def _named(self, kind: ControlKind, area: Area, words: Sequence[Word]) -> ScreenControl:
        text = " ".join(word.text for word in words)
        faint = all(apart(word.ink, word.ground) < _FAINT and saturation(word.ink) < _VIVID for word in words)
        focused = None if kind is ControlKind.ICON else self._is_ringed(area)
        return ScreenControl(kind, area, text, focused=focused, disabled=faint if words else None)

    def _inside(self, area: Area) -> list[Piece]:
        return [piece for piece in self.pieces if area.holds(piece.area, slack=8) or _sticks_out(piece.area, area)]

    def _is_button(self, area: Area, words: Sequence[Word]) -> bool:
        """Whether what stands in a frame is its name and no text that was typed: in the middle, or on a colour."""
        extent = Area.around(word.area for word in words)
        before, after = extent.left - area.left, area.right - extent.right
        if abs(before - after) <= max(6.0, 0.2 * area.height) or max(before, after) < 0.6 * area.height:
            return True
        ground = words[0].ground
        return saturation(ground) > _VIVID or (before > area.height and after < 3 * before)

    def _is_named_by(self, area: Area, words: Sequence[Word], *, is_even: bool) -> bool:
        """Whether `words` are the name on a large or square button."""
        if not words or not (is_even or area.height > self.most_box):
            return False
        return self._is_in_the_middle(area, words) or (is_even and self._is_filled_by(area, words))

    def _is_filled_by(self, area: Area, words: Sequence[Word]) -> bool:
        """Whether a short text takes up much of the width of a frame."""
        return len(words) <= _MOST_NAME_WORDS and area.width < 2.5 * Area.around(word.area for word in words).width

    def _is_in_the_middle(self, area: Area, words: Sequence[Word]) -> bool:
        """Whether a large frame holds a short text in its very middle and nothing else."""
        extent = Area.around(word.area for word in words)
        if (
            len(words) > _MOST_NAME_WORDS
            or area.width > 4 * extent.width + area.height
            or area.height > 12 * extent.height
        ):
            return False
        across, down = extent.centre
        return abs(across - area.centre[0]) < 0.1 * area.width and abs(down - area.centre[1]) < 0.1 * area.height

    def _is_written_into(self, area: Area) -> bool:
        """Whether what is drawn is but a caret, or a row of like dots at the left, as of a password."""
        inset = int(0.15 * area.height)
        rows = slice(int(area.top) + inset, int(area.bottom) - inset)
        part = self.grey[rows, int(area.left) + inset : int(area.right) - inset].astype(np.int16)
        drawn = (np.abs(part - int(np.median(part))) > 60).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(drawn)
        if count < 2 or int(stats[1:count, 0].min()) > area.height:
            return False
        spots = [spot for spot in stats[1:count] if spot[2] >= 0.13 * area.height and spot[3] >= 3]  # no caret
        heights = [int(spot[3]) for spot in spots]
        return not spots or (max(heights) <= 0.5 * area.height and max(heights) - min(heights) <= 2)

    def _has_arrow(self, area: Area, words: Sequence[Word]) -> bool:
        """Whether something wider than high, such as a triangle, is drawn alone at the right end."""
        left = int(area.right - 1.1 * area.height)
        if words:
            left = max(left, int(max(word.area.right for word in words)) + 2)
        inset = int(0.2 * area.height)
        rows_seen = slice(int(area.top) + inset, int(area.bottom) - inset)  # without rounded corners
        part = self.grey[rows_seen, max(left, 0) : int(area.right) - inset // 2 - 1].astype(np.int16)
        if not part.size:
            return False
        rows, columns = np.nonzero(np.abs(part - np.median(part)) > 50)
        if len(rows) < 8:
            return False
        height, width = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
        return 0.9 <= width / height <= 3.2 and width <= 0.8 * area.height and height <= 0.6 * area.height

    def _is_drawn_in(self, area: Area) -> bool:
        inner = self.grey[int(area.top) + 3 : int(area.bottom) - 3, int(area.left) + 3 : int(area.right) - 3]
        return bool(inner.size) and float(inner.std()) > _DRAWN

    def _is_ringed(self, area: Area) -> bool | None:
        """Whether the frame itself is vivid, as that of a field is which keys go to."""
        middle = int(area.centre[1])
        before = self.pixels[middle, max(int(area.left) - 4, 0) : int(area.left)].astype(np.int16)
        if not len(before):
            return None
        ground = most_frequent(self.pixels[middle, max(int(area.left) - 12, 0) : int(area.left)].astype(np.int16))
        drawn = before[np.abs(before - ground).sum(axis=1) > 2 * _VIVID]
        vivid = [pixel for pixel in drawn if saturation((int(pixel[2]), int(pixel[1]), int(pixel[0]))) > _VIVID]
        return True if vivid else None

    def _is_letter(self, area: Area) -> bool:
        """Whether a small shape is the inside of a letter: it lies within a word and no gap parts it from the rest."""
        across, down = area.centre
        for piece in self.pieces:
            for word in piece.words:
                box = word.area
                if not (box.left < across < box.right and box.top < down < box.bottom):
                    continue
                is_first = across - box.left <= area.width and self._stands_alone(area)
                is_sign = fills(area, word) or (word.text[0] in RINGS and (is_first or len(word.text) == 1))
                return not is_sign
        return False

    def _stands_alone(self, area: Area) -> bool:
        """Whether nothing is drawn right beside a shape and its frame, as is always so with a check box."""
        gap = max(3, round(0.18 * area.width))
        start = int(area.right)
        after = self.grey[int(area.top) : int(area.bottom), start : start + _FRAME_PX + 2 * gap]
        blank = 0
        for column in after.std(axis=0) if after.size else ():
            blank = blank + 1 if column < _DRAWN else 0
            if blank >= gap:
                return True
        return False

    def _is_filled(self, area: Area) -> bool:
        """Whether something is drawn inside: a tick, a dot, or a fill unlike the ground beside the frame."""
        across, down = area.centre
        top, bottom, left, right = int(area.top), int(area.bottom), int(area.left), int(area.right)
        rows, columns = np.ogrid[top:bottom, left:right]
        away = np.hypot(rows + 0.5 - down, columns + 0.5 - across)
        middle = self.grey[top:bottom, left:right][away <= 0.22 * area.width]  # well within the ring of a radio button
        if not middle.size:
            return False
        ground = float(self.grey[int(down), max(left - 4 - round(0.3 * area.width), 0)])
        return float(middle.std()) > 18 or abs(float(middle.mean()) - ground) > 70

    def _is_faint_frame(self, area: Area) -> bool | None:
        """Whether the frame of a check box is so pale that it is out of use."""
        middle, left = int(area.centre[1]), int(area.left)
        ring = self.grey[middle, max(left - 6, 0) : left + 6].astype(np.int16)
        if ring.size < 2:
            return None
        return int(np.ptp(ring)) < 60


def fills(tick: Area, word: Word) -> bool:
    """Whether a check box is all that a single letter, such as a V, was read from; the inside of an O is smaller."""
    box = word.area
    return len(word.text) == 1 and tick.width >= 0.75 * box.width and tick.height >= 0.75 * box.height


def _sticks_out(text: Area, frame: Area) -> bool:
    """Whether most of a short text stands in a frame, and some of it beside."""
    shared = min(text.right, frame.right) - max(text.left, frame.left)
    slack = 0.25 * text.height
    is_level = frame.top - slack <= text.top and text.bottom <= frame.bottom + slack
    return is_level and text.left > frame.left and shared >= 0.7 * text.width


def links_in(pieces: Sequence[Piece]) -> list[ScreenControl]:
    """Runs of words in a vivid colour other than that of most words, on a pale or dark ground."""
    plain = _usual_ink(pieces)
    found: list[ScreenControl] = []
    for piece in pieces:
        run: list[Word] = []
        for word in (*piece.words, None):
            if word is not None and _is_link(word, plain):
                run.append(word)
            elif run:
                text = " ".join(each.text for each in run)
                found.append(ScreenControl(ControlKind.LINK, Area.around(each.area for each in run), text))
                run = []
    return found


def _is_link(word: Word, plain: Colour) -> bool:
    return saturation(word.ink) > _VIVID and saturation(word.ground) < _VIVID and apart(word.ink, plain) > _LINK_APART


def _usual_ink(pieces: Sequence[Piece]) -> Colour:
    inks = [word.ink for piece in pieces for word in piece.words if saturation(word.ink) <= _VIVID]
    if not inks:
        return (0, 0, 0)
    red, green, blue = (int(value) for value in np.median(np.array(inks), axis=0))
    return red, green, blue


def _is_arrow(word: Word, area: Area) -> bool:
    return len(word.text) == 1 and word.text in _ARROWS and area.right - word.area.right < area.height


def _is_ground_of_words(area: Area, piece: Piece) -> bool:
    """Whether a frame is no more than the ground around some words, or around letters of one."""
    if piece.area.holds(area, slack=2):
        return True
    if not piece.area.holds(area, slack=6) or area.height > piece.area.height + 6:
        return False
    return area.width < (0.9 if len(piece.words) > 1 else 0.5) * piece.area.width


def _without_inner(controls: list[ScreenControl]) -> list[ScreenControl]:
    """The dot of a radio button is no button of its own, nor is a frame one that has a frame right inside it."""
    return [control for control in controls if not any(_is_part(control, other) for other in controls)]


def _is_part(control: ScreenControl, other: ScreenControl) -> bool:
    """Whether `control` is no more than a part of `other`: the dot in its ring, or the line around it."""
    if control is other or control.is_tick != other.is_tick:
        return False
    if control.is_tick and not is_same(control.area, other.area):
        return other.area.holds(control.area, slack=0)
    return _is_frame_around(control.area, other.area)


def _is_frame_around(outer: Area, inner: Area) -> bool:
    return outer != inner and outer.holds(inner, slack=0) and is_same(outer, inner)


def _without_dots(controls: list[ScreenControl]) -> list[ScreenControl]:
    """What looks like buttons in a field without text are the dots of a password."""
    fields = [control.area for control in controls if control.kind is ControlKind.FIELD and not control.text]
    return [
        control
        for control in controls
        if not (control.is_tick and any(field.holds(control.area, slack=0) for field in fields))
    ]


def _with_strips(controls: list[ScreenControl]) -> list[ScreenControl]:
    """A frame with other frames in it, such as a bar of buttons or the title of a window, is the ground of those."""
    inner = [control.area for control in controls if not control.is_tick or control.checked]
    return [
        replace(control, kind=ControlKind.PANE, text="", disabled=None)
        if control.kind in (ControlKind.BUTTON, ControlKind.FIELD, ControlKind.DROP_DOWN)
        and any(area is not control.area and control.area.holds(area, slack=0) for area in inner)
        else control
        for control in controls
    ]


def _tabs(controls: list[ScreenControl], looker: _Looker) -> list[ScreenControl]:
    """Named frames side by side are tabs where a pane begins below them, or where they stand on a strip's edge."""
    buttons = [
        control for control in controls if control.kind in (ControlKind.BUTTON, ControlKind.FIELD) and control.text
    ]
    panes = [control.area for control in controls if control.kind in (ControlKind.PANE, ControlKind.TEXT_AREA)]
    tabs: dict[Area, ScreenControl] = {}
    for button in buttons:
        row = [other for other in buttons if _in_one_row(button.area, other.area)]
        if len(row) >= 2 and any(_stands_on(button.area, pane) for pane in panes):
            ground = _ground(button, looker)
            unlike = sum(apart(ground, _ground(other, looker)) > 30 for other in row if other is not button)
            tabs[button.area] = replace(button, kind=ControlKind.TAB, selected=unlike == len(row) - 1, focused=None)
    return [tabs.get(control.area, control) for control in controls]


def _stands_on(tab: Area, pane: Area) -> bool:
    is_above = -6 <= pane.top - tab.bottom <= 10 and pane.width > 2 * tab.width and pane.left <= tab.left + 4
    edge = 0.12 * tab.height
    on_strip = pane.holds(tab) and abs(pane.bottom - tab.bottom) <= edge and pane.top < tab.top - edge
    return is_above or (on_strip and pane.height < 1.7 * tab.height)


def _in_one_row(one: Area, other: Area) -> bool:
    if abs(one.top - other.top) > 8 or abs(one.height - other.height) > 12:
        return False
    return max(one.left, other.left) - min(one.right, other.right) <= 4 * one.height


def _ground(control: ScreenControl, looker: _Looker) -> Colour:
    area = control.area
    part = looker.pixels[int(area.top) + 2 : int(area.bottom) - 2, int(area.left) + 2 : int(area.right) - 2]
    blue, green, red = (int(value) for value in most_frequent(part.reshape(-1, 3).astype(np.int16)))
    return red, green, blue
