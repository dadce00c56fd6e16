"""Text on a picture: RapidOCR with the PP-OCR models that ship inside its wheel; nothing is fetched.

Lines are found on every picture and recognised only where their pixels were not seen before: recognition is what
costs. A line is recognised by itself, so that what was read before is exactly what would be read now.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec import TextRecOutput

from .detection import PartDetector
from .ink import ink_of
from .screen import Area, Piece, Pixels, Word

_LEAST_SCORE = 0.6
_GAP = 0.55
"""Words further apart than this part of their height belong to different pieces, as in a menu bar."""

_LETTER_GAP = 0.2
_IDEOGRAMS = ("\u3000", "\u9fff")
_LINES_REMEMBERED = 4096
_SETTINGS = {
    "Global.use_cls": False,
    "Global.log_level": "critical",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # two take half as much again, and are no sooner done
    "Rec.rec_batch_num": 1,
    "Rec.rec_img_shape": [3, 48, 96],
}


class LineReader(RapidOCR):
    """Remembers the lines that it recognised, by their pixels. `recognised` counts those that it had to look at."""

    def __init__(self) -> None:
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        super().__init__(params=_SETTINGS)
        self.recognised = 0
        self.parts: PartDetector | None = None
        self._known: OrderedDict[bytes, tuple[str, float, Any]] = OrderedDict()

    def detect_and_crop(self, img: Pixels, op_record: dict[str, Any]) -> Any:
        """The cut-out lines on `img`, and where they stand; called by RapidOCR."""
        if self.parts is None:
            self.cfg.Det.engine_cfg = self.cfg.EngineConfig[self.cfg.Det.engine_type.value]
            self.cfg.Det.model_root_dir = self.cfg.Global.model_root_dir
            self.parts = PartDetector(self.cfg.Det)
            self.__dict__["text_det"] = self.parts  # RapidOCR makes its own where there is none
        return super().detect_and_crop(img, op_record)

    def recognize_txt(self, img: Sequence[Pixels]) -> TextRecOutput:
        """What stands in the cut-out lines `img`, each read alone; called by RapidOCR."""
        read = [self._line(crop) for crop in img]
        texts, scores, words = zip(*read, strict=True)
        return TextRecOutput(list(img), texts, list(scores), words, 0.0)

    def line(self, crop: Pixels) -> tuple[str, float]:
        """The text on `crop`, which is taken for one line, and how sure that is."""
        text, score, _ = self._line(crop)
        return text, score

    def _line(self, crop: Pixels) -> tuple[str, float, Any]:
        key = blake2b(crop.tobytes(), digest_size=16, salt=repr(crop.shape[:2]).encode()[:16]).digest()
        if key not in self._known:
            self.return_word_box = True
            self.recognised += 1
            found: Any = super().recognize_txt([crop])
            self._known[key] = (found.txts[0], found.scores[0], found.word_results[0])
            if len(self._known) > _LINES_REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


@cache
def reader() -> LineReader:
    """The one that this process has."""
    return LineReader()


def read_text(pixels: Pixels) -> tuple[Piece, ...]:
    """All text, in the order of reading."""
    found: Any = reader()(pixels, return_word_box=True)
    if found is None or not found.word_results:
        return ()
    pieces: list[Piece] = []
    for line in found.word_results:
        if not line or isinstance(line[0], str):  # a line in which no word was made out
            continue
        words = [_word(pixels, text.strip(), float(score), _area_of(corners)) for text, score, corners in line]
        words = _without_icons([word for word in words if word.text and word.score >= _LEAST_SCORE])
        pieces.extend(_split_at_gaps(_joined(words)))
    return in_order(_without_pictures(pieces))


def read_line(pixels: Pixels, area: Area) -> Piece | None:
    """The one line in `area`, where a short word alone was overlooked; None if there is none."""
    left, top = max(0, round(area.left)), max(0, round(area.top))
    crop = pixels[top : max(0, round(area.bottom)), left : max(0, round(area.right))]
    if not crop.size:
        return None
    text, score = reader().line(np.ascontiguousarray(crop))
    if score < _LEAST_SCORE or not text.strip():
        return None
    return Piece((_word(pixels, text.strip(), score, area),))


def in_order(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """From top to bottom, and from left to right."""
    return tuple(sorted(pieces, key=lambda piece: (round(piece.area.top / 8), piece.area.left)))


def _word(pixels: Pixels, text: str, score: float, area: Area) -> Word:
    ink, ground = ink_of(pixels, area)
    return Word(text, area, score, ink, ground)


def _area_of(corners: list[list[float]]) -> Area:
    across, down = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return Area(float(min(across)), float(min(down)), float(max(across)), float(max(down)))


def _without_pictures(pieces: list[Piece]) -> list[Piece]:
    """Without lone signs where all else is Latin: they are pictures."""
    latin = sum(piece.text.isascii() for piece in pieces)
    lone = [piece for piece in pieces if len(piece.text) == 1 and _is_ideogram(piece.text)]
    return [piece for piece in pieces if piece not in lone] if latin > len(lone) else pieces


def _is_ideogram(text: str) -> bool:
    return _IDEOGRAMS[0] <= text <= _IDEOGRAMS[1]


def _without_icons(words: list[Word]) -> list[Word]:
    """Without single signs that a picture before or behind Latin text was taken for."""
    if not any(word.text.isascii() and word.text.isalnum() for word in words):
        return words
    return [word for word in words if not (len(word.text) == 1 and _is_ideogram(word.text))]


def _joined(words: list[Word]) -> list[Word]:
    """A widely spaced word that came as single letters, whole again."""
    joined: list[Word] = []
    for word in words:
        last = joined[-1] if joined else None
        if (
            last is not None
            and len(word.text) == 1
            and last.text[-1].isalnum()
            and word.text.isalnum()
            and word.area.left - last.area.right <= _LETTER_GAP * word.area.height
        ):
            area = Area.around((last.area, word.area))
            joined[-1] = replace(last, text=last.text + word.text, area=area, score=min(last.score, word.score))
        else:
            joined.append(word)
    return joined


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
