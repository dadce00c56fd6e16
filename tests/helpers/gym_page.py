"""A fake BrowserGym page: executes BrowserGym's action calls on the fake GUI."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from screenwright import Button, Click, Direction, FakeEnv, Hotkey, ScreenPoint, Scroll, Type
from screenwright.envs.actions import ButtonDown, ButtonUp, KeyDown, KeyUp, Move

_KEYS = {"ControlLeft": "ctrl", "ShiftLeft": "shift", "AltLeft": "alt"}


@dataclass
class GymPage:
    """The fake GUI as BrowserGym's page. Ends with reward 1 at `wanted` presses or the answer 42."""

    env: FakeEnv = field(default_factory=FakeEnv)
    wanted: int = 1000
    messages: list[str] = field(default_factory=list[str])
    reward: float = 0.0
    over: bool = False

    def step(self, code: str) -> str:
        """Run the calls in `code`; returns the error text that BrowserGym would report."""
        calls = {name: getattr(self, name) for name in dir(self) if not name.startswith("_")}
        try:
            exec(code, {"__builtins__": {}}, calls)
        except Exception as error:  # noqa: BLE001 -- BrowserGym reports any error in the observation
            return f"{type(error).__name__}: {error}"
        finally:
            if self.env.state.presses >= self.wanted:
                self.reward, self.over = 1.0, True
        return ""

    def request(self, message: Mapping[str, object], timeout_s: float) -> dict[str, object]:
        """See `SubprocessClient.request`."""
        error = self.step(str(message["act"]))
        reward, self.reward = self.reward, 0.0
        return {**self.answer(), "reward": reward, "over": self.over, "error_text": error}

    def answer(self) -> dict[str, object]:
        """The driver's view of the screen."""
        png = self.env.observe().screenshot.png
        return {"screenshot": base64.b64encode(png).decode(), "url": "http://fake/", "goal": "Press Greet"}

    # BrowserGym's actions

    def noop(self, wait_ms: float = 1000) -> None:
        pass

    def mouse_move(self, x: float, y: float) -> None:
        self.env.execute(Move(ScreenPoint(x, y)))

    def mouse_click(self, x: float, y: float, button: str = "left") -> None:
        self.env.execute(Click(ScreenPoint(x, y), Button(button)))

    def mouse_dblclick(self, x: float, y: float, button: str = "left") -> None:
        self.env.execute(Click(ScreenPoint(x, y), Button(button), 2))

    def mouse_down(self, x: float, y: float, button: str = "left") -> None:
        self.env.execute(ButtonDown(Button(button), ScreenPoint(x, y)))

    def mouse_up(self, x: float, y: float, button: str = "left") -> None:
        self.env.execute(ButtonUp(Button(button), ScreenPoint(x, y)))

    def scroll_at(self, x: float, y: float, dx: int, dy: int) -> None:
        self.env.execute(Scroll(Direction.DOWN if dy > 0 else Direction.UP, abs(dy) // 100, ScreenPoint(x, y)))

    def keyboard_type(self, text: str) -> None:
        self.env.execute(Type(text))

    def keyboard_insert_text(self, text: str) -> None:
        self.env.execute(Type(text))

    def keyboard_press(self, key: str) -> None:
        self.env.execute(Hotkey(tuple(_KEYS.get(part, part) for part in key.split("+"))))

    def keyboard_down(self, key: str) -> None:
        self.env.execute(KeyDown(_KEYS.get(key, key)))

    def keyboard_up(self, key: str) -> None:
        self.env.execute(KeyUp(_KEYS.get(key, key)))

    def goto(self, url: str) -> None:
        raise RuntimeError(f"net::ERR_NAME_NOT_RESOLVED at {url}")

    def go_back(self) -> None:
        pass

    def send_msg_to_user(self, text: str) -> None:
        self.messages.append(text)
        self.reward, self.over = float(text == "42"), True

    def report_infeasible(self, reason: str) -> None:
        self.messages.append(f"infeasible: {reason}")
        self.over = True
