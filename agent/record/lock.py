"""A lock on a folder, so that one process at a time continues a run or an evaluation; readers need none."""

import errno
import os
import re
import socket
import sys
import time
from pathlib import Path
from typing import IO

from screenwright._files import NO_FOLLOW

_FILE = ".lock"
_HELD = (errno.EAGAIN, errno.EACCES)
_HOLDER = re.compile(rb"(\d{1,10}) ([\w.-]{1,255})")
_MAX_BYTES = 512
_TRIES, _TRY_S = 6, 0.01
"""`is_locked` holds the lock for a moment."""

_LOCKED_BYTE = 1 << 20
"""On Windows other processes cannot read the locked byte, so it lies after the name of the holder."""


def lock_folder(folder: Path) -> IO[bytes]:
    """Lock `folder` until the returned file is closed or this process ends, even if it is killed.

    The file `.lock` in the folder names the process that holds the lock; it is not removed.

    Raises:
        BlockingIOError: another process holds the lock; the message names it.
        OSError: the lock file cannot be written, or the file system does not support locks.
    """
    flags = os.O_RDWR | os.O_CREAT | NO_FOLLOW | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(folder / _FILE, flags, 0o600), "r+b", buffering=0)
    try:
        _lock_soon(file.fileno())
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()} {socket.gethostname()}".encode())
    except OSError as error:
        holder = _holder(file) if error.errno in _HELD else ""
        file.close()
        if not holder:
            raise
        raise BlockingIOError(errno.EAGAIN, f"{holder} is using it; wait until it ends, or stop it") from error
    return file


def is_locked(folder: Path) -> bool:
    """Whether a process holds the lock of `folder`; False too if that cannot be found out."""
    flags = os.O_RDONLY | NO_FOLLOW | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(folder / _FILE, flags), "rb", buffering=0) as file:
            _lock(file.fileno())
    except OSError as error:
        return error.errno in _HELD
    return False


def _lock_soon(file: int) -> None:
    for _ in range(_TRIES - 1):
        try:
            return _lock(file)
        except OSError as error:
            if error.errno not in _HELD:
                raise
            time.sleep(_TRY_S)
    return _lock(file)


def _holder(file: IO[bytes]) -> str:
    """The process that holds the lock, in words; the file may be damaged, or not be written yet."""
    file.seek(0)
    found = _HOLDER.fullmatch(file.read(_MAX_BYTES))
    if found is None:
        return "another process"
    pid, host = (group.decode() for group in found.groups())
    return f"process {pid}" + (f" on {host}" if host != socket.gethostname() else "")


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
