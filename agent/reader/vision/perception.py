"""Reading a picture of a screen: its text and its controls."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from .controls import RINGS, SQUARES, fills, find_controls
from .ocr import in_order, read_line, read_text
from .screen import Area, ControlKind, Piece, Pixels, Screen, ScreenControl, Word

_WIDEST_READ_PX = 400
_LABEL_TICKS = 8
"""The name of a check box is looked for over so many widths of it."""

_INKED = 60
_DRAWN_IN = (ControlKind.ICON, ControlKind.DROP_DOWN)
_DRAWN = 12.0
PLUSES = frozenset("+十田⊞王")
"""What the sign of a closed folder is read as."""

_PARTING = (ControlKind.BUTTON, ControlKind.FIELD, ControlKind.DROP_DOWN, ControlKind.TAB, ControlKind.ICON)
"""A text ends where one of these begins."""


@lru_cache(maxsize=8)
def read_png(data: bytes) -> Screen:
    """The screen on an encoded picture; the newest few are remembered, since they come again with every message."""
    buffer = np.frombuffer(data, np.uint8)
    return read_pixels(np.asarray(cv2.imdecode(buffer, cv2.IMREAD_COLOR), np.uint8))


def read_image(image: Image.Image) -> Screen:
    """The screen on a picture."""
    return read_pixels(np.ascontiguousarray(np.asarray(image.convert("RGB"), np.uint8)[:, :, ::-1]))


def read_pixels(pixels: Pixels) -> Screen:
    """The screen on a picture: height x width x 3, blue first."""
    pieces = read_text(pixels)
    controls = find_controls(pixels, pieces)
    parts = [part for piece in pieces for part in _apart(piece, controls)]
    parts += [part for piece in _overlooked(pixels, controls, parts) for part in _apart(piece, controls)]
    apart = tuple(_together(list(in_order(parts)), controls))
    if apart != pieces:
        pieces = apart
        controls = find_controls(pixels, pieces)
    height, width = pixels.shape[:2]
    return Screen(width, height, pieces, controls)


def _overlooked(pixels: Pixels, controls: tuple[ScreenControl, ...], pieces: Sequence[Piece]) -> list[Piece]:
    """The texts in and beside frames where none was found: a short word alone is easily overlooked."""
    found: list[Piece] = []
    for control in controls:
        area = control.area
        if (
            control.kind in _DRAWN_IN
            and not control.text
            and area.width >= 1.2 * area.height
            and area.width <= _WIDEST_READ_PX
            and not any(piece.area.beside(area) > 0.4 and piece.area.above(area) > 0.4 for piece in pieces)
        ):
            place: Area | None = Area(area.left + 3, area.top + 3, area.right - 3, area.bottom - 3)
        else:
            place = _beside(pixels, area, pieces) if control.is_tick else None
        piece = read_line(pixels, place) if place is not None else None
        if piece is not None and len(piece.text) > (0 if control.is_tick else 1):
            found.append(piece)
        found += _marks_before(pixels, control, pieces)
    return found


def _marks_before(pixels: Pixels, control: ScreenControl, pieces: Sequence[Piece]) -> list[Piece]:
    """The + of a folder in a tree, left of its picture."""
    picture = control.area
    if not (control.checked or control.kind is ControlKind.ICON) or picture.width > 1.3 * picture.height:
        return []
    place = Area(picture.left - 1.25 * picture.width, picture.top, picture.left - 0.3 * picture.width, picture.bottom)
    if place.left < 0 or any(piece.area.beside(place) > 0.4 and piece.area.above(place) > 0.1 for piece in pieces):
        return []
    part = pixels[int(place.top) : int(place.bottom), int(place.left) : int(place.right)]
    if not part.size or float(part.std()) < _DRAWN:
        return []
    mark = read_line(pixels, place)
    return [replace_text(mark, "+")] if mark is not None and mark.text in PLUSES else []


def replace_text(piece: Piece, text: str) -> Piece:
    """The same place with another text."""
    return Piece((replace(piece.words[0], text=text),))


def _beside(pixels: Pixels, tick: Area, pieces: Sequence[Piece]) -> Area | None:
    """Where something is drawn right of a check box, if no text was found there."""
    if any(tick.beside(piece.area) > 0.6 and -4 <= piece.area.left - tick.right < 2 * tick.width for piece in pieces):
        return None
    left = int(tick.right + 0.25 * tick.width) + 2
    rows = slice(int(tick.top), int(tick.bottom))
    part = pixels[rows, left : left + int(_LABEL_TICKS * tick.width)].astype(np.int16)
    if part.shape[1] < 2:
        return None
    inked = np.flatnonzero((np.abs(part - part[0, 0]).sum(axis=2) > _INKED).any(axis=0))
    if not len(inked) or inked[0] > tick.width:
        return None
    ends = inked[np.flatnonzero(np.diff(np.append(inked, 1 << 30)) > 0.6 * tick.width)[0]]
    return Area(left + float(inked[0]) - 3, tick.top - 2, left + float(ends) + 4, tick.bottom + 2)


def _apart(piece: Piece, controls: tuple[ScreenControl, ...]) -> list[Piece]:
    """A line in parts: without the rings of radio buttons read as letters, and cut where a frame begins or ends."""
    first = _without_ring(piece.words[0], [control for control in controls if control.is_tick])
    words = [*([first] if first is not None else []), *piece.words[1:]]
    parts: list[list[Word]] = []
    for word in words:
        if parts and _frame_of(parts[-1][-1].area, controls) == _frame_of(word.area, controls):
            parts[-1].append(word)
        else:
            parts.append([word])
    return [Piece(tuple(part)) for part in parts]


def _together(pieces: list[Piece], controls: tuple[ScreenControl, ...]) -> list[Piece]:
    """The pieces, those that are parts of one button's or tab's name as one."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        frame = _frame_of(piece.area, controls)
        if last is not None and frame is not None and frame == _frame_of(last.area, controls) and _follow(last, piece):
            joined[-1] = Piece((*last.words, *piece.words))
        else:
            joined.append(piece)
    return joined


def _follow(one: Piece, other: Piece) -> bool:
    return one.area.beside(other.area) > 0.6 and other.area.left - one.area.right < 1.2 * one.area.height


def _without_ring(word: Word, ticks: list[ScreenControl]) -> Word | None:
    """`word` without the check box or ring that was taken for its first letter; None if it was nothing else."""
    box = word.area
    for tick in ticks:
        across, down = tick.area.centre
        signs = RINGS if tick.kind is ControlKind.RADIO else SQUARES
        if not (word.text[0] in signs or fills(tick.area, word)) or not (
            box.left - 4 <= across <= box.right and box.top <= down <= box.bottom
        ):
            continue
        if len(word.text) == 1 or tick.area.right >= box.right - 4:
            return None
        if across - box.left <= tick.area.width:
            return replace(word, text=word.text[1:], area=Area(tick.area.right + 3, box.top, box.right, box.bottom))
    return word


def _frame_of(area: Area, controls: tuple[ScreenControl, ...]) -> Area | None:
    """The smallest frame around the middle of `area`."""
    across, down = area.centre
    around = [
        control.area
        for control in controls
        if control.kind in _PARTING
        and control.area.left < across < control.area.right
        and control.area.top < down < control.area.bottom
    ]
    return min(around, key=lambda frame: frame.width * frame.height, default=None)
