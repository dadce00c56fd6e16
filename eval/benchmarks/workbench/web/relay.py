"""Connects a Unix socket that leads out of a sandbox to port `PORT` on 127.0.0.1 in it.

Run in the sandbox as `python -I -S relay.py SOCKET PORT`; uses only the standard library. It prints `ready` at first.
The other end, outside, is `bridge.py` of the sandbox.
"""

import asyncio
import sys
from contextlib import suppress

_CHUNK = 2**18


async def serve(socket: str, port: int) -> None:
    """Pass on connections until the sandbox ends; each ends at once while no one listens at the port."""

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                in_reader, in_writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_copy(reader, in_writer), _copy(in_reader, writer))
        finally:
            writer.close()

    server = await asyncio.start_unix_server(connect, socket)
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
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
