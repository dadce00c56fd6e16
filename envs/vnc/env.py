"""A remote screen as an environment, through the VNC server that shares it (RFB 3.8).

    with VncEnv("192.0.2.7:5901", password="...") as env:
        env.execute(Click(ScreenPoint(100, 200)))

What crosses the network is not enciphered, the password hardly: reach a server on another machine through a tunnel.
"""

import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from ..actions import Action, Type, Wait, points_of
from ..env import ActionRefused, ActionResult, EnvError, EnvInfo, EnvLost, Observation
from ..geometry import DeviceTransform
from ..input.gestures import Gestures
from ..settle import Settler, SettleTimeouts
from .address import VncAddress
from .client import VncClient
from .driver import VncDriver


class VncEnv:
    """The screen that the server at `address` shares: `host:5901`, `host:1` for its display 1, or a socket's path.

    Nothing is connected before the first look; others who watch or work the same screen stay.

    Raises:
        ValueError: `address` is none.
    """

    def __init__(
        self, address: str, *, password: str | None = None, timeouts: SettleTimeouts = SettleTimeouts()
    ) -> None:
        self.address = VncAddress.parse(address)
        self.timeouts = timeouts
        self._password = password
        self._session: _Session | None = None
        self._closed = False

    def info(self) -> EnvInfo:
        """See `Env`."""
        return EnvInfo("vnc", settings={"address": str(self.address)})

    def observe(self) -> Observation:
        """See `Env`."""
        return self._opened().observe()

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        return self._opened().execute(action, self.timeouts)

    def release(self) -> None:
        """See `Env`."""
        if self._session is not None:
            self._session.release()

    def close(self) -> None:
        """See `Env`. The screen goes on as it is."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def _opened(self) -> "_Session":
        if self._closed:
            raise EnvLost("the connection to the VNC server was closed")
        if self._session is None:
            self._session = _Session(VncClient(self.address, self._password))
        return self._session


class _Session:
    """A connection, and what works it."""

    def __init__(self, client: VncClient) -> None:
        self._client = client
        self._driver = VncDriver(client)
        self._gestures = Gestures(self._driver, DeviceTransform())
        self._settler = Settler(client.frame)
        self._size = client.size

    def observe(self) -> Observation:
        self._client.sync()
        shot = self._client.screenshot()
        facts = () if shot.size == self._size else (f"The screen is {shot.size} now, it was {self._size}",)
        self._size = shot.size
        return Observation(shot, facts, self._client.name)

    def execute(self, action: Action, timeouts: SettleTimeouts) -> ActionResult:
        for point in points_of(action):
            if not (0 <= point.x < self._size.width and 0 <= point.y < self._size.height):
                raise ActionRefused(f"({point.x:g}, {point.y:g}) is outside the screen of {self._size}")
        self._driver.check()
        if isinstance(action, Wait):
            time.sleep(action.seconds)
            return ActionResult(action.seconds, settled_by="waited")
        before = self._client.frame()
        started = time.monotonic()
        method = self._gestures.do(action)
        acted = time.monotonic() - started
        settled = self._settler.wait(before, timeouts)
        return ActionResult(acted, settled.seconds, settled.by, method if isinstance(action, Type) else "")

    def release(self) -> None:
        self._gestures.release()

    def close(self) -> None:
        with suppress(EnvError):
            self.release()
        self._client.close()
