"""A scripted VNC server, for behaviour that real servers do not show."""

import socket
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from screenwright.envs.vnc import VncAddress
from screenwright.envs.vnc.client import VncClient

VERSION = b"RFB 003.008\n"
RAW = 0  # the encoding of plain pixels
PIXELS = bytes((32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0))


class RfbClient:
    """The server's side of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")
        self._connection = connection

    def send(self, *parts: bytes) -> None:
        self._connection.sendall(b"".join(parts))

    def receive(self, count: int) -> bytes:
        received = self._file.read(count)
        if len(received) < count:
            raise ConnectionError
        return received

    def handshake(self, width: int, height: int, name: bytes = b"a machine") -> None:
        """The handshake, up to the client's first update request."""
        self.send(VERSION)
        self.receive(12)
        self.send(b"\1\1")
        self.receive(1)
        self.send(b"\0\0\0\0")
        self.receive(1)
        self.send(struct.pack(">HH", width, height), PIXELS, struct.pack(">I", len(name)), name)
        self.receive(20)
        (count,) = struct.unpack(">xxH", self.receive(4))
        self.receive(4 * count + 10)

    def update(self, x: int, y: int, width: int, height: int, encoding: int, data: bytes) -> None:
        """Send an update of one rectangle."""
        self.send(b"\0\0\0\1", struct.pack(">HHHHi", x, y, width, height, encoding), data)

    def drain(self) -> bytes:
        """Read until the client disconnects; what it has sent."""
        received = bytearray()
        with suppress(ConnectionError):
            while part := self._file.read1():
                received += part
        return bytes(received)

    def shut_down(self) -> None:
        """Stop sending, like a server that has disconnected."""
        self._connection.shutdown(socket.SHUT_WR)
        self.drain()

    def close(self) -> None:
        self._file.close()


@contextmanager
def rfb_server(behave: Callable[[RfbClient], None]) -> Generator[str]:
    """The address of a server that runs `behave` on its only client, then disconnects."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    client = RfbClient(connection)
                    behave(client)
                    client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(60)


@contextmanager
def connected(
    width: int, height: int, encoding: int = RAW, data: bytes | None = None, *, extensions: tuple[int, ...] = ()
) -> Generator[tuple[VncClient, bytearray]]:
    """A client of a server that shows one rectangle, black if there is no `data`, and supports `extensions`.

    The bytes that it sent after the handshake are complete when the context ends, which disconnects it.
    """
    received = bytearray()

    def behave(client: RfbClient) -> None:
        client.handshake(width, height)
        for extension in extensions:
            client.update(0, 0, 0, 0, extension, b"")
        client.update(0, 0, width, height, encoding, bytes(4 * width * height) if data is None else data)
        received.extend(client.drain())

    with rfb_server(behave) as address:
        viewer = VncClient(VncAddress.parse(address), None)
        try:
            yield viewer, received
        finally:
            viewer.close()
