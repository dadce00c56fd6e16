"""Detects whether programs are busy, from Linux's process states and CPU times.

A program that computes or loads is about to change the screen, even if it is static now. Its processes are sampled with
each frame. One is busy if its main thread was running or waiting for the disk in several recent samples, or if all its
threads together used the CPU for a good part of the time, such as a worker thread, or the event thread of Java. While
there is more work than processors, the time that its threads wait for one counts as well (schedstat). A process
that stays busy for long, such as a video player, says nothing about the screen and no longer counts.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice

_PROC = "/proc"
_SAMPLES = 6
_WORKING_SAMPLES = 2
_CPU_SHARE, _CPU_TICKS = 0.15, 2
_TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_RESCAN_S = 0.15
_PAUSE_S = 0.4
"""Between two waits nothing is sampled; then the CPU time of the whole pause counts."""
_ENDLESS_S = 5.0
_STARTING_S = 15.0
_WORKING = {b"R", b"D"}
_NS_PER_S = 10**9
MOST_PROCESSES = 60
MOST_THREADS = 40


@dataclass(frozen=True, slots=True)
class CpuSample:
    """The state of a process: the ticks that it ran or waited for a processor, and whether its main thread works.

    `at` is in seconds.
    """

    at: float
    ticks: int
    works: bool


@dataclass(slots=True)
class Process:
    """The recent samples of a process, since when and until when it has been busy, and how long it was kept waiting."""

    samples: deque[CpuSample] = field(default_factory=lambda: deque[CpuSample](maxlen=_SAMPLES))
    since: float = 0.0
    until: float = float("-inf")
    delay_ns: int | None = None
    waited_ns: int = 0

    def waited_ticks(self, delay_ns: int | None) -> int:
        """How long its threads have waited for a processor while that was measured; `delay_ns` is None if it is not."""
        if delay_ns is not None and self.delay_ns is not None:
            self.waited_ns += max(0, delay_ns - self.delay_ns)  # less if a thread has ended
        self.delay_ns = delay_ns
        return self.waited_ns * _TICKS_PER_S // _NS_PER_S

    def is_busy(self, sample: CpuSample, endless_s: float = _ENDLESS_S) -> bool:
        """Add a sample; returns whether the process is busy, and has not been for `endless_s`."""
        if self.samples and sample.at - self.samples[-1].at > _PAUSE_S:
            self._skip_pause(sample)
        self.samples.append(sample)
        if not _uses_cpu(self.samples[0], sample) and sum(each.works for each in self.samples) < _WORKING_SAMPLES:
            return False
        if sample.at - self.until > _PAUSE_S:
            self.since = sample.at
        self.until = sample.at
        return sample.at - self.since < endless_s

    def _skip_pause(self, sample: CpuSample) -> None:
        """Begin again after a pause, during which the process was busy or not.

        On an overloaded machine samples are that far apart, and a process that always works gets little CPU time.
        """
        before = self.samples[-1]
        works = before.works and sample.works
        if works or _uses_cpu(before, sample):
            self.since = self.since if before.at - self.until <= _PAUSE_S else before.at
            self.until = sample.at
        self.samples.clear()
        if works:
            self.samples.append(before)


def _uses_cpu(first: CpuSample, last: CpuSample) -> bool:
    ticks = last.ticks - first.ticks
    return ticks >= _CPU_TICKS and ticks >= _CPU_SHARE * (last.at - first.at) * _TICKS_PER_S


@dataclass(slots=True)
class Busy:
    """`roots` returns processes that count with all their descendants, except those in `excluded` and theirs.

    A process that is busy for longer than `endless_s` does not count.
    """

    roots: Callable[[], Iterable[int]]
    excluded: Collection[int] = ()
    clock: Callable[[], float] = time.monotonic
    endless_s: float = _ENDLESS_S
    _processes: dict[int, Process] = field(default_factory=dict[int, Process])
    _found_at: float = float("-inf")
    _parents: dict[int, int] = field(default_factory=dict[int, int])

    def __call__(self) -> bool:
        """Take a sample; returns whether a program is busy."""
        now = self.clock()
        if now - self._found_at > _RESCAN_S:
            self._found_at = now
            found = family_of(self.roots(), self.excluded, self._parents)
            self._processes = {pid: self._processes.get(pid) or Process() for pid in found}
        busy, overloaded = False, _is_overloaded()
        for pid, process in self._processes.items():
            state, _, ticks = _fields(pid)
            ticks += process.waited_ticks(delay_ns_of(pid) if overloaded else None)
            busy |= process.is_busy(CpuSample(now, ticks, state in _WORKING), self.endless_s)
        return busy

    @contextmanager
    def starting(self) -> Generator[None]:
        """In this block, programs are starting, which may keep them busy for longer."""
        self.endless_s = _STARTING_S
        try:
            yield
        finally:
            self.endless_s = _ENDLESS_S


def state_of(pid: int) -> str:
    """The state letter of a process's main thread (proc(5)); empty if it is gone."""
    return _fields(pid)[0].decode()


def delay_ns_of(pid: int) -> int:
    """How long the threads of a process that could run have waited for a processor since they started."""
    total = 0
    with suppress(OSError), os.scandir(f"{_PROC}/{pid}/task") as threads:
        for thread in islice(threads, MOST_THREADS):
            with suppress(OSError), open(f"{thread.path}/schedstat", "rb") as file:  # noqa: PTH123 -- read often
                total += int(file.read().split()[1])
    return total


def _is_overloaded() -> bool:
    """Whether more threads want to run at this moment than there are processors (proc(5), loadavg)."""
    try:
        with open(f"{_PROC}/loadavg", "rb") as file:  # noqa: PTH123 -- read often
            running = file.read().split()[3].partition(b"/")[0]
    except OSError:
        return False
    return int(running) > (os.cpu_count() or 1)


def family_of(
    roots: Iterable[int], excluded: Collection[int] = (), parents: dict[int, int] | None = None
) -> tuple[int, ...]:
    """The processes and their descendants, without those in `excluded` and theirs; empty if there are none.

    `parents` keeps the parent of each process for the next call.
    """
    found = [pid for pid in roots if state_of(pid)]
    if not found:
        return ()
    children: dict[int, list[int]] = {}
    for pid, parent in sorted(_update({} if parents is None else parents).items()):
        if pid not in excluded:
            children.setdefault(parent, []).append(pid)
    for one in found:  # grows while iterating
        found.extend(child for child in children.get(one, ()) if child not in found)
    return tuple(found[:MOST_PROCESSES])


def _update(parents: dict[int, int]) -> dict[int, int]:
    """Add new processes, and remove those that ended; only their children have another parent since."""
    present = {int(name) for name in os.listdir(_PROC) if name.isdigit()}  # noqa: PTH208 -- several times a second
    gone = parents.keys() - present
    for pid in [pid for pid, parent in parents.items() if pid in gone or parent in gone]:
        del parents[pid]
    parents.update({pid: int(_fields(pid)[1] or 0) for pid in present - parents.keys()})
    return parents


def _fields(pid: int) -> tuple[bytes, bytes, int]:
    """State, parent, and CPU time of all threads in ticks of a process; empty and zero if it is gone."""
    try:
        with open(f"{_PROC}/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123 -- a Path takes five times as long
            stat = file.read()
    except OSError:
        return b"", b"", 0
    words = stat.rpartition(b")")[2].split()  # the name in front may contain anything
    return words[0], words[1], int(words[11]) + int(words[12])
