"""The next action of a single step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias

from ...envs.actions import ActionIn, Button, Click, Direction, Drag, Hotkey, Navigate, Scroll, Type, Wait
from ..core.coordinates import ModelPoint
from ..core.decision import AskUser
from .matching import controls_of_type, find_checkboxes, find_fields, find_targets, is_visible, value_of
from .points import click_point, scroll_point
from .similarity import normalize
from .steps import (
    ActionStep,
    CheckStep,
    ChooseStep,
    ClickStep,
    DragStep,
    ElementType,
    ReadStep,
    ScrollStep,
    SearchInStep,
    SkipUnlessVisible,
    Step,
    Target,
    TypeStep,
    UnparsedStep,
    WaitForStep,
)
from .vision.screen import Area, ControlKind, Screen, ScreenControl

MAX_SCROLLS = 12  # per step, before the reader gives up on the target
MAX_TRIES = 5  # waits for a target to appear
_ENABLED_AFTER = 2  # waits for a disabled control to become enabled
_NOTCHES = 5  # of the wheel per scroll: less than a page, so that nothing is skipped
_TYPED_PART = 3  # after the click on the field and the selection of its text
_CLOSED = frozenset("+十⊞▶▸►>")  # what OCR returns for the expander of a closed folder
_DECLINE_LABELS = frozenset(("cancel", "dismiss", "not now", "no thanks", "no, thanks", "later", "skip"))
_ACCEPT_LABELS = frozenset(("ok", "yes", "continue", "accept", "allow", "agree", "sign up", "subscribe", "enable"))
"""A dialog with a button of each kind and nothing else is a question that may be declined without a loss."""

ReaderAction: TypeAlias = ActionIn[ModelPoint]


@dataclass(frozen=True, slots=True)
class StepCursor:
    """The position in a task: the next step, the part of it, and the attempt, all from 1; and the answers so far."""

    step: int = 1
    part: int = 1
    tries: int = 1
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScreenState:
    """The screen now, and what is known about the effect of the last action.

    `before` is the screen that it was chosen on, `unchanged` whether the screen still looks the same, and `changed` the
    areas that differ, except those that are animated; `refusal` is the reason why it was not carried out. `interrupted`
    if the run or the screen was restarted since, `unconfirmed` if that left open whether it was carried out.
    `can_navigate` if the environment can open a URL, `has_pointer` if it is operated with a mouse.
    `is_pointer_away` if the pointer was moved off the control since it was clicked. `lost_page` is why the page can no
    longer show anything, such as a crash.
    """

    screen: Screen
    before: Screen | None = None
    unchanged: bool = False
    changed: tuple[Area, ...] = ()
    refusal: str = ""
    interrupted: bool = False
    unconfirmed: bool = False
    can_navigate: bool = True
    has_pointer: bool = True
    is_pointer_away: bool = False
    lost_page: str = ""


class Then(Enum):
    """Where a step continues after an action: at its next part, at the same part again, at its start, or nowhere."""

    NEXT_PART = auto()
    RETRY = auto()
    RESTART = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class StepAction:
    """An action of a step. One that only searches for the target, such as scrolling, is followed by a retry."""

    action: ReaderAction
    then: Then = Then.NEXT_PART


StepOutcome: TypeAlias = StepAction | AskUser | str | None
"""An action, or a question to the user; an answer (`str`) or None if nothing is left to do."""


def next_action(step: Step, cursor: StepCursor, state: ScreenState, container: ElementType | None) -> StepOutcome:
    """The next action of `step`, whose target may be in a closed `container`; None if nothing is left to do."""
    match step:
        case ClickStep(target, select=True) if find_checkboxes(state.screen, target):
            return _check(step, target, cursor, state, on=True)
        case ClickStep():
            return _click(step, cursor, state, container)
        case TypeStep():
            return _type(step, cursor, state)
        case ChooseStep():
            return _choose(step, cursor, state)
        case CheckStep(target, on):
            return _check(step, target, cursor, state, on=on)
        case ActionStep(Navigate()) if not state.can_navigate:
            return AskUser(f"I cannot {step} here. Please open the page, then continue.")
        case ActionStep(action):
            return StepAction(action) if cursor.part == 1 else None
        case ScrollStep():
            return _scroll(step, cursor, state)
        case DragStep():
            return _drag(step, cursor, state)
        case WaitForStep(target):
            if is_visible(state.screen, target):
                return None
            return StepAction(Wait(), Then.RETRY) if cursor.tries <= MAX_TRIES else missing(step, target)
        case ReadStep(target):
            value = value_of(state.screen, target)
            return value if value is not None else _search_for(step, cursor, state, target)
        case SearchInStep() | SkipUnlessVisible():
            return None
        case UnparsedStep():
            return missing(step, step.sentence)


def _click(step: ClickStep, cursor: StepCursor, state: ScreenState, container: ElementType | None) -> StepOutcome:
    if cursor.part > 1:
        return None
    areas = click_areas(state.screen, step.target, state.changed)
    if not areas and container is not None:
        return _search_in(container, step, cursor, state)
    if len(areas) != 1:
        return _not_unique(areas, step, step.target, cursor, state)
    if is_disabled(state.screen, areas[0]) and cursor.tries <= _ENABLED_AFTER:
        return StepAction(Wait(1.0), Then.RETRY)
    return StepAction(Click(click_point(areas[0]), Button.RIGHT if step.right else Button.LEFT, step.count))


def click_areas(screen: Screen, target: Target, changed: Sequence[Area] = ()) -> list[Area]:
    """Where a click on `target` may go: several areas if it is ambiguous, none if it is not on the screen."""
    found: list[ScreenControl] = []
    if target.element_type in (ElementType.FIELD, ElementType.LIST):
        found = find_fields(screen, target)
    elif target.element_type is ElementType.CHECKBOX:
        found = find_checkboxes(screen, target)
    return [control.area for control in found] or find_targets(screen, target, changed)


def is_disabled(screen: Screen, area: Area) -> bool:
    """Whether `area` is the text of a control that looks disabled."""
    return any(control.disabled and control.area.contains(area, slack=8) for control in screen.controls)


def _search_in(container: ElementType, step: Step, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Open the next container that may hold the target: a tab, a collapsed section, or a folder."""
    if container is ElementType.ICON:
        return _open_folder(step, cursor, state)
    openers = [control.area for control in controls_of_type(state.screen, container)]
    if container is ElementType.TAB and not openers:
        openers = [segment.area for segment in state.screen.segments if normalize(segment.text).startswith("tab ")]
    if cursor.tries > len(openers):
        return missing(step, f"it in any {container}")
    return StepAction(Click(click_point(openers[cursor.tries - 1])), Then.RETRY)


def _open_folder(step: Step, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Open the first closed folder; an open one has another sign. If the last click had no effect, open the next."""
    closed = [segment.area for segment in state.screen.segments if segment.text in _CLOSED] or _expanders(state.screen)
    index = cursor.tries - 1 if state.unchanged else 0
    if index >= len(closed) or cursor.tries > MAX_SCROLLS:
        return missing(step, "it in any folder")
    return StepAction(Click(click_point(closed[index])), Then.RETRY)


def _expanders(screen: Screen) -> list[Area]:
    """The expanders of a tree view: left of the icons next to the names."""
    icons = [control.area for control in screen.of_kind(ControlKind.ICON, ControlKind.CHECKBOX)]
    return [
        Area(icon.left - 1.1 * icon.width, icon.top, icon.left - 0.6 * icon.width, icon.bottom)
        for icon in icons
        if any(
            segment.area.row_overlap(icon) > 0.6 and 0 <= segment.area.left - icon.right < icon.width
            for segment in screen.segments
        )
    ]


def _type(step: TypeStep, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Click the field, select its text so that it is replaced, and type; without a field, only type."""
    if step.field is None:
        return StepAction(Type(step.text)) if cursor.part == 1 else None
    if cursor.part > _TYPED_PART:
        return None
    fields = find_fields(state.screen, step.field)
    if cursor.part == 1:
        if len(fields) != 1:
            return _not_unique(fields, step, step.field, cursor, state)
        return StepAction(Click(click_point(fields[0].area)))
    if not fields and (dismissal := _dismiss_cover(step.field, state)) is not None:
        return StepAction(dismissal, Then.RESTART)
    return StepAction(Hotkey(("ctrl", "a")) if cursor.part == 2 else Type(step.text))


def _choose(step: ChooseStep, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Open the list unless the entry is already visible, then click the entry."""
    if cursor.part > 2:
        return None
    boxes = find_fields(state.screen, step.source, by_caption=True)
    if len(boxes) > 1:
        return _not_unique(boxes, step, step.source, cursor, state)
    box = boxes[0] if boxes else None
    screen = _without_text_in(state.screen, box.area) if box is not None and box.text else state.screen
    entries = find_targets(screen, step.entry, state.changed)
    is_list = box is not None and box.kind is ControlKind.DROP_DOWN
    if box is not None and is_list and normalize(box.text) == normalize(step.entry.text):
        if cursor.part == 1:
            return None
        return StepAction(Click(click_point(entries[0])) if entries else Hotkey(("enter",)), Then.DONE)
    if cursor.part == 1 and box is not None and (is_list or not entries):
        return StepAction(Click(click_point(box.area)))
    if entries:
        if len(entries) > 1:
            return _not_unique(entries, step, step.entry, cursor, state)
        return StepAction(Click(click_point(entries[0])), Then.DONE)
    if cursor.part == 1:
        return _search_for(step, cursor, state, f"a list for {step.source}")
    return _find_entry(step, cursor, state, can_type=is_list)


def _without_text_in(screen: Screen, area: Area) -> Screen:
    """The screen without the texts in `area`."""
    others = (segment for segment in screen.segments if not area.contains(segment.area, slack=8))
    return replace(screen, segments=tuple(others))


def _find_entry(step: ChooseStep, cursor: StepCursor, state: ScreenState, *, can_type: bool) -> StepOutcome:
    """Search an open list for an entry that is not visible: type it, which may jump to it, then scroll."""
    if cursor.tries == 1:
        return StepAction(Wait(), Then.RETRY)
    if cursor.tries == 2 and can_type:
        return StepAction(Type(step.entry.text), Then.RETRY)
    if cursor.tries > MAX_SCROLLS or (state.unchanged and cursor.tries > 3):
        return missing(step, step.entry)
    panes = state.screen.of_kind(ControlKind.PANE, ControlKind.TEXT_AREA)
    lists = [pane.area for pane in panes if pane.area.height < state.screen.height]
    smallest = min(lists, key=lambda area: area.width * area.height, default=None)
    at = click_point(smallest) if smallest else scroll_point(state.screen)
    return StepAction(Scroll(Direction.DOWN, 2, at), Then.RETRY)


def _check(step: Step, target: Target, cursor: StepCursor, state: ScreenState, *, on: bool) -> StepOutcome:
    """Click the check box, then its label, unless it has the wanted state."""
    checkboxes = find_checkboxes(state.screen, target)
    if not checkboxes and cursor.part == 1 and len(each := _each_checkbox(state.screen, target)) > 1:
        return _check_each(step, each, cursor, on=on)
    if len(checkboxes) != 1:
        return None if cursor.part > 1 else _not_unique(checkboxes, step, target, cursor, state, "a check box for ")
    checkbox = checkboxes[0]
    is_radio = checkbox.kind is ControlKind.RADIO and on  # a click on a selected one changes nothing
    if checkbox.checked == on and not (is_radio and cursor.part == 1):
        return None
    if cursor.part == 1:
        return StepAction(Click(click_point(checkbox.area)))
    labels = find_targets(state.screen, Target(target.text, target.ordinal)) if target.text else []
    if cursor.part == 2 and labels and state.unchanged:
        return StepAction(Click(click_point(labels[0])))
    return None


def _each_checkbox(screen: Screen, target: Target) -> list[ScreenControl]:
    """The check boxes of `target` if it names several, as in `Gift wrap and Express`; empty if one is not found."""
    found = [find_checkboxes(screen, Target(name)) for name in target.text.split(" and ")]
    return [checkboxes[0] for checkboxes in found] if all(len(checkboxes) == 1 for checkboxes in found) else []


def _check_each(step: Step, checkboxes: Sequence[ScreenControl], cursor: StepCursor, *, on: bool) -> StepOutcome:
    """Click the first check box that has the other state; each attempt is for one of them."""
    wrong = [checkbox for checkbox in checkboxes if checkbox.checked != on]
    if not wrong:
        return None
    if cursor.tries > len(checkboxes):
        return ask(step, f"{len(wrong)} of them did not change")
    return StepAction(Click(click_point(wrong[0].area)), Then.RETRY)


def _scroll(step: ScrollStep, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    scroll = Scroll(step.direction, _NOTCHES, scroll_point(state.screen))
    if step.until is None:
        return StepAction(scroll) if cursor.part == 1 else None
    if is_visible(state.screen, step.until):
        return None
    if cursor.tries > MAX_SCROLLS or (state.unchanged and cursor.tries > 1):
        return missing(step, step.until)
    return StepAction(scroll, Then.RETRY)


def _drag(step: DragStep, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    if cursor.part > 1:
        return None
    path: list[ModelPoint] = []
    for target in (step.source, step.destination):
        areas = click_areas(state.screen, target, state.changed)
        if len(areas) != 1:
            return _not_unique(areas, step, target, cursor, state)
        path.append(click_point(areas[0]))
    return StepAction(Drag(tuple(path)))


# -- targets that are missing or ambiguous


def _not_unique(
    found: Sequence[object], step: Step, target: Target, cursor: StepCursor, state: ScreenState, what: str = ""
) -> StepOutcome:
    """Search for a target that was not found; ask the user which of several is meant."""
    if not found:
        return _search_for(step, cursor, state, f"{what}{target}", target)
    return ask(step, f"{target} is on the screen {len(found)} times: name one of them, such as the second {target}")


def _search_for(
    step: Step, cursor: StepCursor, state: ScreenState, what: object, target: Target | None = None
) -> StepOutcome:
    """Wait for a missing target, then scroll to the end of the page, then ask the user."""
    if target is not None and (dismissal := _dismiss_cover(target, state)) is not None:
        return StepAction(dismissal, Then.RETRY)
    if cursor.tries == 1:
        return StepAction(Wait(), Then.RETRY)
    at_the_end = state.unchanged and cursor.tries > 2
    if cursor.tries <= MAX_SCROLLS // 2 and not at_the_end:
        return StepAction(Scroll(Direction.DOWN, _NOTCHES, scroll_point(state.screen)), Then.RETRY)
    return missing(step, what)


def _dismiss_cover(target: Target, state: ScreenState) -> Click[ModelPoint] | None:
    """The click that declines a question which opened over `target`: the target was visible before the last action.

    Any other dialog may be a part of the task or hold work, so its buttons are not pressed without an instruction.
    """
    if state.before is None or not is_visible(state.before, target) or _decline_button(state.before) is not None:
        return None
    button = _decline_button(state.screen)
    return Click(click_point(button)) if button is not None else None


def _decline_button(screen: Screen) -> Area | None:
    """The button that declines, in a dialog without inputs whose only other button accepts."""
    for pane in screen.of_kind(ControlKind.PANE):
        if pane.area.width >= 0.9 * screen.width:
            continue
        inside = [control for control in screen.controls if control is not pane and pane.area.contains(control.area)]
        labels = {normalize(control.text): control for control in inside if control.kind is ControlKind.BUTTON}
        declining = [control for label, control in labels.items() if label in _DECLINE_LABELS]
        if len(inside) == len(labels) == 2 and len(declining) == 1 and _ACCEPT_LABELS & labels.keys():
            return declining[0].area
    return None


def missing(step: Step, what: object) -> AskUser:
    """Ask the user, because `what` is not on the screen."""
    return ask(step, f"I cannot find {what} on the screen")


def ask(step: Step, reason: str) -> AskUser:
    """Report that `step` could not be done, and why."""
    return AskUser(f"I cannot {step}: {reason.rstrip('.')}.")
