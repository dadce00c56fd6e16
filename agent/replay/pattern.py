"""The recorded look of a target: what identifies it, and what distinguishes it from its lookalikes."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from ...envs.geometry import Box, ScreenPoint
from ...envs.screenshot import Screenshot
from .edges import EdgeMap, Peak, best_near, correlation, edge_map, peaks
from .target import RecordedTarget, TargetReader, same_text

LOOKS_ALIKE = 0.6
"""The correlation from which a place is a candidate; what looks like this in the recording is a lookalike."""

CLEAR = 0.85
"""The correlation at which a target without text is found by its look alone."""

_PADDING = 5
_HALVES = ((40, 14), (80, 20), (160, 28), (240, 44), (340, 80), (520, 180), (800, 360), (1600, 900))
"""Half the sides of the part around a point that is compared if no control or text was read there, in units.

In an empty area, such as that of a new document, what is around it identifies the point.
"""

DRAWN = 0.05
"""The standard deviation of an edge map in which something is drawn."""

_TILE = (64, 22)
_TILES_AROUND = (6, 6)
_TILES_USED = 3
_TILE_SLACK = 0.03
_TILE_SHIFT = 5
_TILE_DIFFERS = 0.85
"""Below this correlation a tile is not near a lookalike."""

_TILE_SAME = 0.7
_SLIDES = 12


@dataclass(frozen=True, slots=True)
class Anchor:
    """The point of a recorded action: `point` on `screenshot`, which has `scale` pixels per unit.

    `target` is what was read there; None if it is read when needed. `changed` are recorded values of parameters, each
    with the one that replaces it.
    """

    screenshot: Screenshot
    point: ScreenPoint
    scale: float = 1.0
    target: RecordedTarget | None = None
    changed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of what is around a target, at an offset from its corner; it is there from a score of `least`."""

    dx: int
    dy: int
    edges: EdgeMap
    least: float = _TILE_SAME


@dataclass(frozen=True, slots=True)
class Pattern:
    """The recorded look of a target, in an edge map with one pixel per unit.

    `offset` is the point in the part. `others` are lookalikes in the recording, each with the tiles that distinguish
    the target from it, and `alike` are their points. `text` is what the line at `text_box`, whose sides are offsets
    from the part, is read as; empty if the target has no name.
    """

    anchor: Anchor
    part: EdgeMap
    offset: tuple[float, float]
    target: RecordedTarget
    text: str
    text_box: tuple[float, float, float, float]
    others: tuple[tuple[Tile, ...], ...] = ()
    alike: tuple[ScreenPoint, ...] = ()


@lru_cache(maxsize=64)
def pattern_of(anchor: Anchor, reader: TargetReader) -> Pattern:
    """The look of the target of `anchor`, which is read unless it has been."""
    target = anchor.target or reader.target(anchor.screenshot, anchor.point, anchor.scale)
    edges = edge_map(anchor.screenshot, anchor.scale)
    x, y = anchor.point.x / anchor.scale, anchor.point.y / anchor.scale
    box = _identifying_box(edges, target.box, anchor.scale, x, y)
    part = edges[box.top : box.bottom, box.left : box.right]
    places = peaks(correlation(edges, part), LOOKS_ALIKE, apart(part))
    alike = [one for one in places if abs(one.x - box.left) > 3 or abs(one.y - box.top) > 3]
    offset, text_box = (x - box.left, y - box.top), (0.0, 0.0, 0.0, 0.0)
    if target.is_named and (read := target.text_box) is not None:
        sides = [side / anchor.scale for side in (read.left, read.top, read.right, read.bottom)]
        text_box = sides[0] - box.left, sides[1] - box.top, sides[2] - box.left, sides[3] - box.top
    pattern = Pattern(anchor, part, offset, target, "", text_box)
    if target.is_named:
        here = Peak(box.left, box.top, 1.0)
        pattern = replace(pattern, text=line_at(pattern, here, anchor.screenshot, anchor.scale, reader))
    if pattern.text:
        lines = [(one, line_at(pattern, one, anchor.screenshot, anchor.scale, reader)) for one in alike]
        alike = [one for one, line in lines if same_text(line, pattern.text)]
    tiles = _tiles_around(edges, box) if alike else []
    others = tuple(_distinguishing(edges, tiles, one) for one in alike)
    points = tuple(point_at(pattern, one, anchor.scale, anchor.screenshot) for one in alike)
    return replace(pattern, others=others, alike=points)


def line_at(pattern: Pattern, peak: Peak, screenshot: Screenshot, shrink: float, reader: TargetReader) -> str:
    """What is written at `peak` where the target has its name."""
    left, top, right, bottom = pattern.text_box
    size = screenshot.size
    sides = [
        max(0, math.floor((peak.x + left) * shrink) - 1),
        max(0, math.floor((peak.y + top) * shrink) - 1),
        min(size.width, math.ceil((peak.x + right) * shrink) + 1),
        min(size.height, math.ceil((peak.y + bottom) * shrink) + 1),
    ]
    return reader.line(screenshot, Box(*sides)) if sides[0] < sides[2] and sides[1] < sides[3] else ""


def _identifying_box(edges: EdgeMap, read: Box | None, scale: float, x: float, y: float) -> Box:
    """The part of the recorded screen that is compared: the target with its frame, or what is around the point."""
    height, width = edges.shape
    if read is not None:
        sides = [round(side / scale) for side in (read.left, read.top, read.right, read.bottom)]
        return _clipped(edges, sides[0] - _PADDING, sides[1] - _PADDING, sides[2] + _PADDING, sides[3] + _PADDING)
    box = Box(0, 0, width, height)
    for half_width, half_height in _HALVES:
        sides = [round(x) - half_width, round(y) - half_height, round(x) + half_width, round(y) + half_height]
        box = _clipped(edges, *sides)
        part = edges[box.top : box.bottom, box.left : box.right]
        if float(part.std()) >= DRAWN and not _slides(edges, part, box):
            break
    return box


def _slides(edges: EdgeMap, part: EdgeMap, box: Box) -> bool:
    """Whether the part looks the same some pixels further, as a piece of a long line does."""
    scores = correlation(edges, part)
    for dx, dy in ((_SLIDES, 0), (-_SLIDES, 0), (0, _SLIDES), (0, -_SLIDES)):
        px, py = box.left + dx, box.top + dy
        if 0 <= py < scores.shape[0] and 0 <= px < scores.shape[1] and scores[py, px] > CLEAR:
            return True
    return False


def _clipped(edges: EdgeMap, left: int, top: int, right: int, bottom: int) -> Box:
    height, width = edges.shape
    return Box(max(0, left), max(0, top), min(width, right), min(height, bottom))


def _tiles_around(edges: EdgeMap, box: Box) -> list[Tile]:
    """The tiles around the target in which something is drawn, nearest first; offsets are from its corner."""
    width, height = _TILE
    middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    found: list[tuple[float, Tile]] = []
    columns = range(box.left - _TILES_AROUND[0] * width, box.right + _TILES_AROUND[0] * width, width // 2)
    rows = range(box.top - _TILES_AROUND[1] * height, box.bottom + _TILES_AROUND[1] * height, height // 2)
    for top in rows:
        for left in columns:
            is_inside = left + width > box.left and left < box.right and top + height > box.top and top < box.bottom
            if is_inside or left < 0 or top < 0:
                continue
            tile = edges[top : top + height, left : left + width]
            if tile.shape != (height, width) or float(tile.std()) < 2 * DRAWN:
                continue
            # What is on the same row names a target more often than what is above or below it.
            far = abs(left + width / 2 - middle[0]) / 3 + 2 * abs(top + height / 2 - middle[1])
            found.append((far, Tile(left - box.left, top - box.top, tile)))
    return [tile for _, tile in sorted(found, key=lambda one: one[0])]


def _distinguishing(edges: EdgeMap, tiles: list[Tile], other: Peak) -> tuple[Tile, ...]:
    """The nearest tiles that are not near `other`; each has to be nearer to the recorded one than what is there."""
    found: list[Tile] = []
    for tile in tiles:
        score = tile_score(edges, tile, other)
        if score < _TILE_DIFFERS:
            found.append(replace(tile, least=max(_TILE_SAME, (1 + score) / 2 - _TILE_SLACK)))
        if len(found) == _TILES_USED:
            break
    return tuple(found)


def point_at(pattern: Pattern, peak: Peak, shrink: float, screenshot: Screenshot) -> ScreenPoint:
    """The point of the target whose part is at `peak` of an edge map that was made smaller by `shrink`."""
    x, y = (peak.x + pattern.offset[0]) * shrink, (peak.y + pattern.offset[1]) * shrink
    return ScreenPoint(min(max(x, 0.0), screenshot.size.width - 1.0), min(max(y, 0.0), screenshot.size.height - 1.0))


def apart(part: EdgeMap) -> tuple[int, int]:
    """How far two places of `part` are apart at least."""
    return max(8, part.shape[1] * 2 // 3), max(8, part.shape[0] * 2 // 3)


def tile_score(edges: EdgeMap, tile: Tile, peak: Peak) -> float:
    """How much what is at the place of `tile` around a target at `peak` looks like it."""
    return best_near(edges, tile.edges, peak.x + tile.dx, peak.y + tile.dy, _TILE_SHIFT)
