"""An episode for asyncio: it runs on a thread of its own."""

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor

from ..record.events import Event

_STOP_EVERY_S = 0.05


async def on_thread(events: Generator[Event], stop: Callable[[], None]) -> AsyncGenerator[Event]:
    """`events`, each produced on one thread when it is asked for.

    If the task that waits is cancelled, `stop` is called and the episode runs to its end. If the generator is closed
    earlier, so are `events`.
    """
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()  # such as the caller's span of a trace

    def advance() -> Event | None:
        return context.run(next, events, None)

    def drain() -> None:
        context.run(deque, events, 0)

    with ThreadPoolExecutor(1, thread_name_prefix="screenwright-episode") as thread:
        try:
            while True:
                work = loop.run_in_executor(thread, advance)
                try:
                    event = await asyncio.shield(work)
                except asyncio.CancelledError:
                    rest = loop.run_in_executor(thread, drain)
                    while not rest.done():  # repeated, because the thread may not have started the episode yet
                        stop()
                        await asyncio.wait([rest], timeout=_STOP_EVERY_S)
                    raise
                if event is None:
                    return
                yield event
        finally:
            await loop.run_in_executor(thread, context.run, events.close)
