"""Chooses the next action: a pure function of the steps, the progress and the screen.

Without other state, a run can be resumed, replayed and served as with any model.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...envs.actions import Click, Move, Wait
from ..core.decision import AskUser, Ending, Finish
from .evidence import holds, hovered_area, is_doubtful, is_repeatable, missing_effect
from .instructions import parse_target
from .matching import find_checkboxes, find_fields, find_targets, is_visible
from .points import click_point, resting_point
from .progress import CHECKING, LEAVING, SEARCHING, WAITING, TaskProgress
from .step_actions import ReaderAction, ScreenState, StepAction, StepCursor, Then, ask, next_action
from .steps import ElementType, SearchInStep, SkipUnlessVisible, Step, Target, TypeStep, UnparsedStep
from .vision.screen import Area, Screen

_EFFECT_WAITS = 1  # waits for an effect to become visible, before the user is asked
_EFFECT_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """An action or ending, and its thought."""

    thought: str
    action: ReaderAction | Ending


def plan(progress: TaskProgress, state: ScreenState) -> PlannedAction:
    """The next action, given the progress and the screen.

    A step is left only when its effect is visible; otherwise the reader asks the user.
    """
    steps, cursor = progress.steps, progress.cursor
    unparsed = next((step for step in steps if isinstance(step, UnparsedStep)), None)
    if unparsed is not None or not steps:
        text = unparsed.sentence if unparsed is not None else ""
        return PlannedAction(f"I can only follow literal instructions and do not understand: {text}", AskUser(
            f"I do not understand {text!r}. Tell me what to click, type, choose or check, using the text on the screen."
        ))  # fmt: skip
    if state.refusal and not state.is_pointer_away and progress.acted and cursor.step <= len(steps):
        return _planned(steps, cursor, ask(steps[cursor.step - 1], state.refusal))
    if state.interrupted:
        cursor_or_question = _after_interruption(progress, state)
        if isinstance(cursor_or_question, AskUser):
            return _planned(steps, cursor, cursor_or_question)
        cursor = cursor_or_question
    while cursor.step <= len(steps):
        step = steps[cursor.step - 1]
        if isinstance(step, SkipUnlessVisible):
            seen = step.target is not None and is_visible(state.screen, step.target)
            cursor = StepCursor(cursor.step + 1 + (0 if seen else step.steps), answers=cursor.answers)
            continue
        previous = steps[cursor.step - 2] if cursor.step > 1 else None
        outcome = next_action(step, cursor, state, previous.container if isinstance(previous, SearchInStep) else None)
        if isinstance(outcome, StepAction | AskUser):
            return _planned(steps, cursor, outcome)
        if cursor.part > 1 and (unsure := _without_effect(steps, cursor, state)) is not None:
            return unsure
        answers = (*cursor.answers, outcome) if outcome is not None else cursor.answers
        cursor = StepCursor(cursor.step + 1, answers=answers)
    if state.lost_page and progress.acted:
        return _planned(steps, replace(cursor, step=len(steps)), ask(steps[-1], state.lost_page))
    return PlannedAction("All steps are done." + _notes(cursor), Finish("\n".join(cursor.answers)))


def _without_effect(steps: tuple[Step, ...], cursor: StepCursor, state: ScreenState) -> PlannedAction | None:
    """Another look for the effect of a step that was carried out, or the question without it; None if it is there."""
    step = steps[cursor.step - 1]
    if not state.is_pointer_away and (hovered := hovered_area(step, state)) is not None:
        away = StepAction(Move(resting_point(state.screen, hovered, state.changed)), Then.RETRY)
        return _planned(steps, cursor, away, LEAVING)
    problem = missing_effect(step, state)
    if cursor.tries - state.is_pointer_away <= _EFFECT_WAITS and (problem or is_doubtful(step, state)):
        wait = StepAction(Wait(_EFFECT_WAIT_S), Then.RETRY)
        return _planned(steps, cursor, wait, WAITING if problem else CHECKING)
    return _planned(steps, cursor, ask(step, problem)) if problem else None


def _after_interruption(progress: TaskProgress, state: ScreenState) -> StepCursor | AskUser:
    """Where to continue on a screen that may have lost the effects of the steps so far.

    The next step follows if the screen still shows their lasting effects. Otherwise the task restarts if each of them
    may be done twice, and the user is asked if not. A last step that may not have been carried out continues there, as
    its own effect has not been seen yet.
    """
    steps, cursor = progress.steps, progress.cursor
    is_complete = cursor.step > len(steps) or next_action(steps[cursor.step - 1], cursor, state, None) is None
    numbers = [number for number in sorted(progress.acted) if number < cursor.step + is_complete]
    # A later text replaces an earlier one in the same field.
    fields = {step.field: number for number in numbers if isinstance(step := steps[number - 1], TypeStep)}
    replaced = {n for n in numbers if isinstance(step := steps[n - 1], TypeStep) and fields[step.field] != n}
    verdicts = {number: holds(steps[number - 1], state.screen) for number in numbers if number not in replaced}
    unrepeatable = [number for number in numbers if not is_repeatable(steps[number - 1])]
    lost = [number for number, verdict in verdicts.items() if verdict is False]
    if lost and not unrepeatable:
        return StepCursor()
    if lost:
        return ask(steps[lost[0] - 1], "the task was interrupted, and the screen no longer shows its effect")
    # A step without a lasting trace counts as done only if the effect of another one survived.
    if unrepeatable and True not in verdicts.values():
        problem = "the task was interrupted after it, and the screen does not show whether it took effect"
        return ask(steps[unrepeatable[-1] - 1], problem)
    if state.unconfirmed and cursor.tries == 1 and cursor.step in unrepeatable:
        if state.before is not None:
            return cursor  # its effect is looked for, as after any action
        problem = "the task was interrupted during it, and the screen does not show whether it took effect"
        return ask(steps[cursor.step - 1], problem)
    return StepCursor(cursor.step + (cursor.step in numbers), answers=cursor.answers)


def ground(description: str, screen: Screen) -> PlannedAction:
    """Click the element that a description refers to; ask the user if there is none."""
    target = parse_target(description)
    for area in _candidates(screen, target):
        return PlannedAction(f"I see {target}.", Click(click_point(area)))
    return PlannedAction(f"I cannot find {target}.", AskUser(f"I cannot find {target} on the screen."))


def _candidates(screen: Screen, target: Target) -> Iterator[Area]:
    """The areas that `target` may refer to, most likely first: for a field, the field comes before its label."""
    fields = [field.area for field in find_fields(screen, target, by_caption=True)]
    if target.element_type is ElementType.CHECKBOX:
        yield from (checkbox.area for checkbox in find_checkboxes(screen, target))
    if target.element_type in (ElementType.FIELD, ElementType.LIST):
        yield from fields
    yield from find_targets(screen, target)
    yield from fields


def _planned(
    steps: tuple[Step, ...], cursor: StepCursor, outcome: StepAction | AskUser, retry: str = SEARCHING
) -> PlannedAction:
    step = steps[cursor.step - 1]
    then = outcome.then if isinstance(outcome, StepAction) else Then.RETRY
    # The next reply continues with part + 1, so a restart is part 0.
    part = 0 if then is Then.RESTART else cursor.part
    position = f"Step {cursor.step} of {len(steps)}"
    position += ", last part" if then is Then.DONE else f", part {part}" if part != 1 else ""
    position += f", attempt {cursor.tries}" if cursor.tries > 1 else ""
    if isinstance(outcome, AskUser):
        return PlannedAction(f"{position}: {outcome.question}{_notes(cursor)}", outcome)
    doing = f"{retry}: {step}" if then is Then.RETRY else str(step)
    return PlannedAction(f"{position}: {doing}.{_notes(cursor)}", outcome.action)


def _notes(cursor: StepCursor) -> str:
    return "".join(f" Noted: «{text}»" for text in cursor.answers)
