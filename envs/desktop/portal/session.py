"""A session of the portals RemoteDesktop and ScreenCast: one monitor, a pointer and a keyboard."""

from typing import Any

from dbus_fast import Variant

from ...env import EnvLost, EnvUnavailable
from ...geometry import Size
from .bus import PortalBus

_KEYBOARD, _POINTER = 1, 2
_MONITOR, _WITHOUT_POINTER = 1, 1
_SETUP_S, _DIALOG_S = 15.0, 120.0


class PortalSession:
    """Opens the session; the desktop asks the user for it.

    `node` is the number of the monitor's PipeWire stream, and `size` what the pointer's coordinates refer to; None if
    the desktop does not say.

    Raises:
        EnvUnavailable: there is no such portal, or the user does not allow it.
    """

    def __init__(self) -> None:
        self._bus = PortalBus()
        try:
            handle = self._setup("RemoteDesktop", "CreateSession", session_handle_token=Variant("s", "screenwright"))
            self.handle = str(handle["session_handle"].value)
            self._bus.own(self.handle)
            self._setup("RemoteDesktop", "SelectDevices", types=Variant("u", _KEYBOARD | _POINTER))
            self._setup(
                "ScreenCast",
                "SelectSources",
                types=Variant("u", _MONITOR),
                multiple=Variant("b", False),
                cursor_mode=Variant("u", _WITHOUT_POINTER),
            )
            started = self._bus.request("RemoteDesktop", "Start", "osa{sv}", self.handle, "", {}, limit_s=_DIALOG_S)
            self._check_devices(started)
            self.node, self.size = _stream(started)
        except BaseException:
            self._bus.close()
            raise

    def check(self) -> None:
        """Check that the session goes on.

        Raises:
            EnvLost: the user or the desktop has ended it.
        """
        if self._bus.is_closed:
            raise EnvLost("the desktop has ended the remote control of this screen")

    def notify(self, member: str, signature: str, *body: Any) -> None:
        """Send an input event.

        Raises:
            EnvLost: the session has ended.
        """
        self._bus.call("RemoteDesktop", member, f"oa{{sv}}{signature}", self.handle, {}, *body)

    def open_pipewire(self) -> int:
        """A file descriptor of a connection to PipeWire that has the stream; the caller closes it."""
        reply = self._bus.call("ScreenCast", "OpenPipeWireRemote", "oa{sv}", self.handle, {})
        if not reply.unix_fds:
            raise EnvLost("the desktop portal sent no connection to PipeWire")
        return int(reply.unix_fds[0])

    def close(self) -> None:
        """End the session; never raises."""
        self._bus.close()

    def _setup(self, interface: str, member: str, **options: Variant) -> dict[str, Variant]:
        """A request without a dialog."""
        if member == "CreateSession":
            return self._bus.request(interface, member, "a{sv}", options, limit_s=_SETUP_S)
        return self._bus.request(interface, member, "oa{sv}", self.handle, options, limit_s=_SETUP_S)

    @staticmethod
    def _check_devices(started: dict[str, Variant]) -> None:
        allowed = int(started["devices"].value) if "devices" in started else 0
        if allowed & (_KEYBOARD | _POINTER) != _KEYBOARD | _POINTER:
            raise EnvUnavailable("the desktop's dialog did not allow both mouse and keyboard: allow remote interaction")


def _stream(started: dict[str, Variant]) -> tuple[int, Size | None]:
    """The node of the stream, and the size of the monitor in the pointer's units."""
    streams = started["streams"].value if "streams" in started else []
    if not streams:
        raise EnvUnavailable("no screen was selected in the desktop's dialog")
    node, properties = streams[0]
    if "size" not in properties:
        return int(node), None
    width, height = properties["size"].value
    return int(node), Size(int(width), int(height))
