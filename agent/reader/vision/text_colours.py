"""Text and background colours."""

import numpy as np
import numpy.typing as npt

from .pixel_cache import PixelCache
from .screen import Area, Colour

_CONTRAST = 40
"""A pixel belongs to the text if it differs from the background by more than this, summed over the channels."""

_known: PixelCache[tuple[Colour, Colour]] = PixelCache(8192)  # words of dozens of screens


def text_colours(pixels: npt.NDArray[np.uint8], area: Area) -> tuple[Colour, Colour]:
    """The text and background colours in `area`; `pixels` are height x width x 3, in BGR order."""
    top, bottom = max(int(area.top), 0), int(np.ceil(area.bottom))
    left, right = max(int(area.left), 0), int(np.ceil(area.right))
    part = pixels[top:bottom, left:right]
    if not part.size:
        return (0, 0, 0), (255, 255, 255)
    return _known.get(part, lambda: _text_colours(part.reshape(-1, 3).astype(np.int16)))


def _text_colours(part: npt.NDArray[np.int16]) -> tuple[Colour, Colour]:
    background = dominant_colour(part)
    away = np.abs(part - background).sum(axis=1)
    furthest = int(away.max())
    if furthest < _CONTRAST:
        return _rgb(background), _rgb(background)
    return _rgb(np.median(part[away >= 0.5 * furthest], axis=0)), _rgb(background)  # without the paler edge pixels


def dominant_colour(part: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The most frequent colour of the pixels (n x 3), quantized to steps of 8 per channel."""
    coarse = (part >> 3).astype(np.int32)
    codes = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    values, counts = np.unique(codes, return_counts=True)
    return np.asarray(np.median(part[codes == values[counts.argmax()]], axis=0), np.int16)


def colour_distance(one: Colour, other: Colour) -> int:
    """The distance of two colours, 0 to 765."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def saturation(colour: Colour) -> int:
    """The distance of a colour from grey, 0 to 255."""
    return max(colour) - min(colour)


def _rgb(colour: npt.NDArray[np.generic]) -> Colour:
    blue, green, red = (int(value) for value in colour)
    return red, green, blue
