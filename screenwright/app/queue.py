"""The queue of tasks, on disk, so that it survives the server."""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from screenwright._files import read_file, write_file

MAX_JOBS = 500


class QueueState(StrEnum):
    """Where a task in the queue stands.

    `INTERRUPTED` was running when the server ended, and `FAILED` could not be started; both wait for the user.
    """

    WAITING = "waiting"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class QueuedTask:
    """A task in the queue.

    `choices` are those of the start page, such as the model; `run` is the folder of its recording below that of all
    runs, empty until it starts. With `resume`, that recording is continued.
    """

    id: str
    task: str
    choices: Mapping[str, str] = field(default_factory=dict[str, str])
    state: QueueState = QueueState.WAITING
    run: str = ""
    resume: bool = False
    problem: str = ""


class QueueError(ValueError):
    """The queue refuses a change; the message is one line."""


_JOBS: TypeAdapter[tuple[QueuedTask, ...]] = TypeAdapter(tuple[QueuedTask, ...])


class TaskQueue:
    """The tasks that wait, run, or need the user, oldest first, kept in the file `path`. Thread-safe.

    A task that was running when the server ended is never started again by itself. `changed` is called after a change.

    Raises:
        QueueError: the file is damaged.
    """

    def __init__(self, path: Path, changed: Callable[[], None] = lambda: None) -> None:
        self._path, self._changed = path, changed
        self._condition = threading.Condition()
        self._is_closed = False
        try:
            loaded = _JOBS.validate_json(read_file(path)) if path.exists() else ()
        except (OSError, ValidationError) as error:
            raise QueueError(f"the queue {path} cannot be read: move it away to start with an empty one") from error
        self._jobs = tuple(
            replace(job, state=QueueState.INTERRUPTED) if job.state is QueueState.RUNNING else job for job in loaded
        )

    @property
    def jobs(self) -> tuple[QueuedTask, ...]:
        """All jobs, oldest first."""
        return self._jobs

    def add(self, task: str, choices: Mapping[str, str], *, resume: str = "") -> QueuedTask:
        """Append a task; with `resume`, it continues that run.

        Raises:
            QueueError: the queue is full, or the run is in it already.
        """
        job = QueuedTask(secrets.token_hex(8), task, dict(choices), run=resume, resume=bool(resume))
        with self._condition:
            if len(self._jobs) >= MAX_JOBS:
                raise QueueError(f"the queue is full: it has {MAX_JOBS} tasks")
            if resume and any(one.run == resume for one in self._jobs):
                raise QueueError("this run is in the queue already")
            self._save((*self._jobs, job))
        return job

    def remove(self, job_id: str) -> None:
        """Remove a task that does not run.

        Raises:
            QueueError: there is no such task, or it is running.
        """
        with self._condition:
            job = self._find(job_id)
            if job.state is QueueState.RUNNING:
                raise QueueError("the task is running: stop it first")
            self._save(tuple(one for one in self._jobs if one.id != job_id))

    def retry(self, job_id: str, *, resume: bool) -> None:
        """Queue an interrupted or failed task again; with `resume`, its recording is continued.

        Raises:
            QueueError: there is no such task, or it does not wait for the user.
        """
        with self._condition:
            job = self._find(job_id)
            if job.state not in (QueueState.INTERRUPTED, QueueState.FAILED):
                raise QueueError("the task is in the queue already")
            run = job.run if resume else ""
            self._replace(replace(job, state=QueueState.WAITING, problem="", resume=resume, run=run))

    def take(self, folder_of: Callable[[QueuedTask], str]) -> QueuedTask | None:
        """Wait for a task and mark it as running, in the recording that `folder_of` names; None once closed."""
        with self._condition:
            while not self._is_closed:
                job = next((one for one in self._jobs if one.state is QueueState.WAITING), None)
                if job is None:
                    self._condition.wait()
                    continue
                try:
                    running = replace(job, state=QueueState.RUNNING, run=job.run or folder_of(job))
                    self._replace(running)
                except (OSError, QueueError) as error:  # it must be on disk that it runs, or a kill would repeat it
                    reason = getattr(error, "strerror", None)
                    problem = f"the run cannot be recorded: {reason}" if reason else str(error)
                    self._keep(self._with(replace(job, state=QueueState.FAILED, problem=problem)))
                else:
                    return running
        return None

    def finish(self, job_id: str, *, problem: str = "", interrupted: bool = False) -> None:
        """A running task is over: it leaves the queue, unless there was a problem or it was interrupted."""
        with self._condition:
            job = self._find(job_id)
            if problem or interrupted:
                state = QueueState.INTERRUPTED if interrupted else QueueState.FAILED
                jobs = self._with(replace(job, state=state, problem=problem))
            else:
                jobs = tuple(one for one in self._jobs if one.id != job_id)
            try:
                self._save(jobs)
            except QueueError:  # after a restart it will be shown as interrupted
                self._keep(jobs)

    def close(self) -> None:
        """Let `take` return None."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()

    def _find(self, job_id: str) -> QueuedTask:
        for job in self._jobs:
            if job.id == job_id:
                return job
        raise QueueError("the task is not in the queue any more")

    def _replace(self, job: QueuedTask) -> None:
        self._save(self._with(job))

    def _with(self, job: QueuedTask) -> tuple[QueuedTask, ...]:
        return tuple(job if one.id == job.id else one for one in self._jobs)

    def _save(self, jobs: tuple[QueuedTask, ...]) -> None:
        try:
            write_file(self._path, _JOBS.dump_json(jobs, indent=1))
        except OSError as error:
            raise QueueError(f"the queue cannot be saved in {self._path}: {error.strerror or error}") from error
        self._keep(jobs)

    def _keep(self, jobs: tuple[QueuedTask, ...]) -> None:
        self._jobs = jobs
        self._condition.notify_all()
        self._changed()
