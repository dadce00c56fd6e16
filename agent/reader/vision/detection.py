"""Text detection with PP-OCR's network, which runs only on regions of an image that are not in the cache.

An image is split only where nothing is drawn, or straight lines at most, so that a cached region gives the same result
as a new one. Empty regions are skipped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from rapidocr.ch_ppocr_det import TextDetector, TextDetOutput

from .pixel_cache import PixelCache
from .screen import Pixels

_GRID_PX = 32
"""The network needs sides that are multiples of this."""

_ROWS_PX = 96
_COLUMNS_PX = 320
"""The minimum size of a region: the network is not faster on smaller ones."""

_BETWEEN_ROWS_PX = 6  # equal rows in which an image may be split
_BETWEEN_COLUMNS_PX = 40  # equal columns, more than the space between words
_MARGIN_PX = 40  # context that the network needs around text
_REGIONS_CACHED = 128


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of an image, in pixels; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int


class CachedTextDetector(TextDetector):
    """Caches the network's output for each region by its pixels. `network_runs` counts cache misses."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.network_runs = 0
        self._prepare: Any = self.get_preprocess()
        self._cache: PixelCache[npt.NDArray[np.float16]] = PixelCache(_REGIONS_CACHED)

    def __call__(self, img: Pixels) -> TextDetOutput:
        """The boxes of all lines on `img`; called by RapidOCR."""
        resized = np.asarray(self._prepare.resize(img), np.uint8)
        probability = np.zeros((1, 1, *resized.shape[:2]), np.float32)
        for region in regions_of(resized):
            rows, columns = slice(region.top, region.bottom), slice(region.left, region.right)
            probability[0, 0, rows, columns] = self._text_probability(resized[rows, columns])
        boxes, scores = self.postprocess_op(probability, img.shape[:2])
        return TextDetOutput(img, self.sorted_boxes(boxes), scores) if len(boxes) else TextDetOutput()

    def _text_probability(self, region: Pixels) -> npt.NDArray[np.float16]:
        """The probability of each pixel to belong to text."""
        return self._cache.get(region, lambda: self._run_network(region))

    def _run_network(self, region: Pixels) -> npt.NDArray[np.float16]:
        self.network_runs += 1
        height, width = region.shape[:2]
        padded = np.pad(region, ((0, -height % _GRID_PX), (0, -width % _GRID_PX), (0, 0)), mode="edge")
        prepared = self._prepare.permute(self._prepare.normalize(padded))
        found = self.session(prepared[np.newaxis].astype(np.float32))
        return np.asarray(found[0, 0, :height, :width], np.float16)


def regions_of(pixels: Pixels) -> Iterator[Region]:
    """The regions of an image in which something is drawn, from top to bottom: bands of rows, and their columns."""
    for top, bottom in _split_axis(_same_rows(pixels), _BETWEEN_ROWS_PX, _ROWS_PX):
        columns = np.ascontiguousarray(pixels[top:bottom].transpose(1, 0, 2))
        for left, right in _split_axis(_same_rows(columns), _BETWEEN_COLUMNS_PX, _COLUMNS_PX):
            yield Region(left, top, right, bottom)


def _same_rows(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Whether each row but the first equals the previous one."""
    if len(pixels) < 2:
        return np.zeros(0, np.bool_)
    differences = cv2.absdiff(pixels[1:], pixels[:-1]).reshape(len(pixels) - 1, -1)
    return np.asarray(differences.max(axis=1) == 0)


def _split_axis(same: npt.NDArray[np.bool_], min_gap: int, min_lines: int) -> list[tuple[int, int]]:
    """Split an image along one axis; `same` marks the lines equal to the previous one. Returns ranges of lines.

    Splits are inside runs of at least `min_gap` equal lines; such runs are skipped, except for a margin.
    """
    total = len(same) + 1
    drawn = _runs(~same, min_gap)
    regions: list[tuple[int, int]] = []
    for first, last in drawn:
        begin, end = max(first - _MARGIN_PX, 0), min(last + 1 + _MARGIN_PX, total)
        top, bottom = regions[-1] if regions else (0, 0)
        if not regions or begin >= bottom:
            regions.append((begin, end))
        elif bottom - top < min_lines:
            regions[-1] = top, end
        else:
            middle = (begin + bottom) // 2
            regions[-1] = top, middle
            regions.append((middle, end))
    return regions


def _runs(drawn: npt.NDArray[np.bool_], min_gap: int) -> Sequence[tuple[int, int]]:
    """Runs of drawn lines as (first, last), merged if less than `min_gap` apart."""
    at = np.flatnonzero(drawn)
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) > min_gap)
    firsts, lasts = np.append(at[0], at[breaks + 1]), np.append(at[breaks], at[-1])
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]
