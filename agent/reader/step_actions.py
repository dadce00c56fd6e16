"""The next action of a single step, and when the step is complete."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from ...envs.actions import ActionIn, Button, Click, Direction, Drag, Hotkey, Navigate, Scroll, Type, Wait
from ..core.coordinates import ModelPoint
from ..core.decision import AskUser, Ending
from .matching import controls_of_type, find_checkbox, find_field, find_target, value_of
from .similarity import normalize
from .steps import (
    CheckStep,
    ChooseStep,
    ClickStep,
    DragStep,
    ElementType,
    HotkeyStep,
    NavigateStep,
    ReadStep,
    ScrollStep,
    SearchInStep,
    SelectStep,
    SkipUnlessVisible,
    Step,
    Target,
    TypeStep,
    UnparsedStep,
    WaitForStep,
    WaitStep,
)
from .vision.screen import Area, ControlKind, Screen

MAX_SCROLLS = 12  # per step, before the reader gives up on the target
MAX_TRIES = 5  # waits for a target to appear
_NOTCHES = 5  # of the wheel per scroll: less than a page, so that nothing is skipped
_TYPED_PART = 3  # after the click on the field and the selection of its text
_CLOSED = frozenset("+十⊞▶▸►>")  # what OCR returns for the expander of a closed folder
_SUBMIT_LABELS = frozenset(("submit", "ok", "login", "log in", "sign in", "continue", "send", "go", "done"))
"""Labels of buttons that submit a form; an instruction may use one for another."""

_DISMISS_LABELS = frozenset(("cancel", "close", "dismiss", "not now", "no thanks", "no, thanks", "later", "skip"))

ReaderAction: TypeAlias = ActionIn[ModelPoint]


@dataclass(frozen=True, slots=True)
class StepCursor:
    """The position in a task: the next step, the part of it, and the attempt, all from 1; and the answers so far."""

    step: int = 1
    part: int = 1
    tries: int = 1
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """An action or ending, and its thought."""

    thought: str
    action: ReaderAction | Ending


@dataclass(frozen=True, slots=True)
class ScreenState:
    """The screen, whether it is unchanged since the last action, and whether the environment can navigate to URLs."""

    screen: Screen
    unchanged: bool = False
    can_navigate: bool = True


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """An action that may reveal the target, such as scrolling; the same part of the step is retried afterwards."""

    action: ReaderAction


@dataclass(frozen=True, slots=True)
class RestartAfter:
    """An action after which the step restarts from its first part."""

    action: ReaderAction


@dataclass(frozen=True, slots=True)
class FinishAfter:
    """An action that completes the step."""

    action: ReaderAction


StepAction: TypeAlias = ReaderAction | RetryAfter | RestartAfter | FinishAfter
StepOutcome: TypeAlias = StepAction | PlannedAction | str | None
"""An action, or a question to the user; an answer (`str`) or None completes the step."""


def next_action(step: Step, cursor: StepCursor, state: ScreenState, container: ElementType | None) -> StepOutcome:
    """The next action of `step`, whose target may be in a closed `container`; None if the step is complete."""
    screen = state.screen
    match step:
        case ClickStep():
            return _click(step, cursor, state, container)
        case TypeStep():
            return _type(step, cursor, state)
        case ChooseStep():
            return _choose(step, cursor, state)
        case SelectStep(target):
            return _select(target, step, cursor, state)
        case CheckStep(target, on):
            return _check(step, target, cursor, state, on=on)
        case HotkeyStep(keys):
            return Hotkey(keys) if cursor.part == 1 else None
        case ScrollStep():
            return _scroll(step, cursor, state)
        case DragStep():
            return _drag(step, cursor, state)
        case NavigateStep(address):
            if not state.can_navigate:
                question = f"I cannot {step} here. Please open the page, then continue."
                return PlannedAction(f"I cannot {step} here.", AskUser(question))
            return Navigate(address) if cursor.part == 1 else None
        case WaitForStep(target):
            if find_target(screen, target) is not None:
                return None
            return RetryAfter(Wait()) if cursor.tries <= MAX_TRIES else ask_for_missing(step, str(target))
        case WaitStep(seconds):
            return Wait(seconds) if cursor.part == 1 else None
        case ReadStep(target):
            value = value_of(screen, target)
            return value if value is not None else _search_for(step, cursor, state, str(target))
        case SearchInStep() | SkipUnlessVisible():
            return None
        case UnparsedStep():
            return ask_for_missing(step, step.sentence)


def _click(step: ClickStep, cursor: StepCursor, state: ScreenState, container: ElementType | None) -> StepOutcome:
    if cursor.part > 1:
        return None
    area = _click_area(state.screen, step.target)
    if area is None and container is not None:
        return _search_in(container, step, cursor, state)
    if area is None:
        return _search_for(step, cursor, state, str(step.target))
    return Click(click_point(area), Button.RIGHT if step.right else Button.LEFT, step.count)


def _click_area(screen: Screen, target: Target) -> Area | None:
    """Where to click for `target`."""
    if target.element_type in (ElementType.FIELD, ElementType.LIST):
        box = find_field(screen, target)
        return box.area if box is not None else find_target(screen, target)
    if target.element_type is ElementType.CHECKBOX:
        checkbox = find_checkbox(screen, target)
        return checkbox.area if checkbox is not None else find_target(screen, target)
    return find_target(screen, target) or _submit_button(screen, target)


def _submit_button(screen: Screen, target: Target) -> Area | None:
    """The only submit button on the screen, if `target` is any usual label of one."""
    if normalize(target.text) not in _SUBMIT_LABELS or _dismiss_button(screen) is not None:
        return None
    buttons = screen.of_kind(ControlKind.BUTTON)
    named = [button.area for button in buttons if normalize(button.text) in _SUBMIT_LABELS]
    return named[0] if len(named) == 1 else None


def _search_in(container: ElementType, step: Step, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Open the next container that may hold the target: a tab, a collapsed section, or a folder."""
    if container is ElementType.ICON:
        return _open_folder(step, cursor, state)
    openers = [control.area for control in controls_of_type(state.screen, container)]
    if container is ElementType.TAB and not openers:
        openers = [segment.area for segment in state.screen.segments if normalize(segment.text).startswith("tab ")]
    if cursor.tries > len(openers):
        return ask_for_missing(step, f"it in any {container}")
    return RetryAfter(Click(click_point(openers[cursor.tries - 1])))


def _open_folder(step: Step, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Open the first closed folder; an open one has another sign. If the last click had no effect, open the next."""
    closed = [segment.area for segment in state.screen.segments if segment.text in _CLOSED] or _expanders(state.screen)
    index = cursor.tries - 1 if state.unchanged else 0
    if index >= len(closed) or cursor.tries > MAX_SCROLLS:
        return ask_for_missing(step, "it in any folder")
    return RetryAfter(Click(click_point(closed[index])))


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
    part = cursor.part + (2 if step.field is None else 0)
    if part == 1 and step.field is not None:
        box = find_field(state.screen, step.field)
        if box is None:
            return _search_for(step, cursor, state, f"a field for {step.field}")
        return Click(click_point(box.area))
    is_hidden = step.field is not None and find_field(state.screen, step.field) is None and part <= _TYPED_PART
    if is_hidden and (dismiss_button := _dismiss_button(state.screen)) is not None:  # a dialog opened over the field
        return RestartAfter(Click(click_point(dismiss_button)))
    if part == 2:
        return Hotkey(("ctrl", "a"))
    return Type(step.text) if part == _TYPED_PART else None


def _choose(step: ChooseStep, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Open the list unless the entry is already visible, then click the entry."""
    if cursor.part > 2:
        return None
    box = find_field(state.screen, step.source)
    screen = _without_text_in(state.screen, box.area) if box is not None and box.text else state.screen
    entry = find_target(screen, step.entry)
    if box is not None and box.kind is ControlKind.DROP_DOWN and normalize(box.text) == normalize(step.entry.text):
        return None if cursor.part == 1 else FinishAfter(Click(click_point(entry)) if entry else Hotkey(("enter",)))
    if cursor.part == 1 and box is not None and (box.kind is ControlKind.DROP_DOWN or entry is None):
        return Click(click_point(box.area))
    if entry is not None:
        return FinishAfter(Click(click_point(entry)))
    if cursor.part == 1:
        return _search_for(step, cursor, state, f"a list for {step.source}")
    return _find_entry(step, cursor, state)


def _without_text_in(screen: Screen, area: Area) -> Screen:
    """The screen without the texts in `area`."""
    others = (segment for segment in screen.segments if not area.contains(segment.area, slack=8))
    return replace(screen, segments=tuple(others))


def _find_entry(step: ChooseStep, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Search an open list for an entry that is not visible: type it, which may jump to it, then scroll."""
    if cursor.tries == 1:
        return RetryAfter(Wait())
    if cursor.tries == 2:
        return RetryAfter(Type(step.entry.text))
    if cursor.tries > MAX_SCROLLS or (state.unchanged and cursor.tries > 3):
        return ask_for_missing(step, str(step.entry))
    panes = state.screen.of_kind(ControlKind.PANE, ControlKind.TEXT_AREA)
    lists = [pane for pane in panes if pane.area.height < state.screen.height]
    smallest = min(lists, key=lambda pane: pane.area.width * pane.area.height, default=None)
    return RetryAfter(Scroll(Direction.DOWN, 2, click_point(smallest.area) if smallest else None))


def _select(target: Target, step: Step, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    """Check the check box of `target` if it has one, else click `target`."""
    checkbox = find_checkbox(state.screen, target)
    if checkbox is not None:
        return _check(step, target, cursor, state, on=True)
    if cursor.part > 1:
        return None
    area = _click_area(state.screen, target)
    return Click(click_point(area)) if area else _search_for(step, cursor, state, str(target))


def _check(step: Step, target: Target, cursor: StepCursor, state: ScreenState, *, on: bool) -> StepOutcome:
    """Click the check box, then its label, until it has the wanted state; ask the user if neither helps."""
    checkbox = find_checkbox(state.screen, target)
    if checkbox is not None and checkbox.checked == on:
        return None
    if checkbox is None:
        return None if cursor.part > 1 else _search_for(step, cursor, state, f"a check box for {target}")
    if cursor.part == 1:
        return Click(click_point(checkbox.area))
    name = find_target(state.screen, Target(target.text, target.ordinal)) if target.text else None
    if cursor.part == 2 and name is not None and state.unchanged:
        return Click(click_point(name))
    if cursor.part > 1 and state.unchanged:
        question = AskUser(f"I clicked {target}, but it did not change.")
        return PlannedAction(f"I cannot {step}: clicking did not change it.", question)
    return None


def _scroll(step: ScrollStep, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    at = ModelPoint(state.screen.width // 2, state.screen.height // 2)
    if step.until is None:
        return Scroll(step.direction, _NOTCHES, at) if cursor.part == 1 else None
    if find_target(state.screen, step.until) is not None:
        return None
    if cursor.tries > MAX_SCROLLS or (state.unchanged and cursor.tries > 1):
        return ask_for_missing(step, str(step.until))
    return RetryAfter(Scroll(step.direction, _NOTCHES, at))


def _drag(step: DragStep, cursor: StepCursor, state: ScreenState) -> StepOutcome:
    if cursor.part > 1:
        return None
    source, destination = _click_area(state.screen, step.source), _click_area(state.screen, step.destination)
    if source is None or destination is None:
        return _search_for(step, cursor, state, str(step.source if source is None else step.destination))
    return Drag((click_point(source), click_point(destination)))


def _search_for(step: Step, cursor: StepCursor, state: ScreenState, what: str) -> StepOutcome:
    """Wait for a missing target, then scroll to the end of the page, then ask the user."""
    if cursor.tries == 1:
        return RetryAfter(Wait())
    if (dismiss_button := _dismiss_button(state.screen)) is not None:
        return RetryAfter(Click(click_point(dismiss_button)))
    at_the_end = state.unchanged and cursor.tries > 2
    if cursor.tries <= MAX_SCROLLS // 2 and not at_the_end:
        return RetryAfter(Scroll(Direction.DOWN, _NOTCHES, None))
    return ask_for_missing(step, what)


def _dismiss_button(screen: Screen) -> Area | None:
    """The button that dismisses a dialog with two buttons, which may cover the target."""
    buttons = screen.of_kind(ControlKind.BUTTON)
    for pane in screen.of_kind(ControlKind.PANE):
        inside = [button for button in buttons if pane.area.contains(button.area)]
        if len(inside) == 2 and pane.area.width < 0.9 * screen.width:
            for button in inside:
                if normalize(button.text) in _DISMISS_LABELS:
                    return button.area
    return None


def ask_for_missing(step: Step, what: str) -> PlannedAction:
    """Ask the user, because `what` is not on the screen."""
    return PlannedAction(f"I cannot {step}: I cannot find {what}.", AskUser(f"I cannot find {what} on the screen."))


def click_point(area: Area) -> ModelPoint:
    """The centre of `area`, in whole pixels."""
    x, y = area.centre
    return ModelPoint(round(x), round(y))
