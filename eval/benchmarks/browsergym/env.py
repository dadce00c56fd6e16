"""A page that BrowserGym controls, as an `Env`: its screenshots and its coordinate actions.

BrowserGym's actions are Python calls, one per line. One of our actions is one step of its environment, even if it takes
several calls.
"""

import base64
import time
from collections.abc import Mapping
from typing import Protocol

from ....envs import actions
from ....envs.actions import Action, Button, Direction, points_of
from ....envs.base import ScreenEnv, check_bounds
from ....envs.browser.page.keyboard import playwright_keys
from ....envs.browser.page.typing import MAX_KEYSTROKES
from ....envs.env import ActionRefused, ActionResult, EnvInfo, EnvLost, Observation
from ....envs.geometry import ScreenPoint
from ....envs.interrupt import sleep
from ....envs.screenshot import Screenshot
from ...core.task import TaskError
from ..subprocess_client import Answer

NOTCH_PX = 100
_STEP_S = 180.0


class BrowserGymClient(Protocol):
    """A `SubprocessClient` for BrowserGym, or a test double."""

    def request(self, message: Mapping[str, object], timeout_s: float) -> Answer:
        """See `SubprocessClient.request`."""
        ...


class BrowserGymEnv(ScreenEnv):
    """The task that BrowserGym opened; `opened` is its first answer. `reward` is the sum so far."""

    name = "page"

    def __init__(self, client: BrowserGymClient, opened: Answer) -> None:
        self._client = client
        self._latest = opened
        self._shot = _screenshot(opened)
        self._held: list[actions.ButtonUp[ScreenPoint] | actions.KeyUp] = []
        self._pointer = ScreenPoint(0, 0)
        self.reward = 0.0
        self.is_over = False

    def info(self) -> EnvInfo:
        """See `Env`."""
        return EnvInfo("browser", "BrowserGym", {"viewport": str(self._shot.size)})

    def observe(self) -> Observation:
        """See `Env`. The screenshot that BrowserGym took after the last action."""
        self._check_open()
        return Observation(self._shot, location=str(self._latest.get("url", "")))

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        self._check_open()
        size = self._shot.size
        check_bounds(action, size)
        calls = calls_of(action, self._pointer)
        started = time.monotonic()
        if isinstance(action, actions.Wait):
            sleep(action.seconds)
        error = self.step("\n".join(calls) or "noop(0)")
        self._track(action)
        if error:
            raise ActionRefused(error.splitlines()[0][:200])
        return ActionResult(time.monotonic() - started, settled_by="BrowserGym")

    def step(self, calls: str) -> str:
        """Run one step of BrowserGym's environment; returns the error of the action, or an empty text.

        Raises:
            EnvLost: BrowserGym failed or has ended.
        """
        if self.is_over:
            raise ActionRefused("the task has ended")
        try:
            self._latest = self._client.request({"act": calls}, _STEP_S)
        except TaskError as error:
            raise EnvLost(str(error)) from error
        self._shot = _screenshot(self._latest)
        reward = self._latest.get("reward", 0.0)
        self.reward += float(reward) if isinstance(reward, int | float) else 0.0
        self.is_over = self._latest.get("over") is True
        return str(self._latest.get("error_text") or "")

    def release(self) -> None:
        """See `Env`."""
        held, self._held = self._held, []
        if held and not self._closed and not self.is_over:
            lines = [line for action in held for line in calls_of(action, self._pointer)]
            try:
                self.step("\n".join(lines))
            except EnvLost:
                self._closed = True

    def _track(self, action: Action) -> None:
        points = points_of(action)
        self._pointer = points[-1] if points else self._pointer
        match action:
            case actions.KeyDown(key):
                self._held.append(actions.KeyUp(key))
            case actions.ButtonDown(button):
                self._held.append(actions.ButtonUp(button))
            case actions.KeyUp() | actions.ButtonUp():
                self._held = [held for held in self._held if type(held) is not type(action)]
            case _:
                pass


def calls_of(action: Action, pointer: ScreenPoint) -> list[str]:
    """The BrowserGym calls that perform `action`; coordinates are pixels of its screenshot.

    Raises:
        ActionRefused: there are none.
    """
    match action:
        case actions.Click(at, button, count, modifiers):
            keys = playwright_keys(modifiers)
            down, up = [f"keyboard_down({key!r})" for key in keys], [f"keyboard_up({key!r})" for key in reversed(keys)]
            return [*down, *_clicks(at, button, count), *up]
        case actions.Move(to):
            return [f"mouse_move({_at(to)})"]
        case actions.Drag(path, Button.LEFT, ()) if len(path) > 1:
            moves = [f"mouse_move({_at(point)})" for point in path[1:]]
            return [f"mouse_down({_at(path[0])})", *moves, f"mouse_up({_at(path[-1])})"]
        case actions.Scroll(direction, amount, at):
            x, y = _WHEEL[direction]
            return [f"scroll_at({_at(at or pointer)}, {x * amount * NOTCH_PX}, {y * amount * NOTCH_PX})"]
        case actions.ButtonDown(button, at):
            return [f"mouse_down({_at(at or pointer)}, button={button.value!r})"]
        case actions.ButtonUp(button, at):
            return [f"mouse_up({_at(at or pointer)}, button={button.value!r})"]
        case actions.Type(text, submit):
            return [*(_TYPING[way].format(part) for way, part in _typing_pieces(text)), *(_ENTER if submit else ())]
        case actions.Hotkey(keys):
            return [f"keyboard_press({'+'.join(playwright_keys(keys))!r})"]
        case actions.KeyDown(key):
            return [f"keyboard_down({one!r})" for one in playwright_keys((key,))]
        case actions.KeyUp(key):
            return [f"keyboard_up({one!r})" for one in reversed(playwright_keys((key,)))]
        case actions.Wait():
            return []
        case actions.Navigate(url):
            return [f"goto({url if '://' in url or url.startswith('about:') else f'https://{url}'!r})"]
        case actions.Back():
            return ["go_back()"]
        case _:
            raise ActionRefused(f"BrowserGym has no action for this {type(action).__name__.lower()}")


def _typing_pieces(text: str) -> list[tuple[str, str]]:
    """Split `text` into ("keys", text) to type, ("insert", text) to insert at once, and ("press", key name)."""
    pieces: list[tuple[str, str]] = []
    is_long = len(text) > MAX_KEYSTROKES
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        if character in "\n\t":
            pieces.append(("press", "Enter" if character == "\n" else "Tab"))
            continue
        method = "keys" if character.isascii() and character.isprintable() and not is_long else "insert"
        if pieces and pieces[-1][0] == method:
            pieces[-1] = (method, pieces[-1][1] + character)
        else:
            pieces.append((method, character))
    return pieces


_WHEEL = {Direction.UP: (0, -1), Direction.DOWN: (0, 1), Direction.LEFT: (-1, 0), Direction.RIGHT: (1, 0)}
_TYPING = {"keys": "keyboard_type({!r})", "insert": "keyboard_insert_text({!r})", "press": "keyboard_press({!r})"}
_ENTER = ("keyboard_press('Enter')",)


def _clicks(at: ScreenPoint, button: Button, count: int) -> list[str]:
    single, double = (
        f"mouse_click({_at(at)}, button={button.value!r})",
        f"mouse_dblclick({_at(at)}, button={button.value!r})",
    )
    return [single] if count == 1 else [double, *[single] * (count - 2)]


def _at(point: ScreenPoint) -> str:
    return f"{point.x:g}, {point.y:g}"


def _screenshot(answer: Answer) -> Screenshot:
    return Screenshot(png=base64.b64decode(str(answer["screenshot"])))
