"""HTTP/1.1 as a proxy handles it (RFC 9112): heads are read and written anew, bodies passed on as they are."""

import asyncio
from dataclasses import dataclass
from typing import Literal, Self

LONGEST_HEAD = 2**18
"""Bytes; Chromium sends and takes no longer ones."""

_CHUNK = 2**18
_HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"proxy-authenticate", b"te", b"upgrade",
})  # fmt: skip

Fields = tuple[tuple[bytes, bytes], ...]
Body = int | Literal["chunked", "until closed"]
"""How long a body is: its bytes, or how its end is known."""


class BadMessage(Exception):
    """The other side does not speak HTTP/1.1, or breaks off."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and the fields of a message, without those that are for the next hop only."""

    start: tuple[bytes, bytes, bytes]
    fields: Fields
    closes: bool

    @classmethod
    async def read(cls, reader: asyncio.StreamReader, *, strict: bool = True) -> Self | None:
        """The next head; None if the other side is done. Unless `strict`, lines that are no fields are passed over.

        Raises:
            BadMessage: it is no head.
        """
        lines = await _lines(reader)
        if not lines:
            return None
        parts = lines[0].split(None, 2)
        if len(parts) < 2:
            raise BadMessage
        fields: list[tuple[bytes, bytes]] = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if colon and name and name == name.strip():
                fields.append((name, value.strip()))
            elif strict:
                raise BadMessage
        start = (parts[0], parts[1], parts[2] if len(parts) > 2 else b"")
        named = {word.strip().lower() for word in _all(fields, b"connection").split(b",")}
        kept = tuple([item for item in fields if item[0].lower() not in _HOP_BY_HOP | named])
        is_old = b"HTTP/1.0" in (parts[0], start[2])
        return cls(start, kept, b"close" in named or (is_old and b"keep-alive" not in named))

    def body(self, without: Body) -> Body:
        """How long the body is, `without` if the head does not say.

        Raises:
            BadMessage: it says several things.
        """
        if coding := _all(self.fields, b"transfer-encoding"):
            if coding.lower() != b"chunked":
                raise BadMessage
            return "chunked"
        lengths = {word.strip() for word in _all(self.fields, b"content-length").split(b",")} - {b""}
        if not lengths:
            return without
        length = lengths.pop()
        if lengths or not length.isdigit():
            raise BadMessage
        return int(length)

    def write(self, *more: tuple[bytes, bytes], without: tuple[bytes, ...] = ()) -> bytes:
        """The head as bytes, with the fields `more` and those named `without` left out."""
        if _all(self.fields, b"transfer-encoding"):
            without = (*without, b"content-length")
        kept = [item for item in self.fields if item[0].lower() not in without]
        lines = [b" ".join(self.start).rstrip(), *(name + b": " + value for name, value in (*kept, *more))]
        return b"\r\n".join(lines) + b"\r\n\r\n"


async def pass_on(body: Body, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write to `writer` the body that comes in.

    Raises:
        BadMessage: it breaks off.
    """
    if body == "until closed":
        while data := await reader.read(_CHUNK):
            await _send(writer, data)
    elif body == "chunked":
        await _pass_on_chunks(reader, writer)
    else:
        await _pass_on_bytes(body, reader, writer)


async def tunnel(
    client: tuple[asyncio.StreamReader, asyncio.StreamWriter], server: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    """Pass on whatever comes from either side, until both are done or the client is gone."""
    down = asyncio.ensure_future(_pour(server[0], client[1]))
    up = asyncio.ensure_future(_pour(client[0], server[1]))
    try:
        await up  # a browser does not close one direction only
    finally:
        down.cancel()
        up.cancel()
        await asyncio.gather(down, up, return_exceptions=True)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            await _send(writer, data)
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
    except OSError:
        writer.close()


async def _pass_on_bytes(count: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while count:
        data = await reader.read(min(count, _CHUNK))
        if not data:
            raise BadMessage
        count -= len(data)
        await _send(writer, data)


async def _pass_on_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Chunks, then trailers, up to an empty line."""
    while True:
        line = await _line(reader)
        try:
            size = int(line.partition(b";")[0].strip(), 16)
        except ValueError:
            raise BadMessage from None
        if size < 0:
            raise BadMessage
        writer.write(line)
        if size == 0:
            break
        await _pass_on_bytes(size, reader, writer)
        writer.write(await _line(reader))
    while (line := await _line(reader)).strip():
        writer.write(line)
    await _send(writer, b"\r\n")


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def _lines(reader: asyncio.StreamReader) -> list[bytes]:
    """The lines of a head; none at the end of the connection."""
    lines: list[bytes] = []
    size = 0
    while True:
        line = await _line(reader, may_end=not lines)
        if not line:
            return []
        size += len(line)
        if size > LONGEST_HEAD:
            raise BadMessage
        bare = line.rstrip(b"\r\n")
        if bare:
            lines.append(bare)
        elif lines:  # an empty line before a head is passed over
            return lines


async def _line(reader: asyncio.StreamReader, *, may_end: bool = False) -> bytes:
    try:
        line = await reader.readline()
    except ValueError:
        raise BadMessage from None
    if not line.endswith(b"\n") and (line or not may_end):
        raise BadMessage
    return line


def _all(fields: Fields | list[tuple[bytes, bytes]], name: bytes) -> bytes:
    return b",".join([value for given, value in fields if given.lower() == name])
