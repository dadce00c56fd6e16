"""What a virtual display is made of, what of it is missing here, and the Debian packages that bring it."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from .watching import WATCHING_PACKAGES, can_be_watched

VIRTUAL_PACKAGES = {"Xvfb": "xvfb", "openbox": "openbox", "dbus-daemon": "dbus"}
"""The programs of a virtual display, and the packages that bring them; it does without the last one."""

OPTIONAL = {"dbus-daemon"}
_PACKAGES = {**VIRTUAL_PACKAGES, "xclip": "xclip"}


def missing(programs: Iterable[str], path: str | None = None) -> tuple[str, ...]:
    """Those that are not installed, each once."""
    return tuple(dict.fromkeys(program for program in programs if shutil.which(program, path=path) is None))


def packages_for(programs: Sequence[str]) -> tuple[str, ...]:
    """The packages that bring these; of one that is not known, a package of its name is the best guess."""
    return tuple(dict.fromkeys(_PACKAGES.get(program, Path(program).name) for program in programs))


def how_to_install(programs: Sequence[str], *, watching: bool = False) -> str:
    """One line that names all that is missing, and one command for it; empty if nothing is.

    What a display could do without is not named, but comes along in the command where something is installed anyway.
    """
    names = [*programs, *(["what shows a display in a browser tab"] if watching else [])]
    if not names:
        return ""
    own = any(program in VIRTUAL_PACKAGES for program in programs)
    optional = [program for program in missing(OPTIONAL) if own and program not in programs]
    packages = [*packages_for([*programs, *optional]), *(WATCHING_PACKAGES if watching else ())]
    return f"not installed, or not on PATH: {', '.join(names)}; apt-get install {' '.join(packages)}"


def packages_missing() -> tuple[str, ...]:
    """The packages of all that is missing for virtual displays, for watching them, and for keeping the clipboard."""
    return (*packages_for(missing(_PACKAGES)), *(() if can_be_watched() else WATCHING_PACKAGES))
