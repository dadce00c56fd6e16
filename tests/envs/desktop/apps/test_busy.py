"""Detection of busy programs from process states."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import pytest

from screenwright.envs.desktop.apps.busy import Busy, CpuSample, Process, delay_ns_of, family_of, state_of
from screenwright.testing import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process states are read on Linux only")


def constant(pid: int) -> Callable[[], tuple[int]]:
    return lambda: (pid,)


def test_a_computing_process_is_busy_and_a_sleeping_one_is_not() -> None:
    for program, expected in (("while True: pass", True), ("import time; time.sleep(60)", False)):
        with subprocess.Popen([sys.executable, "-c", program]) as process:
            try:
                eventually(Busy(constant(process.pid)), expected)
                if not expected:
                    eventually(partial(state_of, process.pid), "S")
            finally:
                process.kill()


def test_child_processes_count_as_busy() -> None:
    shell = "sh -c 'while :; do :; done' & wait"
    with subprocess.Popen(["sh", "-c", shell], start_new_session=True) as process:
        try:
            eventually(lambda: len(family_of((process.pid,))), 2)
            eventually(Busy(constant(process.pid)), True)
        finally:
            for pid in reversed(family_of((process.pid,))):
                subprocess.run(["kill", "-9", str(pid)], check=True)


def test_kept_parents_are_read_again_when_they_end() -> None:
    parents: dict[int, int] = {}
    family_of((os.getpid(),), (), parents)
    with subprocess.Popen(["sh", "-c", "sh -c 'sleep 60 & wait' & wait"], start_new_session=True) as process:
        try:
            eventually(lambda: len(family_of((process.pid,), (), parents)), 3)
            _, shell, orphan = family_of((process.pid,), (), parents)
            assert (parents[shell], parents[orphan]) == (process.pid, shell)
            os.kill(shell, signal.SIGKILL)
            eventually(lambda: shell in family_of((process.pid,), (), parents), False)
            assert parents[orphan] not in (shell, process.pid)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_worker_threads_count_as_busy() -> None:
    program = "import threading, time; threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start(); "
    with subprocess.Popen([sys.executable, "-c", program + "time.sleep(60)"]) as process:
        try:
            eventually(Busy(constant(process.pid)), True)
        finally:
            process.kill()


def test_excluded_processes_and_their_descendants_do_not_count() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & wait"], start_new_session=True) as process:
        try:
            eventually(lambda: len(family_of((process.pid,))), 2)
            _, child = family_of((process.pid,))
            assert family_of((process.pid,), {child}) == (process.pid,)
            assert child not in family_of((os.getpid(),), {process.pid})
        finally:
            os.killpg(process.pid, signal.SIGKILL)


class _Timeline:
    """A process that is sampled every 40 ms, or after a pause."""

    def __init__(self) -> None:
        self.process, self.now, self.ticks = Process(), 0.0, 0.0

    def run(self, seconds: float, share: float, *, works: bool = False) -> bool:
        """Sample for some seconds of that share of CPU time; returns the last result."""
        busy = False
        end = self.now + seconds
        while self.now < end:
            self.pause(0.04, share)
            busy = self.process.is_busy(CpuSample(self.now, int(self.ticks), works))
        return busy

    def pause(self, seconds: float, share: float = 0.0) -> None:
        self.now += seconds
        self.ticks += 100 * seconds * share


def test_the_cpu_time_of_all_threads_counts() -> None:
    line = _Timeline()
    assert not line.run(1.0, share=0.05)
    assert line.run(0.2, share=0.5)
    assert not line.run(0.4, share=0.0)


def test_a_process_that_is_busy_for_long_no_longer_counts_until_it_rests() -> None:
    line = _Timeline()
    assert line.run(1.0, share=0.5)
    line.pause(2.0, share=0.5)
    assert line.run(1.0, share=0.5)
    line.pause(2.0, share=0.5)
    assert not line.run(1.0, share=0.5)
    line.pause(2.0)
    assert line.run(0.3, share=0.5)


def test_work_before_a_pause_does_not_count_after_it() -> None:
    line = _Timeline()
    assert line.run(1.0, share=1.0)
    line.pause(3.0)
    assert not line.run(0.1, share=0.0)


def test_a_process_that_always_works_is_busy_on_an_overloaded_machine() -> None:
    line = _Timeline()
    results: list[bool] = []
    for _ in range(12):
        line.pause(0.6, share=0.05)
        results.append(line.process.is_busy(CpuSample(line.now, int(line.ticks), works=True)))
    assert results[1:8] == [True] * 7
    assert not results[-1]  # it has been busy for long


def test_waiting_for_a_processor_counts_like_running() -> None:
    process, delay_ns = Process(), 0
    results: list[bool] = []
    for number in range(12):
        delay_ns += 20_000_000 if number > 5 else 0
        results.append(process.is_busy(CpuSample(number * 0.04, process.waited_ticks(delay_ns), works=False)))
    assert not any(results[:6])
    assert results[-1]


def test_a_program_that_starts_may_be_busy_for_longer() -> None:
    times = itertools.count(0.0, 0.3)
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            busy = Busy(constant(process.pid), clock=lambda: next(times))
            eventually(lambda: state_of(process.pid), "R")
            assert [busy() for _ in range(24)][-1] is False  # 7 s
            with busy.starting():
                assert busy()
            assert not busy()
        finally:
            process.kill()


def test_a_wait_from_before_the_measurement_does_not_count() -> None:
    process = Process()
    assert [process.waited_ticks(delay) for delay in (5 * 10**9, None, 9 * 10**9, 10**10)] == [0, 0, 0, 100]


def test_threads_that_share_a_processor_wait_for_it() -> None:
    worker = "import threading, time; threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start(); "
    command = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), sys.executable, "-c"]
    with (
        subprocess.Popen([*command, worker + "time.sleep(60)"]) as one,
        subprocess.Popen([*command, "while True: pass"]) as other,
    ):
        try:
            eventually(lambda: delay_ns_of(one.pid) > 50_000_000, True)
        finally:
            one.kill()
            other.kill()


def test_an_exited_process_is_not_busy() -> None:
    assert family_of(()) == ()
    assert family_of((2**22 + 1,)) == ()
    busy = Busy(lambda: ())
    assert not any(busy() for _ in range(10))
