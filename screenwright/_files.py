"""Reads and writes files that someone else may have prepared: as data, and never elsewhere than named.

A file that is read must be a regular one of limited size, since a pipe blocks and a device never ends. A file that is
written replaces what had its name, so another name of the same file (a hard link) keeps its content. Below a folder,
such as that of a run, no symbolic link is followed; the folder itself, which the user named, may be behind links.
"""

import os
import stat
import tempfile
from pathlib import Path

MIB = 1 << 20
MAX_TEXT_BYTES = 64 * MIB
"""The largest JSON file or record that is read."""

NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Flags of `os.open` with which a symbolic link is refused and a pipe does not block."""


class FileRefused(OSError):
    """The path does not lead to a file that may be read or written; `strerror` is the problem."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(0, problem, str(path))


def check_inside(path: Path, folder: Path) -> None:
    """Refuse a path that leaves `folder` by its name or by a symbolic link.

    Raises:
        FileRefused: it does.
    """
    count = len(folder.parts)
    inside = path.parts[count:]
    if path.parts[:count] != folder.parts or ".." in inside:
        raise FileRefused(path, f"is outside {folder}")
    current = os.fspath(folder)
    for part in inside:  # not with pathlib, which takes several times as long: an evaluation checks each record
        current = os.path.join(current, part)  # noqa: PTH118
        if os.path.islink(current):  # noqa: PTH114
            link = Path(current)
            raise FileRefused(path, "is a symbolic link" if link == path else f"{link} is a symbolic link")


def read_file(path: Path, max_bytes: int = MAX_TEXT_BYTES, *, inside: Path | None = None) -> bytes:
    """The content of a file; `inside` a folder, no symbolic link below it is followed.

    Raises:
        OSError: it cannot be read. `FileRefused`: it is no regular file, is too large, or leaves `inside`.
    """
    if inside is not None:
        check_inside(path, inside)
    nonblocking = getattr(os, "O_NONBLOCK", 0)
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | nonblocking)) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused(path, "is not a regular file")
        data = file.read(min(found.st_size, max_bytes) + 1)  # allocates what it is asked for
        if len(data) > found.st_size:  # it grew, or does not state its size
            data += file.read(max_bytes + 1 - len(data))
    if len(data) > max_bytes:
        raise FileRefused(path, f"is larger than {max_bytes // MIB} MiB")
    return data


def read_text_file(path: Path, max_bytes: int = MAX_TEXT_BYTES, *, inside: Path | None = None) -> str:
    """The text of a UTF-8 file, with uniform line ends and without a byte order mark; see `read_file`.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    return read_file(path, max_bytes, inside=inside).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def write_file(path: Path, data: bytes, *, inside: Path | None = None, sync: bool = True) -> None:
    """Write a file atomically, for its owner only; with `sync`, it is on disk when this returns.

    Raises:
        OSError: it cannot be written. `FileRefused`: something else than a regular file has its name, or it leaves
            `inside`.
    """
    check_inside(path, inside or path.parent)
    if path.exists() and not path.is_file():
        raise FileRefused(path, "is a folder" if path.is_dir() else "is not a regular file")
    descriptor, name = tempfile.mkstemp(".part", ".", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
