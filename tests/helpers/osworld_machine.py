"""A virtual machine of OSWorld's in a thread: its server's interface, with the fake GUI behind it.

The code that it is sent is run, with a `pyautogui` and a `pyperclip` that work the fake GUI, so that what counts is
what the code does, not what it looks like.
"""

import builtins
import json
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

from screenwright import Button, Click, Direction, FakeEnv, Hotkey, ScreenPoint, Scroll, Type
from screenwright.envs.actions import ButtonDown, ButtonUp, KeyDown, KeyUp, Move

_OURS = {"win": "super", "apps": "menu", "shiftright": "rightshift", "ctrlright": "rightctrl", "altright": "rightalt"}


@dataclass
class FakeGui:
    """What `pyautogui` and `pyperclip` do to the fake GUI."""

    env: FakeEnv
    asked: list[str] = field(default_factory=list[str])

    @property
    def _here(self) -> ScreenPoint:
        return self.env.state.pointer

    def click(self, x: float, y: float, clicks: int = 1, interval: float = 0, button: str = "left") -> None:
        self.env.execute(Click(ScreenPoint(x, y), Button(button), clicks))

    def moveTo(self, x: float, y: float, duration: float = 0) -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(Move(ScreenPoint(x, y)))

    def mouseDown(self, button: str = "left") -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(ButtonDown(Button(button), self._here))

    def mouseUp(self, button: str = "left") -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(ButtonUp(Button(button), self._here))

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
            self.env.execute(Hotkey(tuple(_OURS.get(key, key) for key in keys)))

    def keyDown(self, key: str) -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(KeyDown(_OURS.get(key, key)))

    def keyUp(self, key: str) -> None:  # noqa: N802 -- pyautogui's name
        self.env.execute(KeyUp(_OURS.get(key, key)))

    def copy(self, text: str) -> None:
        self.env.state = replace(self.env.state, clipboard=text)

    def run(self, code: str) -> None:
        """Run code that a machine was sent."""
        self.asked.append(code)
        modules: dict[str, object] = {"pyautogui": self, "pyperclip": self, "time": SimpleNamespace(sleep=_at_once)}

        def find(name: str, *_: object) -> object:
            return modules[name]

        built = {**vars(builtins), "__import__": find}
        exec(code, {"__builtins__": built})


class _Machine(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, gui: FakeGui) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.gui = gui
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    @property
    def _machine(self) -> _Machine:
        assert isinstance(self.server, _Machine)
        return self.server

    def do_GET(self) -> None:
        if self.path == "/screenshot":
            with self._machine.lock:
                self._answer(200, self._machine.gui.env.observe().screenshot.png)
        elif self.path == "/platform":
            self._answer(200, b"Linux")
        else:
            self._answer(404, b"no such page")

    def do_POST(self) -> None:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/execute"
        assert asked["shell"] is False
        program, switch, code = asked["command"]
        assert (program, switch) == ("python", "-c")
        said = {"status": "success", "output": "", "error": "", "returncode": 0}
        with self._machine.lock:
            try:
                self._machine.gui.run(code)
            except Exception:  # noqa: BLE001 -- whatever it is, the machine says so and goes on
                said |= {"error": traceback.format_exc(), "returncode": 1}
        self._answer(200, json.dumps(said).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _at_once(_seconds: float) -> None:
    pass


@contextmanager
def osworld_machine(env: FakeEnv) -> Generator[tuple[str, FakeGui]]:
    """The address of a machine that shows `env`, and what works it."""
    gui = FakeGui(env)
    with _Machine(gui) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", gui
        finally:
            server.shutdown()
            thread.join()
