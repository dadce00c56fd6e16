"""Installed programs by name, from the machine's desktop entries.

An entry (`NAME.desktop`, freedesktop.org's Desktop Entry Specification) has a program's name, its kind ("Text Editor"),
and the command that starts it.
"""

import configparser
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_GROUP = "Desktop Entry"
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CHOSEN_TERMINAL = "x-terminal-emulator"
_TERMINALS = ("terminal", "terminal emulator", "console")
_USUAL_DATA = "/usr/local/share:/usr/share"


@dataclass(frozen=True, slots=True)
class Application:
    """An installed program.

    `kinds` are categories in lower case, such as "text editor"; `window_class` is its windows' WM_CLASS, if known.
    """

    name: str
    kinds: tuple[str, ...]
    command: tuple[str, ...]
    window_class: str = ""


def find_application(app: str, environment: Mapping[str, str] | None = None) -> Application | None:
    """The program named `app`: by name, by kind, or by a word of its name if only one program has that word."""
    wanted = app.strip().lower()
    if not wanted:
        return None
    found = list(installed(os.environ if environment is None else environment))
    named = next((entry for entry in found if entry.name.lower() == wanted), None)
    if named is None and wanted in _TERMINALS:
        named = _terminal((os.environ if environment is None else environment).get("PATH"))
    named = named or next((entry for entry in found if wanted in entry.kinds), None)
    partly = [entry for entry in found if wanted in entry.name.lower().split()]
    return named or (partly[0] if len(partly) == 1 else None)


def installed(environment: Mapping[str, str]) -> Iterator[Application]:
    """Every program that appears in menus and can be started, ordered by folder and file name."""
    home = environment.get("XDG_DATA_HOME") or str(Path(environment.get("HOME", "/")) / ".local/share")
    seen: set[str] = set()
    for folder in (home, *(environment.get("XDG_DATA_DIRS") or _USUAL_DATA).split(":")):
        for file in _entries(Path(folder) / "applications"):
            if file.name not in seen:
                seen.add(file.name)
                entry = _read(file, environment.get("PATH"))
                if entry is not None:
                    yield entry


def _entries(folder: Path) -> list[Path]:
    with suppress(OSError):  # the home folder may belong to another user
        return sorted(folder.glob("*.desktop"))
    return []


def _terminal(path: str | None) -> Application | None:
    """The default terminal (Debian's alternatives); another installed one might need Wayland."""
    chosen = shutil.which(_CHOSEN_TERMINAL, path=path)
    return None if chosen is None else Application("Terminal", (), (_CHOSEN_TERMINAL,), Path(chosen).resolve().name)


def _read(file: Path, path: str | None) -> Application | None:
    """Parse an entry; None if it is invalid or not a startable program."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        entry = parser[_GROUP]
        command = tuple(word for word in shlex.split(entry.get("Exec", "")) if not word.startswith("%"))
    except (OSError, ValueError, KeyError, configparser.Error):
        return None
    hidden = "true" in (entry.get("NoDisplay", "").lower(), entry.get("Hidden", "").lower())
    if entry.get("Type") != "Application" or hidden or not command or shutil.which(command[0], path=path) is None:
        return None
    if entry.get("Terminal", "").lower() == "true":
        command = (_CHOSEN_TERMINAL, "-e", *command)
    kinds = [_CAPITAL.sub(" ", word).lower() for word in entry.get("Categories", "").split(";") if word]
    if "GenericName" in entry:
        kinds.insert(0, entry["GenericName"].lower())
    return Application(entry.get("Name", ""), tuple(kinds), command, entry.get("StartupWMClass", ""))
