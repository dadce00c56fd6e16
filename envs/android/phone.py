"""A phone at an adb server, through adbutils; connection errors become `EnvLost`."""

import os
import re
import socket
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from ..env import ActionRefused, EnvLost, EnvUnavailable
from ..environment import clean_environment
from ..interrupt import call

if TYPE_CHECKING:
    from adbutils import AdbClient, AdbDevice

T = TypeVar("T")

_LIMIT_S = 60.0
_CONNECT_S = 3.0
_START_S = 20.0
_LIST_DISPLAYS = "dumpsys SurfaceFlinger --display-id"
_PNG = b"\x89PNG\r\n\x1a\n"
_STATES = {
    "unauthorized": "has not authorized this computer: unlock it and confirm on its screen",
    "offline": "does not answer: unplug it and plug it in again",
}


class Phone:
    """The phone `serial`, or the only one, at the adb server `server` (`host`, `port`).

    A local server is started if none is running at the address.

    Raises:
        EnvUnavailable: there is no such phone, or it denies access.
    """

    def __init__(self, serial: str | None, server: tuple[str, int] | None) -> None:
        client = _client(server)
        try:
            _over_adb(lambda: start_server(client))
            self.serial = _choose_serial(client, serial or os.environ.get("ANDROID_SERIAL"))
            self._device: AdbDevice = client.device(self.serial)
            self._has_exit_codes = "shell_v2" in _over_adb(self._device.get_features).split(",")
            self.model = self.run("getprop ro.product.model").strip() or "a phone"
        except (EnvLost, ActionRefused) as error:
            raise EnvUnavailable(str(error)) from error

    def run(self, command: str) -> str:
        """Run a command in the phone's shell; returns its output.

        If interrupted, it is left behind: keep commands short.

        Raises:
            ActionRefused: it failed; the message has the error in its output.
            EnvLost: the phone is not reachable.
        """
        done = _over_adb(
            lambda: self._device.shell2(command, timeout=_LIMIT_S, encoding="utf-8", v2=self._has_exit_codes)
        )
        lines = done.output.strip().splitlines()
        error = next((line.strip() for line in lines if re.match(r"\s*([\w.]+\.)?\w*(Error|Exception)\b", line)), "")
        if done.returncode or error:
            text = error or (lines[-1].strip() if lines else f"code {done.returncode}")
            raise ActionRefused(f"the command failed on the phone: {text:.200}")
        return str(done.output)

    def displays(self) -> tuple[str, ...]:
        """The ids of the displays of a phone with several, such as a foldable; empty for others."""
        found: list[str] = []
        with suppress(ActionRefused):
            found = re.findall(r"^Display (\d+)", self.run(_LIST_DISPLAYS), re.MULTILINE)
        return tuple(found) if len(found) > 1 else ()

    def screenshot(self, display: str = "") -> bytes:
        """The screen as PNG; without the id of a display, of the one that the phone chooses.

        Raises:
            EnvLost: the phone sent no screenshot.
        """
        data = _over_adb(lambda: self._screencap(f"-d {display} " if display else ""))
        start = data.find(_PNG)  # some phones print a warning first
        if start < 0:
            text = " ".join(data[:200].decode("utf-8", "replace").split())
            raise EnvLost(f"the phone sent no screenshot: {text or 'nothing'}")
        return data[start:]

    def _screencap(self, flag: str) -> bytes:
        with self._device.open_transport(timeout=_LIMIT_S) as connection:
            connection.send_command(f"exec:screencap {flag}-p")
            connection.check_okay()
            with connection.conn.makefile("rb") as stream:  # adbutils' own reader copies the data about 700 times
                data: bytes = stream.read()
            return data


def start_server(client: "AdbClient") -> None:
    """Start the adb server unless it runs; adbutils would start it with all our environment variables."""
    from adbutils import adb_path

    if not _answers(client):
        command = [adb_path(), "-P", str(client.port), "start-server"]
        subprocess.run(command, env=clean_environment(), stdout=subprocess.DEVNULL, timeout=_START_S, check=False)


@contextmanager
def no_new_server(server: tuple[str, int] | None) -> Generator[None]:
    """End the adb server at the end if it did not run before."""
    client = _client(server)
    answered = _answers(client)
    try:
        yield
    finally:
        if not answered and _answers(client):
            with suppress(EnvLost):
                _over_adb(client.server_kill)


def _client(server: tuple[str, int] | None) -> "AdbClient":
    import adbutils

    return adbutils.AdbClient(*server) if server else adbutils.AdbClient()


def _answers(client: "AdbClient") -> bool:
    with suppress(OSError), socket.create_connection((client.host, client.port), _CONNECT_S):
        return True
    return False


def _choose_serial(client: "AdbClient", serial: str | None) -> str:
    """The serial of the phone to use."""
    states = {info.serial: info.state for info in _over_adb(client.list)}
    ready = [name for name, state in states.items() if state == "device"]
    if serial is None and len(ready) > 1:
        raise EnvUnavailable(f"several phones are connected ({', '.join(ready)}): choose one with --device")
    if serial is None and not ready and states:
        serial = next(iter(states))
    if serial is None and not ready:
        raise EnvUnavailable("no phone is connected: enable USB debugging, plug it in, and check adb devices")
    name = serial or ready[0]
    if name not in states:
        raise EnvUnavailable(f"there is no phone {name}; connected: {', '.join(states) or 'none'}")
    if states[name] != "device":
        raise EnvUnavailable(f"the phone {name} {_STATES.get(states[name], f'is not ready: it is {states[name]}')}")
    return name


def _over_adb(ask: Callable[[], T]) -> T:
    """Call `ask`; converts errors of adb to `EnvLost`."""
    from adbutils.errors import AdbError

    try:
        return call(ask)
    except (AdbError, EOFError, OSError, ValueError, subprocess.SubprocessError) as error:
        raise EnvLost(f"adb: {' '.join(str(error).split()) or type(error).__name__:.200}") from error
