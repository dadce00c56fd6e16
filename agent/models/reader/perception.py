"""Reading a picture of a screen: its text by OCR, its controls by their frames.

The OCR is RapidOCR with the PP-OCR models that ship inside its wheel; nothing is fetched.
"""

import logging
from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from rapidocr import RapidOCR

from .screen import Area, Control, Kind, Piece, Screen, Word

Pixels = npt.NDArray[np.uint8]

_LEAST_SCORE = 0.6
_GAP = 0.55
"""Words further apart than this part of their height belong to different pieces, as in a menu bar."""

_TICK_PX = (9, 40)
_BOX_HEIGHT_PX = (14, 90)
_MOST_SHARE = 0.6
_WIDEST_READ_PX = 400
_DRAWN = 6.0
"""Brightness varies by more than this in a frame that has something drawn in it."""


@lru_cache(maxsize=8)
def read_png(data: bytes) -> Screen:
    """The screen on an encoded picture; the newest few are remembered, since they come again with every message."""
    buffer = np.frombuffer(data, np.uint8)
    return read_pixels(np.asarray(cv2.imdecode(buffer, cv2.IMREAD_COLOR), np.uint8))


def read_image(image: Image.Image) -> Screen:
    """The screen on a picture."""
    return read_pixels(np.ascontiguousarray(np.asarray(image.convert("RGB"), np.uint8)[:, :, ::-1]))


def read_pixels(pixels: Pixels) -> Screen:
    """The screen on a picture: height x width x 3, BGR."""
    pieces = _read_text(pixels)
    controls = _find_controls(pixels, pieces)
    more = _read_in_frames(pixels, controls)
    if more:
        pieces = (*pieces, *more)
        controls = _find_controls(pixels, pieces)
    height, width = pixels.shape[:2]
    return Screen(width, height, pieces, controls)


@cache
def _engine() -> Any:
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return RapidOCR(params={"Global.use_cls": False, "Global.log_level": "critical"})


@cache
def _recogniser() -> Any:
    """An engine that reads a picture as one line. What a call is told, an engine keeps, so it is one of its own."""
    return RapidOCR(params={"Global.use_cls": False, "Global.use_det": False, "Global.log_level": "critical"})


def _read_text(pixels: Pixels) -> tuple[Piece, ...]:
    found = _engine()(pixels, return_word_box=True)
    if found is None or not found.word_results:
        return ()
    pieces: list[Piece] = []
    for line in found.word_results:
        if not line or isinstance(line[0], str):  # a line in which no word was made out
            continue
        words = [Word(text.strip(), _area_of(corners)) for text, score, corners in line if score >= _LEAST_SCORE]
        words = [word for word in words if word.text]
        pieces.extend(_split_at_gaps(words))
    return tuple(sorted(pieces, key=lambda piece: (round(piece.area.top / 8), piece.area.left)))


def _read_in_frames(pixels: Pixels, controls: tuple[Control, ...]) -> tuple[Piece, ...]:
    """The texts in frames where none was found: a short word alone on an empty page is easily overlooked."""
    found: list[Piece] = []
    for control in controls:
        area = control.area
        inner = pixels[int(area.top) + 2 : int(area.bottom) - 2, int(area.left) + 2 : int(area.right) - 2]
        if control.kind is not Kind.BOX or control.text or area.width > _WIDEST_READ_PX or inner.std() < _DRAWN:
            continue
        read = _recogniser()(np.ascontiguousarray(inner))
        for text, score in zip(read.txts or (), read.scores or (), strict=True):
            if score >= _LEAST_SCORE and len(text.strip()) > 1:
                found.append(Piece((Word(text.strip(), _inside(area)),)))
    return tuple(found)


def _inside(area: Area) -> Area:
    return Area(area.left + 3, area.top + 3, area.right - 3, area.bottom - 3)


def _area_of(corners: list[list[float]]) -> Area:
    across, down = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return Area(min(across), min(down), max(across), max(down))


def _split_at_gaps(words: list[Word]) -> list[Piece]:
    """The words of one line, cut where the gap is too wide for a space."""
    pieces: list[list[Word]] = []
    for word in words:
        last = pieces[-1][-1] if pieces else None
        if last is not None and word.area.left - last.area.right <= _GAP * min(word.area.height, last.area.height):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return [Piece(tuple(piece)) for piece in pieces]


def _find_controls(pixels: Pixels, pieces: tuple[Piece, ...]) -> tuple[Control, ...]:
    """Frames: flat regions with a rectangular, or round, outline."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8))
    flat = ((edges < 10).astype(np.uint8)) * 255
    contours, _ = cv2.findContours(flat, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    controls: dict[Area, Control] = {}
    for contour in contours:
        control = _control_of(contour, grey, pieces)
        if control is not None and not any(_same(control.area, other) for other in controls):
            controls[control.area] = control
    return tuple(sorted(controls.values(), key=lambda control: (control.area.top, control.area.left)))


def _control_of(contour: Any, grey: Any, pieces: tuple[Piece, ...]) -> Control | None:
    left, top, width, height = cv2.boundingRect(contour)
    if width < _TICK_PX[0] or height < _TICK_PX[0]:
        return None
    share = cv2.contourArea(contour) / ((width - 1) * (height - 1) or 1)
    area = Area(left, top, left + width, top + height)
    if width <= _TICK_PX[1] and height <= _TICK_PX[1] and 0.8 <= width / height <= 1.25:
        return (
            None if share < 0.6 or _is_letter(area, pieces) else Control(Kind.TICK, area, filled=_is_filled(grey, area))
        )
    if share < 0.85 or width * height > _MOST_SHARE * grey.size:
        return None
    if _BOX_HEIGHT_PX[0] <= height <= _BOX_HEIGHT_PX[1] and width >= 1.2 * height:
        if any(_is_ground_of_words(area, piece) for piece in pieces):
            return None
        inside_text = " ".join(piece.text for piece in pieces if area.holds(piece.area, slack=8))
        return Control(Kind.BOX, area, inside_text)
    return Control(Kind.PANE, area) if width > 60 and height > _BOX_HEIGHT_PX[1] else None


def _is_ground_of_words(area: Area, piece: Piece) -> bool:
    """Whether a frame is no more than the ground around some of the words of a longer text."""
    if not piece.area.holds(area, slack=6) or area.height > piece.area.height + 6:
        return False
    return len(piece.words) > 1 and area.width < 0.9 * piece.area.width


def _is_letter(area: Area, pieces: tuple[Piece, ...]) -> bool:
    """Whether a small round thing is the inside of a letter: it lies in the middle of a word."""
    across, down = area.centre
    words = (word.area for piece in pieces for word in piece.words if len(word.text) > 1)
    return any(word.left + 2 < across < word.right - 2 and word.top < down < word.bottom for word in words)


def _is_filled(grey: Any, area: Area) -> bool:
    """Whether something is drawn inside a small frame: a tick, a dot, or a fill unlike the ground beside the frame."""
    across, down = area.centre
    rows, columns = np.ogrid[0 : grey.shape[0], 0 : grey.shape[1]]
    top, bottom, left, right = int(area.top), int(area.bottom), int(area.left), int(area.right)
    away = np.hypot(rows[top:bottom] + 0.5 - down, columns[:, left:right] + 0.5 - across)
    inside = grey[top:bottom, left:right]
    middle = inside[away <= 0.3 * area.width]  # well within the ring of a radio button
    if not middle.size:
        return False
    ground = float(grey[int(down), max(left - 4, 0)])
    return float(middle.std()) > 18 or abs(float(middle.mean()) - ground) > 70


def _same(one: Area, other: Area) -> bool:
    return all(
        abs(a - b) <= 4
        for a, b in zip(
            (one.left, one.top, one.right, one.bottom), (other.left, other.top, other.right, other.bottom), strict=True
        )
    )
