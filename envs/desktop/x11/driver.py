"""Mouse and keyboard of an X display through its XTEST extension.

pyautogui is limited to one display per process and drops characters that are not ASCII. Here each environment has its
own connection, and text is typed by the first method that suits the program with the focus:

1. `keys`: the keyboard has every character; the layout is switched for the moment where another one has it;
2. `paste`: own the clipboard, press the paste key, and serve the text to the program. Only in programs whose ctrl+v is
   known to paste text, and shift+insert in terminals: elsewhere such a key may scroll, open a dialog or select text;
3. `remapped keys`: unused keys are mapped to the characters temporarily.
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial

from ...actions import Button, Direction
from ...env import ActionRefused, EnvLost, EnvStopped
from ...input.driver import DWELL_S, HOVER_S
from ...input.keysyms import keysym_of, symbol_of
from ...input.private import is_typing_secret
from ...input.typeable import check_typeable
from ...interrupt import check_interrupted, sleep
from ..address import DisplayAddress
from .clipboard import MAX_TEXT_CHARACTERS, XClipboard
from .connection import Window, Windows, call_x
from .input_method import active_input_method
from .keyboard import Keyboard, Stroke
from .ping import Ping
from .xlib import XDisplay

_BUTTONS = {Button.LEFT: 1, Button.MIDDLE: 2, Button.RIGHT: 3, Button.BACK: 8, Button.FORWARD: 9}
_WHEEL = {Direction.UP: 4, Direction.DOWN: 5, Direction.LEFT: 6, Direction.RIGHT: 7}
_LAYOUT = "layout "
"""What `key_codes` calls a switch of the layout, which is held as a key is."""

_KEYS_AT_ONCE = 40
_KEY_PAUSE_S = 0.01
_REMAP_S = 0.1
_UNREPORTED_S = 1.0
"""How long a program that does not report what it has read gets before a key is mapped to another character."""

_READ_S = 2.0
_SEPARATORS, _SEPARATOR_S = "\n\t", 0.025
"""LibreOffice can process letters that closely follow Enter before it; a pause of 10 ms prevents that."""
_ASK_S, _CONFIRM_S = 0.05, 1.0
_PASTING = (
    "chrom", "firefox", "navigator", "brave", "microsoft-edge", "opera", "vivaldi", "thunderbird", "libreoffice",
    "soffice", "mousepad", "gedit", "text-editor", "texteditor", "pluma", "leafpad", "featherpad", "kwrite", "gnumeric",
    "abiword",
)  # fmt: skip
"""Parts of the classes of programs that paste text with ctrl+v wherever they take text."""

_TERMINALS = ("term", "konsole", "kitty", "alacritty", "tilix", "urxvt", "rxvt", "foot", "console", "ptyxis")


class XTestDriver:
    """See `Driver`. With `has_user`, pushing the pointer into the top left corner stops the run.

    `busy` returns whether the program with the focus is busy; it gets more time to fetch a paste.
    """

    def __init__(
        self,
        connection: XDisplay,
        address: DisplayAddress,
        windows: Windows,
        *,
        has_user: bool,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        from Xlib import X

        self._display = connection
        self._address = address
        self._windows = windows
        self._has_user = has_user
        self._busy = busy
        self._keyboard = Keyboard(connection)
        self._clipboard: XClipboard | None = None
        self._ping: Ping | None = None
        self._borrowed: list[int] = []
        self._remapped: list[int] = []
        self._down: set[int] = set()
        self._switched = ExitStack()
        self._put_at: tuple[int, int] | None = None
        self._events = {
            (True, True): X.KeyPress, (True, False): X.KeyRelease,
            (False, True): X.ButtonPress, (False, False): X.ButtonRelease,
        }  # fmt: skip
        self._motion = X.MotionNotify

    def check(self) -> None:
        """See `Driver`."""
        pointer = call_x(self._display.screen().root.query_pointer)
        position = (int(pointer.root_x), int(pointer.root_y))
        if self._has_user and position == (0, 0) and position != self._put_at:
            raise EnvStopped("stopped by the user: the pointer was pushed into a corner")

    def move(self, x: float, y: float) -> None:
        """See `Driver`."""
        from Xlib.ext import xtest

        self._put_at = (int(x), int(y))
        root = self._display.screen().root  # else the position is on the screen where the pointer is
        call_x(lambda: xtest.fake_input(self._display, self._motion, root=root, x=int(x), y=int(y)))
        call_x(self._display.sync)

    def dwell_s(self) -> float:
        """See `Driver`."""
        return HOVER_S if self._windows.is_menu_under_pointer() else DWELL_S

    def can_press(self, button: Button) -> bool:
        """See `Driver`."""
        return button in _BUTTONS

    def button(self, button: Button, down: bool) -> None:
        """See `Driver`."""
        self._restore_clipboard()
        self._fake(False, down, _BUTTONS[button])

    def scroll(self, direction: Direction) -> None:
        """See `Driver`."""
        for down in (True, False):
            self._fake(False, down, _WHEEL[direction])

    def key_codes(self, key: str) -> tuple[str | int, ...]:
        """See `Driver`."""
        self._keyboard.refresh()
        stroke = self._keyboard.key(key) or self._temporary_key(key)
        switch = () if stroke.group is None else (f"{_LAYOUT}{stroke.group}",)
        return (*stroke.held, *switch, stroke.keycode)

    def key(self, code: str | int, down: bool) -> None:
        """See `Driver`."""
        self._restore_clipboard()
        if isinstance(code, str):
            self._hold_layout(int(code.removeprefix(_LAYOUT)), down)
            return
        self._fake(True, down, int(code))
        (self._down.add if down else self._down.discard)(int(code))

    def type(self, text: str) -> str:
        """See `Driver`. Line breaks and tabs are always keys, since pasted ones do not press Enter and Tab."""
        check_typeable(text)
        self._unmap_remapped()
        self._keyboard.refresh()
        self._release_stuck_modifiers()
        converter = active_input_method(self._display, self._address)
        method = "keys"
        for part in re.findall(r"[\n\t]|[^\n\t]+", re.sub(r"\r\n?", "\n", text)):
            if converter and part not in _SEPARATORS:
                method = self._type_past(converter, part)
            else:
                method = self._type_part(part, method)
        no_focus = self._windows.is_managed() and self._windows.active() is None
        return f"{method}, no window has the focus" if no_focus else method

    def clipboard(self) -> XClipboard:
        """See `ClipboardDriver`."""
        if self._clipboard is None:
            self._clipboard = XClipboard(self._address, keep_content=self._has_user)
        return self._clipboard

    def close(self) -> None:
        """See `Driver`; leaves the connection open."""
        with suppress(EnvLost):
            self._map(dict.fromkeys((*self._borrowed, *self._remapped), 0))
        if self._clipboard is not None:
            self._clipboard.close()
        if self._ping is not None:
            self._ping.close()

    def _hold_layout(self, group: int, hold: bool) -> None:
        """Switch the layout until it is no longer held, so that ctrl+c is the key C also in a third layout."""
        if hold:
            self._switched.enter_context(self._keyboard.switching())(group)
        else:
            self._switched.close()

    def _restore_clipboard(self) -> None:
        """After a paste, offer the old content again: a key or a menu may paste it."""
        if self._clipboard is not None:
            self._clipboard.restore()

    def _release_stuck_modifiers(self) -> None:
        """Release the modifiers that another program left pressed, such as a remote viewer that was closed."""
        pressed = call_x(self._display.query_keymap)
        for code in self._keyboard.modifiers():
            if pressed[code // 8] >> code % 8 & 1 and code not in self._down:
                self._fake(True, False, code)

    def _type_part(self, text: str, method: str) -> str:
        """Type `text` by keys if possible, else by `method` or a later one; returns the last method used so far."""
        strokes = [self._keyboard.stroke(character) for character in text]
        known = [stroke for stroke in strokes if stroke is not None]
        if len(known) == len(strokes):
            self._press(known)
            if text in _SEPARATORS:
                self._await_read()
                sleep(_SEPARATOR_S)
            return method
        if method != "remapped keys" and self._pastes() and self._pasted(text):
            return "paste"
        self._type_remapped(text)
        return "remapped keys"

    def _type_past(self, converter: str, text: str) -> str:
        """Paste `text`, since an input method would turn its letters into other text."""
        if self._pastes() and self._pasted(text):
            return "paste"
        raise ActionRefused(
            f"the input method {converter} would turn typed letters into other text, and this program took no paste; "
            "switch the input method off first"
        )

    def _fake(self, key: bool, down: bool, detail: int) -> None:
        from Xlib.ext import xtest

        call_x(lambda: xtest.fake_input(self._display, self._events[key, down], detail))
        call_x(self._display.sync)

    def _press(self, strokes: list[Stroke]) -> None:
        """Press the strokes in order, with pauses for slow programs."""
        from Xlib.ext import xtest

        with self._keyboard.switching() as switch:
            for number, stroke in enumerate(strokes, 1):
                switch(stroke.group)
                for code in (*stroke.held, stroke.keycode):
                    call_x(partial(xtest.fake_input, self._display, self._events[True, True], code))
                for code in (stroke.keycode, *reversed(stroke.held)):
                    call_x(partial(xtest.fake_input, self._display, self._events[True, False], code))
                if number % _KEYS_AT_ONCE == 0:
                    call_x(self._display.sync)
                    sleep(_KEY_PAUSE_S)
        call_x(self._display.sync)

    def _temporary_key(self, name: str) -> Stroke:
        """Map an unused key to one that the layout lacks, until `close`: on a Russian keyboard, the C of ctrl+c."""
        symbol, spare = symbol_of(name), self._keyboard.spare()
        if not spare:
            raise ActionRefused(f"this keyboard has no key {name!r}")
        self._map({spare[0]: symbol})
        self._borrowed.append(spare[0])
        return Stroke(spare[0])

    def _pasted(self, text: str) -> bool:
        parts = [text[start : start + MAX_TEXT_CHARACTERS] for start in range(0, len(text), MAX_TEXT_CHARACTERS)]
        terminal = self._in_terminal()
        press = self._paste_key(terminal)
        active = self._windows.active()
        reading = _ReadCheck(self._pinger(), active)
        reader = self._windows.focus() or (active.id if active else None)
        for number, part in enumerate(parts):
            if self.clipboard().paste(part, press, reading.ask, self._busy, primary=terminal, reader=reader):
                reading.confirm()
            else:
                if number:
                    raise EnvLost("the program stopped fetching the pasted text half way")
                return False
        return True

    def _in_terminal(self) -> bool:
        return self._has_class(_TERMINALS)

    def _pastes(self) -> bool:
        """Whether the program with the focus is known to paste text, and the text is no secret."""
        return not is_typing_secret() and (self._has_class(_PASTING) or self._in_terminal())

    def _has_class(self, words: tuple[str, ...]) -> bool:
        active = self._windows.active()
        return active is not None and any(word in name for name in active.classes for word in words)

    def _paste_key(self, terminal: bool) -> Callable[[], None]:
        """Terminals paste with shift+insert, other programs with ctrl+v, unless the keyboard has no V."""
        modifier, key = ("shift", "insert") if terminal or not self._keyboard.has("v") else ("ctrl", "v")
        held, stroke = (self._keyboard.key(name) or self._temporary_key(name) for name in (modifier, key))
        return lambda: self._press([Stroke(stroke.keycode, (held.keycode,), stroke.group)])

    def _pinger(self) -> Ping:
        if self._ping is None:
            self._ping = Ping(self._address)
        return self._ping

    def _await_read(self) -> bool:
        """Wait until the program with the focus has read all input so far; returns whether it has reported that."""
        window = self._windows.active()
        answered = self._pinger().answered(window, _READ_S)
        if answered is False and window is not None:
            self._pinger().give_up_on(window)
        return answered is True

    def _type_remapped(self, text: str) -> None:
        """Type with unused keys mapped to the missing characters, as many as fit at a time.

        The keys stay mapped until the next text: a slow program looks a key up after it was pressed.
        """
        self._keyboard.refresh()  # the part before may have mapped some
        missing = dict.fromkeys(character for character in text if self._keyboard.stroke(character) is None)
        if len(missing) > len(self._keyboard.spare()):
            self._unmap_remapped()
            self._keyboard.refresh()
        spare = self._keyboard.spare()
        if missing and not spare:
            raise ActionRefused(f"no key types {next(iter(missing))!r}, and the program takes no paste")
        rest = text
        while rest:
            mapped, taken = self._assign_keys(rest, spare)
            check_interrupted()
            strokes = [self._keyboard.stroke(char) or Stroke(mapped[char]) for char in rest[:taken]]
            self._map({code: keysym_of(character) for character, code in mapped.items()})
            self._remapped = list({*self._remapped, *mapped.values()})
            self._press(strokes)
            rest = rest[taken:]
            if not self._await_read() and rest:
                sleep(_UNREPORTED_S * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))

    def _unmap_remapped(self) -> None:
        remapped, self._remapped = self._remapped, []
        self._map(dict.fromkeys(remapped, 0))

    def _assign_keys(self, text: str, spare: list[int]) -> tuple[dict[str, int], int]:
        """Assign unused keys to characters; also returns the length of the part of `text` that they cover."""
        mapped: dict[str, int] = {}
        for index, character in enumerate(text):
            if character in mapped or self._keyboard.stroke(character):
                continue
            if len(mapped) == len(spare):
                return mapped, index
            mapped[character] = spare[len(mapped)]
        return mapped, len(text)

    def _map(self, symbols: dict[int, int]) -> None:
        """Map keycodes to keysyms, and wait until programs have been notified."""
        if not symbols:
            return
        for code, symbol in symbols.items():
            call_x(partial(self._display.change_keyboard_mapping, code, [(symbol, symbol)]))
        call_x(self._display.sync)
        self._await_read()
        time.sleep(_REMAP_S)


class _ReadCheck:
    """Checks whether `window` has read all input so far."""

    def __init__(self, ping: Ping, window: Window | None) -> None:
        self._ping = ping
        self._window = window
        self._last: bool | None = None

    def ask(self) -> bool | None:
        """Wait briefly for the answer; None if the window never answers."""
        self._last = self._ping.answered(self._window, _ASK_S)
        return self._last

    def confirm(self) -> None:
        """Note that the window has read the input; if it never answered, stop asking it."""
        if self._last is False and self._window is not None and not self._ping.answered(self._window, _CONFIRM_S):
            self._ping.give_up_on(self._window)
