"""Removes the task's own text from a screen that displays it, so that it is not mistaken for a target."""

from dataclasses import replace

from ..similarity import fold_lookalikes
from .screen import Area, Screen, TextSegment

_MIN_CHARACTERS = 10  # shorter tasks could be the label of a target
_MIN_SHARE = 0.75
"""The share of the task that consecutive lines must repeat."""


def remove_task_text(screen: Screen, task: str) -> Screen:
    """Remove the lines that repeat `task`, and a frame that contains nothing else."""
    first_word = len(fold_lookalikes(task.split(maxsplit=1)[0])) if task.strip() else 0
    lines = _task_segments(screen.segments, fold_lookalikes(task), first_word)
    if not lines:
        return screen
    removed = Area.union(segment.area for segment in lines)
    segments = tuple(segment for segment in screen.segments if segment not in lines)
    controls = tuple(control for control in screen.controls if not _belongs_to(removed, control.area, segments))
    return replace(screen, segments=segments, controls=controls)


def _belongs_to(removed: Area, frame: Area, others: tuple[TextSegment, ...]) -> bool:
    """Whether `frame` is inside the `removed` text, or around it and nothing else."""
    if removed.contains(frame, slack=8):
        return True
    is_around = frame.contains(removed, slack=8) and bool(frame.width)
    return is_around and not any(frame.contains(segment.area, slack=8) for segment in others)


def _task_segments(segments: tuple[TextSegment, ...], task: str, first_word: int) -> list[TextSegment]:
    """The consecutive lines that repeat the task; empty if they cover too little of it.

    They begin in its first word: without the verb, a label may be most of a short task.
    """
    if len(task) < _MIN_CHARACTERS:
        return []
    found: list[TextSegment] = []
    position = 0
    for segment in segments:
        text = fold_lookalikes(segment.text)
        at = _find(task, text, position)
        if at is not None and (_continues(found[-1], segment) if found else at < first_word):
            found.append(segment)
            position = at + len(text)
        if position >= len(task) - 1:
            break
    return found if sum(len(fold_lookalikes(segment.text)) for segment in found) >= _MIN_SHARE * len(task) else []


def _continues(last: TextSegment, segment: TextSegment) -> bool:
    """Whether `segment` may continue a text: it is on the same line or on the next one."""
    return segment.area.top - last.area.bottom < last.area.height


def _find(task: str, text: str, start: int) -> int | None:
    """The index of `text` in `task` from `start` on, with up to one OCR error in eight letters."""
    if not text:
        return None
    at = task.find(text, start)
    if at >= 0:
        return at if at - start <= 3 or start == 0 else None
    wrong = max(len(text) // 8, 1 if len(text) > 3 else 0)
    for index in range(start, min(start + 4, len(task))):
        part = task[index : index + len(text)]
        if len(part) >= len(text) - 1 and sum(a != b for a, b in zip(part, text, strict=False)) <= wrong:
            return index
    return None
