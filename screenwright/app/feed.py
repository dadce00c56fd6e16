"""Messages in the order in which they happened, for any number of readers, each of which sees all of them."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress

from ..agent.record.html import Json

PING_S = 15.0
"""A reader that is gone is noticed when something is sent to it."""


class Feed:
    """A list of messages that grows until it is closed. `add` and `close` may be called from any thread.

    A slow reader costs nothing: each one only remembers how far it has read.
    """

    def __init__(self, messages: Iterable[Json] = ()) -> None:
        self._texts = [_text(message) for message in messages]
        self._lock = threading.Lock()
        self._readers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, message: Json) -> None:
        """Append `message`."""
        with self._lock:
            self._texts.append(_text(message))
        self._wake()

    def close(self) -> None:
        """No more messages follow."""
        self._is_closed = True
        self._wake()

    async def follow(self, start: int = 0) -> AsyncGenerator[tuple[int, str] | None]:
        """The messages from number `start` on, as JSON, until the feed is closed; None if there is nothing new."""
        wake = asyncio.Event()
        self._readers[wake] = asyncio.get_running_loop()
        try:
            while True:
                wake.clear()
                is_last = self._is_closed
                while start < len(self._texts):
                    yield start, self._texts[start]
                    start += 1
                if is_last:
                    return
                try:
                    await asyncio.wait_for(wake.wait(), PING_S)
                except TimeoutError:
                    yield None
        finally:
            del self._readers[wake]

    def _wake(self) -> None:
        for wake, loop in list(self._readers.items()):
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(wake.set)


def _text(message: Json) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
