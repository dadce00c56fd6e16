"""One phone, reached through an adb server by adbutils; whatever goes wrong on the way there is `EnvLost`."""

import os
import re
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..env import ActionRefused, EnvLost, EnvUnavailable

if TYPE_CHECKING:
    from adbutils import AdbClient, AdbDevice

T = TypeVar("T")

_LIMIT_S = 60.0
_PNG = b"\x89PNG\r\n\x1a\n"
_STATES = {
    "unauthorized": "has not allowed this computer: unlock it and confirm on its screen",
    "offline": "does not answer: unplug it and plug it in again",
}


class Phone:
    """The phone `serial`, or the only one there is, at the adb server `server` (`host`, `port`).

    adbutils starts a server of its own where none runs and the address is the usual one.

    Raises:
        EnvUnavailable: there is no such phone, or it does not let us in.
    """

    def __init__(self, serial: str | None, server: tuple[str, int] | None) -> None:
        import adbutils

        client = adbutils.AdbClient(*server) if server else adbutils.AdbClient()
        try:
            self.serial = _chosen(client, serial or os.environ.get("ANDROID_SERIAL"))
            self._device: AdbDevice = client.device(self.serial)
            self.model = self.run("getprop ro.product.model").strip() or "a phone"
        except (EnvLost, ActionRefused) as error:
            raise EnvUnavailable(str(error)) from error

    def run(self, command: str) -> str:
        """Run a command line in the phone's shell; what it prints.

        Raises:
            ActionRefused: it failed; the last line of what it said.
            EnvLost: the phone is gone.
        """
        done = _over_adb(lambda: self._device.shell2(command, timeout=_LIMIT_S, encoding="utf-8", v2=True))
        said = done.output.strip().splitlines()
        trouble = next((line.strip() for line in said if re.match(r"\s*([\w.]+\.)?\w*(Error|Exception)\b", line)), "")
        if done.returncode or trouble:
            words = trouble or (said[-1].strip() if said else f"code {done.returncode}")
            raise ActionRefused(f"the phone could not do it: {words:.200}")
        return str(done.output)

    def screenshot(self) -> bytes:
        """The screen as PNG.

        Raises:
            EnvLost: there is none.
        """
        data = _over_adb(self._screencap)
        start = data.find(_PNG)  # some phones put a warning in front
        if start < 0:
            said = " ".join(data[:200].decode("utf-8", "replace").split())
            raise EnvLost(f"the phone gives no picture of its screen: {said or 'nothing'}")
        return data[start:]

    def _screencap(self) -> bytes:
        with self._device.open_transport(timeout=_LIMIT_S) as connection:
            connection.send_command("exec:screencap -p")
            connection.check_okay()
            with connection.conn.makefile("rb") as stream:  # adbutils' own reading copies a picture 700 times over
                data: bytes = stream.read()
            return data


def _chosen(client: "AdbClient", serial: str | None) -> str:
    """The serial of the phone that is meant."""
    states = {info.serial: info.state for info in _over_adb(client.list)}
    ready = [name for name, state in states.items() if state == "device"]
    if serial is None and len(ready) > 1:
        raise EnvUnavailable(f"there are several phones, {', '.join(ready)}: choose one with --device")
    if serial is None and not ready and states:
        serial = next(iter(states))
    if serial is None and not ready:
        raise EnvUnavailable(
            "no phone is connected: allow USB debugging on it, plug it in, and see what adb devices says"
        )
    name = serial or ready[0]
    if name not in states:
        raise EnvUnavailable(f"there is no phone {name}; there are: {', '.join(states) or 'none'}")
    if states[name] != "device":
        raise EnvUnavailable(f"the phone {name} {_STATES.get(states[name], f'is not ready: it is {states[name]}')}")
    return name


def _over_adb(ask: Callable[[], T]) -> T:
    """Ask; whatever breaks is one line."""
    from adbutils.errors import AdbError

    try:
        return ask()
    except (AdbError, EOFError, OSError, ValueError, subprocess.SubprocessError) as error:
        raise EnvLost(f"adb: {' '.join(str(error).split()) or type(error).__name__:.200}") from error
