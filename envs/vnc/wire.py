"""The connection to a VNC server, and its handshake.

Source: RFC 6143 (RFB 3.8, and the differences of 3.7 and 3.3).
"""

import re
import socket
import struct
import threading
from contextlib import suppress

from ..env import EnvLost, EnvUnavailable
from ..geometry import Size
from .address import VncAddress
from .des import answer

LARGEST_PX = 1 << 26
"""More pixels than any real screen has."""

_OPEN_S = 10.0
_LONGEST_TEXT = 1 << 16
_NONE, _PASSWORD = 1, 2
_SECURITY = {
    5: "RA2", 6: "RA2ne", 16: "Tight", 18: "TLS", 19: "VeNCrypt", 22: "xvp", 30: "Apple's", 129: "RA2-256",
}  # fmt: skip


class RfbConnection:
    """A connection; every method raises `EnvLost` if it breaks."""

    def __init__(self, address: VncAddress) -> None:
        self.address = address
        try:
            if address.path:
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.settimeout(_OPEN_S)
                try:
                    self._socket.connect(address.path)
                except OSError:
                    self._socket.close()
                    raise
            else:
                self._socket = socket.create_connection((address.host, address.port), _OPEN_S)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            raise EnvUnavailable(f"no VNC server answers at {address}: {error.strerror or error}") from error
        self._file = self._socket.makefile("rb", 1 << 16)
        self._sending = threading.Lock()

    def remove_timeout(self) -> None:
        """Wait for the server without a limit from now on."""
        self._socket.settimeout(None)

    def send(self, data: bytes) -> None:
        """Send a whole message."""
        try:
            with self._sending:
                self._socket.sendall(data)
        except OSError as error:
            raise EnvLost(f"the VNC server at {self.address} is gone: {error.strerror or error}") from error

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        try:
            data: bytes = self._file.read(count)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise EnvLost(f"the VNC server at {self.address} is gone: {reason}") from error
        if len(data) < count:
            raise EnvLost(f"the VNC server at {self.address} closed the connection")
        return data

    def numbers(self, layout: str) -> tuple[int, ...]:
        """The next numbers, in a `struct` layout and network byte order."""
        return struct.unpack(">" + layout, self.take(struct.calcsize(">" + layout)))

    def text(self) -> str:
        """The next text, which follows its length."""
        (length,) = self.numbers("I")
        if length > _LONGEST_TEXT:
            raise EnvLost(f"the VNC server at {self.address} sent a text of {length} bytes")
        return self.take(length).decode("utf-8", "replace")

    def shut_down(self) -> None:
        """Shut the connection down, which ends a blocked read."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; no thread may be reading."""
        self.shut_down()
        with suppress(OSError):
            self._file.close()
        self._socket.close()


def handshake(wire: RfbConnection, password: str | None) -> tuple[Size, str]:
    """Negotiate the version, log in, and request a shared session; returns the size and name of the screen.

    Raises:
        EnvUnavailable: it is not a VNC server, or it denies access.
    """
    try:
        minor = _version(wire)
        _log_in(wire, minor, password)
        wire.send(b"\1")
        width, height, *_ = wire.numbers("HH16x")
        name = " ".join(wire.text().split())
    except EnvLost as lost:
        raise EnvUnavailable(str(lost)) from lost
    if not 0 < width * height <= LARGEST_PX:
        raise EnvUnavailable(f"the VNC server at {wire.address} has a screen of {width}x{height}")
    return Size(width, height), name


def _version(wire: RfbConnection) -> int:
    """The minor version that both sides speak: 3, 7 or 8."""
    greeting = wire.take(12)
    found = re.fullmatch(rb"RFB (\d{3})\.(\d{3})\n", greeting)
    if found is None or int(found[1]) < 3:
        raise EnvUnavailable(f"the server at {wire.address} is not a VNC server: it sent {greeting!r}")
    minor = 8 if int(found[1]) > 3 or int(found[2]) >= 8 else 7 if int(found[2]) == 7 else 3
    wire.send(b"RFB 003.%03d\n" % minor)
    return minor


def _log_in(wire: RfbConnection, minor: int, password: str | None) -> None:
    kind = _security(wire, minor, password)
    if kind == _PASSWORD:
        if password is None:
            raise EnvUnavailable(
                f"the VNC server at {wire.address} needs a password: set VNC_PASSWORD or pass a password file"
            )
        wire.send(answer(wire.take(16), password))
    if kind == _NONE and minor < 8:
        return
    (refused,) = wire.numbers("I")
    if refused:
        why = wire.text() if minor == 8 else "wrong password"
        raise EnvUnavailable(f"the VNC server at {wire.address} denies access: {why}")


def _security(wire: RfbConnection, minor: int, password: str | None) -> int:
    """Choose one of the authentication methods that the server offers."""
    if minor == 3:
        (kind,) = wire.numbers("I")
        offered = bytes([kind]) if 0 < kind < 256 else b""
    else:
        offered = wire.take(wire.take(1)[0])
    if not offered:
        raise EnvUnavailable(f"the VNC server at {wire.address} denies access: {wire.text()}")
    wanted = (_NONE, _PASSWORD) if password is None else (_PASSWORD, _NONE)
    kind = next((kind for kind in wanted if kind in offered), 0)
    if not kind:
        names = ", ".join(_SECURITY.get(kind, f"number {kind}") for kind in offered)
        raise EnvUnavailable(
            f"the VNC server at {wire.address} offers only {names}: enable VNC authentication (VncAuth)"
        )
    if minor > 3:
        wire.send(bytes([kind]))
    return kind
