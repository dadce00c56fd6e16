"""Finding a named thing on a screen."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from .likeness import likeness, plain
from .steps import Label, Thing
from .vision.screen import Area, ControlKind, Piece, Screen, ScreenControl

_LEAST = 0.8
_PART_OF_A_PIECE = 0.88
_CLOSE = 0.005
"""What fits nearly as well as the best may be meant just as well."""

_BARELY = 0.05
_SURE = 0.96
_REACH_PX = 420.0
_TICK_REACH = 2.6
"""A check box stands no further from its label than this many heights of the label."""

_CLOSERS = frozenset("x\u00d7\u2715\u2716")
_BOXES = (ControlKind.BUTTON, ControlKind.FIELD, ControlKind.DROP_DOWN, ControlKind.TAB)
_KINDS = {
    Thing.BUTTON: (ControlKind.BUTTON, ControlKind.ICON),
    Thing.LINK: (ControlKind.LINK,),
    Thing.TAB: (ControlKind.TAB,),
    Thing.FIELD: (ControlKind.FIELD, ControlKind.TEXT_AREA, ControlKind.DROP_DOWN),
    Thing.TICK: (ControlKind.CHECKBOX, ControlKind.RADIO),
    Thing.LIST: (ControlKind.DROP_DOWN, ControlKind.PANE, ControlKind.TEXT_AREA),
    Thing.ICON: (ControlKind.ICON,),
    Thing.SECTION: (ControlKind.BUTTON,),
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place where a label may be meant, how well the text there fits it, up to 1, and that text.

    `whole` says that nothing else stands in the same piece.
    """

    area: Area
    score: float
    whole: bool
    text: str


def sightings(screen: Screen, label: Label) -> list[Sighting]:
    """Where the text of `label` stands, best first; among equals in the order of reading."""
    if not label.text.strip():
        return []
    found = [best for piece in screen.pieces if (best := _best_run(piece, label.text)) is not None]
    found += _broken(screen.pieces, label.text)
    return sorted(found, key=lambda sight: (-round(sight.score, 2), sight.area.top // 12, sight.area.left))


def find(screen: Screen, label: Label) -> Area | None:
    """The place that `label` means; None if nothing fits it well enough. Its ordinal counts among the best fits."""
    if not label.text:
        return _nth([control.area for control in of_thing(screen, label.thing)], label.ordinal)
    found = _of_its_kind(screen, sightings(screen, label), label.thing)
    if not found:
        return _closer(screen) if plain(label.text) in _CLOSERS else None
    alike = [sight for sight in found if sight.score >= found[0].score - _CLOSE]
    if label.ordinal == 1 and len(alike) > 1 and not alike[0].whole and label.thing is None:
        return None  # it is a part of several longer texts, and might mean any of them
    if _is_doubtful(found):
        return None
    alike.sort(key=lambda sight: (sight.area.top // 12, sight.area.left))
    if label.ordinal == 1:  # of several, one that stands in a frame of its own is meant to be pressed
        return next((sight.area for sight in alike if _is_framed(screen, sight.area)), alike[0].area)
    return _nth([sight.area for sight in alike], label.ordinal)


def find_box(screen: Screen, label: Label) -> ScreenControl | None:
    """The frame that `label` names: the one it stands in, to the right of it, or below it, whichever is nearest."""
    if not label.text:
        fields = of_thing(screen, label.thing)
        area = _nth([control.area for control in fields], label.ordinal)
        return next((control for control in fields if control.area == area), None)
    boxes = screen.of_kind(*_BOXES, ControlKind.TEXT_AREA, ControlKind.PANE)
    if label.thing in (Thing.FIELD, Thing.LIST):
        boxes = tuple(box for box in boxes if box.kind not in (ControlKind.BUTTON, ControlKind.TAB)) or boxes
    for sight in sightings(screen, label):
        near = [(away, box) for box in boxes if (away := _away(sight.area, box)) is not None]
        if near:
            return min(near, key=lambda pair: (pair[0], pair[1].area.width * pair[1].area.height))[1]
    return None


def find_tick(screen: Screen, label: Label) -> ScreenControl | None:
    """The check box or radio button beside the text of `label`: before it, or else after it."""
    ticks = screen.of_kind(ControlKind.CHECKBOX, ControlKind.RADIO)
    if not label.text:
        area = _nth([tick.area for tick in ticks], label.ordinal)
        return next((tick for tick in ticks if tick.area == area), None)
    area = find(screen, Label(label.text, label.ordinal))
    return _tick_beside(ticks, area) if area is not None else None


def of_thing(screen: Screen, thing: Thing | None) -> tuple[ScreenControl, ...]:
    """The controls of a sort, in the order of reading: row by row."""
    if thing is None:
        return ()
    controls = screen.of_kind(*_KINDS[thing])
    if thing is Thing.BUTTON and any(control.text for control in controls):
        controls = tuple(control for control in controls if control.text)
    if thing is Thing.FIELD and any(control.is_written_into for control in controls):
        controls = tuple(control for control in controls if control.is_written_into)
    if thing is Thing.LIST and any(control.kind is ControlKind.DROP_DOWN for control in controls):
        controls = tuple(control for control in controls if control.kind is ControlKind.DROP_DOWN)
    if thing is Thing.SECTION:
        controls = tuple(control for control in controls if control.area.width >= 4 * control.area.height)
    return tuple(sorted(controls, key=lambda control: (control.area.top // 12, control.area.left)))


def text_at(screen: Screen, label: Label) -> str | None:
    """What stands at `label`: after it in its own piece, else to the right of it, else below it."""
    for sight in sightings(screen, label):
        piece = next((piece for piece in screen.pieces if piece.area.holds(sight.area)), None)
        if piece is None:
            continue
        rest = " ".join(word.text for word in piece.words if word.area.left >= sight.area.right - 2)
        if rest.strip(" :=-"):
            return rest.strip(" :=-")
        others = [other for other in screen.pieces if other is not piece and plain(other.text) != plain(label.text)]
        nearest = _right_of(piece, others) or _below(piece, others)
        if nearest is not None:
            return nearest.text
    return None


def _right_of(piece: Piece, others: list[Piece]) -> Piece | None:
    row = [other for other in others if other.area.beside(piece.area) > 0.5 and other.area.left >= piece.area.right]
    return min(row, key=lambda other: other.area.left, default=None)


def _below(piece: Piece, others: list[Piece]) -> Piece | None:
    column = [
        other for other in others if other.area.above(piece.area) > 0.3 and other.area.top >= piece.area.bottom - 4
    ]
    return min(column, key=lambda other: other.area.top, default=None)


def _best_run(piece: Piece, wanted: str) -> Sighting | None:
    """The run of words in `piece` that is most like `wanted`; less than the whole piece counts a little less."""
    size = len(wanted.split())
    best: Sighting | None = None
    for length in {size - 1, size, size + 1, len(piece.words)}:
        for start in range(len(piece.words) - length + 1 if length > 0 else 0):
            run = piece.words[start : start + length]
            text = " ".join(word.text for word in run)
            whole = length == len(piece.words)
            score = likeness(text, wanted) * (1.0 if whole else _PART_OF_A_PIECE)
            if score >= _LEAST and (best is None or score > best.score):
                best = Sighting(Area.around(word.area for word in run), score, whole, text)
    return best


def _broken(pieces: tuple[Piece, ...], wanted: str) -> Iterable[Sighting]:
    """A text of several words that begins at the end of one line and goes on at the start of the next."""
    words = wanted.split()
    if len(words) < 2:
        return
    for upper, lower in pairwise(pieces):
        if not 0 < lower.area.top - upper.area.top < 2 * upper.area.height:
            continue
        for cut in range(1, len(words)):
            ends, starts = upper.words[-cut:], lower.words[: len(words) - cut]
            if len(ends) < cut or len(starts) < len(words) - cut:
                continue
            score = likeness(" ".join(word.text for word in (*ends, *starts)), wanted) * _PART_OF_A_PIECE
            if score >= _LEAST:
                yield Sighting(Area.around(word.area for word in ends), score, whole=False, text=wanted)


def _of_its_kind(screen: Screen, found: list[Sighting], thing: Thing | None) -> list[Sighting]:
    """Of the sightings, those that are of the sort that was named, if any of the good ones are."""
    if thing is None or not found:
        return found
    controls = screen.of_kind(*_KINDS[thing])
    good = [sight for sight in found if sight.score >= found[0].score - 0.15]
    fitting = [sight for sight in good if any(_covers(control, sight.area) for control in controls)]
    if thing is Thing.LINK and not fitting:  # a word within a text in its colour is none
        return [sight for sight in found if sight.whole]
    return fitting or found


def _covers(control: ScreenControl, area: Area) -> bool:
    return control.area.holds(area, slack=8) or (control.kind is ControlKind.LINK and area.holds(control.area, slack=8))


def _is_doubtful(found: list[Sighting]) -> bool:
    """Whether no text is the very one, and two that differ are nearly as good."""
    near = {plain(sight.text) for sight in found if sight.score >= found[0].score - _BARELY}
    return found[0].score < _SURE * _PART_OF_A_PIECE and len(near) > 1


def _nth(areas: list[Area], ordinal: int) -> Area | None:
    index = ordinal if ordinal < 0 else ordinal - 1
    return areas[index] if -len(areas) <= index < len(areas) else None


def _closer(screen: Screen) -> Area | None:
    """The small square in the top right corner of a frame, which closes it."""
    squares = [control.area for control in screen.of_kind(ControlKind.ICON, ControlKind.CHECKBOX)]
    frames = [control.area for control in screen.of_kind(ControlKind.PANE, ControlKind.TEXT_AREA, *_BOXES)]
    corners = [
        square
        for square in squares
        for frame in frames
        if frame.holds(square) and frame.right - square.right < square.width and square.top - frame.top < square.height
    ]
    return min(corners, key=lambda square: square.top, default=None)


def _is_framed(screen: Screen, area: Area) -> bool:
    return any(
        box.area.holds(area, slack=8) and box.area.width < 3 * area.width + 80 for box in screen.of_kind(*_BOXES)
    )


def _tick_beside(ticks: tuple[ScreenControl, ...], area: Area) -> ScreenControl | None:
    row = [tick for tick in ticks if tick.area.beside(area) > 0.6]
    reach = _TICK_REACH * area.height
    before = [tick for tick in row if -6 <= area.left - tick.area.right + 6 <= reach + 6]
    after = [tick for tick in row if 0 <= tick.area.left - area.right <= reach]
    if before:
        return max(before, key=lambda tick: tick.area.right)
    return min(after, key=lambda tick: tick.area.left, default=None)


def _away(label: Area, box: ScreenControl) -> float | None:
    """How far `box` is from its label, in pixels; None if it cannot be the one that the label names.

    One below counts as three times as far: it may well have a label of its own.
    """
    area = box.area
    if area.holds(label, slack=8):
        return 0.0 if box.kind in _BOXES and area.width < 4 * label.width + 200 else None
    if area.beside(label) > 0.6 and -8 <= area.left - label.right <= _REACH_PX:
        return max(area.left - label.right, 1.0)
    if area.above(label) > 0.4 and -10 <= area.top - label.bottom <= 2.5 * label.height:
        return 3 * max(area.top - label.bottom, 1.0)
    return None
