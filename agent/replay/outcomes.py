"""What has to be on the screen at the start and at the end, and the values that are read out."""

from collections import Counter

from ...envs.screenshot import Screenshot
from ..reader.similarity import normalize, similarity
from ..reader.vision.perception import read_image
from ..reader.vision.screen import Screen, TextSegment
from .edges import best_near, edge_map
from .recipe import Reading, Recipe
from .target import TargetReader

_SAME = 0.9
_TILE_PX = (64, 32)
_TILES = 60
_DRAWN = 0.1
_SHIFT = 12
_PART_SAME = 0.7
_SHARE = 0.6
_WORDS_SAME = 0.85
_FEW_WORDS = 5
"""Fewer words do not identify a screen."""


def outcome_problem(recipe: Recipe, seen: Screenshot) -> str:
    """Which expected text is not on the screen; empty if all are."""
    if not recipe.expect:
        return ""
    lines = [segment.text for segment in read_image(seen.image).segments]
    missing = next((text for text in recipe.expect if not any(_holds(line, text) for line in lines)), None)
    return "" if missing is None else f"{missing!r} is not on the screen"


def read_values(recipe: Recipe, seen: Screenshot) -> dict[str, str]:
    """The values that `recipe` reads out; empty where the screen does not have them."""
    screen = read_image(seen.image)
    return {reading.name: _value(screen, reading) for reading in recipe.read}


def resembles(
    recorded: Screenshot, recorded_scale: float, seen: Screenshot, scale: float, reader: TargetReader
) -> bool:
    """Whether most of what is drawn on the recorded screen is at the same place of the other one, or is written there.

    What is written there may be elsewhere, as in a window that was moved.
    """
    return _is_drawn(recorded, recorded_scale, seen, scale) or _is_written(recorded, seen, reader)


def _is_written(recorded: Screenshot, seen: Screenshot, reader: TargetReader) -> bool:
    """Whether the recorded screen has the same words as the other one, but for a few."""
    words, now = (
        Counter(normalize(word.text) for segment in reader.screen(one).segments for word in segment.words)
        for one in (recorded, seen)
    )
    return words.total() >= _FEW_WORDS and (words & now).total() >= _WORDS_SAME * max(words.total(), now.total())


def _is_drawn(recorded: Screenshot, recorded_scale: float, seen: Screenshot, scale: float) -> bool:
    edges, now = edge_map(recorded, recorded_scale), edge_map(seen, scale)
    width, height = _TILE_PX
    places = [
        (x, y)
        for y in range(0, edges.shape[0] - height, height)
        for x in range(0, edges.shape[1] - width, width)
        if float(edges[y : y + height, x : x + width].std()) >= _DRAWN
    ]
    chosen = places[:: max(1, len(places) // _TILES)]
    same = [best_near(now, edges[y : y + height, x : x + width], x, y, _SHIFT) >= _PART_SAME for x, y in chosen]
    return not same or sum(same) >= _SHARE * len(same)


def _holds(line: str, text: str) -> bool:
    return similarity(line, text) >= _SAME or normalize(text) in normalize(line)


def _value(screen: Screen, reading: Reading) -> str:
    label = next((one for one in screen.segments if _holds(one.text, reading.label)), None)
    if label is None:
        return ""
    rest = label.text.partition(reading.label)[2].strip(" :\t")
    if rest:
        return rest
    right = [one for one in screen.segments if one is not label and _is_right_of(one, label)]
    below = [one for one in screen.segments if _is_below(one, label)]
    nearest = min(right, key=lambda one: one.area.left, default=None)
    nearest = nearest or min(below, key=lambda one: one.area.top, default=None)
    return nearest.text if nearest is not None else ""


def _is_right_of(one: TextSegment, label: TextSegment) -> bool:
    return one.area.row_overlap(label.area) > 0.5 and one.area.left >= label.area.right


def _is_below(one: TextSegment, label: TextSegment) -> bool:
    return one.area.column_overlap(label.area) > 0.3 and one.area.top >= label.area.bottom
