"""Running processes."""

from collections.abc import Callable

import psutil


def alive(processes: list[psutil.Process]) -> list[str]:
    """The names of the processes that still run, without zombies."""
    return [name_of(process) for process in processes if _runs(process)]


def name_of(process: psutil.Process) -> str:
    """The name of a process; empty if it has ended."""
    try:
        return process.name()
    except psutil.Error:
        return ""


def command_of(process: psutil.Process) -> list[str]:
    """The command line of a process; empty if it has ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def started_by(work: Callable[[], object]) -> list[psutil.Process]:
    """The child processes that `work` started and left running."""
    mine = psutil.Process()
    before = set(mine.children(recursive=True))
    work()
    return [process for process in mine.children(recursive=True) if process not in before]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
