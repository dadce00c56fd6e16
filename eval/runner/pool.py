"""Episodes in processes of their own: what crashes or hangs there costs one attempt, and is ended whole."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess

from ...agent.record.trajectory import RunError
from ..core.record import Attempt, FailedAttempt, Record
from .episode import EpisodeJob, EpisodeRunner

MakeWork = Callable[[int], EpisodeRunner]
"""Makes what does the work, in the worker's own process; is given the worker's number."""

_POLL_S = 1.0
_END_LIMIT_S = 5.0
_PRELOADED = [
    "__main__",
    "screenwright.eval.runner.evaluation",
    "screenwright.envs.browser",
    "screenwright.agent.models.served",
    "screenwright.eval.runner.preload",
]
"""What workers share, where the system can fork from a process that has no threads."""


@dataclass(slots=True)
class _Worker:
    number: int
    process: BaseProcess
    pipe: Connection
    lifeline: Connection
    order: EpisodeJob | None = None
    since: float = 0.0


class Pool:
    """Up to `size` workers, each of which does one episode at a time and is begun when there is work for it.

    One that does not end an episode within `patience_s` is killed, with the processes it has started.
    """

    def __init__(self, make_work: MakeWork, size: int, patience_s: float) -> None:
        self._make_work = make_work
        self._size = size
        self._patience_s = patience_s
        self._workers: list[_Worker] = []
        self._context = _context()

    def work(self, orders: deque[EpisodeJob]) -> Iterator[Attempt]:
        """Do `orders`, first come first served, and hand on each attempt as it ends; more may be added meanwhile.

        Raises:
            RunError: an episode cannot be recorded.
            ValueError: the contender or the benchmark cannot be made.
        """
        while orders or any(worker.order for worker in self._workers):
            self._hand_out(orders)
            yield from self._collect()

    def close(self) -> None:
        """End all workers, and what they started."""
        for worker in self._workers:
            worker.pipe.close()
        end = time.monotonic() + _END_LIMIT_S
        for worker in self._workers:
            if worker.order is None:
                worker.process.join(max(0.0, end - time.monotonic()))
            worker.lifeline.close()
            _kill(worker.process)
        self._workers.clear()

    def _hand_out(self, orders: deque[EpisodeJob]) -> None:
        while orders:
            worker = next((worker for worker in self._workers if worker.order is None), None)
            if worker is None:
                if len(self._workers) >= self._size:
                    return
                worker = self._begin()
            worker.order, worker.since = orders.popleft(), time.monotonic()
            with suppress(OSError):  # it is dead, which `_collect` finds
                worker.pipe.send(worker.order)

    def _begin(self) -> _Worker:
        taken = {worker.number for worker in self._workers}
        number = next(number for number in range(self._size) if number not in taken)
        ours, theirs = self._context.Pipe()
        beating, lifeline = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_serve, args=(theirs, beating, self._make_work, number), name=f"worker-{number}"
        )
        process.start()
        theirs.close()
        beating.close()
        worker = _Worker(number, process, ours, lifeline)
        self._workers.append(worker)
        return worker

    def _collect(self) -> Iterator[Attempt]:
        busy = [worker for worker in self._workers if worker.order is not None]
        ready = wait([worker.pipe for worker in busy], timeout=_POLL_S)
        for worker in busy:
            order = worker.order
            assert order is not None
            if worker.pipe in ready:
                yield self._received(worker, order)
            elif time.monotonic() - worker.since > self._patience_s:
                self._drop(worker)
                yield FailedAttempt(order.id, f"it hung: no end within {self._patience_s:g} s")

    def _received(self, worker: _Worker, order: EpisodeJob) -> Attempt:
        try:
            answer: object = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(_END_LIMIT_S)
            code = worker.process.exitcode
            self._drop(worker)
            return FailedAttempt(order.id, f"its process ended, with code {code}")
        if isinstance(answer, BaseException):
            raise answer
        worker.order = None
        assert isinstance(answer, Record | FailedAttempt)
        return answer

    def _drop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.lifeline.close()
        worker.pipe.close()
        _kill(worker.process)


def get_ready() -> None:
    """Begin to import what workers share, in the process that they are forked from; returns at once."""
    if isinstance(_context(), ForkServerContext):
        from multiprocessing import forkserver  # not there on every system

        forkserver.ensure_running()


def _context() -> ForkServerContext | SpawnContext:
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    assert isinstance(context, ForkServerContext | SpawnContext)
    if isinstance(context, ForkServerContext):
        context.set_forkserver_preload(_PRELOADED)
    return context


def _kill(process: BaseProcess) -> None:
    """End a worker, and the processes of its group, whether it still lives or not."""
    if process.pid is not None and sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def _serve(pipe: Connection, lifeline: Connection, make_work: MakeWork, number: int) -> None:
    """The worker: do what comes in until the other end is closed; end at once when the owner is gone."""
    if sys.platform != "win32":
        os.setsid()
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()
    try:
        work = make_work(number)
    except (RunError, ValueError) as error:
        with suppress(OSError, EOFError):
            pipe.recv()
            pipe.send(error)
        return
    with suppress(EOFError, OSError), work:
        while True:
            order: EpisodeJob = pipe.recv()
            try:
                pipe.send(work.do(order))
            except RunError as error:
                pipe.send(error)


def _end_with(lifeline: Connection) -> None:
    with suppress(EOFError, OSError):
        lifeline.recv()
    if sys.platform != "win32":
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
