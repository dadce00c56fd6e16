"""Detects whether the program with the focus is busy, from Linux's process states.

A program that computes or loads is about to change the screen, even if it is static now. The state is sampled with each
frame; a program is busy if one of its main threads was running or waiting for the disk in several recent samples.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")
_SAMPLES = 6
_BUSY_SAMPLES = 2
_RESCAN_S = 0.15
_WORKING = {"R", "D"}
MOST_PROCESSES = 40


@dataclass(slots=True)
class Busy:
    """`pid` returns the process whose window has the focus; None if unknown."""

    pid: Callable[[], int | None]
    clock: Callable[[], float] = time.monotonic
    _samples: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=_SAMPLES))
    _family: tuple[int, ...] = ()
    _found_at: float = float("-inf")

    def __call__(self) -> bool:
        """Take a sample; returns whether the program is busy."""
        if self.clock() - self._found_at > _RESCAN_S:
            self._found_at = self.clock()
            self._family = family_of(self.pid())
        self._samples.append(any(state_of(pid) in _WORKING for pid in self._family))
        return sum(self._samples) >= _BUSY_SAMPLES


def state_of(pid: int) -> str:
    """The state letter of a process's main thread (proc(5)); empty if it is gone."""
    return _fields(pid)[0]


def family_of(pid: int | None) -> tuple[int, ...]:
    """The process and its descendants; empty if there is no such process."""
    if pid is None or not state_of(pid):
        return ()
    parents = {int(entry.name): _fields(int(entry.name))[1] for entry in _PROC.iterdir() if entry.name.isdigit()}
    found = [pid]
    for one in found:  # grows while iterating
        found.extend(child for child, parent in parents.items() if parent == str(one))
    return tuple(found[:MOST_PROCESSES])


def _fields(pid: int) -> tuple[str, str]:
    """State and parent of a process; both empty if it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    words = text.rpartition(")")[2].split()  # the name in front may contain anything
    return words[0], words[1]
