"""The messages of a run that another process records, as they are written."""

import asyncio
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from ..agent.record.lock import is_locked
from ..agent.record.trajectory import RunError, read_run
from .feed import Feed
from .messages import message_of

_EVERY_S = 1.0


class Tail:
    """Reads the recording in `folder` into `feed`, until its process has ended."""

    def __init__(self, folder: Path) -> None:
        self.feed = Feed([{"kind": "state", "state": "running elsewhere"}])
        self._folder = folder

    async def read(self) -> None:
        """Read what there is, and every second what is new."""
        sent, is_going_on = 0, True
        try:
            while is_going_on:
                is_going_on = await run_in_threadpool(is_locked, self._folder)  # first, so that the end is read too
                run = await run_in_threadpool(read_run, self._folder)
                for event in run.events[sent:]:
                    self.feed.add(message_of(event))
                sent = len(run.events)
                await asyncio.sleep(_EVERY_S if is_going_on else 0)
            self.feed.add({"kind": "state", "state": ""})
        except RunError as error:
            self.feed.add({"kind": "failed", "text": str(error)})
        finally:
            self.feed.close()
