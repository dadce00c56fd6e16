"""Is the program with the focus at work? Linux says of every process whether it runs, waits for the disk, or for us.

A program that computes or loads will change the screen soon, though it may be still now. Asked at each look at the
screen; a program counts as busy if in several of the latest looks one of its main threads was at work.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")
_LOOKS = 6
_MOST = 2
_AFRESH_S = 0.15
_WORKING = {"R", "D"}
MOST_PROCESSES = 40


@dataclass(slots=True)
class Busy:
    """`pid` names the process whose window has the focus, and None where it is not known."""

    pid: Callable[[], int | None]
    clock: Callable[[], float] = time.monotonic
    _seen: deque[bool] = field(default_factory=lambda: deque[bool](maxlen=_LOOKS))
    _family: tuple[int, ...] = ()
    _found_at: float = float("-inf")

    def forget(self) -> None:
        """Begin a new wait."""
        self._seen.clear()
        self._found_at = float("-inf")

    def __call__(self) -> bool:
        """Look once; whether the program was at work in several of the latest looks."""
        if self.clock() - self._found_at > _AFRESH_S:
            self._found_at = self.clock()
            self._family = family_of(self.pid())
        self._seen.append(any(state_of(pid) in _WORKING for pid in self._family))
        return sum(self._seen) >= _MOST


def state_of(pid: int) -> str:
    """The state of a process's main thread as proc(5) writes it; empty if it is gone."""
    return _fields(pid)[0]


def family_of(pid: int | None) -> tuple[int, ...]:
    """The process and its descendants; none where there is no such process."""
    if pid is None or not state_of(pid):
        return ()
    parents = {int(entry.name): _fields(int(entry.name))[1] for entry in _PROC.iterdir() if entry.name.isdigit()}
    found = [pid]
    for one in found:  # it grows meanwhile
        found.extend(child for child, parent in parents.items() if parent == str(one))
    return tuple(found[:MOST_PROCESSES])


def _fields(pid: int) -> tuple[str, str]:
    """State and parent of a process; both empty if it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", ""
    words = text.rpartition(")")[2].split()  # the name before it may hold anything
    return words[0], words[1]
