"""A virtual machine of OSWorld, through the HTTP server that runs in it.

    with OSWorldEnv("http://127.0.0.1:5000") as env:
        env.execute(Click(ScreenPoint(100, 200)))

OSWorld manages the machine, its snapshots and its tasks. The server runs any code for anyone who can reach it: keep it
on loopback or in an isolated network.
"""

import time
from contextlib import suppress

from ..actions import Action, ButtonDown, ButtonUp, Drag, KeyDown, KeyUp, LongPress, Wait
from ..base import ScreenEnv, act_and_settle, check_bounds, size_facts, wait
from ..env import ActionResult, EnvError, EnvInfo, EnvLost, EnvUnavailable, Observation
from ..geometry import ScreenPoint, Size
from ..interrupt import interruptible, sleep
from ..keys import canonical_key
from ..screenshot import Screenshot
from ..settle import RawFrame, Settler, SettleTimeouts
from .code import code_of, codes_of
from .server import VmServer

_RETRY_S = 1.0


class OSWorldEnv(ScreenEnv):
    """The machine whose server is at `url`; closing leaves it running.

    Args:
        url: Such as `http://127.0.0.1:5000`.
        timeouts: How long to wait for the screen to settle after an action.
        pause_s: Wait for a fixed time instead, as OSWorld's own runner does (3 s for UI-TARS).
        boot_s: How long to wait for the machine to start.

    Raises:
        ValueError: `url` is not an HTTP URL.
    """

    name = "connection to the machine"

    def __init__(
        self,
        url: str,
        *,
        timeouts: SettleTimeouts = SettleTimeouts(),
        pause_s: float | None = None,
        boot_s: float = 120.0,
    ) -> None:
        self._server = VmServer(url)
        self._timeouts, self._pause_s, self._boot_s = timeouts, pause_s, boot_s
        self._settler = Settler(self._frame)
        self._system = "Linux"
        self._size: Size | None = None
        self._held: list[ButtonUp[ScreenPoint] | KeyUp] = []

    def info(self) -> EnvInfo:
        """See `Env`."""
        pause = "until settled" if self._pause_s is None else f"{self._pause_s:g} s"
        return EnvInfo("virtual machine", "OSWorld", {"url": self._server.url, "pause": pause})

    def observe(self) -> Observation:
        """See `Env`."""
        self._open()
        shot = self._capture()
        facts, self._size = size_facts(self._size, shot.size), shot.size
        return Observation(shot, facts)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        size = self._open()
        check_bounds(action, size)
        if isinstance(action, Wait):
            return wait(action.seconds)
        codes = codes_of(action, self._system)
        if self._pause_s is None:
            return act_and_settle(action, size, lambda: self._run(action, codes), self._settler, self._timeouts)
        started = time.monotonic()
        self._run(action, codes)
        acted = time.monotonic() - started
        sleep(self._pause_s)
        return ActionResult(acted, self._pause_s, "waited")

    def release(self) -> None:
        """See `Env`."""
        held, self._held = self._held, []
        if held and not self._closed:
            with suppress(EnvError):
                self._server.run("; ".join(code_of(action, self._system) for action in held))

    def _open(self) -> Size:
        self._check_open()
        if self._size is None:
            self._size = self._await_boot().size
            self._system = self._server.system()
        return self._size

    def _await_boot(self) -> Screenshot:
        """The first screenshot, once the machine has started."""
        end = time.monotonic() + self._boot_s
        while True:
            try:
                return self._capture()
            except EnvLost as lost:
                if time.monotonic() >= end:
                    raise EnvUnavailable(f"{lost}: is the virtual machine running?") from lost
            time.sleep(min(_RETRY_S, max(end - time.monotonic(), 0.0)))

    def _capture(self) -> Screenshot:
        try:
            return Screenshot.decoded(self._server.screenshot())
        except ValueError as error:
            raise EnvLost(f"{self._server.url}/screenshot sent no image") from error

    def _frame(self) -> RawFrame:
        return RawFrame.of(self._capture().image)

    def _run(self, action: Action, codes: tuple[str, ...]) -> str:
        """Run the parts in order; what a long press or a drag holds is released also if interrupted."""
        self._remember(action)
        *parts, last = codes
        releases = bool(parts) and isinstance(action, LongPress | Drag)
        try:
            for part in parts:
                self._server.run(part)
            if isinstance(action, LongPress):
                sleep(action.seconds)
        except BaseException:
            if releases:
                with interruptible(by=None), suppress(EnvError):
                    self._server.run(last)
            raise
        self._server.run(last)
        return ""

    def _remember(self, action: Action) -> None:
        """Track what is held."""
        match action:
            case KeyDown(key):
                self._held.append(KeyUp(canonical_key(key)))
            case KeyUp(key):
                self._held = [held for held in self._held if held != KeyUp(canonical_key(key))]
            case ButtonDown(button):
                self._held.append(ButtonUp(button))
            case ButtonUp(button):
                self._held = [held for held in self._held if held != ButtonUp(button)]
            case _:
                pass
