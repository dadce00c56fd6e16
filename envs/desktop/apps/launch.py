"""Finds programs and their windows by name, and starts programs on a real display."""

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from ...env import ActionRefused
from ..x11.connection import Window
from .registry import find_application


def find_program(app: str, path: str | None = None) -> str | None:
    """The program on PATH for a name as models write it: `Text Editor`, `mousepad`, `Chromium`."""
    name = app.strip()
    if not name or "/" in name or name.startswith("-"):
        return None
    spellings = (name, name.lower(), name.lower().replace(" ", "-"), name.lower().replace(" ", ""))
    return next((spelling for spelling in spellings if shutil.which(spelling, path=path)), None)


def window_of(app: str, windows: tuple[Window, ...], environment: Mapping[str, str]) -> Window | None:
    """The open window of the program named `app`, found by window class or title."""
    name = app.strip().lower()
    known = find_application(app, environment)
    classes = {name} if known is None else {name, known.window_class.lower(), Path(known.command[0]).name.lower()}
    by_class = (window for window in windows if any(Path(part).name in classes - {""} for part in window.classes))
    by_title = (window for window in windows if name and name in window.title.lower())
    return next(by_class, None) or next(by_title, None)


def command_of(app: str, environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The command for the program named `app`: a program on PATH, or an installed one by its name in menus."""
    program = find_program(app, environment.get("PATH"))
    if program is not None:
        return (program,)
    known = find_application(app, environment)
    return known.command if known is not None else None


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
