"""Runs episodes in worker processes. A crash or a hang costs one attempt, and kills the worker with its children."""

import atexit
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess

from ...agent.record.trajectory import RunError
from ...envs.temp_folder import TempFolder
from ..core.record import Attempt, FailedAttempt, Record
from .episode import EpisodeJob, EpisodeRunner

MakeRunner = Callable[[int], EpisodeRunner]
"""Creates the runner in the worker's process, from the worker's number."""

_POLL_S = 1.0  # Windows handles Ctrl-C only between waits
_END_LIMIT_S = 5.0
_LONGEST_TEMP = 60  # a socket's path may have about 100 bytes
_PRELOADED = [
    "__main__",
    "screenwright.eval.runner.evaluation",
    "screenwright.envs.browser",
    "screenwright.agent.models.served.model",
    "screenwright.eval.runner.preload",
]
"""Modules that workers share on systems with a fork server."""


@dataclass(slots=True)
class _Worker:
    number: int
    process: BaseProcess
    pipe: Connection
    lifeline: Connection
    job: EpisodeJob | None = None
    since: float = 0.0


class Pool:
    """Up to `size` workers, started on demand, each running one episode at a time.

    A worker that does not finish an episode within `timeout_s` is killed with all its child processes.
    """

    def __init__(self, make_runner: MakeRunner, size: int, timeout_s: float) -> None:
        self._make_runner = make_runner
        self._size = size
        self._timeout_s = timeout_s
        self._workers: list[_Worker] = []
        self._context = _context()

    def run(self, jobs: deque[EpisodeJob]) -> Iterator[Attempt]:
        """See `Workers`.

        Raises:
            RunError: an episode cannot be recorded.
            ValueError: the agent or the benchmark cannot be created.
        """
        while jobs or any(worker.job for worker in self._workers):
            self._dispatch(jobs)
            yield from self._collect()

    def close(self) -> None:
        """End all workers and their child processes."""
        for worker in self._workers:
            worker.pipe.close()
        end = time.monotonic() + _END_LIMIT_S
        for worker in self._workers:
            if worker.job is None:
                worker.process.join(max(0.0, end - time.monotonic()))
            worker.lifeline.close()
            _kill(worker.process)
        self._workers.clear()

    def _dispatch(self, jobs: deque[EpisodeJob]) -> None:
        while jobs:
            worker = next((worker for worker in self._workers if worker.job is None), None)
            if worker is None:
                if len(self._workers) >= self._size:
                    return
                worker = self._start()
            worker.job, worker.since = jobs.popleft(), time.monotonic()
            with suppress(OSError):  # `_collect` detects a dead worker
                worker.pipe.send(worker.job)

    def _start(self) -> _Worker:
        taken = {worker.number for worker in self._workers}
        number = next(number for number in range(self._size) if number not in taken)
        ours, theirs = self._context.Pipe()
        watched, lifeline = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_serve, args=(theirs, watched, self._make_runner, number), name=f"worker-{number}"
        )
        process.start()
        theirs.close()
        watched.close()
        worker = _Worker(number, process, ours, lifeline)
        self._workers.append(worker)
        return worker

    def _collect(self) -> Iterator[Attempt]:
        busy = [worker for worker in self._workers if worker.job is not None]
        deadline = min(worker.since for worker in busy) + self._timeout_s
        left = max(0.0, deadline - time.monotonic())
        ready = wait([worker.pipe for worker in busy], timeout=min(left, _POLL_S))
        for worker in busy:
            job = worker.job
            assert job is not None
            if worker.pipe in ready:
                yield self._receive(worker, job)
            elif time.monotonic() >= worker.since + self._timeout_s:
                self._drop(worker)
                yield FailedAttempt(job.id, f"the episode hung: not finished after {self._timeout_s:g} s")

    def _receive(self, worker: _Worker, job: EpisodeJob) -> Attempt:
        try:
            answer: object = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(_END_LIMIT_S)
            code = worker.process.exitcode
            self._drop(worker)
            return FailedAttempt(job.id, f"the worker process ended with code {code}")
        if isinstance(answer, BaseException):
            raise answer
        worker.job = None
        assert isinstance(answer, Record | FailedAttempt)
        return answer

    def _drop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.lifeline.close()
        worker.pipe.close()
        _kill(worker.process)


def warm_up() -> None:
    """Start the fork server, which imports the shared modules in the background."""
    if isinstance(_context(), ForkServerContext):
        from multiprocessing import forkserver  # does not exist on every system

        forkserver.ensure_running()


def _context() -> ForkServerContext | SpawnContext:
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    assert isinstance(context, ForkServerContext | SpawnContext)
    if isinstance(context, ForkServerContext):
        context.set_forkserver_preload(_PRELOADED)
        _use_temp_folder(os.getpid())
    return context


@cache
def _use_temp_folder(_process: int) -> None:
    """Let multiprocessing keep its sockets in a folder that is removed even if this process is killed."""
    config: dict[str, object] = vars(multiprocessing.current_process())["_config"]
    if not config.get("tempdir") and len(tempfile.gettempdir()) < _LONGEST_TEMP:
        folder = TempFolder("eval")
        atexit.register(folder.close)
        config["tempdir"] = str(folder.path)


def _kill(process: BaseProcess) -> None:
    """Kill a worker and its process group; its children may outlive it."""
    if process.pid is not None and sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _serve(pipe: Connection, lifeline: Connection, make_runner: MakeRunner, number: int) -> None:
    """The worker process: run jobs until the pipe is closed; exit at once if the owner dies."""
    if sys.platform != "win32":
        os.setsid()
    threading.Thread(target=_exit_with, args=(lifeline,), name="lifeline", daemon=True).start()
    try:
        runner = make_runner(number)
    except (RunError, ValueError) as error:
        with suppress(OSError, EOFError):
            pipe.recv()
            pipe.send(error)
        return
    with suppress(EOFError, OSError), runner:
        while True:
            job: EpisodeJob = pipe.recv()
            try:
                pipe.send(runner.run(job))
            except RunError as error:
                pipe.send(error)


def _exit_with(lifeline: Connection) -> None:
    with suppress(EOFError, OSError):
        lifeline.recv()
    if sys.platform != "win32":
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
