"""Decides from the screen whether a step is done. No step counts as done because its action was carried out."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ...envs.actions import Hotkey
from .matching import find_checkboxes, find_fields
from .similarity import fold_lookalikes, similarity
from .step_actions import ScreenState, click_areas, is_disabled
from .steps import (
    ActionStep,
    CheckStep,
    ChooseStep,
    ClickStep,
    DragStep,
    ScrollStep,
    Step,
    Target,
    TypeStep,
)
from .vision.screen import DOT, Area, ControlKind, Screen, ScreenControl
from .vision.shapes import is_same

_MIN_SIMILARITY = 0.8
_FULL = 0.75
"""From this share of a field's width on, a text may continue outside it."""

_FIELD_ERRORS, _SCREEN_ERRORS = 8, 5
"""One OCR error is tolerated in this many characters: in a field, and anywhere on the screen."""

_HANDLE = re.compile(r"\W*(?:[({\[]{2}\s*\w[\w-]*|\w[\w-]*\s*[)}\]]{2})\W*")
"""The handle that is drawn over a secret, such as `{{password}}`, as OCR reads it, with the frame of its field."""

_WHOLE_HANDLE = re.compile(r"[({\[]{2}\s*\w[\w-]*\s*[)}\]]{2}")
"""A handle that OCR has read completely; what stands next to it is a part that it has read twice."""

_MASKS = frozenset("o冰米水来氺")
"""What OCR returns for the dots and asterisks of a password, of letters."""

_MIN_LEGIBLE = 4  # OCR may miss a shorter text

_SMALL_CHANGE = 0.02  # of the screen: spinners and clocks
_REGION_PX = 16  # how exactly the areas of a change are known
_INVISIBLE_KEYS = frozenset(("left", "right", "up", "down", "home", "end", "tab", "shift", "ctrl", "alt", "super"))
_INVISIBLE_SHORTCUTS = frozenset((("ctrl", "a"), ("ctrl", "c"), ("ctrl", "insert")))
"""Keys that may move the caret, select or copy without a visible change."""


def missing_effect(step: Step, state: ScreenState) -> str:
    """Why `step` is not done although its actions were carried out; empty if its effect is visible."""
    match step:
        case TypeStep(text, field):
            return _typing_problem(text, field, state)
        case ChooseStep(entry, source):
            return _choice_problem(entry, source, state)
        case CheckStep(target, on):
            return _check_problem(target, state, on=on)
        case ClickStep(target, select=True) if find_checkboxes(state.screen, target):
            return _check_problem(target, state, on=True)
        case ClickStep(target):
            return _click_problem(target, state)
        case _:
            return _UNCHANGED if state.unchanged and _needs_change(step) else ""


_UNCHANGED = "the screen did not change"


def _needs_change(step: Step) -> bool:
    match step:
        case ActionStep(Hotkey(keys)):
            return keys not in _INVISIBLE_SHORTCUTS and not _INVISIBLE_KEYS.issuperset(keys)
        case ClickStep() | DragStep() | ScrollStep(_, None):
            return True
        case _:
            return False


def is_doubtful(step: Step, state: ScreenState) -> bool:
    """Whether the change after a step is so small, and far from the target of a click, that it may be an animation."""
    if not _needs_change(step) or state.before is None:
        return False
    if isinstance(step, ClickStep) and find_checkboxes(state.screen, step.target):
        return False
    is_near = isinstance(step, ClickStep) and _is_near(state, click_areas(state.before, step.target))
    return not is_near and _is_small(state)


def hovered_area(step: Step, state: ScreenState) -> Area | None:
    """The area that a step clicked, if what changed may be no more than the look that it has under the pointer.

    That is a small change, or one within the control, that brings or takes no text.
    """
    if not isinstance(step, ClickStep) or state.before is None or not state.has_pointer:
        return None
    areas = click_areas(state.before, step.target)
    frames = [control.area for control in state.before.controls if any(map(control.area.contains, areas))]
    is_within = any(all(frame.contains(region, slack=_REGION_PX) for region in state.changed) for frame in frames)
    if not (is_within or _is_small(state)) or not _is_near(state, areas):
        return None
    if any(_is_active(state.screen, area, step.target.text) for area in areas):
        return None
    return areas[0] if _texts(state.before) == _texts(state.screen) else None


def _texts(screen: Screen) -> Counter[str]:
    return Counter(letters for segment in screen.segments if (letters := _letters(segment.text)))


def _is_near(state: ScreenState, areas: Sequence[Area]) -> bool:
    return any(region.overlaps(area) for region in state.changed for area in areas)


def _is_small(state: ScreenState) -> bool:
    size = sum(region.width * region.height for region in state.changed)
    return size < _SMALL_CHANGE * state.screen.width * state.screen.height


def holds(step: Step, screen: Screen) -> bool | None:
    """Whether the lasting effect of an earlier step is still on the screen; None if the screen cannot show it."""
    match step:
        case TypeStep(text, field) if field is not None:
            return any(_shows(box, text, screen) for box in find_fields(screen, field, by_caption=True))
        case ChooseStep(entry, source):
            return any(_shows(box, entry.text, screen) for box in find_fields(screen, source, by_caption=True))
        case CheckStep(target, on):
            return any(checkbox.checked == on for checkbox in find_checkboxes(screen, target))
        case ClickStep(target, select=True) if checkboxes := find_checkboxes(screen, target):
            return any(checkbox.checked for checkbox in checkboxes)
        case _:
            return None


def is_repeatable(step: Step) -> bool:
    """Whether a step may be done a second time: it sets a value, or changes nothing."""
    match step:
        case ClickStep() | DragStep() | TypeStep(_, None) | ActionStep(Hotkey()):
            return False
        case _:
            return True


def _click_problem(target: Target, state: ScreenState) -> str:
    areas = click_areas(state.before, target) if state.before is not None else []
    looks_disabled = state.before is not None and any(is_disabled(state.before, area) for area in areas)
    if looks_disabled and not any(region.overlaps(area) for region in state.changed for area in areas):
        return "it is disabled"
    if not state.unchanged or any(_is_active(state.screen, area, target.text) for area in areas):
        return ""
    return f"it was clicked, but {_UNCHANGED}"


def _is_active(screen: Screen, area: Area, text: str) -> bool:
    """Whether a control is already in the state that a click on it leads to: an input focused, an option selected."""
    return any(
        control.checked or control.selected or (control.is_editable and (control.area == area or control.text == text))
        for control in screen.controls
        if control.area.contains(area, slack=8)
    )


def _check_problem(target: Target, state: ScreenState, *, on: bool) -> str:
    checkboxes = find_checkboxes(state.screen, target)
    if any(checkbox.checked in (on, None) for checkbox in checkboxes):
        return ""
    if not checkboxes:  # it is gone, such as an option of a menu that closed
        return _UNCHANGED if state.unchanged else ""
    return f"it was clicked, but is still {'un' if on else ''}checked"


def _choice_problem(entry: Target, source: Target, state: ScreenState) -> str:
    boxes = find_fields(state.screen, source, by_caption=True)
    shown = [box.text for box in boxes if box.text]
    if any(similarity(text, entry.text) >= _MIN_SIMILARITY for text in shown):
        return ""
    if shown:
        return f"{source} shows {shown[0]!r}"
    if any(box.kind is ControlKind.DROP_DOWN for box in boxes) and len(_letters(entry.text)) >= _MIN_LEGIBLE:
        return f"{source} does not show it"
    return _UNCHANGED if state.unchanged else ""


# -- typed text


def _typing_problem(text: str, field: Target | None, state: ScreenState) -> str:
    boxes = _fields(field, state) if field is not None else []
    if any(_shows(box, text, state.screen) for box in boxes):
        return ""
    if boxes:
        is_drawn = any(region.overlaps(box.area) for region in state.changed for box in boxes)
        shown = next(filter(_letters, (_text_in(state.screen, box) for box in boxes)), "")
    else:
        is_drawn, shown = not state.unchanged, _text_that_changed(state)
        if _is_masked(shown) or (_letters(shown) and _missing_letters(text, shown, _SCREEN_ERRORS) <= 0):
            return ""
    if not is_drawn and len(text) > 1:  # a single thin letter looks like a caret
        return "the text did not appear"
    if not _is_legible(text) or (not _letters(shown) and len(_letters(text)) < _MIN_LEGIBLE):
        return ""  # OCR cannot read it, or may miss it
    if not _letters(shown):
        return "the text did not appear"
    return f"the field shows {shown!r}" if boxes else "the text did not arrive completely"


def _fields(field: Target, state: ScreenState) -> list[ScreenControl]:
    """The fields as they were before the text was typed: with text in it, a field may look like a button."""
    found = find_fields(state.before, field) if state.before is not None else []
    now = [[other for other in state.screen.controls if is_same(other.area, box.area)] for box in found]
    same_place = [others[0] if others else replace(box, text="") for box, others in zip(found, now, strict=True)]
    return [*same_place, *find_fields(state.screen, field)]


def _text_that_changed(state: ScreenState) -> str:
    screen = state.screen
    texts = [(segment.text, segment.area) for segment in screen.segments]
    texts += [(control.text, control.area) for control in screen.controls if _is_masked(control.text)]
    return " ".join(text for text, area in texts if any(region.overlaps(area) for region in state.changed))


def _shows(box: ScreenControl, text: str, screen: Screen) -> bool:
    """Whether `box` shows `text`, or the part of it that fits."""
    shown = _text_in(screen, box)
    if shown and not shown.strip(DOT):
        return abs(len(shown) - len(text)) <= len(text) // _FIELD_ERRORS
    if not _letters(shown):
        return _is_masked(shown) or not _letters(text)
    errors = _SCREEN_ERRORS if _is_for_one_character(box) else _FIELD_ERRORS
    if _is_masked(shown) or _missing_letters(text, shown, errors) <= 0:
        return True
    width = sum(segment.area.width for segment in screen.segments if segment.is_in(box.area))
    return width >= _FULL * box.area.width and _missing_letters(shown, text, errors) <= 0


def _text_in(screen: Screen, box: ScreenControl) -> str:
    """The text in `box`, or in the whole row if it is one of several boxes for one character each."""
    boxes = [box.area]
    if _is_for_one_character(box):
        boxes = [other.area for other in screen.of_kind(box.kind) if other.area.row_overlap(box.area) > 0.8]
    fields = [control.text for control in screen.controls if control.is_editable and box.area.contains(control.area)]
    if masked := next((text for text in fields if text and not text.strip(DOT)), ""):
        return masked
    inside = (segment.text for segment in screen.segments if any(segment.is_in(area) for area in boxes))
    return " ".join(inside) or " ".join(fields)


def _is_for_one_character(box: ScreenControl) -> bool:
    return box.area.width < 2 * box.area.height


def _is_legible(text: str) -> bool:
    """Whether OCR knows the script: Latin, or Chinese and Japanese characters."""
    return re.search(r"[^\x00-\x7f\u3000-\u9fff]", _letters(text)) is None


def _missing_letters(wanted: str, shown: str, errors: int) -> int:
    """How many letters and digits of `wanted` are missing in `shown`, beyond one OCR error in `errors` characters.

    Fields may format a text, such as a date or an amount, so the order and the signs do not count.
    """
    needed = _letters(wanted)
    missing = Counter(needed) - Counter(_letters(shown))
    return missing.total() - len(needed) // errors


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", fold_lookalikes(text))


def _is_masked(text: str) -> bool:
    """Whether a text is the dots or asterisks of a password field, as OCR reads them, or the handle of a secret."""
    if len(text) > 1 and set(_letters(text)) <= _MASKS:
        return True
    return _WHOLE_HANDLE.search(text) is not None or _HANDLE.fullmatch(text.strip()) is not None
