"""The home folder of the programs on a virtual display, and the files of a private one that are kept."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath

from screenwright._files import MIB, read_file, write_file

from ...env import EnvUnavailable
from .carets import write_steady_carets
from .first_run import write_first_run
from .managers import write_settings

_LARGEST_BYTES = 1024 * MIB


class HomeFolder:
    """A home folder: `folder`, or a `private` one, which starts empty but for settings and is removed with its owner.

    `lost` are the visible files of a private home that `keep` has not copied, relative to the home; `kept` the copies.

    Raises:
        EnvUnavailable: the folder cannot be created.
    """

    def __init__(self, folder: Path | None, private: Path) -> None:
        self._is_private = folder is None
        self.folder = private if folder is None else folder.absolute()
        self.kept: tuple[Path, ...] = ()
        self.lost: tuple[str, ...] = ()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvUnavailable(f"the home folder {folder} cannot be created: {error.strerror}") from error
        if self._is_private:
            write_defaults(self.folder)

    def keep(self, patterns: Iterable[str], target: Path) -> None:
        """Copy the files of a private home that match `patterns` to the folder `target`. Links are not followed."""
        if not self._is_private:
            return
        home = self.folder.resolve()
        wanted = {file for pattern in patterns for path in home.glob(pattern) for file in _files(path)}
        left = {file for file in _files(home) if not any(part.startswith(".") for part in file.relative_to(home).parts)}
        for file in sorted(wanted):
            copy = target / file.relative_to(home)
            with suppress(OSError):  # it stays in `lost`
                content = read_file(file, _LARGEST_BYTES, inside=home)
                copy.parent.mkdir(parents=True, exist_ok=True)
                write_file(copy, content)
                self.kept = (*self.kept, copy)
                left.discard(file)
        self.lost = tuple(sorted(str(file.relative_to(home)) for file in left))


def write_defaults(home: Path) -> None:
    """Write the settings of a private home: for window managers, against first-run dialogs and blinking carets."""
    write_settings(home)
    write_first_run(home)
    write_steady_carets(home)


def check_keep(pattern: str) -> None:
    """Check that a pattern of files to keep stays in the home folder.

    Raises:
        ValueError: it is empty or absolute, or has `..`.
    """
    path = PurePath(pattern)
    if not path.parts or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"is {pattern!r}, but should be a path in the home folder, such as 'Documents/*.odt'")


def _files(path: Path) -> list[Path]:
    """`path`, or the files below it, without links and special files."""
    found = path.rglob("*") if path.is_dir() else [path]
    return [file for file in found if file.is_file() and file.resolve() == file]
