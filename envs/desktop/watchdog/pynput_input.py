"""User input on macOS and Windows, through pynput, which reports whether a program injected an event.

Untested on both systems: only the interpretation of events is tested.
"""

import time
from collections import deque
from collections.abc import Sequence
from importlib import import_module
from threading import Event
from typing import Any, Literal

from ...env import ActionRefused, EnvUnavailable
from ...keys import canonical_key
from .activity import UserInput

_PERMIT = "allow this terminal under System Settings > Privacy & Security > Accessibility, and > Input Monitoring"


class PynputInput:
    """See `InputSource`. Injected input counts as the agent's.

    Raises:
        EnvUnavailable: the system denies access to input events.
    """

    can_release = True

    def __init__(self) -> None:
        keyboard, mouse = import_module("pynput.keyboard"), import_module("pynput.mouse")
        self._controllers = keyboard.Controller(), mouse.Controller()
        self._keys = keyboard.Listener(on_press=self._on_press, on_release=self._on_release)
        self._mouse = mouse.Listener(on_move=self._on_move, on_click=self._on_click, on_scroll=self._on_scroll)
        self._events: deque[UserInput] = deque()
        self._arrived = Event()
        self._held: set[Any] = set()
        self._agent_keys: set[Any] = set()
        self._agent_buttons: set[Any] = set()
        for listener in (self._keys, self._mouse):
            listener.start()
            listener.wait()
            if not getattr(listener, "IS_TRUSTED", True):
                self.close()
                raise EnvUnavailable(f"macOS denies access to mouse and keyboard events: {_PERMIT}")

    def wait(self, seconds: float) -> None:
        """See `InputSource`."""
        self._arrived.wait(seconds)

    def read(self) -> Sequence[UserInput]:
        """See `InputSource`."""
        self._arrived.clear()
        return [self._events.popleft() for _ in range(len(self._events))]

    def release(self) -> None:
        """See `InputSource`."""
        for controller, held in zip(self._controllers, (self._agent_keys, self._agent_buttons), strict=True):
            for key in tuple(held):
                controller.release(key)

    def close(self) -> None:
        """See `InputSource`."""
        self._keys.stop()
        self._mouse.stop()

    # -- callbacks, on pynput's threads

    def _on_press(self, key: Any, injected: bool) -> None:
        if injected:
            self._agent_keys.add(key)
        elif key not in self._held:  # else the key repeats
            self._held.add(key)
            self._put("key", self._name(key))

    def _on_release(self, key: Any, injected: bool) -> None:
        if injected:
            self._agent_keys.discard(key)
        else:
            self._held.discard(key)
            self._put("key up", self._name(key))

    def _on_click(self, _x: float, _y: float, button: Any, pressed: bool, injected: bool) -> None:
        if injected:
            (self._agent_buttons.add if pressed else self._agent_buttons.discard)(button)
        elif pressed:
            self._put("button")

    def _on_move(self, _x: float, _y: float, injected: bool) -> None:
        if not injected:
            self._put("motion")

    def _on_scroll(self, _x: float, _y: float, _dx: int, _dy: int, injected: bool) -> None:
        if not injected:
            self._put("button")

    def _put(self, kind: Literal["key", "key up", "button", "motion"], key: str = "") -> None:
        self._events.append(UserInput(kind, time.monotonic(), key))
        self._arrived.set()

    def _name(self, key: Any) -> str:
        """The canonical name of a key; empty if it has none."""
        # `canonical` undoes the modifiers: with ctrl held, the character of Q is a control character.
        name = getattr(key, "name", None) or getattr(key and self._keys.canonical(key), "char", None)
        try:
            return canonical_key(name) if name else ""
        except ActionRefused:
            return ""
