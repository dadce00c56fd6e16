"""A small deterministic GUI drawn with Pillow, wholly in memory: the screen of tests and examples.

It has a menu, a button that counts, a text field, a check box, two radio buttons, a list that scrolls, and a dialog.
Nothing in it depends on a clock, so the same actions always give the same pixels.

    env = FakeEnv()
    env.execute(Click(env.where("Greet")))
    assert env.state.presses == 1
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from types import TracebackType
from typing import Self

from PIL import Image, ImageDraw, ImageFont

from .actions import (
    Action,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    Home,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Scroll,
    Type,
    Wait,
    points_of,
)
from .env import ActionRefused, Done, EnvInfo, EnvLost, Observation
from .geometry import Box, ScreenPoint, Size
from .keys import MODIFIERS, NAMED, canonical_key
from .screenshot import Screenshot

ITEMS: tuple[str, ...] = (
    "Apple",
    "Banana",
    "Cherry",
    "Date",
    "Elderberry",
    "Fig",
    "Grape",
    "Hazelnut",
    "Iris",
    "Juniper",
    "Kiwi",
    "Lemon",
    "Mango",
    "Nectarine",
    "Olive",
)
"""What the list holds; five of them show at a time."""

VISIBLE_ITEMS = 5
MENU: tuple[str, ...] = ("New", "Save", "About")
SMALLEST = Size(320, 300)


@dataclass(frozen=True, slots=True)
class FakeState:
    """All that the GUI is. `caret` and `anchor` are indices into `text`; between them lies the selection."""

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


class FakeEnv:
    """The GUI as an environment. `state` tells what it is, `where(label)` the centre of a control."""

    def __init__(self, size: Size = Size(640, 480)) -> None:
        if size.width < SMALLEST.width or size.height < SMALLEST.height:
            raise ValueError(f"the fake screen is at least {SMALLEST}, not {size}")
        self.size = size
        self.state = FakeState()
        self._held: list[str] = []
        self._button_at: ScreenPoint | None = None
        self._closed = False

    def info(self) -> EnvInfo:
        """See `Env`."""
        return EnvInfo("fake", "Pillow", {"size": str(self.size)})

    def where(self, label: str) -> ScreenPoint:
        """The centre of the control called `label`, such as `Greet`, `Name`, `Fig` or `Save`.

        Raises:
            KeyError: nothing of that name is on the screen now.
        """
        box = controls(self.state)[label]
        return ScreenPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2)

    def observe(self) -> Observation:
        """See `Env`."""
        self._check_open()
        return Observation(_drawn(self.state, self.size), place="Fake window")

    def execute(self, action: Action) -> Done:
        """See `Env`."""
        self._check_open()
        for point in points_of(action):
            if not (0 <= point.x < self.size.width and 0 <= point.y < self.size.height):
                raise ActionRefused(f"({point.x:g}, {point.y:g}) is outside the screen of {self.size}")
        self._do(action)
        return Done(0.0)

    def release(self) -> None:
        """See `Env`."""
        self._held.clear()
        self._button_at = None

    def close(self) -> None:
        """See `Env`."""
        self.release()
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise EnvLost("the fake screen was closed")

    def _do(self, action: Action) -> None:
        match action:
            case Click(at, button, count, modifiers):
                for key in modifiers:
                    _known(key)
                for _ in range(count if button is Button.LEFT else 0):
                    self.state = clicked(self.state, at)
                self.state = replace(self.state, pointer=at)
            case LongPress(at=at):
                self.state = replace(clicked(self.state, at), pointer=at)
            case Move(to=to):
                self.state = replace(self.state, pointer=to)
            case Drag(path=path):
                self._press_and_release(path[0], path[-1])
            case ButtonDown(button, at):
                self._button_at = (at or self.state.pointer) if button is Button.LEFT else None
            case ButtonUp(button, at):
                if button is Button.LEFT and self._button_at is not None:
                    self._press_and_release(self._button_at, at or self.state.pointer)
                    self._button_at = None
            case Scroll():
                self.state = scrolled(self.state, action)
            case Type() | Hotkey() | KeyDown() | KeyUp():
                self._keyboard(action)
            case Wait():
                pass
            case Home():
                self.state = replace(self.state, menu_open=False)
            case _:
                raise ActionRefused(f"this screen has no way to do {type(action).__name__}")

    def _keyboard(self, action: Type | Hotkey | KeyDown | KeyUp) -> None:
        match action:
            case Type(text, submit):
                self.state = typed(self.state, text)
                self.state = submitted(self.state) if submit else self.state
            case Hotkey(keys):
                names = [_known(key) for key in keys]
                held = {*self._held, *(name for name in names if name in MODIFIERS)}
                for name in names:
                    if name not in MODIFIERS:
                        self.state = pressed(self.state, name, frozenset(held))
            case KeyDown(key):
                self._held.append(_known(key))
            case KeyUp(key):
                self._held = [held for held in self._held if held != _known(key)]

    def _press_and_release(self, start: ScreenPoint, end: ScreenPoint) -> None:
        """A press and a release on the same control is a click on it; the list is dragged like paper."""
        box = _hit(self.state, start)
        if box is not None and box == _hit(self.state, end):
            self.state = clicked(self.state, end)
        elif _inside(LIST, start):
            rows = round((start.y - end.y) / _ROW)
            self.state = replace(self.state, scrolled=_clamp_scroll(self.state.scrolled + rows))
        self.state = replace(self.state, pointer=end)


# -- where things are

_ROW = 22
LIST = Box(24, 176, 244, 176 + VISIBLE_ITEMS * _ROW)
FIELD = Box(96, 84, 296, 110)
_FILE = Box(8, 4, 56, 26)


def controls(state: FakeState) -> dict[str, Box]:
    """The boxes of what can be clicked now, by label; a dialog hides everything behind it."""
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
        boxes[item] = Box(LIST.left, LIST.top + row * _ROW, LIST.right, LIST.top + (row + 1) * _ROW)
    if state.menu_open:
        menu = {name: Box(8, 26 + row * 24, 128, 50 + row * 24) for row, name in enumerate(MENU)}
        boxes = {**boxes, **menu}
    return boxes


def _hit(state: FakeState, at: ScreenPoint) -> Box | None:
    return next((box for box in reversed(controls(state).values()) if _inside(box, at)), None)


def _inside(box: Box, at: ScreenPoint) -> bool:
    return box.left <= at.x < box.right and box.top <= at.y < box.bottom


# -- what actions do to it: pure functions from state to state


def clicked(state: FakeState, at: ScreenPoint) -> FakeState:
    """A left click at `at`."""
    boxes = controls(state)
    label = next((name for name, box in reversed(boxes.items()) if _inside(box, at)), "")
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
    """The wheel turned, a row a notch, if the pointer is over the list."""
    at = action.at or state.pointer
    state = replace(state, pointer=at)
    if not _inside(LIST, at) or action.direction in (Direction.LEFT, Direction.RIGHT):
        return state
    rows = action.amount if action.direction is Direction.DOWN else -action.amount
    return replace(state, scrolled=_clamp_scroll(state.scrolled + rows))


def typed(state: FakeState, text: str) -> FakeState:
    """`text` in place of the selection; a line break submits, as in any one-line field."""
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
    """Enter pressed."""
    if state.dialog_open:
        return replace(state, dialog_open=False)
    return replace(state, submissions=state.submissions + 1) if state.focused else state


def pressed(state: FakeState, key: str, held: frozenset[str]) -> FakeState:
    """`key` pressed while `held` are down."""
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


def _known(key: str) -> str:
    return canonical_key(key)


def _clamp_scroll(rows: int) -> int:
    return min(max(rows, 0), len(ITEMS) - VISIBLE_ITEMS)


# -- how it looks

_INK, _PAPER, _FACE, _LINE, _BLUE = "#1c1c1c", "#fbfaf8", "#e7e4de", "#8a857c", "#2f6fb0"


@lru_cache(maxsize=64)
def _drawn(state: FakeState, size: Size) -> Screenshot:
    return Screenshot(draw(state, size))


@lru_cache(maxsize=1)
def _font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(14)


def draw(state: FakeState, size: Size) -> Image.Image:
    """The GUI as a picture of `size`, mode RGB. The pointer is not part of it."""
    image = Image.new("RGB", (size.width, size.height), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.fontmode = "L"
    pen.rectangle((0, 0, size.width, 30), fill=_FACE)
    pen.text((14, 7), "File", fill=_INK, font=_font())
    _draw_form(pen, state)
    _draw_list(pen, state)
    if state.menu_open:
        _draw_menu(pen)
    if state.dialog_open:
        _draw_dialog(pen)
    return image


def _draw_form(pen: ImageDraw.ImageDraw, state: FakeState) -> None:
    pen.rounded_rectangle((24, 44, 124, 72), 5, fill=_FACE, outline=_LINE)
    pen.text((54, 50), "Greet", fill=_INK, font=_font())
    pen.text((140, 50), f"Greeted {state.presses} times", fill=_INK, font=_font())
    pen.text((24, 89), "Name", fill=_INK, font=_font())
    outline = _BLUE if state.focused else _LINE
    pen.rectangle((FIELD.left, FIELD.top, FIELD.right, FIELD.bottom), fill="white", outline=outline)
    _draw_text(pen, state)
    pen.rectangle((24, 124, 40, 140), fill="white", outline=_LINE)
    if state.checked:
        pen.line((27, 132, 31, 137, 38, 127), fill=_BLUE, width=2)
    pen.text((48, 124), "Express", fill=_INK, font=_font())
    for name, left in (("Small", 24), ("Large", 124)):
        pen.ellipse((left, 150, left + 16, 166), fill="white", outline=_LINE)
        if state.size == name:
            pen.ellipse((left + 4, 154, left + 12, 162), fill=_BLUE)
        pen.text((left + 24, 150), name, fill=_INK, font=_font())


def _draw_text(pen: ImageDraw.ImageDraw, state: FakeState) -> None:
    """The field's text, its selection and its caret, as far as they fit."""
    start, end = sorted((state.caret, state.anchor))
    left = FIELD.left + 6
    edge = FIELD.right - 4
    before, until = (min(left + pen.textlength(state.text[:index], font=_font()), edge) for index in (start, end))
    if start != end:
        pen.rectangle((before, FIELD.top + 4, until, FIELD.bottom - 4), fill="#bcd6f0")
    shown = state.text
    while shown and left + pen.textlength(shown, font=_font()) > edge:
        shown = shown[:-1]
    pen.text((left, FIELD.top + 5), shown, fill=_INK, font=_font())
    if state.focused:
        caret = min(left + pen.textlength(state.text[: state.caret], font=_font()), edge)
        pen.line((caret, FIELD.top + 4, caret, FIELD.bottom - 4), fill=_INK)


def _draw_list(pen: ImageDraw.ImageDraw, state: FakeState) -> None:
    pen.rectangle((LIST.left, LIST.top, LIST.right, LIST.bottom), fill="white", outline=_LINE)
    for row, item in enumerate(ITEMS[state.scrolled : state.scrolled + VISIBLE_ITEMS]):
        top = LIST.top + row * _ROW
        if item == state.chosen:
            pen.rectangle((LIST.left + 1, top + 1, LIST.right - 1, top + _ROW - 1), fill="#bcd6f0")
        pen.text((LIST.left + 8, top + 3), item, fill=_INK, font=_font())
    track = LIST.bottom - LIST.top
    thumb = LIST.top + track * state.scrolled / len(ITEMS)
    pen.rectangle((LIST.right - 8, thumb, LIST.right - 2, thumb + track * VISIBLE_ITEMS / len(ITEMS)), fill=_LINE)


def _draw_menu(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle((8, 26, 128, 26 + 24 * len(MENU)), fill="white", outline=_LINE)
    for row, name in enumerate(MENU):
        pen.text((18, 30 + row * 24), name, fill=_INK, font=_font())


def _draw_dialog(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle((50, 110, 250, 220), fill=_PAPER, outline=_INK, width=2)
    pen.text((66, 126), "A small screen for tests.", fill=_INK, font=_font())
    pen.rounded_rectangle((110, 180, 190, 208), 5, fill=_FACE, outline=_LINE)
    pen.text((139, 186), "OK", fill=_INK, font=_font())
