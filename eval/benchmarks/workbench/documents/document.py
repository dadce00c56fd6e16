"""Documents: expected files and folders, and plain text."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from screenwright._files import MIB, read_text_file

MAX_BYTES = 64 * MIB
"""The largest file that is judged."""


class Document(Protocol):
    """A file, or a folder with all below it, as it should be. `path` is relative to the home."""

    @property
    def path(self) -> str:
        """Where it is; what is below it is judged by this document alone."""
        ...

    def write(self, home: Path) -> None:
        """Write it, over what is there."""
        ...

    def problems(self, home: Path) -> list[str]:
        """How what is there differs, each in words; empty if it does not."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A plain text file. A line break at its end makes no difference."""

    path: str
    content: str

    def write(self, home: Path) -> None:
        """See `Document`."""
        target(home, self.path).write_text(self.content, encoding="utf-8")

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            found = read_text_file(home / self.path, MAX_BYTES)
        except (OSError, UnicodeDecodeError) as error:
            return [unreadable(self.path, error)]
        wanted, lines = self.content.rstrip("\n").split("\n"), found.rstrip("\n").split("\n")
        return [f"{self.path}: {one}" for one in first_difference(wanted, lines, "line")]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; files in it are judged for themselves."""

    path: str

    def write(self, home: Path) -> None:
        """See `Document`."""
        (home / self.path).mkdir(parents=True, exist_ok=True)

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        return [] if (home / self.path).is_dir() else [f"there is no folder {self.path}"]


@dataclass(frozen=True, slots=True)
class Gone:
    """A file or folder that should not be there any more."""

    path: str

    def write(self, home: Path) -> None:
        """See `Document`."""
        path = home / self.path
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        return [f"{self.path} is still there"] if (home / self.path).exists() else []


def target(home: Path, path: str) -> Path:
    """The file at `path`, whose folder exists."""
    file = home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def unreadable(path: str, error: Exception) -> str:
    """In words, that a file is missing or damaged."""
    if isinstance(error, FileNotFoundError):
        return f"{path} is missing"
    return " ".join(f"{path} cannot be read: {type(error).__name__}: {error}".split())[:300]


def first_difference(wanted: Sequence[object], found: Sequence[object], what: str) -> list[str]:
    """The first difference of two sequences in words; empty if there is none."""
    for number, (one, other) in enumerate(zip(wanted, found, strict=False), 1):
        if one != other:
            return [f"{what} {number} is {other!r} instead of {one!r}"[:300]]
    if len(wanted) != len(found):
        more = [repr(one) for one in found[len(wanted) :]]
        return [f"{len(found)} {what}s instead of {len(wanted)}{f', such as {more[0]}' if more else ''}"[:300]]
    return []
