"""HTTP/1.1 for the proxy (RFC 9112), on top of h11: messages are parsed, validated and serialized again."""

import asyncio
import re
from typing import TypeAlias

import h11

LONGEST_HEAD = 2**18
"""Bytes; the limit of Chromium."""

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Fields: TypeAlias = list[tuple[bytes, bytes]]

_CHUNK = 2**18
_FIELD = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+:")
_HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"proxy-authenticate", b"te", b"upgrade",
})  # fmt: skip


class HttpPeer:
    """The other end of an HTTP/1.1 connection; `role` is ours. Malformed messages raise `h11.ProtocolError`."""

    def __init__(self, role: type[h11.CLIENT] | type[h11.SERVER], streams: Streams) -> None:
        self.reader, self.writer = streams
        self._http = h11.Connection(role, max_incomplete_event_size=LONGEST_HEAD)

    async def receive(self) -> h11.Event:
        """The next event; `h11.ConnectionClosed` if the peer has closed the connection between two messages."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self.reader.read(_CHUNK))
        if isinstance(event, type):  # PAUSED: the previous exchange is not complete
            raise h11.RemoteProtocolError("unexpected data")
        return event

    async def receive_response(self) -> h11.Response | None:
        """The head of the final response; None if the peer closed the connection instead."""
        while head := await self._lenient_head():
            self._http.receive_data(head)
            if isinstance(event := self._http.next_event(), h11.Response):
                return event
        return None

    async def send(self, *events: h11.Event) -> None:
        """Write `events`, and wait while the send buffer is full."""
        for event in events:
            self.writer.write(self._http.send(event) or b"")
        await self.writer.drain()

    async def send_body(self, source: "HttpPeer") -> None:
        """Pass on the body, and the trailers, that `source` sends."""
        event: h11.Event | None = None
        while not isinstance(event, h11.EndOfMessage):
            event = await source.receive()
            await self.send(event)

    def start_next(self) -> bool:
        """Get ready for another request on this connection; False if it has to be closed instead."""
        is_done = self._http.our_state is self._http.their_state is h11.DONE
        if is_done:
            self._http.start_next_cycle()
        return is_done

    @property
    def unread(self) -> bytes:
        """The bytes received after the head of a CONNECT request."""
        return self._http.trailing_data[0]

    async def _lenient_head(self) -> bytes:
        """The next head without its malformed lines: Chromium ignores them in responses, h11 rejects the response."""
        head = b""
        while len(head) <= LONGEST_HEAD:
            try:
                line = await self.reader.readline()
            except ValueError:
                break
            if not line.strip() and (head or not line):
                return head + line
            if not head or _FIELD.match(line):
                head += line
        raise h11.RemoteProtocolError("the head is too long")


def forwarded_fields(message: h11.Request | h11.Response) -> Fields:
    """The fields of `message` without those for one hop only, and without a length that chunked coding overrides."""
    dropped = set(_HOP_BY_HOP)
    for name, value in message.headers:
        if name == b"connection":
            dropped |= {token.strip().lower() for token in value.split(b",")}
        elif name == b"transfer-encoding":
            dropped.add(b"content-length")
    return [(name, value) for name, value in message.headers.raw_items() if name.lower() not in dropped]


async def tunnel(client: Streams, server: Streams) -> None:
    """Pass on bytes in both directions until both sides are done or the client has disconnected."""
    down = asyncio.ensure_future(_copy(server[0], client[1]))
    up = asyncio.ensure_future(_copy(client[0], server[1]))
    try:
        await up  # a browser does not close one direction only
    finally:
        down.cancel()
        up.cancel()
        await asyncio.gather(down, up, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
    except OSError:
        writer.close()
