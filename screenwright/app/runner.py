"""Runs the tasks of the queue, some of them at the same time, each on a thread of its own."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Protocol

from ..agent.core.answer_format import SchemaAnswer
from ..agent.core.limits import StopReason
from ..agent.guard.approval import Approver
from ..agent.loop.agent import Agent
from ..agent.record.html import Json
from ..agent.record.trajectory import RunError, read_run
from ..envs.env import Env, EnvUnavailable
from .feed import Feed
from .history import RunHistory, run_id_of
from .live import LiveRun
from .messages import message_of
from .queue import QueuedTask, TaskQueue

_log = logging.getLogger(__name__)


class CannotRun(ValueError):
    """The task cannot be run with these choices; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An agent and a screen, not opened yet.

    `started` is called when the recording has begun. `closed` is called when the screen has been closed, and returns
    lines for the user, such as about files that were kept.
    """

    agent: Agent
    env: Env
    started: Callable[[], None] = lambda: None
    closed: Callable[[], Sequence[str]] = tuple[str]


class RunFactory(Protocol):
    """Knows the settings: what can be chosen on the start page, and what a choice means."""

    def options(self) -> Json:
        """What the start page offers."""
        ...

    def check(self, choices: Mapping[str, str]) -> None:
        """Check choices before they are queued.

        Raises:
            CannotRun: they are not offered, or contradict each other.
        """
        ...

    def name(self, task: str) -> str:
        """A short name for the folder of a task's recording, of letters, digits and hyphens."""
        ...

    def prepare(self, job: QueuedTask, folder: Path, approver: Approver, report: Callable[[str], object]) -> Prepared:
        """What runs `job`, to be recorded in `folder`; `report` is called with lines about the model.

        Raises:
            CannotRun: it cannot be run.
        """
        ...


class Runner:
    """Takes tasks from `queue` and records their runs below `root`.

    `parallel` tasks run at the same time. `live` are the runs that can be watched.
    """

    def __init__(
        self,
        root: Path,
        queue: TaskQueue,
        history: RunHistory,
        factory: RunFactory,
        changed: Callable[[], None],
        parallel: int = 1,
    ) -> None:
        self.root, self.queue, self.history, self.factory = root, queue, history, factory
        self.live: dict[str, LiveRun] = {}
        self._changed = changed
        self._is_closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"app-runner-{number}", daemon=True) for number in range(parallel)
        ]

    def start(self) -> None:
        """Start to run tasks."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop the running tasks, which can be resumed later, and wait for their end."""
        self._is_closing = True
        self.queue.close()
        for live in [*self.live.values()]:
            live.stop("the server was closed")
        for thread in self._threads:
            thread.join()

    def id_of(self, job: QueuedTask) -> str:
        """The name of the job's recording in addresses; empty before it starts."""
        return run_id_of(job.run) if job.run else ""

    def is_recorded(self, job: QueuedTask) -> bool:
        """Whether something was recorded, so that the run can be continued."""
        return bool(job.run) and (self.root / job.run / "events.jsonl").exists()

    def continue_run(self, folder: Path) -> str:
        """Queue a recorded run that has not finished; returns the name of the new task in the queue.

        Raises:
            CannotRun: it has finished, or cannot be read.
            QueueError: it is in the queue already.
        """
        try:
            run = read_run(folder)
        except RunError as error:
            raise CannotRun(str(error)) from error
        if run.ended is not None and run.ended.stop is StopReason.FINISHED:
            raise CannotRun("the run has finished")
        return self.queue.add(run.started.task, {}, resume=str(folder.relative_to(self.root))).id

    def _work(self) -> None:
        while (job := self.queue.take(self._new_folder)) is not None:
            problem = self._run(job)
            self.queue.finish(job.id, problem=problem, interrupted=self._is_closing and not problem)
            self._changed()

    def _new_folder(self, job: QueuedTask) -> str:
        """The name of a new folder, which no other run has."""
        stem = f"{datetime.now():%Y%m%d-%H%M%S}-{self.factory.name(job.task)}"
        name = stem
        for number in count(2):
            with suppress(FileExistsError):
                (self.root / name).mkdir(0o700, parents=True)
                break
            name = f"{stem}-{number}"
        return name

    def _run(self, job: QueuedTask) -> str:
        """Run a task to its end; returns the problem if it could not be started."""
        folder, run_id = self.root / job.run, run_id_of(job.run)
        is_recorded = (folder / "events.jsonl").exists()
        feed = Feed(_past_messages(folder) if is_recorded else [])
        live = self.live[run_id] = LiveRun(feed, self._changed)
        feed.add({"kind": "state", "state": "opening", "task": job.task})
        problem = ""
        try:
            self._follow(job, live, folder, resume=is_recorded)
        except (CannotRun, EnvUnavailable, RunError) as error:
            problem = str(error)
        except Exception:  # noqa: BLE001 -- a bug ends one run, not the server
            _log.exception("the task %s failed", job.id)
            problem = "an internal error: see the terminal where the server runs"
        finally:
            if problem:
                feed.add({"kind": "failed", "text": problem})
            self._index(folder)
            del self.live[run_id]
            feed.close()
            with suppress(OSError):  # it is not empty
                folder.rmdir()
        return problem

    def _follow(self, job: QueuedTask, live: LiveRun, folder: Path, *, resume: bool) -> None:
        if self._is_closing:
            return
        if job.resume and not resume:
            raise CannotRun("the recording of this run is gone: start the task again")

        def report(line: str) -> None:
            live.feed.add({"kind": "note", "step": None, "text": line})

        def started() -> None:
            prepared.started()
            self._index(folder)
            self._changed()

        prepared = self.factory.prepare(job, folder, live, report)
        agent, env = prepared.agent, prepared.env
        with closing(agent), env:
            if resume:
                schema = read_run(folder).started.answer_schema
                events = agent.continue_stream(folder, env, output=SchemaAnswer(schema) if schema else None)
            else:
                events = agent.stream(job.task, env, out=folder)
            live.follow(agent, env, events, started)
        for line in prepared.closed():
            report(line)

    def _index(self, folder: Path) -> None:
        if (folder / "events.jsonl").exists():
            self.history.add(folder)


def _past_messages(folder: Path) -> list[Json]:
    try:
        return [message_of(event) for event in read_run(folder).events]
    except RunError:  # reported when the run is continued
        return []
