"""The programs of virtual displays, which are missing, and the Debian packages with them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...env import EnvUnavailable
from .watching import WATCHING_PACKAGES, can_be_watched

VIRTUAL_PACKAGES = {"Xvfb": "xvfb", "openbox": "openbox", "dbus-daemon": "dbus", "bwrap": "bubblewrap"}
"""The programs of a virtual display and their packages; the last two are optional."""

OPTIONAL = {"dbus-daemon", "bwrap"}
_PACKAGES = {**VIRTUAL_PACKAGES, "slirp4netns": "slirp4netns", "xclip": "xclip"}


def missing(programs: Iterable[str], path: str | None = None) -> tuple[str, ...]:
    """The programs that are not installed, without duplicates."""
    return tuple(dict.fromkeys(program for program in programs if shutil.which(program, path=path) is None))


def packages_for(programs: Sequence[str]) -> tuple[str, ...]:
    """The packages with these programs; guesses the program's name if unknown."""
    return tuple(dict.fromkeys(_PACKAGES.get(program, Path(program).name) for program in programs))


def how_to_install(programs: Sequence[str], *, watching: bool = False) -> str:
    """One line with all missing programs and the command that installs them; empty if none is missing.

    Optional programs are not listed, but the command includes them.
    """
    names = [*programs, *(["a VNC server and noVNC"] if watching else [])]
    if not names:
        return ""
    own = any(program in VIRTUAL_PACKAGES for program in programs)
    absent = [program for program in missing(VIRTUAL_PACKAGES) if own and program in OPTIONAL]
    optional = [program for program in absent if program not in programs]
    packages = [*packages_for([*programs, *optional]), *(WATCHING_PACKAGES if watching else ())]
    return f"not installed, or not on PATH: {', '.join(names)}; apt-get install {' '.join(packages)}"


def packages_missing() -> tuple[str, ...]:
    """The missing packages for virtual displays, for watching them, and for keeping the clipboard content."""
    return (*packages_for(missing(_PACKAGES)), *(() if can_be_watched() else WATCHING_PACKAGES))


def install_packages(packages: Sequence[str]) -> None:
    """Install Debian packages with apt-get, whose output goes to standard error.

    Raises:
        EnvUnavailable: it is not possible here; the message says what to do by hand.
    """
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        raise EnvUnavailable(
            f"apt-get is not available: install the equivalents of the Debian packages {' '.join(packages)}"
        )
    if sys.platform != "win32" and os.geteuid() != 0:
        raise EnvUnavailable(f"installing needs root: sudo {' '.join(command)}")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for before in ([], ["apt-get", "update"]):  # the package lists may be missing or out of date
        if before:
            subprocess.run(before, env=quiet, stdout=sys.stderr, check=False)
        if subprocess.run(command, env=quiet, stdout=sys.stderr, check=False).returncode == 0:
            return
    raise EnvUnavailable(f"{' '.join(command)} failed: see above")
