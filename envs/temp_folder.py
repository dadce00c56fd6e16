"""Temporary folders that do not outlive their owner: those of a killed process are removed by the next one.

The owner holds a lock on a file in its folder, which the system releases however the process ends. Windows has no such
locks, so folders of killed processes stay there.
"""

import os
import shutil
import stat
import sys
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Self

from .env import EnvUnavailable

_PREFIX = "screenwright-"
_LOCK = "owner.lock"


class TempFolder:
    """A private folder, `path`, that is removed by `close`, or after a kill by the next start of Screenwright.

    Raises:
        EnvUnavailable: no temporary folder can be created.
    """

    def __init__(self, name: str) -> None:
        try:
            _remove_abandoned(tempfile.gettempdir(), os.getpid())
            self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}-"))
            self._unlock = weakref.finalize(self, _locked(self.path))
        except OSError as error:
            raise EnvUnavailable(f"no temporary folder can be created, set TMPDIR: {error.strerror}") from error

    def close(self) -> None:
        """Remove the folder with all its contents; may be called twice."""
        _remove(self.path)
        self._unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _remove(folder: Path) -> None:
    """Remove the folder, its lock last: one that cannot be emptied keeps it, so that the next start tries again."""
    lock = folder / _LOCK
    with suppress(OSError):
        for entry in {*folder.iterdir()} - {lock}:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        if {*folder.iterdir()} <= {lock}:
            shutil.rmtree(folder)


if sys.platform == "win32":

    def _locked(_folder: Path) -> Callable[[], None]:
        return lambda: None

    def _remove_abandoned(_parent: str, _process: int) -> None:
        pass

else:
    import fcntl

    def _locked(folder: Path) -> Callable[[], None]:
        """Lock a new folder before the lock has its name, so that no one finds it unlocked; returns its unlocking."""
        new = folder / f"{_LOCK}.new"
        lock = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        new.rename(folder / _LOCK)
        return partial(os.close, lock)

    @cache
    def _remove_abandoned(parent: str, _process: int) -> None:
        """Remove the folders of this user in `parent` whose owners have ended; once a process."""
        for folder in Path(parent).glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if stat.S_ISDIR(folder.lstat().st_mode) and folder.lstat().st_uid == os.getuid():
                    _remove_unless_locked(folder)

    def _remove_unless_locked(folder: Path) -> None:
        with os.fdopen(os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(folder)
