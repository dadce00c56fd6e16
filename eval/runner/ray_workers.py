"""Runs episodes on a Ray cluster and copies their recordings back.

Each attempt is scheduled once. If a worker or its node dies, the attempt counts as failed: the evaluation schedules it
again and only records attempts that returned, so no episode counts twice.
"""

import socket
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from screenwright._telemetry import disable_telemetry

from ...agent.record.trajectory import RunError
from ...envs.temp_folder import TempFolder
from ..core.record import Attempt, FailedAttempt
from .episode import EpisodeJob, EpisodeRunner
from .pool import MakeRunner

disable_telemetry()
ray: Any = import_module("ray")  # untyped, since it is optional

_POLL_S = 1.0
_PING_S = 0.2
_CONNECT_S = 5.0


@dataclass(slots=True)
class _Scheduled:
    job: EpisodeJob
    worker: Any
    number: int
    waited_s: float = 0.0


class RayWorkers:
    """Up to `size` workers on the cluster at `address`, each using `cores` CPU cores.

    `address` is Ray's: `auto`, or `HOST:PORT` of the head node. All nodes need this package and the benchmark's data at
    the same path; recordings are copied, so no shared folder is needed.

    Raises:
        RunError: there is no cluster.
    """

    def __init__(self, address: str, make_runner: MakeRunner, size: int, timeout_s: float, cores: float = 1.0) -> None:
        _check_reachable(address)
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise RunError(f"there is no Ray cluster at {address}: {reason[:200]}") from error
        self._make_runner = make_runner
        self._size = size
        self._timeout_s = timeout_s
        self._worker: Any = ray.remote(num_cpus=cores, max_restarts=0, max_task_retries=0, max_concurrency=2)(
            _RayWorker
        )

    def run(self, jobs: deque[EpisodeJob]) -> Iterator[Attempt]:
        """See `Workers`.

        Raises:
            RunError: an episode cannot be recorded.
            ValueError: the agent or the benchmark cannot be created.
        """
        idle: list[tuple[int, Any]] = []
        scheduled: dict[Any, _Scheduled] = {}
        numbers = deque(range(self._size))
        while jobs or scheduled:
            while jobs and (idle or numbers):
                number, worker = idle.pop() if idle else self._start(numbers.popleft())
                job = jobs.popleft()
                scheduled[worker.run.remote(job)] = _Scheduled(job, worker, number)
            while not jobs and idle:  # frees a slot for a worker that waits for one
                number, worker = idle.pop()
                ray.kill(worker)
                numbers.append(number)
            ready, waiting = ray.wait(list(scheduled), timeout=_POLL_S)
            for reference in waiting:
                yield from self._check_timeout(scheduled, reference, numbers)
            for reference in ready:
                one = scheduled.pop(reference)
                attempt = self._receive(reference, one.job)
                if attempt is None:
                    numbers.append(one.number)
                    yield FailedAttempt(one.job.id, "the worker or its node died")
                else:
                    idle.append((one.number, one.worker))
                    yield attempt

    def close(self) -> None:
        """Disconnect from the cluster, which ends the workers."""
        ray.shutdown()

    def _start(self, number: int) -> tuple[int, Any]:
        return number, self._worker.remote(self._make_runner, number)

    def _check_timeout(
        self, scheduled: dict[Any, _Scheduled], reference: Any, numbers: deque[int]
    ) -> Iterator[Attempt]:
        """Kill an attempt that takes too long. Time spent waiting for a free node does not count."""
        one = scheduled[reference]
        try:
            ray.get(one.worker.ping.remote(), timeout=_PING_S)
        except ray.exceptions.GetTimeoutError:
            return
        except ray.exceptions.RayError:
            return  # reported by `wait`
        one.waited_s += _POLL_S
        if one.waited_s > self._timeout_s:
            ray.kill(one.worker)
            del scheduled[reference]
            numbers.append(one.number)
            yield FailedAttempt(one.job.id, f"the episode hung: not finished after {self._timeout_s:g} s")

    def _receive(self, reference: Any, job: EpisodeJob) -> Attempt | None:
        """The attempt, with its recording unpacked; None if the worker died."""
        try:
            answer: tuple[Attempt, bytes] | Exception = ray.get(reference)
        except ray.exceptions.RayActorError:
            return None
        if isinstance(answer, Exception):
            raise answer
        attempt, packed = answer
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
            with ZipFile(BytesIO(packed)) as files:
                files.extractall(job.folder)
        except OSError as error:
            raise RunError(f"{job.folder} cannot be written: {error.strerror}") from error
        return attempt


def _check_reachable(address: str) -> None:
    """Fail early: Ray itself retries for many minutes."""
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host.removeprefix("ray://"), int(port)), timeout=_CONNECT_S).close()
    except OSError as error:
        raise RunError(f"there is no Ray cluster at {address}: {error.strerror or error}") from error


class _RayWorker:
    """Runs in a process of the cluster: runs episodes in a temporary folder and returns them as an archive."""

    def __init__(self, make_runner: Callable[[int], EpisodeRunner], number: int) -> None:
        self._make_runner = make_runner
        self._number = number
        self._runner: EpisodeRunner | None = None

    def ping(self) -> bool:
        return True

    def run(self, job: EpisodeJob) -> tuple[Attempt, bytes] | Exception:
        try:
            with TempFolder("eval") as temp:
                if self._runner is None:
                    self._runner = self._make_runner(self._number)
                attempt = self._runner.run(replace(job, folder=temp.path / "run"))
                return attempt, _packed(temp.path / "run")
        except (RunError, ValueError) as error:
            return error


def _packed(folder: Path) -> bytes:
    """The files of a folder as an uncompressed archive, since images are compressed already."""
    data = BytesIO()
    with ZipFile(data, "w", ZIP_STORED) as files:
        for path in sorted(folder.rglob("*")) if folder.exists() else ():
            if path.is_file():
                files.write(path, path.relative_to(folder))
    return data.getvalue()
