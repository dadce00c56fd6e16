"""How far a run has come, and what is left of it: read back from our own replies and from what the user said between.

Each of our thoughts says where it stands, `Step 2 of 5, part 1, try 1: ...`, in the steps as they were then. What the
user says is read as the task is: an answer takes the place of the step that was asked about, anything else comes next.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .instructions import read_instructions
from .moves import ReaderProgress
from .steps import NotUnderstood, SkipUnless, Step

_PROGRESS = re.compile(r"Step (\d+) of \d+, part (\d+), try (\d+)")
_NOTED = re.compile(r"Noted: «(.*?)»")
_ASKS = re.compile(r"^Action: call_user\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Words:
    """What the user said in the middle of a run."""

    text: str


@dataclass(frozen=True, slots=True)
class Course:
    """All steps, those that the user asked for on the way among them, and how far we are."""

    steps: tuple[Step, ...]
    progress: ReaderProgress = ReaderProgress()


def course_after(steps: tuple[Step, ...], heard: Iterable[str | Words]) -> Course:
    """Where our own replies and the user's `Words`, in their order, have brought us from the task's `steps`."""
    course, asked = Course(steps), False
    for said in heard:
        if isinstance(said, Words):
            new = read_instructions(said.text)
            course = _taken_in(course, new, answers=asked) if new else course
        else:
            course, asked = Course(course.steps, _progress_after(said, course.progress)), bool(_ASKS.search(said))
    return course


def _progress_after(reply: str, progress: ReaderProgress) -> ReaderProgress:
    """Each reply says which part it did, so the next part follows it; a step that was asked about is begun again."""
    said = _PROGRESS.search(reply)
    if said is None:
        return progress
    step, part, tries = (int(number) for number in said.groups())
    noted = tuple(_NOTED.findall(reply))
    if _ASKS.search(reply):
        return ReaderProgress(step, noted=noted)
    again = "looking for it" in reply
    return ReaderProgress(step, part, tries + 1, noted) if again else ReaderProgress(step, part + 1, 1, noted)


def _taken_in(course: Course, new: tuple[Step, ...], *, answers: bool) -> Course:
    steps, progress = course.steps, course.progress
    if answers and steps:
        unclear = (index for index, step in enumerate(steps) if isinstance(step, NotUnderstood))
        index = next(unclear, progress.step - 1)
        return replace(course, steps=_spliced(steps, min(index, len(steps) - 1), 1, new))
    begun = progress.part > 1 or progress.tries > 1
    return replace(course, steps=_spliced(steps, min(progress.step - (not begun), len(steps)), 0, new))


def _spliced(steps: tuple[Step, ...], at: int, old: int, new: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with `new` in place of `old` of them; a branch that they lie in grows with them."""
    before = tuple(
        replace(step, steps=step.steps + len(new) - old)
        if isinstance(step, SkipUnless) and index < at <= index + step.steps
        else step
        for index, step in enumerate(steps[:at])
    )
    return (*before, *new, *steps[at + old :])
