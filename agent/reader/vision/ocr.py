"""OCR with RapidOCR and the PP-OCR models inside its wheel; downloads nothing.

Recognition is the expensive part, so recognized lines are cached by their pixels. Lines are recognized one at a time,
which makes a cached result identical to a new one.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec import TextRecOutput

from .detection import CachedTextDetector
from .pixel_cache import PixelCache
from .screen import Area, Pixels, TextSegment, Word
from .text_colours import text_colours

_MIN_SCORE = 0.6  # OCR confidence below which a word is dropped
_GAP = 0.55
"""Words further apart than this fraction of their height belong to different segments, as in a menu bar."""

_LETTER_GAP = 0.2  # of the height: a gap inside a widely spaced word
_IDEOGRAMS = ("\u3000", "\u9fff")  # CJK characters
_LINES_CACHED = 4096  # dozens of screens
_SETTINGS = {
    "Global.use_cls": False,
    "Global.log_level": "critical",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # two threads use 50% more CPU time and are not faster
    "Rec.rec_batch_num": 1,
    "Rec.rec_img_shape": [3, 48, 96],
}


class CachedOcr(RapidOCR):
    """RapidOCR with caches for detected regions and recognized lines. `lines_recognized` counts cache misses."""

    def __init__(self) -> None:
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        super().__init__(params=_SETTINGS)
        self.lines_recognized = 0
        self.detector: CachedTextDetector | None = None
        self._known: PixelCache[tuple[str, float, Any]] = PixelCache(_LINES_CACHED)

    def detect_and_crop(self, img: Pixels, op_record: dict[str, Any]) -> Any:
        """The cropped lines of `img` and their boxes; called by RapidOCR."""
        if self.detector is None:
            self.cfg.Det.engine_cfg = self.cfg.EngineConfig[self.cfg.Det.engine_type.value]
            self.cfg.Det.model_root_dir = self.cfg.Global.model_root_dir
            self.detector = CachedTextDetector(self.cfg.Det)
            self.__dict__["text_det"] = self.detector  # RapidOCR creates its own detector if this is not set
        return super().detect_and_crop(img, op_record)

    def recognize_txt(self, img: Sequence[Pixels]) -> TextRecOutput:
        """The texts of the cropped lines `img`, each recognized separately; called by RapidOCR."""
        lines = [self._line(crop) for crop in img]
        texts, scores, words = zip(*lines, strict=True)
        return TextRecOutput(list(img), texts, list(scores), words, 0.0)

    def line(self, crop: Pixels) -> tuple[str, float]:
        """The text of a single cropped line, and its score."""
        text, score, _ = self._line(crop)
        return text, score

    def _line(self, crop: Pixels) -> tuple[str, float, Any]:
        return self._known.get(crop, lambda: self._recognize(crop))

    def _recognize(self, crop: Pixels) -> tuple[str, float, Any]:
        self.return_word_box = True
        self.lines_recognized += 1
        found: Any = super().recognize_txt([crop])
        return found.txts[0], found.scores[0], found.word_results[0]


@cache
def shared_ocr() -> CachedOcr:
    """The instance that the whole process shares."""
    return CachedOcr()


@cache
def _thread() -> ThreadPoolExecutor:
    """The one thread that the networks run on: glibc's heap of each thread that runs them keeps about 200 MB."""
    return ThreadPoolExecutor(1, "screenwright-ocr")


def read_text(pixels: Pixels) -> tuple[TextSegment, ...]:
    """All text segments, in reading order."""
    found: Any = _thread().submit(lambda: shared_ocr()(pixels, return_word_box=True)).result()
    if found is None or not found.word_results:
        return ()
    segments: list[TextSegment] = []
    for line in found.word_results:
        if not line or isinstance(line[0], str):  # a line without any recognized word
            continue
        words = [_word(pixels, text.strip(), float(score), _area_of(corners)) for text, score, corners in line]
        words = _drop_misread_icons([word for word in words if word.text and word.score >= _MIN_SCORE])
        segments.extend(_split_at_gaps(_join_letters(words)))
    return reading_order(_drop_misread_images(segments))


def read_line(pixels: Pixels, area: Area) -> TextSegment | None:
    """Recognize `area` as a single line, for short words that detection misses; None if it holds no text."""
    left, top = max(0, round(area.left)), max(0, round(area.top))
    crop = pixels[top : max(0, round(area.bottom)), left : max(0, round(area.right))]
    if not crop.size:
        return None
    text, score = _thread().submit(lambda: shared_ocr().line(np.ascontiguousarray(crop))).result()
    if score < _MIN_SCORE or not text.strip():
        return None
    return TextSegment((_word(pixels, text.strip(), score, area),))


def reading_order(segments: Sequence[TextSegment]) -> tuple[TextSegment, ...]:
    """Sort from top to bottom, then from left to right."""
    return tuple(sorted(segments, key=lambda segment: (round(segment.area.top / 8), segment.area.left)))


def _word(pixels: Pixels, text: str, score: float, area: Area) -> Word:
    colour, background = text_colours(pixels, area)
    return Word(text, area, score, colour, background)


def _area_of(corners: list[list[float]]) -> Area:
    xs, ys = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return Area(float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys)))


def _drop_misread_images(segments: list[TextSegment]) -> list[TextSegment]:
    """Drop single ideograms among Latin text: OCR reads images as such."""
    latin = sum(segment.text.isascii() for segment in segments)
    lone = [segment for segment in segments if len(segment.text) == 1 and _is_ideogram(segment.text)]
    return [segment for segment in segments if segment not in lone] if latin > len(lone) else segments


def _is_ideogram(text: str) -> bool:
    return _IDEOGRAMS[0] <= text <= _IDEOGRAMS[1]


def _drop_misread_icons(words: list[Word]) -> list[Word]:
    """Drop single ideograms next to Latin words: OCR reads icons as such."""
    if not any(word.text.isascii() and word.text.isalnum() for word in words):
        return words
    return [word for word in words if not (len(word.text) == 1 and _is_ideogram(word.text))]


def _join_letters(words: list[Word]) -> list[Word]:
    """Join the letters of a widely spaced word that OCR returned one by one."""
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
            area = Area.union((last.area, word.area))
            joined[-1] = replace(last, text=last.text + word.text, area=area, score=min(last.score, word.score))
        else:
            joined.append(word)
    return joined


def _split_at_gaps(words: list[Word]) -> list[TextSegment]:
    """Split the words of a line at gaps that are too wide for a space."""
    segments: list[list[Word]] = []
    for word in words:
        last = segments[-1][-1] if segments else None
        if last is not None and word.area.left - last.area.right <= _GAP * min(word.area.height, last.area.height):
            segments[-1].append(word)
        else:
            segments.append([word])
    return [TextSegment(tuple(segment)) for segment in segments]
