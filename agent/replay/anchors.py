"""Finds the target of a recorded action on another screenshot, or says why it cannot.

    anchor = Anchor(recorded, ScreenPoint(640, 212))
    match locate(anchor, screenshot):
        case Found(point=point): ...
        case Missing(reason=reason) | Ambiguous(reason=reason): ...

Evidence, all of which has to agree:

1. The look of the target: the normalized correlation of its edges, at several scales.
2. Its text, if it has one, read with OCR. Pixels that are equal need not be read.
3. What was near it in the recording and not near its lookalikes there, such as the name in its row. A target that was
   the only one of its kind has to be the only one again.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from ...envs.geometry import Box, ScreenPoint
from ...envs.screenshot import Screenshot
from .edges import EdgeMap, Peak, best_near, correlation, edge_map, peaks
from .target import OcrReader, Target, TargetReader, same_text

OCR = OcrReader()

ZOOMS = (1.0, 1.1, 0.9, 1.25, 0.8, 1.5, 0.67, 2.0, 0.5)
"""The sizes of the target relative to the recorded one that are tried, after the pixels per unit of both screens."""

LOOKS_ALIKE = 0.6
"""The correlation from which a place is a candidate; what looks like this in the recording is a lookalike."""

CLEAR = 0.85
CLEAR_IN_OTHER_SIZE = 0.78
"""The correlation at which a target without text is found by its look alone."""

EXACT = 0.985
_NEAR_BEST = 0.25
"""Places whose correlation is this much lower than that of the best one are not candidates."""

_TEXT_LOOKS = 0.5
"""The correlation from which the text decides."""

_SHOWN = 0.5
_ALL_SHOWN = 0.99
_ONLY_HERE = 0.25
"""The share of the distinguishing parts that has to be near a candidate, and how much less near all others."""

_LOOKS_WITH_NEIGHBOURS = 0.65
"""The correlation from which all distinguishing parts together decide about a target without text."""

_ZOOMS_READ = 3
"""At this many zooms, those where the target looks most like the recorded one, its text is read."""

_PADDING = 5
_HALVES = ((40, 14), (80, 20), (160, 28), (240, 44), (340, 80))
"""Half the sides of the part around a point that is compared if no control or text was read there, in units."""

_DRAWN = 0.05
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

    `target` is what was read there; None if it is read when needed.
    """

    screenshot: Screenshot
    point: ScreenPoint
    scale: float = 1.0
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The target is at `point` of the new screenshot, `zoom` times as large as recorded; `confidence` is 0 to 1."""

    point: ScreenPoint
    confidence: float
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Missing:
    """The target is not on the screen."""

    reason: str
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several places may be the target, and nothing near them decides."""

    reason: str
    points: tuple[ScreenPoint, ...] = ()


Located: TypeAlias = Found | Missing | Ambiguous


@dataclass(frozen=True, slots=True)
class _Tile:
    """A part of what is around a target, at an offset from its corner; it is there from a score of `least`."""

    dx: int
    dy: int
    edges: EdgeMap
    least: float = _TILE_SAME


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The recorded look of a target, in an edge map with one pixel per unit.

    `offset` is the point in the part. `others` are lookalikes in the recording, each with the tiles that distinguish
    the target from it, and `alike` are their points. `text` is what the line at `text_box`, whose sides are offsets
    from the part, is read as; empty if the target has no name.
    """

    anchor: Anchor
    part: EdgeMap
    offset: tuple[float, float]
    target: Target
    text: str
    text_box: tuple[float, float, float, float]
    others: tuple[tuple[_Tile, ...], ...] = ()
    alike: tuple[ScreenPoint, ...] = ()


@dataclass(slots=True)
class _Candidate:
    peak: Peak
    zoom: float
    point: ScreenPoint
    evidence: float = 1.0


def locate(anchor: Anchor, screenshot: Screenshot, scale: float = 1.0, reader: TargetReader = OCR) -> Located:
    """Where the target of `anchor` is on `screenshot`, which has `scale` pixels per unit."""
    pattern = _pattern(anchor, reader)
    name = str(pattern.target) or "the target"
    by_zoom = _candidates(pattern, screenshot, scale, _TEXT_LOOKS if pattern.text else LOOKS_ALIKE)
    if not by_zoom:
        return Missing(f"{name} is not on the screen")
    best = by_zoom[0][0].peak.score
    missing = Missing(f"{name} is not on the screen; what looks most like it differs", best)
    if pattern.text:
        missing = Missing(f"{name} is not on the screen; what looks most like it has another text", best)
    for candidates in by_zoom[:_ZOOMS_READ]:
        if pattern.text:
            fitting = [one for one in candidates if _has_text(one, pattern, screenshot, scale, reader)]
        else:
            fitting = [one for one in candidates if one.peak.score >= _least_look(pattern, one)]
        if not fitting:
            continue
        located = _decided(pattern, fitting, screenshot, scale, name, reader)
        if not isinstance(located, Missing):
            return located
        missing = located
    return missing


def _least_look(pattern: _Pattern, candidate: _Candidate) -> float:
    """How much a target without text has to look like the recorded one, which matters less if its neighbours decide."""
    if pattern.others:
        return _LOOKS_WITH_NEIGHBOURS
    return CLEAR if candidate.zoom == 1 else CLEAR_IN_OTHER_SIZE


def _decided(
    pattern: _Pattern,
    candidates: list[_Candidate],
    screenshot: Screenshot,
    scale: float,
    name: str,
    reader: TargetReader,
) -> Located:
    """The candidate that has near it what the target had, and none of the others has."""
    points = tuple(one.point for one in candidates)
    if not pattern.others:
        if len(candidates) > 1:
            return Ambiguous(f"{name} is on the screen {len(candidates)} times, and was there once", points)
        one = candidates[0]
        return Found(one.point, one.peak.score, one.zoom)
    for one in candidates:
        one.evidence = _evidence(one, pattern, edge_map(screenshot, scale * one.zoom))
    ranked = sorted(candidates, key=lambda one: one.evidence, reverse=True)
    first = ranked[0]
    is_clear = bool(pattern.text) or first.peak.score >= CLEAR
    is_near = first.evidence >= (_SHOWN if is_clear else _ALL_SHOWN)
    if is_near and (len(ranked) == 1 or ranked[1].evidence <= first.evidence - _ONLY_HERE):
        return Found(first.point, min(first.peak.score, first.evidence), first.zoom)
    labelled = [one for one in candidates if _has_label(one, pattern, screenshot, scale, reader)]
    if len(labelled) == 1:
        return Found(labelled[0].point, labelled[0].peak.score, labelled[0].zoom)
    if is_near or len(labelled) > 1:
        return Ambiguous(f"{name} is on the screen {len(ranked)} times, and nothing near them decides", points)
    return Missing(f"{name} is not next to what was near it in the recording", first.evidence)


# -- candidates


def _candidates(pattern: _Pattern, screenshot: Screenshot, scale: float, least: float) -> list[list[_Candidate]]:
    """The places on `screenshot` that look like the target, best first; a list for each zoom, the best zoom first."""
    found: list[list[_Candidate]] = []
    for zoom in ZOOMS:
        shrink = scale * zoom
        places = peaks(correlation(edge_map(screenshot, shrink), pattern.part), least, _apart(pattern.part))
        places = [one for one in places if one.score >= places[0].score - _NEAR_BEST]
        if places:
            found.append([_Candidate(one, zoom, _point(pattern, one, shrink, screenshot)) for one in places])
        if zoom == 1 and places and places[0].score >= CLEAR:
            break
    return sorted(found, key=lambda one: one[0].peak.score, reverse=True)


def _point(pattern: _Pattern, peak: Peak, shrink: float, screenshot: Screenshot) -> ScreenPoint:
    x, y = (peak.x + pattern.offset[0]) * shrink, (peak.y + pattern.offset[1]) * shrink
    return ScreenPoint(min(max(x, 0.0), screenshot.size.width - 1.0), min(max(y, 0.0), screenshot.size.height - 1.0))


def _apart(part: EdgeMap) -> tuple[int, int]:
    return max(8, part.shape[1] * 2 // 3), max(8, part.shape[0] * 2 // 3)


def _has_text(
    candidate: _Candidate, pattern: _Pattern, screenshot: Screenshot, scale: float, reader: TargetReader
) -> bool:
    """Whether the text of the target is at the candidate too; what looks exactly like it is not read."""
    if candidate.peak.score >= EXACT and candidate.zoom == 1 and _is_equal(candidate, pattern, screenshot, scale):
        return True
    return same_text(_line_at(pattern, candidate.peak, screenshot, scale * candidate.zoom, reader), pattern.text)


def _is_equal(candidate: _Candidate, pattern: _Pattern, screenshot: Screenshot, scale: float) -> bool:
    """Whether the edges are those of the recording, in each pixel."""
    edges, (height, width) = edge_map(screenshot, scale), pattern.part.shape
    x, y = candidate.peak.x, candidate.peak.y
    return bool(np.abs(edges[y : y + height, x : x + width] - pattern.part).max() < _DRAWN)


# -- what is near


def _has_label(
    candidate: _Candidate, pattern: _Pattern, screenshot: Screenshot, scale: float, reader: TargetReader
) -> bool:
    """Whether the candidate has the label of the target, which none of its lookalikes in the recording has."""
    label = pattern.target.label
    if not label:
        return False
    recorded = (reader.target(pattern.anchor.screenshot, point, pattern.anchor.scale) for point in pattern.alike)
    found = reader.target(screenshot, candidate.point, scale * candidate.zoom)
    is_same = found.kind == pattern.target.kind and same_text(found.label, label)
    return is_same and not any(same_text(one.label, label) for one in recorded)


def _evidence(candidate: _Candidate, pattern: _Pattern, edges: EdgeMap) -> float:
    """The share of the distinguishing tiles that is near the candidate, for the lookalike that it resembles most."""
    shares: list[float] = []
    for tiles in pattern.others:
        found = [_score(edges, tile, candidate.peak) >= tile.least for tile in tiles]
        shares.append(sum(found) / len(found) if found else 0.0)
    return min(shares, default=1.0)


def _score(edges: EdgeMap, tile: _Tile, peak: Peak) -> float:
    return best_near(edges, tile.edges, peak.x + tile.dx, peak.y + tile.dy, _TILE_SHIFT)


# -- the recorded look


@lru_cache(maxsize=64)
def _pattern(anchor: Anchor, reader: TargetReader) -> _Pattern:
    target = anchor.target or reader.target(anchor.screenshot, anchor.point, anchor.scale)
    edges = edge_map(anchor.screenshot, anchor.scale)
    x, y = anchor.point.x / anchor.scale, anchor.point.y / anchor.scale
    box = _identifying_box(edges, target.box, anchor.scale, x, y)
    part = edges[box.top : box.bottom, box.left : box.right]
    places = peaks(correlation(edges, part), LOOKS_ALIKE, _apart(part))
    alike = [one for one in places if abs(one.x - box.left) > 3 or abs(one.y - box.top) > 3]
    offset, text_box = (x - box.left, y - box.top), (0.0, 0.0, 0.0, 0.0)
    if target.is_named and (read := target.text_box) is not None:
        sides = [side / anchor.scale for side in (read.left, read.top, read.right, read.bottom)]
        text_box = sides[0] - box.left, sides[1] - box.top, sides[2] - box.left, sides[3] - box.top
    pattern = _Pattern(anchor, part, offset, target, "", text_box)
    if target.is_named:
        here = Peak(box.left, box.top, 1.0)
        pattern = replace(pattern, text=_line_at(pattern, here, anchor.screenshot, anchor.scale, reader))
    if pattern.text:
        lines = [(one, _line_at(pattern, one, anchor.screenshot, anchor.scale, reader)) for one in alike]
        alike = [one for one, line in lines if same_text(line, pattern.text)]
    tiles = _tiles_around(edges, box) if alike else []
    others = tuple(_distinguishing(edges, tiles, one) for one in alike)
    points = tuple(_point(pattern, one, anchor.scale, anchor.screenshot) for one in alike)
    return replace(pattern, others=others, alike=points)


def _line_at(pattern: _Pattern, peak: Peak, screenshot: Screenshot, shrink: float, reader: TargetReader) -> str:
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
        if float(part.std()) >= _DRAWN and not _slides(edges, part, box):
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


def _tiles_around(edges: EdgeMap, box: Box) -> list[_Tile]:
    """The tiles around the target in which something is drawn, nearest first; offsets are from its corner."""
    width, height = _TILE
    middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    found: list[tuple[float, _Tile]] = []
    columns = range(box.left - _TILES_AROUND[0] * width, box.right + _TILES_AROUND[0] * width, width // 2)
    rows = range(box.top - _TILES_AROUND[1] * height, box.bottom + _TILES_AROUND[1] * height, height // 2)
    for top in rows:
        for left in columns:
            is_inside = left + width > box.left and left < box.right and top + height > box.top and top < box.bottom
            if is_inside or left < 0 or top < 0:
                continue
            tile = edges[top : top + height, left : left + width]
            if tile.shape != (height, width) or float(tile.std()) < 2 * _DRAWN:
                continue
            # What is on the same row names a target more often than what is above or below it.
            far = abs(left + width / 2 - middle[0]) / 3 + 2 * abs(top + height / 2 - middle[1])
            found.append((far, _Tile(left - box.left, top - box.top, tile)))
    return [tile for _, tile in sorted(found, key=lambda one: one[0])]


def _distinguishing(edges: EdgeMap, tiles: list[_Tile], other: Peak) -> tuple[_Tile, ...]:
    """The nearest tiles that are not near `other`; each has to be nearer to the recorded one than what is there."""
    found: list[_Tile] = []
    for tile in tiles:
        score = _score(edges, tile, other)
        if score < _TILE_DIFFERS:
            found.append(replace(tile, least=max(_TILE_SAME, (1 + score) / 2 - _TILE_SLACK)))
        if len(found) == _TILES_USED:
            break
    return tuple(found)
