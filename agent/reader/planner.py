"""Chooses the next action: a pure function of the steps, the progress and the screen.

Without other state, a run can be resumed, replayed and served as with any model.
"""

from collections.abc import Iterator
from dataclasses import replace

from ...envs.actions import Click
from ..core.decision import AskUser, Finish
from .instructions import parse_target
from .matching import find_checkbox, find_field, find_target
from .progress import TaskProgress
from .step_actions import (
    FinishAfter,
    PlannedAction,
    RestartAfter,
    RetryAfter,
    ScreenState,
    StepAction,
    StepCursor,
    click_point,
    next_action,
)
from .steps import ElementType, SearchInStep, SkipUnlessVisible, Step, Target, UnparsedStep
from .vision.screen import Area, Screen

_LAST_PART = 9  # after the last part of any step, so the next reply continues with the next step


def plan(progress: TaskProgress, state: ScreenState) -> PlannedAction:
    """The next action, given the progress and the screen."""
    steps, cursor = progress.steps, progress.cursor
    unparsed = next((step for step in steps if isinstance(step, UnparsedStep)), None)
    if unparsed is not None or not steps:
        text = unparsed.sentence if unparsed is not None else ""
        return PlannedAction(f"I can only follow literal instructions and do not understand: {text}", AskUser(
            f"I do not understand {text!r}. Tell me what to click, type, choose or check, using the text on the screen."
        ))  # fmt: skip
    while cursor.step <= len(steps):
        step = steps[cursor.step - 1]
        if isinstance(step, SkipUnlessVisible):
            cursor = StepCursor(cursor.step + 1 + _skipped(step, state.screen), answers=cursor.answers)
            continue
        previous = steps[cursor.step - 2] if cursor.step > 1 else None
        outcome = next_action(step, cursor, state, previous.container if isinstance(previous, SearchInStep) else None)
        if isinstance(outcome, str):
            cursor = replace(cursor, answers=(*cursor.answers, outcome))
        elif outcome is not None:
            return _planned(steps, cursor, outcome)
        cursor = StepCursor(cursor.step + 1, answers=cursor.answers)
    answer = "\n".join(cursor.answers)
    return PlannedAction("All steps are done." + _notes(cursor), Finish(answer))


def _skipped(step: SkipUnlessVisible, screen: Screen) -> int:
    """How many steps to skip."""
    seen = step.target is not None and find_target(screen, step.target) is not None
    return 0 if seen else step.steps


def ground(description: str, screen: Screen) -> PlannedAction:
    """Click the element that a description refers to; ask the user if there is none or it is ambiguous."""
    target = parse_target(description)
    for area in _candidates(screen, target):
        if area is not None:
            return PlannedAction(f"I see {target}.", Click(click_point(area)))
    return PlannedAction(f"I cannot find {target}.", AskUser(f"I cannot find {target} on the screen."))


def _candidates(screen: Screen, target: Target) -> Iterator[Area | None]:
    """The areas that `target` may refer to, most likely first: for a field, the field comes before its label."""
    checkbox, box = find_checkbox(screen, target), find_field(screen, target)
    if target.element_type is ElementType.CHECKBOX:
        yield checkbox.area if checkbox else None
    if target.element_type in (ElementType.FIELD, ElementType.LIST):
        yield box.area if box else None
    yield find_target(screen, target)
    yield box.area if box else None


def _planned(steps: tuple[Step, ...], cursor: StepCursor, outcome: StepAction | PlannedAction) -> PlannedAction:
    step = steps[cursor.step - 1]
    # The next reply continues with part + 1, so a restart is part 0.
    part = _LAST_PART if isinstance(outcome, FinishAfter) else 0 if isinstance(outcome, RestartAfter) else cursor.part
    where = f"Step {cursor.step} of {len(steps)}, part {part}, try {cursor.tries}"
    if isinstance(outcome, PlannedAction):
        return PlannedAction(f"{where}: {outcome.thought}{_notes(cursor)}", outcome.action)
    doing = f"searching for it: {step}" if isinstance(outcome, RetryAfter) else str(step)
    action = outcome.action if isinstance(outcome, RetryAfter | RestartAfter | FinishAfter) else outcome
    return PlannedAction(f"{where}: {doing}.{_notes(cursor)}", action)


def _notes(cursor: StepCursor) -> str:
    return "".join(f" Noted: «{text}»" for text in cursor.answers)
