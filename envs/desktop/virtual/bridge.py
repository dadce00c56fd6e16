"""The bridge from a browser tab to a VNC server: noVNC's files and a WebSocket, on a port of loopback.

Run as a program of its own, `python -I -S bridge.py SOCKET NOVNC [works]`, with standard library alone. It prints its
address, whose path is a secret made at each start; any other path is answered 404.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What RFC 6455 appends to the client's key."""

_TYPES = {".js": "text/javascript", ".html": "text/html; charset=utf-8"}
_HEAD_LIMIT_S = 10.0
_LARGEST_FRAME = 1 << 24
_CHUNK = 1 << 16
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_LAST, _MASKED = 0x80, 0x80


class Bridge:
    """Serves the files in `novnc` and our page; `/SECRET/screen` is the VNC server at `socket`."""

    def __init__(self, socket: Path, novnc: Path, *, works: bool) -> None:
        self._socket, self._novnc = socket, novnc
        self._secret = secrets.token_urlsafe(18)
        page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
        self._page = page.replace("VIEW_ONLY", "false" if works else "true").encode()

    async def serve(self) -> None:
        """Say where, and serve until the program is ended."""
        server = await asyncio.start_server(self._guest, "127.0.0.1", 0, limit=_CHUNK)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{self._secret}/", flush=True)  # noqa: T201 -- whoever started it reads the address there
        await server.serve_forever()

    async def _guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValueError):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_LIMIT_S)
            await self._answer(head.decode("latin-1"), reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _answer(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request, *lines = head.split("\r\n")
        method, target, _ = request.split(" ")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        _, secret, *parts = target.partition("?")[0].split("/")
        known = method == "GET" and hmac.compare_digest(secret.encode(), self._secret.encode())
        if known and parts == ["screen"] and fields.get("upgrade", "").lower() == "websocket":
            await self._screen(fields["sec-websocket-key"], reader, writer)
            return
        body = self._file(parts) if known else None
        status = "404 Not Found" if body is None else "200 OK"
        kind = _TYPES.get(Path(parts[-1]).suffix if parts and parts[-1] else ".html", "application/octet-stream")
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body or b'')}\r\n"
            "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        writer.write(body or b"")
        await writer.drain()

    def _file(self, parts: list[str]) -> bytes | None:
        """Our page, or one of noVNC's scripts."""
        if parts == [""]:
            return self._page
        if parts[0] not in ("core", "vendor") or ".." in parts or not parts[-1].endswith(".js"):
            return None
        path = self._novnc.joinpath(*parts)
        return path.read_bytes() if path.is_file() else None

    async def _screen(self, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()  # noqa: S324 -- RFC 6455
        from_server, to_server = await asyncio.open_unix_connection(str(self._socket))
        try:
            writer.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
            )
            await _until_one_ends(_outward(from_server, writer), _inward(reader, writer, to_server))
        finally:
            to_server.close()


async def _until_one_ends(*ways: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _outward(server: asyncio.StreamReader, tab: asyncio.StreamWriter) -> None:
    """What the server says, to the tab."""
    while data := await server.read(_CHUNK):
        tab.write(_frame(_BINARY, data))
        await tab.drain()
    tab.write(_frame(_CLOSE, b""))


async def _inward(tab: asyncio.StreamReader, answers: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
    """What the tab says, to the server (RFC 6455, section 5)."""
    do: dict[int, Callable[[bytes], None]] = dict.fromkeys((_CONTINUED, _TEXT, _BINARY), server.write)
    do[_PING] = lambda data: answers.write(_frame(_PONG, data))
    while True:
        first, second = await tab.readexactly(2)
        length = second & 0x7F
        if length >= 126:
            (length,) = struct.unpack(">H" if length == 126 else ">Q", await tab.readexactly(2 if length == 126 else 8))
        if not second & _MASKED or length > _LARGEST_FRAME or first & 0x0F == _CLOSE:
            return
        mask = await tab.readexactly(4)
        data = await tab.readexactly(length)
        plain = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        if first & 0x0F in do:
            do[first & 0x0F](plain)
        await server.drain()


def _frame(kind: int, data: bytes) -> bytes:
    length = len(data)
    if length < 126:
        head = struct.pack(">BB", _LAST | kind, length)
    elif length < 1 << 16:
        head = struct.pack(">BBH", _LAST | kind, 126, length)
    else:
        head = struct.pack(">BBQ", _LAST | kind, 127, length)
    return head + data


if __name__ == "__main__":
    asyncio.run(Bridge(Path(sys.argv[1]), Path(sys.argv[2]), works="works" in sys.argv[3:]).serve())
