"""Mouse and keyboard through pyautogui, for macOS and Windows, and on request for X displays.

pyautogui is bound to the display that DISPLAY names when it is first imported. Text that is not ASCII is pasted from
the clipboard. Tested on X; untested on macOS and Windows.
"""

import platform
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from math import floor
from types import ModuleType
from typing import Any

from ..actions import Button, Direction
from ..clipboard import MAX_READ_CHARACTERS, ClipboardContent
from ..env import ActionRefused, EnvLost, EnvStopped, EnvUnavailable
from ..input.driver import COMMON_BUTTONS, HOVER_S
from ..input.private import is_typing_secret
from ..input.typeable import check_typeable
from ..interrupt import check_interrupted
from .address import DisplayAddress

_NAMES = {
    "super": "command" if platform.system() == "Darwin" else "win",
    "rightshift": "shiftright", "rightctrl": "ctrlright", "rightalt": "altright", "rightsuper": "winright",
    "menu": "apps",
}  # fmt: skip
_TYPED_AS = {"\n": "enter", "\t": "tab"}
_RELEASES = ("keyUp", "mouseUp")
_FETCH_S = 0.3
_bound_to: list[DisplayAddress] = []
_wheel_clicks = {"Windows": 120}  # pyautogui passes the raw wheel delta to Windows, and notches elsewhere


class PyAutoGuiDriver:
    """See `Driver`. With `has_user`, pushing the pointer into the top left corner stops the run.

    `before_input` is called before each press and move; it raises if the input is not allowed.
    """

    def __init__(
        self, address: DisplayAddress, *, has_user: bool, before_input: Callable[[], None] = lambda: None
    ) -> None:
        self._has_user, self._before_input = has_user, before_input
        self._gui = _import_pyautogui(address)
        self._gui.PAUSE = 0
        self._gui.FAILSAFE = False  # it would also stop the agent's own moves into a corner; see `check`
        self._put_at: tuple[int, int] | None = None
        self._clipboard = PyperclipClipboard()

    def check(self) -> None:
        """See `Driver`."""
        here = tuple(int(part) for part in self._gui.position()) if self._has_user else None
        if here == (0, 0) and here != self._put_at:
            raise EnvStopped("stopped by the user: the pointer was pushed into a corner")

    def move(self, x: float, y: float) -> None:
        """See `Driver`."""
        self._put_at = (floor(x), floor(y))  # negative left of the first monitor, so int() would round up
        self._call("moveTo", *self._put_at)

    def dwell_s(self) -> float:
        """See `Driver`; menus are not known here."""
        return HOVER_S

    def can_press(self, button: Button) -> bool:
        """See `Driver`; pyautogui has no other buttons."""
        return button in COMMON_BUTTONS

    def button(self, button: Button, down: bool) -> None:
        """See `Driver`."""
        self._call("mouseDown" if down else "mouseUp", button=button.value)

    def scroll(self, direction: Direction) -> None:
        """See `Driver`."""
        clicks = _wheel_clicks.get(platform.system(), 1)
        sign = 1 if direction in (Direction.UP, Direction.RIGHT) else -1
        wheel = "scroll" if direction in (Direction.UP, Direction.DOWN) else "hscroll"
        self._call(wheel, sign * clicks)

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        """See `Driver`."""
        name = _NAMES.get(key, key)
        if not self._gui.isValidKey(name):
            raise ActionRefused(f"this keyboard has no key {key!r}")
        return (name,)

    def key(self, code: str | int, down: bool) -> None:
        """See `Driver`."""
        self._call("keyDown" if down else "keyUp", str(code))

    def type(self, text: str) -> str:
        """See `Driver`."""
        check_typeable(text)
        if all(character in _TYPED_AS or (character.isascii() and character.isprintable()) for character in text):
            for character in text:
                check_interrupted()
                self._call("press", _TYPED_AS.get(character, character))
            return "keys"
        if is_typing_secret():
            raise ActionRefused("the secret has characters that this driver can only paste, and secrets are not pasted")
        self._paste(text)
        return "paste"

    def clipboard(self) -> "PyperclipClipboard":
        """See `ClipboardDriver`."""
        return self._clipboard

    def close(self) -> None:
        """See `Driver`."""

    def _paste(self, text: str) -> None:
        try:
            old = self._clipboard.read().text or ""
            self._clipboard.write(text)
        except EnvUnavailable as error:
            raise ActionRefused(f"typing this text needs the clipboard: {error}") from error
        try:
            self._call("hotkey", "command" if platform.system() == "Darwin" else "ctrl", "v")
            time.sleep(_FETCH_S)  # there is no signal that the program has fetched it
        finally:
            with suppress(EnvUnavailable):
                self._clipboard.write(old)

    def _call(self, name: str, *values: Any, **named: Any) -> None:
        """Call a function of pyautogui."""
        if name not in _RELEASES:
            self._before_input()
            self.check()
        try:
            getattr(self._gui, name)(*values, **named)
        except OSError as error:
            raise EnvLost(f"the display is gone: {error}") from error


class PyperclipClipboard:
    """See `Clipboard`. A change is noticed by its text, so the same text copied twice is one copy."""

    def __init__(self) -> None:
        self._known = ""

    def read(self) -> ClipboardContent:
        """See `Clipboard`."""
        text = self._call("paste")
        return ClipboardContent(text[:MAX_READ_CHARACTERS]) if text else ClipboardContent()

    def write(self, text: str) -> None:
        """See `Clipboard`."""
        self._call("copy", text)
        self._known = text[:MAX_READ_CHARACTERS]

    def watch(self) -> None:
        """See `Clipboard`."""
        self._known = self.read().text or ""

    def has_changed(self) -> bool:
        """See `Clipboard`."""
        before, self._known = self._known, self.read().text or ""
        return self._known != before

    def _call(self, name: str, *values: str) -> str:
        import pyperclip  # type: ignore[import-untyped]  # pyperclip ships no types

        try:
            return str(getattr(pyperclip, name)(*values) or "")
        except pyperclip.PyperclipException as error:
            raise EnvUnavailable("the clipboard is not available: install xclip") from error


def _import_pyautogui(address: DisplayAddress) -> Any:
    """Import pyautogui, which then is bound to the first display."""
    if _bound_to and _bound_to[0] != address:
        raise EnvUnavailable(f"pyautogui is bound to the display {_bound_to[0].name}: use the driver xtest")
    blocked = "mouseinfo" not in sys.modules
    if blocked:
        # Without tkinter, importing mouseinfo exits the process; pyautogui works without mouseinfo.
        sys.modules["mouseinfo"] = None  # type: ignore[assignment]  # None makes the import fail
    try:
        with address.in_environment():
            gui: ModuleType = __import__("pyautogui")
    except Exception as error:  # the type depends on the platform: KeyError, errors of python-xlib or of pyautogui
        if isinstance(error, ModuleNotFoundError) and error.name == "pyautogui":
            raise
        raise EnvUnavailable(f"pyautogui cannot use this display: {error}") from error
    finally:
        if blocked:
            sys.modules.pop("mouseinfo", None)
    _bound_to[:] = [address]
    return gui
