"""Reading a picture of a screen: its text and its controls."""

from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from .controls import RINGS, find_controls
from .ocr import Pixels, in_order, read_line, read_text
from .screen import Area, Control, Kind, Piece, Screen, Word

_WIDEST_READ_PX = 400


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
    more = _overlooked(pixels, controls)
    apart = in_order([part for piece in (*pieces, *more) for part in _apart(piece, controls)])
    if apart != pieces:
        pieces = apart
        controls = find_controls(pixels, pieces)
    height, width = pixels.shape[:2]
    return Screen(width, height, pieces, controls)


def _overlooked(pixels: Pixels, controls: tuple[Control, ...]) -> list[Piece]:
    """The texts in frames where none was found: a short word alone on an empty page is easily overlooked."""
    found: list[Piece] = []
    for control in controls:
        area = control.area
        if control.kind is Kind.ICON and area.width >= 1.2 * area.height and area.width <= _WIDEST_READ_PX:
            inner = Area(area.left + 3, area.top + 3, area.right - 3, area.bottom - 3)
            piece = read_line(pixels, inner)
            if piece is not None and len(piece.text) > 1:
                found.append(piece)
    return found


def _apart(piece: Piece, controls: tuple[Control, ...]) -> list[Piece]:
    """A line in parts: without the rings of radio buttons read as letters, and cut where a frame begins or ends."""
    ticks = [control.area for control in controls if control.is_tick]
    frames = [control.area for control in controls if control.kind in (Kind.BUTTON, Kind.FIELD, Kind.TAB)]
    words = [rest for word in piece.words if (rest := _without_ring(word, ticks)) is not None]
    parts: list[list[Word]] = []
    for word in words:
        if parts and _frame_of(parts[-1][-1], frames) == _frame_of(word, frames):
            parts[-1].append(word)
        else:
            parts.append([word])
    return [Piece(tuple(part)) for part in parts]


def _without_ring(word: Word, ticks: list[Area]) -> Word | None:
    """`word` without the check box or ring that was taken for its first letter; None if it was nothing else."""
    box = word.area
    for tick in ticks:
        across, down = tick.centre
        if word.text[0] not in RINGS or not (box.left - 4 <= across <= box.right and box.top <= down <= box.bottom):
            continue
        if len(word.text) == 1 or tick.right >= box.right - 4:
            return None
        if across - box.left <= tick.width:
            area = Area(tick.right + 3, box.top, box.right, box.bottom)
            return Word(word.text[1:], area, word.score, word.ink, word.ground)
    return word


def _frame_of(word: Word, frames: list[Area]) -> Area | None:
    across, down = word.area.centre
    return next((f for f in frames if f.left < across < f.right and f.top < down < f.bottom), None)
