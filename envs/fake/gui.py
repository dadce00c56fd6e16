"""The state of the fake GUI, and the effect of actions: pure functions from state to state."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..actions import Direction, Scroll
from ..geometry import Box, ScreenPoint
from ..keys import NAMED

ITEMS: tuple[str, ...] = (
    "Apple", "Banana", "Cherry", "Date", "Elderberry", "Fig", "Grape", "Hazelnut", "Iris", "Juniper", "Kiwi", "Lemon",
    "Mango", "Nectarine", "Olive",
)  # fmt: skip
"""The items of the list; five are visible at a time."""

VISIBLE_ITEMS = 5
MENU: tuple[str, ...] = ("New", "Save", "About")


@dataclass(frozen=True, slots=True)
class FakeState:
    """The complete state. `caret` and `anchor` are indices into `text`; the selection is between them."""

    presses: int = 0
    text: str = ""
    caret: int = 0
    anchor: int = 0
    focused: bool = False
    submissions: int = 0
    checked: bool = False
    size: str = "Small"
    scrolled: int = 0
    chosen: str = ""
    menu_open: bool = False
    dialog_open: bool = False
    saved: str = ""
    clipboard: str = ""
    pointer: ScreenPoint = ScreenPoint(0, 0)


# -- layout

ROW = 22
LIST = Box(24, 176, 244, 176 + VISIBLE_ITEMS * ROW)
FIELD = Box(96, 84, 296, 110)
_FILE = Box(8, 4, 56, 26)


def controls(state: FakeState) -> dict[str, Box]:
    """The boxes of the visible controls, by label; a dialog hides all others."""
    if state.dialog_open:
        return {"OK": Box(110, 180, 190, 208)}
    boxes = {
        "File": _FILE,
        "Greet": Box(24, 44, 124, 72),
        "Name": FIELD,
        "Express": Box(24, 122, 140, 142),
        "Small": Box(24, 148, 104, 168),
        "Large": Box(124, 148, 204, 168),
    }
    for row, item in enumerate(ITEMS[state.scrolled : state.scrolled + VISIBLE_ITEMS]):
        boxes[item] = Box(LIST.left, LIST.top + row * ROW, LIST.right, LIST.top + (row + 1) * ROW)
    if state.menu_open:
        menu = {name: Box(8, 26 + row * 24, 128, 50 + row * 24) for row, name in enumerate(MENU)}
        boxes = {**boxes, **menu}
    return boxes


def hit(state: FakeState, at: ScreenPoint) -> Box | None:
    """The box of the topmost control at `at`."""
    return next((box for box in reversed(controls(state).values()) if inside(box, at)), None)


def inside(box: Box, at: ScreenPoint) -> bool:
    """Whether `at` is in `box`."""
    return box.left <= at.x < box.right and box.top <= at.y < box.bottom


# -- the effects of actions


def clicked(state: FakeState, at: ScreenPoint) -> FakeState:
    """After a left click at `at`."""
    boxes = controls(state)
    label = next((name for name, box in reversed(boxes.items()) if inside(box, at)), "")
    state = replace(state, focused=label == "Name" or (state.focused and state.dialog_open))
    if state.menu_open:
        return _chosen_in_menu(replace(state, menu_open=False), label)
    match label:
        case "OK":
            return replace(state, dialog_open=False)
        case "File":
            return replace(state, menu_open=True)
        case "Greet":
            return replace(state, presses=state.presses + 1)
        case "Name":
            return replace(state, caret=len(state.text), anchor=len(state.text))
        case "Express":
            return replace(state, checked=not state.checked)
        case "Small" | "Large":
            return replace(state, size=label)
        case _ if label:
            return replace(state, chosen=label)
        case _:
            return state


def _chosen_in_menu(state: FakeState, label: str) -> FakeState:
    match label:
        case "New":
            return replace(state, text="", caret=0, anchor=0)
        case "Save":
            return replace(state, saved=state.text)
        case "About":
            return replace(state, dialog_open=True)
        case _:
            return state


def scrolled(state: FakeState, action: Scroll[ScreenPoint]) -> FakeState:
    """After turning the wheel: scrolls the list a row per notch if the pointer is over it."""
    at = action.at or state.pointer
    state = replace(state, pointer=at)
    if not inside(LIST, at) or action.direction in (Direction.LEFT, Direction.RIGHT):
        return state
    rows = action.amount if action.direction is Direction.DOWN else -action.amount
    return replace(state, scrolled=clamp_scroll(state.scrolled + rows))


def typed(state: FakeState, text: str) -> FakeState:
    """After typing `text`, which replaces the selection; a line break submits, as in any one-line field."""
    if not state.focused:
        return state
    lines = text.split("\n")
    for number, line in enumerate(lines):
        start, end = sorted((state.caret, state.anchor))
        caret = start + len(line)
        state = replace(state, text=state.text[:start] + line + state.text[end:], caret=caret, anchor=caret)
        if number < len(lines) - 1:
            state = submitted(state)
    return state


def submitted(state: FakeState) -> FakeState:
    """After pressing Enter."""
    if state.dialog_open:
        return replace(state, dialog_open=False)
    return replace(state, submissions=state.submissions + 1) if state.focused else state


def pressed(state: FakeState, key: str, held: frozenset[str]) -> FakeState:
    """After pressing `key` while `held` are down."""
    if key == "enter":
        return submitted(state)
    if key == "escape":
        return replace(state, menu_open=False, dialog_open=False)
    if not state.focused:
        return state
    if "ctrl" in held:
        return _shortcut(state, key)
    if key in _MOVES:
        caret = min(max(_MOVES[key](state), 0), len(state.text))
        return replace(state, caret=caret, anchor=state.anchor if "shift" in held else caret)
    if key in ("backspace", "delete"):
        if state.caret == state.anchor:
            step = -1 if key == "backspace" else 1
            state = replace(state, anchor=min(max(state.caret + step, 0), len(state.text)))
        return typed(state, "")
    if key == "space" or key not in NAMED:
        character = " " if key == "space" else key
        return typed(state, character.upper() if "shift" in held else character)
    return state


_MOVES: dict[str, Callable[[FakeState], int]] = {
    "left": lambda state: state.caret - 1,
    "right": lambda state: state.caret + 1,
    "home": lambda state: 0,
    "end": lambda state: len(state.text),
}


def _shortcut(state: FakeState, key: str) -> FakeState:
    start, end = sorted((state.caret, state.anchor))
    match key:
        case "a":
            return replace(state, anchor=0, caret=len(state.text))
        case "c":
            return replace(state, clipboard=state.text[start:end])
        case "x":
            return typed(replace(state, clipboard=state.text[start:end]), "")
        case "v":
            return typed(state, state.clipboard)
        case "s":
            return replace(state, saved=state.text)
        case _:
            return state


def clamp_scroll(rows: int) -> int:
    """Limit a scroll offset to the range of the list."""
    return min(max(rows, 0), len(ITEMS) - VISIBLE_ITEMS)
