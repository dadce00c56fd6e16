"""A VNC server in a thread that says what a test tells it to say, for what real servers do not do."""

import socket
import struct
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

VERSION = b"RFB 003.008\n"
PIXELS = bytes((32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0))


class Guest:
    """The client, as the server sees it."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")
        self._connection = connection

    def say(self, *parts: bytes) -> None:
        self._connection.sendall(b"".join(parts))

    def hear(self, count: int) -> bytes:
        heard = self._file.read(count)
        if len(heard) < count:
            raise ConnectionError
        return heard

    def let_in(self, width: int, height: int, name: bytes = b"a machine") -> None:
        """Everything up to the first update, which the client has asked for afterwards."""
        self.say(VERSION)
        self.hear(12)
        self.say(b"\1\1")
        self.hear(1)
        self.say(b"\0\0\0\0")
        self.hear(1)
        self.say(struct.pack(">HH", width, height), PIXELS, struct.pack(">I", len(name)), name)
        self.hear(20)
        (count,) = struct.unpack(">xxH", self.hear(4))
        self.hear(4 * count + 10)

    def show(self, x: int, y: int, width: int, height: int, encoding: int, data: bytes) -> None:
        """An update of one rectangle."""
        self.say(b"\0\0\0\1", struct.pack(">HHHHi", x, y, width, height, encoding), data)

    def stay(self) -> None:
        """Hear until the client goes."""
        with suppress(ConnectionError):
            while True:
                self.hear(1)

    def fall_silent(self) -> None:
        """Say no more, as one that has hung up."""
        self._connection.shutdown(socket.SHUT_WR)
        self.stay()

    def close(self) -> None:
        self._file.close()


@contextmanager
def rfb_server(behave: Callable[[Guest], None]) -> Generator[str]:
    """The address of a server that treats its one guest by `behave`, then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    guest = Guest(connection)
                    behave(guest)
                    guest.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)
