"""What to do next: a function of the steps asked for, of how far we are, and of the screen.

Nothing else is remembered, so that a run can be resumed, replayed and served like that of any model.
"""

from collections.abc import Iterator
from dataclasses import replace

from ...envs.actions import Click
from ..core.decision import AskUser, Finish
from .course import Course
from .finding import find, find_box, find_tick
from .instructions import label_in
from .moves import Again, Last, Looking, Move, ReaderPlan, ReaderProgress, Sight, middle, next_move
from .steps import Label, LookIn, NotUnderstood, SkipUnless, Step, Thing
from .vision.screen import Area, Screen

_LAST_PART = 9


def plan(course: Course, sight: Sight) -> ReaderPlan:
    """The next move on `course`, at `sight`."""
    steps, progress = course.steps, course.progress
    unclear = next((step for step in steps if isinstance(step, NotUnderstood)), None)
    if unclear is not None or not steps:
        asked = unclear.sentence if unclear is not None else ""
        return ReaderPlan(f"I follow literal instructions only and do not understand: {asked}", AskUser(
            f"I do not understand {asked!r}. Say what to click, type, choose or check, as it reads on the screen."
        ))  # fmt: skip
    while progress.step <= len(steps):
        step = steps[progress.step - 1]
        if isinstance(step, SkipUnless):
            progress = ReaderProgress(progress.step + 1 + _skipped(step, sight.screen), noted=progress.noted)
            continue
        hidden = steps[progress.step - 2] if progress.step > 1 else None
        found = next_move(step, progress, sight, hidden.place if isinstance(hidden, LookIn) else None)
        if isinstance(found, str):
            progress = replace(progress, noted=(*progress.noted, found))
        elif found is not None:
            return _say(steps, progress, found)
        progress = ReaderProgress(progress.step + 1, noted=progress.noted)
    answer = "\n".join(progress.noted)
    return ReaderPlan("All steps are done." + _noted(progress), Finish(answer))


def _skipped(step: SkipUnless, screen: Screen) -> int:
    """How many steps are left out."""
    seen = step.label is not None and find(screen, step.label) is not None
    return 0 if seen else step.steps


def ground(description: str, screen: Screen) -> ReaderPlan:
    """The place that a description with a text in it means; asks for the user if there is none, or no one place."""
    label = label_in(description)
    for area in _meant(screen, label):
        if area is not None:
            return ReaderPlan(f"I see {label}.", Click(middle(area)))
    return ReaderPlan(f"I do not see {label}.", AskUser(f"I do not see {label} on the screen."))


def _meant(screen: Screen, label: Label) -> Iterator[Area | None]:
    """The places that a name may mean, the likeliest first: what a field is labelled is not the field."""
    tick, box = find_tick(screen, label), find_box(screen, label)
    if label.thing is Thing.TICK:
        yield tick.area if tick else None
    if label.thing in (Thing.FIELD, Thing.LIST):
        yield box.area if box else None
    yield find(screen, label)
    yield box.area if box else None


def _say(steps: tuple[Step, ...], progress: ReaderProgress, found: Move | ReaderPlan) -> ReaderPlan:
    step = steps[progress.step - 1]
    part = _LAST_PART if isinstance(found, Last) else 0 if isinstance(found, Again) else progress.part
    where = f"Step {progress.step} of {len(steps)}, part {part}, try {progress.tries}"
    if isinstance(found, ReaderPlan):
        return ReaderPlan(f"{where}: {found.thought}{_noted(progress)}", found.move)
    doing = f"looking for it: {step}" if isinstance(found, Looking) else str(step)
    move = found.move if isinstance(found, Looking | Again | Last) else found
    return ReaderPlan(f"{where}: {doing}.{_noted(progress)}", move)


def _noted(progress: ReaderProgress) -> str:
    return "".join(f" Noted: «{text}»" for text in progress.noted)
