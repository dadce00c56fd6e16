"""Reads the body of a response: server-sent events, as they arrive, or a whole reply."""

import json
import re
import time
from collections.abc import Iterable, Iterator
from itertools import chain

import httpx2
from pydantic import JsonValue

from screenwright._text import one_line

from ....envs.interrupt import Interrupted
from ..errors import ErrorResponse, InvalidResponse
from ..replies import parse_json, quote
from ..transport import MAX_BODY_BYTES
from .stream_accumulator import StreamAccumulator

_EVENTS = "text/event-stream"
_EVENT_FIELD = re.compile(rb"(data|event|id|retry)?:")
_BLANK = b"\xef\xbb\xbf \t\r\n"  # with the byte order mark


def read_body(response: httpx2.Response) -> str:
    """The text of a whole response.

    Raises:
        InvalidResponse: it is too long.
    """
    return _decoded(b"".join(_blocks(response)), response)


def read_reply(response: httpx2.Response, accumulator: StreamAccumulator, silence_s: float) -> None:
    """Read a stream of events, or the single response of a server that does not stream.

    Raises:
        Interrupted: the reply continues after the caller's stop.
        ReadTimeout: there is no new text for `silence_s`, although the server keeps the connection alive.
        ErrorResponse, InvalidResponse, ConnectionBroken: there is no whole reply in it.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    blocks, start = _blocks(response), b""
    for block in blocks:
        start += block
        if block.strip(_BLANK):
            break
    try:
        if kind == _EVENTS and start.lstrip(_BLANK)[:1] not in (b"{", b"[", b"<"):
            watched = _watched(blocks, response.request, accumulator, silence_s)
            _read_events(chain((start,), watched), response.request, accumulator)
            return
        content = start + b"".join(blocks)
        if _EVENT_FIELD.match(content.lstrip(_BLANK)):
            _read_events((content,), response.request, accumulator)
        else:
            _read_whole(_decoded(content, response), kind, accumulator)
    except ErrorResponse as error:
        error.headers = response.headers
        raise


def _blocks(response: httpx2.Response) -> Iterator[bytes]:
    size = 0
    for block in response.iter_bytes():
        size += len(block)
        if size > MAX_BODY_BYTES:
            raise InvalidResponse(f"a response of more than {MAX_BODY_BYTES} bytes")
        yield block


def _watched(
    blocks: Iterator[bytes], request: httpx2.Request, accumulator: StreamAccumulator, silence_s: float
) -> Iterator[bytes]:
    """The blocks, as long as they bring new text."""
    pieces, since = accumulator.pieces, time.monotonic()
    for block in blocks:
        if accumulator.pieces > pieces:
            pieces, since = accumulator.pieces, time.monotonic()
        elif time.monotonic() > since + silence_s:
            raise httpx2.ReadTimeout("only keep-alives", request=request)
        yield block


def _decoded(content: bytes, response: httpx2.Response) -> str:
    """JSON as text; invalid bytes are replaced, which costs a character and not the reply."""
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        return content.decode(response.encoding or "utf-8", "replace")


def _read_whole(text: str, kind: str, accumulator: StreamAccumulator) -> None:
    bodies = [] if text.lstrip().startswith("<") else list(_values_in(text, accumulator))
    if not any(isinstance(body, dict) and {"choices", "error", "errors"} & body.keys() for body in bodies):
        found = quote(text) or ("an HTML page" if text.strip()[:1] == "<" else one_line(text)) or "nothing"
        raise InvalidResponse(f"something other than a chat completion ({kind or 'no content type'}: {found})")
    for body in bodies:
        accumulator.add(body)
    accumulator.end_of_stream()


def _read_events(blocks: Iterable[bytes], request: httpx2.Request, accumulator: StreamAccumulator) -> None:
    # The blank line at the end completes the last event of servers that leave it out.
    headers = {"Content-Type": f"{_EVENTS}; charset=utf-8-sig"}
    response = httpx2.Response(200, headers=headers, content=chain(blocks, (b"\n\n",)), request=request)
    for event in httpx2.EventSource(response, MAX_BODY_BYTES):
        for value in _values_in(event.data, accumulator):
            body: JsonValue = {"error": value} if event.event == "error" and value else value
            if not accumulator.add(body):
                raise Interrupted


def _values_in(data: str, accumulator: StreamAccumulator) -> Iterator[JsonValue]:
    """The JSON objects in the data of an event; several if a server does not separate its events by blank lines.

    Data that is not meant to be JSON, such as a proxy's comment, contains none.
    """
    data = data.strip()
    try:
        value = parse_json(data)
    except ValueError:
        if "\n" in data:
            for line in data.split("\n"):
                yield from _values_in(line, accumulator)
        elif data == "[DONE]":
            accumulator.end_of_stream()
        elif data.startswith(("{", "[")):
            accumulator.reject(f"invalid JSON ({one_line(data)})")
    else:
        if value == "[DONE]":
            accumulator.end_of_stream()
        yield from value if isinstance(value, list) else (value,)
