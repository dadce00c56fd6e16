"""A fake of OSWorld's virtual machine: the interface of its server, backed by the fake GUI.

It executes the code that it receives with fakes of `pyautogui` and `pyperclip` that act on the fake GUI, so tests
check the effect of the code instead of its text.
"""

import builtins
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from screenwright import Button, Click, Direction, FakeEnv, Hotkey, ScreenPoint, Scroll, Type
from screenwright.envs.actions import ButtonDown, ButtonUp, KeyDown, KeyUp, Move
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

_KEYS = {"win": "super", "apps": "menu", "shiftright": "rightshift", "ctrlright": "rightctrl", "altright": "rightalt"}


@dataclass
class FakeGui:
    """Fakes of `pyautogui` and `pyperclip` that act on the fake GUI."""

    env: FakeEnv
    asked: list[str] = field(default_factory=list[str])

    @property
    def _pointer(self) -> ScreenPoint:
        return self.env.state.pointer

    def click(self, x: float, y: float, clicks: int = 1, interval: float = 0, button: str = "left") -> None:
        self.env.execute(Click(ScreenPoint(x, y), Button(button), clicks))

    def moveTo(self, x: float, y: float, duration: float = 0) -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(Move(ScreenPoint(x, y)))

    def mouseDown(self, button: str = "left") -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(ButtonDown(Button(button), self._pointer))

    def mouseUp(self, button: str = "left") -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(ButtonUp(Button(button), self._pointer))

    def scroll(self, clicks: int) -> None:
        self.env.execute(Scroll(Direction.UP if clicks > 0 else Direction.DOWN, abs(clicks)))

    def hscroll(self, clicks: int) -> None:
        self.env.execute(Scroll(Direction.RIGHT if clicks > 0 else Direction.LEFT, abs(clicks)))

    def write(self, text: str, interval: float = 0) -> None:
        assert text.isascii(), "pyautogui types no other characters"
        self.env.execute(Type(text.replace("<", ">")))  # as pyautogui does on the usual layout

    def press(self, key: str) -> None:
        self.hotkey(key)

    def hotkey(self, *keys: str) -> None:
        if keys == ("shift", ","):
            self.env.execute(Type("<"))
        else:
            self.env.execute(Hotkey(tuple(_KEYS.get(key, key) for key in keys)))

    def keyDown(self, key: str) -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(KeyDown(_KEYS.get(key, key)))

    def keyUp(self, key: str) -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(KeyUp(_KEYS.get(key, key)))

    def copy(self, text: str) -> None:
        self.env.state = replace(self.env.state, clipboard=text)

    def run(self, code: str) -> None:
        """Execute code as the machine does."""
        self.asked.append(code)
        modules: dict[str, object] = {"pyautogui": self, "pyperclip": self, "time": SimpleNamespace(sleep=_no_sleep)}

        def find(name: str, *_: object) -> object:
            return modules[name]

        built = {**vars(builtins), "__import__": find}
        exec(code, {"__builtins__": built})


def _no_sleep(_seconds: float) -> None:
    pass


@contextmanager
def osworld_machine(env: FakeEnv) -> Generator[tuple[str, FakeGui]]:
    """The URL of a machine that shows `env`, and the GUI behind it."""
    gui, lock = FakeGui(env), threading.Lock()

    def respond(request: HttpRequest) -> HttpResponse:
        with lock:
            if request.path == "/screenshot":
                return HttpResponse(gui.env.observe().screenshot.png, "image/png")
            if request.path == "/execute":
                return HttpResponse.of_json(_execute(gui, request.json()))
        return HttpResponse(b"Linux") if request.path == "/platform" else HttpResponse(status=404)

    with LocalServer(respond) as server:
        yield server.url, gui


def _execute(gui: FakeGui, request: dict[str, Any]) -> dict[str, object]:
    assert request["shell"] is False
    program, switch, code = request["command"]
    assert (program, switch) == ("python", "-c")
    try:
        gui.run(code)
    except Exception:  # noqa: BLE001 -- the machine reports any error
        return {"status": "success", "output": "", "error": traceback.format_exc(), "returncode": 1}
    return {"status": "success", "output": "", "error": "", "returncode": 0}
