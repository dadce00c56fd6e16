"""Finding a named thing on a screen."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from .instructions import Label
from .screen import Area, Control, Kind, Piece, Screen

_LEAST = 0.8
_PART_OF_A_PIECE = 0.88
_CLOSE = 0.04
_REACH_PX = 420.0
_TICK_REACH = 2.6
"""A check box stands no further from its label than this many heights of the label."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place where a label may be meant, and how well the text there fits it, up to 1.

    `whole` says that nothing else stands in the same piece.
    """

    area: Area
    score: float
    whole: bool


def sightings(screen: Screen, label: Label) -> list[Sighting]:
    """Where the text of `label` stands, best first; among equals in the order of reading."""
    wanted = plain(label.text)
    if not wanted:
        return []
    found = [best for piece in screen.pieces if (best := _best_run(piece, wanted)) is not None]
    return sorted(found, key=lambda sight: (-round(sight.score, 2), sight.area.top // 12, sight.area.left))


def find(screen: Screen, label: Label) -> Area | None:
    """The place that `label` means; None if nothing fits it well enough. Its ordinal counts among the best fits."""
    found = sightings(screen, label)
    if not found:
        return None
    alike = [sight for sight in found if sight.score >= found[0].score - _CLOSE]
    if label.ordinal == 1 and len(alike) > 1 and not alike[0].whole:
        return None  # it is a part of several longer texts, and might mean any of them
    alike.sort(key=lambda sight: (sight.area.top // 12, sight.area.left))
    index = label.ordinal if label.ordinal < 0 else label.ordinal - 1
    if not -len(alike) <= index < len(alike):
        return None
    if label.ordinal == 1:  # of several, one that stands in a frame of its own is meant to be pressed
        return next((sight.area for sight in alike if _is_framed(screen, sight.area)), alike[0].area)
    return alike[index].area


def find_box(screen: Screen, label: Label) -> Control | None:
    """The frame that `label` names: the one it stands in, to the right of it, or below it, whichever is nearest."""
    boxes = [control for control in screen.controls if control.kind is not Kind.TICK]
    for sight in sightings(screen, label):
        near = [(away, box) for box in boxes if (away := _away(sight.area, box)) is not None]
        if near:
            return min(near, key=lambda pair: (pair[0], pair[1].area.width * pair[1].area.height))[1]
    return None


def find_tick(screen: Screen, label: Label) -> Control | None:
    """The check box or radio button beside the text of `label`: before it, or else after it."""
    ticks = [control for control in screen.controls if control.kind is Kind.TICK]
    area = find(screen, label)
    if area is None:
        return None
    row = [tick for tick in ticks if tick.area.beside(area) > 0.6]
    reach = _TICK_REACH * area.height
    before = [tick for tick in row if -6 <= area.left - tick.area.right + 6 <= reach + 6]
    after = [tick for tick in row if 0 <= tick.area.left - area.right <= reach]
    if before:
        return max(before, key=lambda tick: tick.area.right)
    return min(after, key=lambda tick: tick.area.left, default=None)


def text_at(screen: Screen, label: Label) -> str | None:
    """What stands at `label`: after it in its own piece, else to the right of it, else below it."""
    wanted = plain(label.text)
    for sight in sightings(screen, label):
        piece = next(piece for piece in screen.pieces if piece.area.holds(sight.area))
        rest = " ".join(word.text for word in piece.words if word.area.left >= sight.area.right - 2)
        if rest.strip(" :=-"):
            return rest.strip(" :=-")
        others = [other for other in screen.pieces if other is not piece and plain(other.text) != wanted]
        right = [
            other for other in others if other.area.beside(piece.area) > 0.5 and other.area.left >= piece.area.right
        ]
        below = [
            other for other in others if other.area.above(piece.area) > 0.3 and other.area.top >= piece.area.bottom - 4
        ]
        nearest = min(right, key=lambda other: other.area.left, default=None) or min(
            below, key=lambda other: other.area.top, default=None
        )
        if nearest is not None:
            return nearest.text
    return None


def plain(text: str) -> str:
    """Text for comparing: without case, accents, punctuation at its ends, and doubled spaces."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(character for character in folded if not unicodedata.combining(character))
    return re.sub(r"\s+", " ", bare).strip(" .:…,;*>|▼▾")


def _best_run(piece: Piece, wanted: str) -> Sighting | None:
    """The run of words in `piece` that is most like `wanted`; less than the whole piece counts a little less."""
    size = len(wanted.split())
    best: Sighting | None = None
    for length in {size - 1, size, size + 1, len(piece.words)}:
        for start in range(len(piece.words) - length + 1 if length > 0 else 0):
            run = piece.words[start : start + length]
            score = likeness(plain(" ".join(word.text for word in run)), wanted)
            whole = length == len(piece.words)
            score *= 1.0 if whole else _PART_OF_A_PIECE
            if score >= _LEAST and (best is None or score > best.score):
                best = Sighting(Area.around(word.area for word in run), score, whole)
    return best


def likeness(seen: str, wanted: str) -> float:
    """How alike two plain texts are, up to 1. Short ones must be the same, since one letter is a lot of them."""
    if seen == wanted:
        return 1.0
    if seen.replace(" ", "") == wanted.replace(" ", ""):
        return 0.98
    if min(len(seen), len(wanted)) < 4:
        return 0.0
    return 0.97 * SequenceMatcher(None, seen, wanted, autojunk=False).ratio()


def _is_framed(screen: Screen, area: Area) -> bool:
    boxes: Iterable[Area] = (control.area for control in screen.controls if control.kind is Kind.BOX)
    return any(box.holds(area, slack=8) and box.width < 3 * area.width + 80 for box in boxes)


def _away(label: Area, box: Control) -> float | None:
    """How far `box` is from its label, in pixels; None if it cannot be the one that the label names.

    One below counts as three times as far: it may well have a label of its own.
    """
    area = box.area
    if area.holds(label, slack=8):
        return 0.0 if box.kind is Kind.BOX and area.width < 4 * label.width + 200 else None
    if area.beside(label) > 0.6 and -8 <= area.left - label.right <= _REACH_PX:
        return max(area.left - label.right, 1.0)
    if area.above(label) > 0.4 and -10 <= area.top - label.bottom <= 2.5 * label.height:
        return 3 * max(area.top - label.bottom, 1.0)
    return None
