"""A small deterministic GUI in memory, drawn with Pillow, for tests and examples.

It has a menu, a button with a counter, a text field, a check box, two radio buttons, a scrolling list, and a dialog.
It does not depend on a clock, so the same actions always produce the same pixels.

    env = FakeEnv()
    env.execute(Click(env.where("Greet")))
    assert env.state.presses == 1
"""

from dataclasses import replace

from ..actions import (
    Action,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
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
)
from ..base import ScreenEnv, check_bounds
from ..env import ActionRefused, ActionResult, EnvInfo, Observation
from ..geometry import ScreenPoint, Size
from ..keys import MODIFIERS, canonical_key
from .gui import LIST, ROW, FakeState, clamp_scroll, clicked, controls, hit, inside, pressed, scrolled, submitted, typed
from .render import render_screenshot

MIN_SIZE = Size(320, 300)


class FakeEnv(ScreenEnv):
    """The fake GUI. `state` is its state, `where(label)` the centre of a control."""

    name = "fake screen"

    def __init__(self, size: Size = Size(640, 480)) -> None:
        if size.width < MIN_SIZE.width or size.height < MIN_SIZE.height:
            raise ValueError(f"the fake screen needs a size of at least {MIN_SIZE}, not {size}")
        self.size = size
        self.state = FakeState()
        self._held: list[str] = []
        self._button_at: ScreenPoint | None = None

    def info(self) -> EnvInfo:
        """See `Env`."""
        return EnvInfo("fake", "Pillow", {"size": str(self.size)})

    def where(self, label: str) -> ScreenPoint:
        """The centre of the control named `label`, such as `Greet`, `Name`, `Fig` or `Save`.

        Raises:
            KeyError: no such control is visible.
        """
        box = controls(self.state)[label]
        return ScreenPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2)

    def observe(self) -> Observation:
        """See `Env`."""
        self._check_open()
        return Observation(render_screenshot(self.state, self.size), location="Fake window")

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        self._check_open()
        check_bounds(action, self.size)
        self._do(action)
        return ActionResult(0.0)

    def asks_for_password(self) -> bool:
        """See `KnowsPasswordFields`: it has none."""
        return False

    def release(self) -> None:
        """See `Env`."""
        self._held.clear()
        self._button_at = None

    def _do(self, action: Action) -> None:
        match action:
            case Click(at, button, count, modifiers):
                for key in modifiers:
                    canonical_key(key)
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
                raise ActionRefused(f"this screen has no {type(action).__name__.lower()} action")

    def _keyboard(self, action: Type | Hotkey | KeyDown | KeyUp) -> None:
        match action:
            case Type(text, submit):
                self.state = typed(self.state, text)
                self.state = submitted(self.state) if submit else self.state
            case Hotkey(keys):
                names = [canonical_key(key) for key in keys]
                held = {*self._held, *(name for name in names if name in MODIFIERS)}
                for name in names:
                    if name not in MODIFIERS:
                        self.state = pressed(self.state, name, frozenset(held))
            case KeyDown(key):
                self._held.append(canonical_key(key))
            case KeyUp(key):
                self._held = [held for held in self._held if held != canonical_key(key)]

    def _press_and_release(self, start: ScreenPoint, end: ScreenPoint) -> None:
        """A press and release on one control is a click; dragging the list scrolls it."""
        box = hit(self.state, start)
        if box is not None and box == hit(self.state, end):
            self.state = clicked(self.state, end)
        elif inside(LIST, start):
            rows = round((start.y - end.y) / ROW)
            self.state = replace(self.state, scrolled=clamp_scroll(self.state.scrolled + rows))
        self.state = replace(self.state, pointer=end)
