"""Connects a port on 127.0.0.1 with a Unix socket, which leads out of a sandbox without a network or into it.

    python -I -S bridge.py SOCKET PORT              listens at the port
    python -I -S bridge.py SOCKET PORT --to-port    listens at the socket

Uses only the standard library. It prints `ready` at first.
"""

import asyncio
import sys
from contextlib import suppress

_CHUNK = 2**18


async def serve(socket: str, port: int, *, to_port: bool) -> None:
    """Pass on connections until it is stopped; each ends at once while no one listens at the other end."""

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                other = asyncio.open_connection("127.0.0.1", port) if to_port else asyncio.open_unix_connection(socket)
                out_reader, out_writer = await other
                await asyncio.gather(_copy(reader, out_writer), _copy(out_reader, writer))
        finally:
            writer.close()

    listening = (
        asyncio.start_unix_server(connect, socket) if to_port else asyncio.start_server(connect, "127.0.0.1", port)
    )
    server = await listening
    print("ready", flush=True)  # noqa: T201 -- the owner reads it
    await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on bytes until the end; closes `writer`, so that the other direction ends too."""
    try:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                writer.write(data)
                await writer.drain()
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), to_port="--to-port" in sys.argv[3:]))
