"""Edge maps of screenshots, and normalized correlation of a part of one with another.

An edge map is height x width, float32, 0 to 1. It does not depend on the polarity of an edge and hardly on its
contrast, so that a dark and a light theme look alike.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from ...envs.screenshot import Screenshot

EdgeMap: TypeAlias = npt.NDArray[np.float32]

_AROUND_PX = 15
_SMOOTH_PX = 4.0
"""An edge is relative to the strongest one around it, and this is smoothed: themes have other contrasts."""

_WEAK = 60.0
"""The Sobel magnitude below which edges count less, however weak those around them are: a step of 15 of 255."""

_FLAT = 0.05
"""A place whose variance is this share of that of a part has none of its edges."""

_LARGE_PX = 110_000
"""A larger part may be mostly empty, with as many edges as a smaller one."""

_BLUR_PX = 0.5
"""Makes the correlation tolerate the other antialiasing of a target that has moved by a part of a pixel."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The place of a part, its left top corner in pixels of the edge map, and the correlation there."""

    x: int
    y: int
    score: float


@lru_cache(maxsize=24)
def edge_map(screenshot: Screenshot, shrink: float = 1.0) -> EdgeMap:
    """The edges of `screenshot`, which is made smaller by the factor `shrink` first."""
    pixels = np.asarray(screenshot.image, np.uint8)
    if shrink != 1:
        kind = cv2.INTER_AREA if shrink > 1 else cv2.INTER_CUBIC
        size = max(1, round(pixels.shape[1] / shrink)), max(1, round(pixels.shape[0] / shrink))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=kind), np.uint8)
    across, down = (cv2.Sobel(pixels, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    strength = np.sqrt(across * across + down * down).max(axis=2)
    strongest = cv2.GaussianBlur(cv2.dilate(strength, np.ones((_AROUND_PX, _AROUND_PX), np.uint8)), (0, 0), _SMOOTH_PX)
    return np.asarray(cv2.GaussianBlur(strength / (strongest + _WEAK), (0, 0), _BLUR_PX), np.float32)


def correlation(edges: EdgeMap, part: EdgeMap) -> EdgeMap:
    """The normalized correlation of `part` with each place of `edges`, 0 to 1; empty if it does not fit in.

    A place without edges has 0, since OpenCV returns arbitrary values there.
    """
    height, width = part.shape
    if height > edges.shape[0] or width > edges.shape[1] or not part.size:
        return np.zeros((0, 0), np.float32)
    scores = np.nan_to_num(np.asarray(cv2.matchTemplate(edges, part, cv2.TM_CCOEFF_NORMED), np.float32))
    sums, squares = (np.asarray(one, np.float64) for one in cv2.integral2(edges))
    total, square = (
        one[height:, width:] - one[:-height, width:] - one[height:, :-width] + one[:-height, :-width]
        for one in (sums, squares)
    )
    variance = square / part.size - (total / part.size) ** 2
    least = _FLAT * min(1.0, _LARGE_PX / part.size)
    return np.where(variance < _FLAT * max(float(part.var()), least), 0, np.clip(scores, 0, 1)).astype(np.float32)


def peaks(scores: EdgeMap, least: float, apart: tuple[int, int], most: int = 12) -> list[Peak]:
    """The places with a score of at least `least`, best first, that are `apart` in x or in y."""
    left, found = scores.copy(), list[Peak]()
    while left.size and len(found) < most:
        y, x = divmod(int(left.argmax()), left.shape[1])
        score = float(left[y, x])
        if score < least:
            break
        found.append(Peak(x, y, score))
        left[max(0, y - apart[1] + 1) : y + apart[1], max(0, x - apart[0] + 1) : x + apart[0]] = -1
    return found


def best_near(edges: EdgeMap, part: EdgeMap, x: int, y: int, within: int) -> float:
    """The best correlation of `part` with its left top corner at most `within` pixels from (x, y); 0 off the screen."""
    height, width = part.shape
    left, top = max(0, x - within), max(0, y - within)
    scores = correlation(edges[top : max(0, y + within + height), left : max(0, x + within + width)], part)
    return float(scores.max()) if scores.size else 0.0
