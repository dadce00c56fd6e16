"""What the command lines of programs name on this machine, which the sandbox shows them to read.

A program that is named is meant to run, and a file that is named is meant to be opened, so neither needs a further
grant. What a program is expected to write does: it does not exist yet, or is changed.
"""

import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from screenwright._home import home_folder

from .settings import OPENS_THE_MACHINE, GrantedFolder

_OWN = (Path("/proc"), Path("/dev"))
"""Folders that the sandbox has of its own, with all in them."""

_OWN_TOPS = tuple(map(Path, ("/", "/etc", "/run", "/tmp", "/var", "/var/tmp")))  # noqa: S108 -- the sandbox's own
"""Folders that it has of its own, with little in them."""

_SERVICES = (Path("/etc"), Path("/run"), Path("/var/run"))
"""Folders of the machine's services; of these only files that are named are shown."""
_MEDIA = Path("/run/media")
_MOST_LINKS = 40
_SHEBANG_BYTES = 4096
_MOST_SCRIPTS = 2
_PREFIX, _DATA = ("bin", "lib", "lib64"), ("share", "etc")
"""What a Python installation has. Its data are shown only of a virtual environment: ~/.local/share is the user's."""


@dataclass(frozen=True, slots=True)
class Named:
    """A path that a word of a command line names.

    `needed` is false for a word that only happens to match a file. `shows` are the paths to show for it, none if it
    cannot be shown without a grant. `relative`: it is found only from the current folder.
    """

    path: Path
    shows: tuple[Path, ...]
    needed: bool
    relative: bool = False


def named_paths(program: tuple[str, ...], search: str | None) -> Iterator[Named]:
    """What a command line names, with `search` as the PATH of the program."""
    found = shutil.which(program[0], path=search)
    for place, word in enumerate((found or program[0], *program[1:])):
        with suppress(OSError, ValueError):  # it is too long for a path, or the current folder was deleted
            yield from _named_by(word, search, is_program=place == 0)


def spellings(path: Path) -> tuple[Path, ...]:
    """An absolute path as written, with each path that its links lead to."""
    result = [path]
    while len(result) < _MOST_LINKS:
        parts = (*reversed(result[-1].parents), result[-1])
        link = next((part for part in parts if part.is_symlink()), None)
        if link is None:
            break
        target = link.parent / link.readlink() / result[-1].relative_to(link)
        result.append(Path(os.path.normpath(target)))
    return tuple(dict.fromkeys((*result, path.resolve())))


def is_shown(path: Path, visible: Set[Path]) -> bool:
    """Whether a sandbox that shows `visible` has something at this path, as it is spelled."""
    return path in _OWN_TOPS or any(folder in visible or folder in _OWN for folder in (path, *path.parents))


def to_show(
    named: tuple[Named, ...], visible: Set[Path], folders: tuple[GrantedFolder, ...]
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The paths to add to a sandbox for what command lines name, and what of that the user should know.

    A link in a granted folder is not followed out of it: a program may have left it there.
    """
    added: list[Path] = []
    known: list[Path] = []
    for one in named:
        before = len(added)
        for path in one.shows:
            shown = spellings(path)
            is_granted = any(shown[0].is_relative_to(way) for grant in folders for way in spellings(grant.path))
            new = [] if is_granted else [way for way in shown if not is_shown(way, {*visible, *added})]
            added += new
        if len(added) > before:
            known.append(one.path)
    return tuple(added), tuple(known)


def hidden_path(named: tuple[Named, ...], visible: Set[Path]) -> Path | None:
    """The first path that a program needs and the sandbox does not show; None if there is none.

    The sandbox has no such file, so the program would fail, or show an empty document, without a hint why.
    """
    needed = (way for one in named if one.needed for way in spellings(one.path))
    return next((way for way in needed if not is_shown(way, visible)), None)


def python_parts(program: Path) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """What a Python interpreter needs: its virtual environment and its installation, each folder with its parts."""
    for way in (*spellings(program), *_base_of(program.parent.parent / "pyvenv.cfg")):
        folder = way.parent.parent
        is_environment = (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()
        if is_environment or any(folder.glob("lib*/python3*/os.py")):
            own = is_environment and folder.resolve() != home_folder().resolve()
            names = (*_PREFIX, "pyvenv.cfg", *(_DATA if own else ()))
            yield folder, tuple(part for name in names if (part := folder / name).exists())


def _base_of(settings: Path) -> tuple[Path, ...]:
    """The interpreter that a virtual environment with these settings was made of."""
    with suppress(OSError, UnicodeDecodeError):
        for line in settings.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "home" and value.strip().startswith("/"):
                return spellings(Path(value.strip(), "python3"))
    return ()


def _named_by(word: str, search: str | None, *, is_program: bool) -> Iterator[Named]:
    value = word
    if word.startswith("-") and not is_program:
        value = word.partition("=")[2]
    elif "=" in word and not is_program and not Path(word).exists():  # such as if=FILE
        value = word.partition("=")[2]
        value = value if value and Path(value).exists() else ""
    if value.startswith("file:"):
        parts = urlsplit(value)
        value = unquote(parts.path) if parts.netloc in ("", "localhost") else ""
    if not value or "://" in value:
        return
    path = Path(os.path.abspath(value))  # noqa: PTH100 -- links are followed by `spellings`
    needed = is_program or "/" in value
    if not path.exists():
        if needed and path.parent.is_dir():
            yield Named(path, (), needed)
        return
    if path.is_file() and os.access(path, os.X_OK):
        yield from _needed_to_run(path, search, needed=needed)
    yield Named(path, (path,) if may_be_shown(path.resolve()) else (), needed, not value.startswith("/"))


def may_be_shown(path: Path) -> bool:
    """Whether a named path is shown without a grant: no socket or device, and no folder that has far more than that."""
    mode = path.stat().st_mode
    if not stat.S_ISDIR(mode):
        return stat.S_ISREG(mode)
    if home_folder().resolve().is_relative_to(path) or path in _OWN_TOPS or str(path) in OPENS_THE_MACHINE:
        return False
    return path.is_relative_to(_MEDIA) or not any(path.is_relative_to(folder) for folder in _SERVICES)


def _needed_to_run(program: Path, search: str | None, *, needed: bool, depth: int = 0) -> Iterator[Named]:
    """The interpreter of a script, the environment and installation of Python, and the versions of pyenv."""
    if program.parent.name == "shims":
        yield Named(program.parent.parent, (program.parent.parent,), needed=False)
    if program.name.startswith(("python", "pypy")):
        for folder, parts in python_parts(program):
            yield Named(folder, parts, needed=False)
    interpreter = _interpreter(program, search)
    if interpreter is not None and depth < _MOST_SCRIPTS:
        yield from _needed_to_run(interpreter, search, needed=needed, depth=depth + 1)
        yield Named(interpreter, (interpreter,), needed)


def _interpreter(program: Path, search: str | None) -> Path | None:
    """The interpreter that the first line of a script names, if any."""
    with program.open("rb") as file:
        lines = file.read(_SHEBANG_BYTES).split(b"\n", 2)
    if not lines[0].startswith(b"#!"):
        return None
    words = lines[0][2:].decode(errors="replace").split()
    if len(lines) > 1 and lines[1].startswith(b"'''exec' "):  # pip writes it for a long path, or one with spaces
        words = shlex.split(lines[1].decode(errors="replace"))[1:]
    if words and Path(words[0]).name == "env":
        called = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
        words = [shutil.which(called, path=search) or ""]
    path = words[0] if words else ""
    return Path(path) if path.startswith("/") and Path(path).is_file() and os.access(path, os.X_OK) else None
