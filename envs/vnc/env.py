"""A remote screen over VNC (RFB 3.8).

    with VncEnv("192.0.2.7:5901", password="...") as env:
        env.execute(Click(ScreenPoint(100, 200)))

The connection is not encrypted, and the password only weakly: use a tunnel to a server on another machine.
"""

from contextlib import suppress
from functools import partial
from typing import Literal

from ..actions import Action, Wait
from ..base import SessionEnv, act_and_settle, check_bounds, size_facts, wait
from ..clipboard import ClipboardSettings, copied_facts, open_clipboard
from ..env import ActionResult, EnvError, EnvInfo, Observation
from ..geometry import DeviceTransform
from ..input.gestures import Gestures
from ..settle import Settler, SettleTimeouts
from .address import VncAddress
from .client import VncClient
from .clipboard import VncClipboard
from .driver import VncDriver


class VncEnv(SessionEnv["_Session"]):
    """The screen of a VNC server. Other clients stay connected, and closing changes nothing.

    Args:
        address: `host:5901`, `host:1` for its display 1, or the path of a Unix socket.
        password: For VNC authentication.
        timeouts: How long to wait for the screen to settle after an action.
        clipboard: Whether what is copied there is reported to the model, and what the clipboard holds at the start.
        typing: `paste` pastes ASCII text too, for a server whose keyboard layout lacks Latin letters.

    Raises:
        ValueError: `address` is invalid.
    """

    name = "connection to the VNC server"

    def __init__(
        self,
        address: str,
        *,
        password: str | None = None,
        timeouts: SettleTimeouts = SettleTimeouts(),
        clipboard: ClipboardSettings = ClipboardSettings(),
        typing: Literal["keys", "paste"] = "keys",
    ) -> None:
        self.address = VncAddress.parse(address)
        self.timeouts = timeouts
        self.clipboard_settings = clipboard
        self.typing: Literal["keys", "paste"] = typing
        self._password = password

    def info(self) -> EnvInfo:
        """See `Env`."""
        return EnvInfo("vnc", settings={"address": str(self.address)})

    def clipboard(self) -> str:
        """See `HasClipboard`."""
        return self._opened().clipboard().read().text or ""

    def set_clipboard(self, text: str) -> None:
        """See `HasClipboard`."""
        self._opened().clipboard().write(text)

    def _open(self) -> "_Session":
        client = VncClient(self.address, self._password)
        return _Session(client, self.timeouts, self.clipboard_settings, pastes_all=self.typing == "paste")


class _Session:
    """An open connection with its driver."""

    def __init__(
        self, client: VncClient, timeouts: SettleTimeouts, clipboard: ClipboardSettings, *, pastes_all: bool
    ) -> None:
        self._client = client
        self._timeouts = timeouts
        self._driver = VncDriver(client, pastes_all=pastes_all)
        self._gestures = Gestures(self._driver, DeviceTransform())
        self._settler = Settler(client.frame)
        self._size = client.size
        try:
            self._reported = open_clipboard(clipboard, self.clipboard)
        except EnvError:
            client.close()
            raise

    def clipboard(self) -> VncClipboard:
        return self._client.clipboard

    def observe(self) -> Observation:
        self._client.sync()
        shot = self._client.screenshot()
        facts = (*size_facts(self._size, shot.size), *self._driver.take_facts(), *copied_facts(self._reported))
        self._size = shot.size
        return Observation(shot, facts, self._client.name)

    def execute(self, action: Action) -> ActionResult:
        check_bounds(action, self._size)
        self._driver.check()
        if isinstance(action, Wait):
            return wait(action.seconds)
        act = partial(self._gestures.do, action)
        return act_and_settle(action, self._size, act, self._settler, self._timeouts)

    def release(self) -> None:
        self._gestures.release()

    def close(self) -> None:
        with suppress(EnvError):
            self.release()
        self._client.close()
