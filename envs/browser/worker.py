"""A background thread with an event loop, for libraries that must stay on one thread."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from ..interrupt import wait_for

T = TypeVar("T")

_CANCEL_S = 5.0


class Worker:
    """Runs coroutines on one background thread; callers may be on any other thread, with or without an event loop."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: a program that forgets to close its browser still exits, and the browser with it.
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run `coroutine` to completion and return its result. Interrupting the caller cancels it.

        Raises:
            Interrupted: see `interruptible`.
        """
        return wait_for(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    def stop(self) -> None:
        """Cancel all running tasks and end the thread, within seconds even if a task ignores its cancellation."""
        self.run(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        done, _ = await asyncio.wait(tasks, timeout=_CANCEL_S)
        await asyncio.gather(*done, return_exceptions=True)  # reads their errors, which would be logged otherwise
