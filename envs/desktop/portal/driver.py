"""Mouse and keyboard through the portal RemoteDesktop."""

from collections.abc import Callable

from ...actions import Button, Direction
from ...env import Fact
from ...input.driver import HOVER_S
from ...input.keysyms import keysym_of, symbol_of
from ...input.typeable import check_typeable
from ...interrupt import sleep
from .screen import PortalScreen

_BUTTONS = {  # linux/input-event-codes.h; mice have BTN_SIDE and BTN_EXTRA for back and forward
    Button.LEFT: 0x110, Button.RIGHT: 0x111, Button.MIDDLE: 0x112, Button.BACK: 0x113, Button.FORWARD: 0x114,
}  # fmt: skip
_NOTCHES = {Direction.UP: (0, -1), Direction.DOWN: (0, 1), Direction.LEFT: (1, -1), Direction.RIGHT: (1, 1)}
_TYPED_AS = {"\n": "enter", "\t": "tab"}
_KEYS_AT_ONCE = 40
_KEY_PAUSE_S = 0.01
_UNCONFIRMED = Fact(
    "The desktop types text by its own keyboard layout and drops characters that it lacks: check on the screen that "
    "the text arrived as meant."
)


class PortalDriver:
    """See `Driver`. `before_input` is called before each press and move; it raises if the input is not allowed."""

    def __init__(self, screen: PortalScreen, before_input: Callable[[], None] = lambda: None) -> None:
        self._session, self._before_input = screen.session, before_input
        self._facts: tuple[Fact, ...] = (_UNCONFIRMED,)
        self._has_typed = False

    def check(self) -> None:
        """See `Driver`; the portal does not report the pointer's position."""
        self._session.check()

    def move(self, x: float, y: float) -> None:
        """See `Driver`."""
        self._before_input()
        self._session.notify("NotifyPointerMotionAbsolute", "udd", self._session.node, float(x), float(y))

    def dwell_s(self) -> float:
        """See `Driver`; menus are not known here."""
        return HOVER_S

    def can_press(self, button: Button) -> bool:
        """See `Driver`."""
        return button in _BUTTONS

    def button(self, button: Button, down: bool) -> None:
        """See `Driver`."""
        if down:
            self._before_input()
        self._session.notify("NotifyPointerButton", "iu", _BUTTONS[button], int(down))

    def scroll(self, direction: Direction) -> None:
        """See `Driver`."""
        self._before_input()
        axis, steps = _NOTCHES[direction]
        self._session.notify("NotifyPointerAxisDiscrete", "ui", axis, steps)

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        """See `Driver`."""
        return (symbol_of(key),)

    def key(self, code: str | int, down: bool) -> None:
        """See `Driver`."""
        if down:
            self._before_input()
        self._session.notify("NotifyKeyboardKeysym", "iu", int(code), int(down))

    def type(self, text: str) -> str:
        """See `Driver`. The desktop finds the keys of the characters."""
        check_typeable(text)
        self._has_typed = True
        for number, character in enumerate(text.replace("\r\n", "\n").replace("\r", "\n"), 1):
            symbol = symbol_of(_TYPED_AS[character]) if character in _TYPED_AS else keysym_of(character)
            self.key(symbol, True)
            self.key(symbol, False)
            if number % _KEYS_AT_ONCE == 0:
                sleep(_KEY_PAUSE_S)
        return "keysyms"

    def take_facts(self) -> tuple[Fact, ...]:
        """After the first text: that nothing has confirmed it."""
        if not self._has_typed:
            return ()
        facts, self._facts = self._facts, ()
        return facts

    def close(self) -> None:
        """See `Driver`; the desktop releases what is held when the session ends."""
