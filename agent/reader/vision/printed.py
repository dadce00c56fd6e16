"""The task printed on the screen itself, which is no place to work at."""

from dataclasses import replace

from ..likeness import shape
from .screen import Area, Piece, Screen

_LEAST_CHARACTERS = 10
_LEAST_SHARE = 0.75
"""So much of the task, in a row, has to stand there to be taken for it."""


def without_task(screen: Screen, task: str) -> Screen:
    """`screen` without the lines that repeat `task`, and without the frame that holds nothing else."""
    lines = _repeating(screen.pieces, shape(task))
    if not lines:
        return screen
    taken = Area.around(piece.area for piece in lines)
    pieces = tuple(piece for piece in screen.pieces if piece not in lines)
    controls = tuple(
        control
        for control in screen.controls
        if not (
            taken.holds(control.area, slack=8) or (control.area.holds(taken, slack=8) and _only(control.area, pieces))
        )
    )
    return replace(screen, pieces=pieces, controls=controls)


def _only(area: Area, others: tuple[Piece, ...]) -> bool:
    return not any(area.holds(piece.area, slack=8) for piece in others) and bool(area.width)


def _repeating(pieces: tuple[Piece, ...], task: str) -> list[Piece]:
    """The lines that say the task one after the other; empty if they do not say most of it."""
    if len(task) < _LEAST_CHARACTERS:
        return []
    found: list[Piece] = []
    place = 0
    for piece in pieces:
        said = shape(piece.text)
        at = _find(task, said, place)
        if at is not None and (_goes_on(found[-1], piece) if found else at <= len(task) * (1 - _LEAST_SHARE)):
            found.append(piece)
            place = at + len(said)
        if place >= len(task) - 1:
            break
    return found if sum(len(shape(piece.text)) for piece in found) >= _LEAST_SHARE * len(task) else []


def _goes_on(last: Piece, piece: Piece) -> bool:
    """Whether `piece` may be the next part of a text: on the same line or on the one below."""
    return piece.area.top - last.area.bottom < last.area.height


def _find(task: str, said: str, start: int) -> int | None:
    """Where `said` stands in `task` from `start` on, one letter in eight read wrongly; None if it does not."""
    if not said:
        return None
    at = task.find(said, start)
    if at >= 0:
        return at if at - start <= 3 or start == 0 else None
    wrong = max(len(said) // 8, 1 if len(said) > 3 else 0)
    for begin in range(start, min(start + 4, len(task))):
        part = task[begin : begin + len(said)]
        if len(part) >= len(said) - 1 and sum(a != b for a, b in zip(part, said, strict=False)) <= wrong:
            return begin
    return None
