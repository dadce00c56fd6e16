"""MobileGym's phone as an `Env`: its screenshots, and our actions as its own.

A tap, a swipe and text are carried out by the simulator, which pauses after each and takes the screenshot.
"""

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from ....envs import actions
from ....envs.actions import Action, Button
from ....envs.android.commands import swipes_of_scroll
from ....envs.base import ScreenEnv, check_bounds
from ....envs.env import ActionRefused, ActionResult, EnvInfo, EnvLost, Observation
from ....envs.geometry import ScreenPoint, Size
from ....envs.screenshot import Screenshot
from ...core.task import TaskError
from ..subprocess_client import Answer

PhoneAction: TypeAlias = tuple[str, dict[str, object]]
"""The type and the data of an action of MobileGym; points are pixels of the screenshot."""

_ACT_S = 120.0
_KEYS: Mapping[tuple[str, ...], str] = {
    ("enter",): "ENTER",
    ("recents",): "RECENT",
    ("back",): "BACK",
    ("home",): "HOME",
}


class MobileGymClient(Protocol):
    """A `SubprocessClient` for MobileGym, or a test double."""

    def request(self, message: Mapping[str, object], timeout_s: float) -> Answer:
        """See `SubprocessClient.request`."""
        ...


class MobileGymEnv(ScreenEnv):
    """The phone on which MobileGym has set a task up; `opened` is its first answer.

    Args:
        client: MobileGym's process.
        opened: The answer with the first screenshot.
        hold: Whether a drag begins with a long press, as for UI-TARS in MobileGym's own agent; it is a swipe otherwise.
    """

    name = "phone"

    def __init__(self, client: MobileGymClient, opened: Answer, *, hold: bool = False) -> None:
        self._client, self._hold = client, hold
        self._shot = _screenshot(opened)

    def info(self) -> EnvInfo:
        """See `Env`."""
        return EnvInfo("android", "MobileGym", {"size": str(self._shot.size)})

    def observe(self) -> Observation:
        """See `Env`. The screenshot that MobileGym took after the last action."""
        self._check_open()
        return Observation(self._shot)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        self._check_open()
        check_bounds(action, self._shot.size)
        steps = phone_actions_of(action, self._shot.size, hold=self._hold)
        started = time.monotonic()
        try:
            self._shot = _screenshot(self._client.request({"act": steps}, _ACT_S))
        except TaskError as error:
            raise EnvLost(str(error)) from error
        return ActionResult(time.monotonic() - started, settled_by="MobileGym")


def phone_actions_of(action: Action, size: Size, *, hold: bool = False) -> Sequence[PhoneAction]:
    """The actions of MobileGym that perform `action` on a screen of `size`.

    Raises:
        ActionRefused: there are none.
    """
    match action:
        case actions.Click(at, Button.LEFT, 1 | 2 as count, ()):
            return (("CLICK" if count == 1 else "DOUBLE_TAP", {"point": _at(at)}),)
        case actions.LongPress(at, seconds):
            return (("LONG_PRESS", {"point": _at(at), "duration": round(1000 * seconds)}),)
        case actions.Drag(path, Button.LEFT, ()):
            return (("DRAG" if hold else "SWIPE", {"point1": _at(path[0]), "point2": _at(path[-1])}),)
        case actions.Scroll(direction, amount, at):
            swipes = swipes_of_scroll(direction, amount, at, size)
            return tuple(("SWIPE", {"point1": _at(start), "point2": _at(end)}) for start, end in swipes)
        case actions.Type(text, submit):
            return (("TYPE", {"value": text}), *([("ENTER", dict[str, object]())] if submit else ()))
        case actions.Hotkey(keys) if keys in _KEYS:
            return ((_KEYS[keys], {}),)
        case actions.Back():
            return (("BACK", {}),)
        case actions.Home():
            return (("HOME", {}),)
        case actions.OpenApp(app):
            return (("AWAKE", {"value": app}),)
        case actions.Wait(seconds):
            return (("WAIT", {"value": seconds}),)
        case _:
            raise ActionRefused(f"MobileGym's phone has no action for this {type(action).__name__.lower()}")


def _at(point: ScreenPoint) -> list[int]:
    return [int(point.x), int(point.y)]


def _screenshot(answer: Answer) -> Screenshot:
    return Screenshot.decoded(base64.b64decode(str(answer["screenshot"])))
