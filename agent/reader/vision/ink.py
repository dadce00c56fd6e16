"""Colours of text: what it is written in, on what."""

import numpy as np
import numpy.typing as npt

from .screen import Area, Colour

_INKED = 40
"""Further from the ground than this, summed over the channels, a pixel belongs to what is drawn on it."""


def ink_of(pixels: npt.NDArray[np.uint8], area: Area) -> tuple[Colour, Colour]:
    """The colour of what is written in `area` and that of its ground; `pixels` are height x width x 3, blue first."""
    top, bottom = max(int(area.top), 0), int(np.ceil(area.bottom))
    left, right = max(int(area.left), 0), int(np.ceil(area.right))
    part = pixels[top:bottom, left:right].reshape(-1, 3).astype(np.int16)
    if not len(part):
        return (0, 0, 0), (255, 255, 255)
    ground = most_frequent(part)
    away = np.abs(part - ground).sum(axis=1)
    furthest = int(away.max())
    if furthest < _INKED:
        return _rgb(ground), _rgb(ground)
    return _rgb(np.median(part[away >= 0.5 * furthest], axis=0)), _rgb(ground)  # edges are paler, neighbours few


def most_frequent(part: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The colour that most of the pixels (n x 3) have, give or take 8 a channel."""
    coarse = (part >> 3).astype(np.int32)
    codes = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    values, counts = np.unique(codes, return_counts=True)
    return np.asarray(np.median(part[codes == values[counts.argmax()]], axis=0), np.int16)


def apart(one: Colour, other: Colour) -> int:
    """How far two colours are from each other, 0 to 765."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def saturation(colour: Colour) -> int:
    """How far from grey, 0 to 255."""
    return max(colour) - min(colour)


def _rgb(colour: npt.NDArray[np.generic]) -> Colour:
    blue, green, red = (int(value) for value in colour)
    return red, green, blue
