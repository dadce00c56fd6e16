"""Finds the target of a recorded action on another screenshot, or says why it cannot.

    anchor = Anchor(recorded, ScreenPoint(640, 212))
    match locate(anchor, screenshot):
        case Found(point=point): ...
        case Missing(reason=reason) | Ambiguous(reason=reason): ...

Evidence, all of which has to agree:

1. The look of the target: the normalized correlation of its edges, at several scales.
2. Its text, if it has one, read with OCR. Pixels that are equal need not be read.
3. Its label, if it had lookalikes in the recording, such as the name in its row.
4. What was drawn near it there and not near its lookalikes, if no text distinguishes it. A target that was the only
   one of its kind has to be the only one again.

A key that these do not find is found by the picture of its character: see `keys.py`.
"""

import math
from dataclasses import dataclass

import numpy as np

from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ..reader.vision.screen import Area
from .changed_values import NearbyText, expected_text, is_near, places_of
from .edges import EdgeMap, Peak, correlation, edge_map, peaks
from .keys import located_by_character
from .labels import equal_areas, equals_of, found_in, located_by_label
from .located import Ambiguous, Found, Located, Missing
from .pattern import (
    CLEAR,
    DRAWN,
    LOOKS_ALIKE,
    Anchor,
    Pattern,
    apart,
    line_at,
    pattern_of,
    point_at,
    tile_score,
)
from .target import OcrReader, TargetReader, same_text, target_in

OCR = OcrReader()

ZOOMS = (1.0, 1.1, 0.9, 1.25, 0.8, 1.5, 0.67, 2.0, 0.5)
"""The sizes of the target relative to the recorded one that are tried, after the pixels per unit of both screens."""

CLEAR_IN_OTHER_SIZE = 0.78
"""The correlation at which a target without text is found by its look alone, if it is drawn in another size."""

_SURE = 0.92
"""The correlation at another size that is clear: no further sizes are tried."""

EXACT = 0.985
_NEAR_BEST = 0.25
"""Places whose correlation is this much lower than that of the best one are not candidates."""

_TEXT_LOOKS = 0.5
"""The correlation from which the text decides."""

_SHOWN = 0.99
_ONLY_HERE = 0.25
"""The share of the distinguishing parts that has to be near a candidate, and how much less near all others."""

_LOOKS_WITH_NEIGHBOURS = 0.65
"""The correlation from which all distinguishing parts together decide about a target without text."""

_ZOOMS_READ = 3
"""At this many zooms, those where the target looks most like the recorded one, its text is read."""

_NEARER = 0.95
_WRAPPED = 0.6
"""A lookalike within this share of the distance to the nearest one in the recording is too near.

Those of one row may wrap in another window, and are then below one another by less than they were next to one another.
"""


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for, by which name messages call it, and where: `scale` pixels of `screenshot` are a unit."""

    pattern: Pattern
    name: str
    expected: NearbyText | None
    """The new value of a parameter that has to be near the target."""

    screenshot: Screenshot
    scale: float
    reader: TargetReader


@dataclass(slots=True)
class _Candidate:
    peak: Peak
    zoom: float
    point: ScreenPoint
    evidence: float = 1.0


def locate(anchor: Anchor, screenshot: Screenshot, scale: float = 1.0, reader: TargetReader = OCR) -> Located:
    """Where the target of `anchor` is on `screenshot`, which has `scale` pixels per unit."""
    pattern = pattern_of(anchor, reader)
    name = str(pattern.target) or "the target"
    expected = expected_text(anchor, reader)
    if expected is not None and expected.is_inside:
        return _renamed(expected, screenshot, reader)
    if expected is not None and not (pattern.others or expected.is_on_row):
        expected = None  # the target was the only one of its kind, and has to be that again
    located = _by_evidence(_Search(pattern, name, expected, screenshot, scale, reader))
    if isinstance(located, Found) or expected is not None or len(pattern.target.text) > 1:
        return located
    return located_by_character(anchor, screenshot, scale, name) or located


def _by_evidence(search: _Search) -> Located:
    """The target by its label, look, text and neighbours."""
    labelled = _by_label(search) if search.expected is None and search.pattern.others else None
    if labelled is not None:
        return labelled
    located = _by_look(search)
    if not isinstance(located, Missing) or search.expected is not None:
        return located
    labelled = _by_label(search)
    return labelled if isinstance(labelled, Found) else located


def _by_label(search: _Search) -> Located | None:
    """The target by its label, or by its text if nothing else has it; None if neither decides."""
    anchor, target, scales = search.pattern.anchor, search.pattern.target, _scales(search)
    recorded = equals_of(target, search.reader.screen(anchor.screenshot), anchor.scale)
    area = recorded.at(anchor.point)
    if area is None:
        return None
    seen = search.reader.screen(search.screenshot)
    now = equals_of(target, seen, search.scale)
    if target.is_named and len(recorded.areas) == len(now.areas) == 1:
        found = found_in(now.areas[0], area, anchor.point, scales)
        return found if target_in(seen, found.point, search.scale).kind == target.kind else None
    return located_by_label(search.name, area, anchor.point, recorded, now, scales)


def _scales(search: _Search) -> tuple[float, float]:
    """The pixels per unit of both screens."""
    return search.pattern.anchor.scale, search.scale


def _by_look(search: _Search) -> Located:
    """The target by its look, its text, and what looks as in the recording near it."""
    pattern, name = search.pattern, search.name
    by_zoom = _candidates(search, _TEXT_LOOKS if pattern.text else LOOKS_ALIKE)
    if not by_zoom:
        return Missing(f"{name} is not on the screen")
    best = by_zoom[0][0].peak.score
    missing = Missing(f"{name} is not on the screen; what looks most like it differs", best)
    if pattern.text:
        missing = Missing(f"{name} is not on the screen; what looks most like it has another text", best)
    for candidates in by_zoom[:_ZOOMS_READ]:
        if pattern.text:
            fitting = [one for one in candidates if _has_text(search, one)]
        else:
            fitting = [one for one in candidates if one.peak.score >= _least_look(pattern, one)]
        if not fitting:
            continue
        if search.expected is not None:
            located = _belonging(search, search.expected, fitting)
        else:
            located = _decided(search, fitting)
        if not isinstance(located, Missing):
            return located
        missing = located
    return missing


def _least_look(pattern: Pattern, candidate: _Candidate) -> float:
    """How much a target without text has to look like the recorded one, which matters less if its neighbours decide."""
    if pattern.others:
        return _LOOKS_WITH_NEIGHBOURS
    return CLEAR if candidate.zoom == 1 else CLEAR_IN_OTHER_SIZE


def _renamed(expected: NearbyText, screenshot: Screenshot, reader: TargetReader) -> Located:
    """The target whose text has the value of a parameter, which is another one now."""
    places = tuple(places_of(expected, screenshot, reader))
    if len(places) == 1:
        return Found(places[0], 1.0)
    if not places:
        return Missing(f'"{expected.text}" is not on the screen')
    return Ambiguous(f'"{expected.text}" is on the screen {len(places)} times', places)


def _belonging(search: _Search, expected: NearbyText, candidates: list[_Candidate]) -> Located:
    """The candidate that has the new value of a parameter near it, where the target had the recorded one."""
    found = [
        one
        for one in candidates
        if is_near(expected, one.point, search.scale * one.zoom, search.screenshot, search.reader)
    ]
    if len(found) == 1:
        return Found(found[0].point, found[0].peak.score, found[0].zoom)
    if not found:
        return Missing(f'{search.name} is not next to "{expected.text}"')
    points = tuple(one.point for one in found)
    return Ambiguous(f'{search.name} is next to "{expected.text}" {len(found)} times', points)


def _decided(search: _Search, candidates: list[_Candidate]) -> Located:
    """The candidate that has near it what the target had, and none of the others has."""
    pattern, name = search.pattern, search.name
    points = tuple(one.point for one in candidates)
    if not pattern.others:
        if len(candidates) > 1:
            return Ambiguous(f"{name} is on the screen {len(candidates)} times, and was there once", points)
        one = candidates[0]
        return Found(one.point, one.peak.score, one.zoom)
    labelled = _lookalike_by_label(search, candidates)
    if labelled is not None:
        return labelled
    for one in candidates:
        one.evidence = _evidence(one, pattern, edge_map(search.screenshot, search.scale * one.zoom))
    ranked = sorted(candidates, key=lambda one: one.evidence, reverse=True)
    first = ranked[0]
    if first.evidence < _SHOWN:
        return Missing(f"{name} is not next to what was near it in the recording", first.evidence)
    is_only = len(ranked) == 1 or ranked[1].evidence <= first.evidence - _ONLY_HERE
    if not is_only or not _is_clear(first) or _is_crowded(first, candidates, pattern):
        return Ambiguous(f"{name} is on the screen {len(ranked)} times, and nothing near them decides", points)
    return Found(first.point, first.peak.score, first.zoom)


# -- candidates


def _candidates(search: _Search, least: float) -> list[list[_Candidate]]:
    """The places on the screenshot that look like the target, best first; a list for each zoom, the best zoom first."""
    found: list[list[_Candidate]] = []
    pattern, screenshot = search.pattern, search.screenshot
    for zoom in ZOOMS:
        shrink = search.scale * zoom
        places = peaks(correlation(edge_map(screenshot, shrink), pattern.part), least, apart(pattern.part))
        places = [one for one in places if one.score >= places[0].score - _NEAR_BEST]
        if places:
            found.append([_Candidate(one, zoom, point_at(pattern, one, shrink, screenshot)) for one in places])
        if places and _is_clear(found[-1][0]):
            break
    return sorted(found, key=lambda one: one[0].peak.score, reverse=True)


def _is_clear(candidate: _Candidate) -> bool:
    return candidate.peak.score >= (CLEAR if candidate.zoom == 1 else _SURE)


def _has_text(search: _Search, candidate: _Candidate) -> bool:
    """Whether the text of the target is at the candidate too; what looks exactly like it is not read."""
    if candidate.peak.score >= EXACT and candidate.zoom == 1 and _is_equal(search, candidate):
        return True
    scale = search.scale * candidate.zoom
    line = line_at(search.pattern, candidate.peak, search.screenshot, scale, search.reader)
    return same_text(line, search.pattern.text)


def _is_equal(search: _Search, candidate: _Candidate) -> bool:
    """Whether the edges are those of the recording, in each pixel."""
    part = search.pattern.part
    edges, (height, width) = edge_map(search.screenshot, search.scale), part.shape
    x, y = candidate.peak.x, candidate.peak.y
    return bool(np.abs(edges[y : y + height, x : x + width] - part).max() < DRAWN)


# -- what is near


def _lookalike_by_label(search: _Search, candidates: list[_Candidate]) -> Located | None:
    """The candidate that has the label of the target, which none of its lookalikes in the recording has."""
    pattern, anchor, reader = search.pattern, search.pattern.anchor, search.reader
    areas = [_area_of(pattern, point, anchor.scale) for point in (anchor.point, *pattern.alike)]
    recorded = equal_areas(areas, reader.screen(anchor.screenshot))
    places = [_area_of(pattern, one.point, search.scale * one.zoom) for one in candidates]
    now = equal_areas(places, reader.screen(search.screenshot))
    return located_by_label(search.name, areas[0], anchor.point, recorded, now, _scales(search))


def _area_of(pattern: Pattern, point: ScreenPoint, shrink: float) -> Area:
    """The area of a target whose point is at `point`."""
    height, width = pattern.part.shape
    left, top = point.x - pattern.offset[0] * shrink, point.y - pattern.offset[1] * shrink
    return Area(left, top, left + width * shrink, top + height * shrink)


def _is_crowded(chosen: _Candidate, candidates: list[_Candidate], pattern: Pattern) -> bool:
    """Whether a lookalike is nearer than any was in the recording: next to the same label, it is as good a target."""
    height = pattern.part.shape[0]
    scale, at = pattern.anchor.scale, pattern.anchor.point
    recorded = [((one.x - at.x) / scale, (one.y - at.y) / scale) for one in pattern.alike]
    now = [(one.peak.x - chosen.peak.x, one.peak.y - chosen.peak.y) for one in candidates if one is not chosen]
    in_row, elsewhere = (
        [[math.hypot(x, y) for x, y in offsets if (abs(y) < height / 2) is is_row] for offsets in (recorded, now)]
        for is_row in (True, False)
    )
    usual = [min(distances, default=math.inf) for distances in (in_row[0], elsewhere[0])]
    if not elsewhere[0]:
        usual[1] = _WRAPPED * usual[0] if in_row[0] else 0.0
    return any(
        min(new, default=math.inf) < _NEARER * old for new, old in zip((in_row[1], elsewhere[1]), usual, strict=True)
    )


def _evidence(candidate: _Candidate, pattern: Pattern, edges: EdgeMap) -> float:
    """The share of the distinguishing tiles that is near the candidate, for the lookalike that it resembles most."""
    shares: list[float] = []
    for tiles in pattern.others:
        found = [tile_score(edges, tile, candidate.peak) >= tile.least for tile in tiles]
        shares.append(sum(found) / len(found) if found else 0.0)
    return min(shares, default=1.0)
