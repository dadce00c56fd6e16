"""Episodes on a Ray cluster: workers on whatever nodes have room, and their recordings brought home.

Each attempt is placed once. Where a worker or its node dies the attempt is trouble like any other: the evaluation has
it done again, elsewhere, and writes a record only for what came back, so that nothing is counted twice.
"""

import shutil
import socket
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from ...agent.record.trajectory import RunError
from ..core.record import Attempt, FailedAttempt
from .episode import EpisodeJob, EpisodeRunner
from .pool import MakeWork

ray: Any = import_module("ray")  # untyped here, since few have it

_POLL_S = 1.0
_UP_S = 0.2
_CONNECT_S = 5.0


@dataclass(slots=True)
class _Placed:
    order: EpisodeJob
    worker: Any
    number: int
    waited_s: float = 0.0


class RayWorkers:
    """Up to `size` workers on the cluster at `address`, each of which takes `cores` of a node's processors.

    `address` is as Ray has it: `auto`, or `HOST:PORT` of its head. All nodes need this package and the benchmark's
    data at the same place; recordings travel, so no folder need be shared.

    Raises:
        RunError: there is no cluster.
    """

    def __init__(self, address: str, make_work: MakeWork, size: int, patience_s: float, cores: float = 1.0) -> None:
        _check_reachable(address)
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            said = " ".join(str(error).split())
            raise RunError(f"there is no Ray cluster at {address}: {said[:200]}") from error
        self._make_work = make_work
        self._size = size
        self._patience_s = patience_s
        self._worker: Any = ray.remote(num_cpus=cores, max_restarts=0, max_task_retries=0, max_concurrency=2)(_Worker)

    def work(self, orders: deque[EpisodeJob]) -> Iterator[Attempt]:
        """See `Workers`.

        Raises:
            RunError: an episode cannot be recorded.
            ValueError: the contender or the benchmark cannot be made.
        """
        idle: list[tuple[int, Any]] = []
        placed: dict[Any, _Placed] = {}
        numbers = deque(range(self._size))
        while orders or placed:
            while orders and (idle or numbers):
                number, worker = idle.pop() if idle else self._begin(numbers.popleft())
                order = orders.popleft()
                placed[worker.do.remote(order)] = _Placed(order, worker, number)
            while not orders and idle:  # one that waits for room may have it
                number, worker = idle.pop()
                ray.kill(worker)
                numbers.append(number)
            ready, waiting = ray.wait(list(placed), timeout=_POLL_S)
            for reference in waiting:
                yield from self._late(placed, reference, numbers)
            for reference in ready:
                one = placed.pop(reference)
                attempt = self._received(reference, one.order)
                if attempt is None:
                    numbers.append(one.number)
                    yield FailedAttempt(one.order.id, "its worker or its node died")
                else:
                    idle.append((one.number, one.worker))
                    yield attempt

    def close(self) -> None:
        """Leave the cluster, which ends the workers."""
        ray.shutdown()

    def _begin(self, number: int) -> tuple[int, Any]:
        return number, self._worker.remote(self._make_work, number)

    def _late(self, placed: dict[Any, _Placed], reference: Any, numbers: deque[int]) -> Iterator[Attempt]:
        """An attempt that does not end is ended. What waits for room on the cluster is not late."""
        one = placed[reference]
        try:
            ray.get(one.worker.is_up.remote(), timeout=_UP_S)
        except ray.exceptions.GetTimeoutError:
            return
        except ray.exceptions.RayError:
            return  # `wait` finds it
        one.waited_s += _POLL_S
        if one.waited_s > self._patience_s:
            ray.kill(one.worker)
            del placed[reference]
            numbers.append(one.number)
            yield FailedAttempt(one.order.id, f"it hung: no end within {self._patience_s:g} s")

    def _received(self, reference: Any, order: EpisodeJob) -> Attempt | None:
        """What came back, with its recording unpacked; None where nothing did."""
        try:
            answer: tuple[Attempt, bytes] | Exception = ray.get(reference)
        except ray.exceptions.RayActorError:
            return None
        if isinstance(answer, Exception):
            raise answer
        attempt, packed = answer
        try:
            order.folder.mkdir(parents=True, exist_ok=True)
            with ZipFile(BytesIO(packed)) as files:
                files.extractall(order.folder)
        except OSError as error:
            raise RunError(f"{order.folder} cannot be written: {error.strerror}") from error
        return attempt


def _check_reachable(address: str) -> None:
    """Ray itself tries for many minutes."""
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host.removeprefix("ray://"), int(port)), timeout=_CONNECT_S).close()
    except OSError as error:
        raise RunError(f"there is no Ray cluster at {address}: {error.strerror or error}") from error


class _Worker:
    """In a process of the cluster: does episodes in a folder of its own, and hands them back whole."""

    def __init__(self, make_work: Callable[[int], EpisodeRunner], number: int) -> None:
        self._make_work = make_work
        self._number = number
        self._work: EpisodeRunner | None = None

    def is_up(self) -> bool:
        return True

    def do(self, order: EpisodeJob) -> tuple[Attempt, bytes] | Exception:
        folder = Path(tempfile.mkdtemp(prefix="screenwright-eval-"))
        try:
            if self._work is None:
                self._work = self._make_work(self._number)
            attempt = self._work.do(replace(order, folder=folder / "run"))
            return attempt, _packed(folder / "run")
        except (RunError, ValueError) as error:
            return error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _packed(folder: Path) -> bytes:
    """The files of a folder; stored, since pictures do not get smaller."""
    data = BytesIO()
    with ZipFile(data, "w", ZIP_STORED) as files:
        for path in sorted(folder.rglob("*")) if folder.exists() else ():
            if path.is_file():
                files.write(path, path.relative_to(folder))
    return data.getvalue()
