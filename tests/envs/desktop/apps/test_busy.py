"""Detection of busy programs from process states."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial

import pytest

from screenwright.envs.desktop.apps.busy import Busy, family_of, state_of
from screenwright.testing import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process states are read on Linux only")


def constant(pid: int) -> Callable[[], int]:
    return lambda: pid


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
            eventually(lambda: len(family_of(process.pid)), 2)
            eventually(Busy(constant(process.pid)), True)
        finally:
            for pid in reversed(family_of(process.pid)):
                subprocess.run(["kill", "-9", str(pid)], check=True)


def test_an_exited_process_is_not_busy() -> None:
    assert family_of(None) == ()
    assert family_of(2**22 + 1) == ()
    busy = Busy(lambda: None)
    assert not any(busy() for _ in range(10))
