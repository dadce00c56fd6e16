"""Finds programs and their windows by name, and starts programs on a real display."""

import os
import platform
import re
import shutil
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from ...env import ActionRefused
from ..x11.connection import Window
from .registry import find_applications, installed

_NAMES_SHOWN = 20


def find_program(app: str, path: str | None = None) -> str | None:
    """The program on PATH for a name as models write it: `Text Editor`, `mousepad`, `Chromium`."""
    name = app.strip()
    if not name or "/" in name or name.startswith("-"):
        return None
    spellings = (name, name.lower(), name.lower().replace(" ", "-"), name.lower().replace(" ", ""))
    return next((spelling for spelling in spellings if shutil.which(spelling, path=path)), None)


def window_of(app: str, windows: tuple[Window, ...], environment: Mapping[str, str]) -> Window | None:
    """The open window of the program named `app`: by its class, or by title if no such program is installed."""
    name = " ".join(app.lower().split())
    known = find_applications(app, environment)
    classes = {name, name.replace(" ", ""), name.replace(" ", "-")}
    for entry in known:
        classes |= {entry.window_class.lower(), entry.executable}
    classes.discard("")
    by_class = (window for window in windows if any(Path(part).name in classes for part in window.classes))
    titled = (window for window in windows if _has_title(window.title.lower(), name, whole=bool(known)))
    return next(by_class, None) or next(titled, None)


def _has_title(title: str, name: str, *, whole: bool) -> bool:
    """Whether `name` is the title or a part of it, as in "notes.txt - Mousepad"; unless `whole`, or words of it."""
    parts = [part.strip() for part in re.split(r" [-\u2013\u2014:|] ", title)]
    if whole:
        return name in parts
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title) is not None


def command_of(app: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The command for the program named `app`: an installed one by its name in menus or its kind, or one on PATH.

    Raises:
        ActionRefused: there is none, or several match; the message names those that are installed, or that match.
    """
    known = find_applications(app, environment)
    if len(known) == 1:
        return known[0].command
    if known:
        names = ", ".join(entry.name for entry in known[:_NAMES_SHOWN])
        raise ActionRefused(f"several programs match {app!r:.60}: {names}; use one of these names")
    program = find_program(app, environment.get("PATH"))
    if program is not None:
        return (program,)
    names = ", ".join(entry.name for entry in islice(installed(environment), _NAMES_SHOWN))
    there = f"; installed programs: {names}" if names else ""
    raise ActionRefused(f"no program named {app!r:.60} is installed or open{there}")


def start_detached(program: tuple[str, ...], environment: Mapping[str, str]) -> None:
    """Start `program` on the user's screen; it keeps running after the agent has ended."""
    if platform.system() == "Windows":
        raise ActionRefused("cannot start programs on Windows; use the Start menu")
    command = ["open", "-a", *program] if platform.system() == "Darwin" else list(program)
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    try:
        os.posix_spawnp(command[0], command, environment, file_actions=silent, setsid=True)
    except OSError as error:
        raise ActionRefused(f"{program[0]} cannot be started: {error.strerror}") from error
