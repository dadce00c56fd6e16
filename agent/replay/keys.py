"""Finds a key with a single character, such as that of a calculator, by the picture of the character.

OCR does not read single letters reliably. Characters that stand alone are cut out of both screens, made equal in size
and polarity, and compared. The key is found if one character now looks like that of the target, and less like each
other recorded one, and if the other keys are at the same sides of it as in the recording.
"""

from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt

from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from .located import Ambiguous, Found, Located, Missing
from .pattern import Anchor

_AROUND_PX = 25
_DRAWN = 40
"""A pixel of a character differs by this much, of 255, from what is around it."""

_HEIGHT_PX = (4, 40)
_WIDTH_PX = (2, 44)
_ALONE_PX = 4
_JOINED_PX = 7
"""Parts of a character that are at most this far above one another, as in `=`."""

_SIDE = 32
_LOOKS = 0.8
_CLEARER = 0.05
"""A character looks like a recorded one by `_LOOKS`, and by this much less like each other recorded one."""

_SURE = 0.85
_WORSE = 0.04
"""That of the target looks like the recorded one by `_SURE`, and at most by this much less than the others do.

So `8` is not taken for `6`, nor `l` for `1`, where one has replaced the other.
"""

_NEAR_PX = 300
_LEAST_KEYS = 4
_FOUND_AGAIN = 0.7
"""The share of the other keys that has to be found, too."""

Picture = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """A character that stands alone: its middle and height in units, and its picture in `_SIDE` pixels."""

    x: float
    y: float
    height: float
    picture: Picture


def located_by_character(anchor: Anchor, screenshot: Screenshot, scale: float, name: str) -> Located | None:
    """The key of `anchor`; None if there was no character at its point, or too few keys around it."""
    recorded = characters(anchor.screenshot, anchor.scale)
    x, y = anchor.point.x / anchor.scale, anchor.point.y / anchor.scale
    at = [one for one in recorded if abs(one.x - x) <= one.height and abs(one.y - y) <= one.height]
    others = [one for one in recorded if one not in at and max(abs(one.x - x), abs(one.y - y)) <= _NEAR_PX]
    if len(at) != 1 or len(others) < _LEAST_KEYS - 1:
        return None
    target, keys = at[0], [at[0], *others]
    matches: list[list[Character]] = [[] for _ in keys]
    unsure: list[Character] = []
    for one in characters(screenshot, scale):
        likes = [_similarity(one.picture, key.picture) for key in keys]
        best, second = np.argsort(likes)[::-1][:2]
        if likes[best] >= _LOOKS and likes[best] >= likes[second] + _CLEARER:
            matches[best].append(one)
        elif likes[0] >= _LOOKS:
            unsure.append(one)
    found = [*matches[0], *unsure]
    points = tuple(ScreenPoint(one.x * scale, one.y * scale) for one in found)
    if not found:
        return Missing(f"{name} is not on the screen; no key has its character")
    if len(found) > 1 or unsure:
        return Ambiguous(f"several keys may be {name}", points)
    again = [(key, match[0]) for key, match in zip(others, matches[1:], strict=True) if len(match) == 1]
    if len(again) < max(_LEAST_KEYS - 1, _FOUND_AGAIN * len(others)):
        return Missing(f"{name} is not on the screen; its character is not among the same keys")
    if not all(_side(target, key) == _side(found[0], now) for key, now in again):
        return Missing(f"{name} is not on the screen; its character is elsewhere among the keys")
    score = _similarity(found[0].picture, target.picture)
    usual = median(_similarity(now.picture, key.picture) for key, now in again)
    if score < max(_SURE, usual - _WORSE):
        return Missing(f"{name} is not on the screen; the character of the key in its place differs", score)
    zoom = found[0].height / target.height
    point = ScreenPoint((found[0].x + (x - target.x) * zoom) * scale, (found[0].y + (y - target.y) * zoom) * scale)
    return Found(point, score, zoom)


def _side(one: Character, other: Character) -> tuple[int, int]:
    """Where `other` is, seen from `one`: -1, 0 or 1 across and down."""
    across, down = (other.x - one.x) / one.height, (other.y - one.y) / one.height
    return (int(np.sign(round(across))), int(np.sign(round(down))))


def _similarity(one: Picture, other: Picture) -> float:
    padded = cv2.copyMakeBorder(other, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0)
    return float(np.nan_to_num(np.asarray(cv2.matchTemplate(padded, one, cv2.TM_CCOEFF_NORMED))).max())


@lru_cache(maxsize=16)
def characters(screenshot: Screenshot, scale: float) -> tuple[Character, ...]:
    """What may be a character that stands alone."""
    gray = np.asarray(screenshot.image.convert("L"), np.uint8)
    around = cv2.medianBlur(gray, round(_AROUND_PX * scale) | 1)
    difference = np.asarray(cv2.absdiff(gray, around), np.uint8)
    mask = (difference > _DRAWN).astype(np.uint8)
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((round(_JOINED_PX * scale), 1), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found: list[Character] = []
    for label, (left, top, width, height, _) in enumerate(stats.tolist()):
        low, high = (side * scale for side in _HEIGHT_PX)
        if label == 0 or not (low <= height <= high and _WIDTH_PX[0] * scale <= width <= _WIDTH_PX[1] * scale):
            continue
        gap = round(_ALONE_PX * scale)
        part = np.s_[max(0, top - gap) : top + height + gap, max(0, left - gap) : left + width + gap]
        if np.any((joined[part] > 0) & (labels[part] != label)):
            continue
        cut = difference[top : top + height, left : left + width].astype(np.float32)
        found.append(
            Character((left + width / 2) / scale, (top + height / 2) / scale, height / scale, _normalized(cut))
        )
    return tuple(found)


def _normalized(cut: Picture) -> Picture:
    """The character in the middle of a square, in the same size, stroke against ground."""
    height, width = cut.shape
    factor = _SIDE / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    resized = cv2.resize(cut / max(1.0, float(cut.max())), size, interpolation=cv2.INTER_LINEAR)
    picture = np.zeros((_SIDE, _SIDE), np.float32)
    top, left = (_SIDE - size[1]) // 2, (_SIDE - size[0]) // 2
    picture[top : top + size[1], left : left + size[0]] = resized
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), np.float32)
