"""Installed programs by name, from the machine's desktop entries.

An entry (`NAME.desktop`, freedesktop.org's Desktop Entry Specification) has a program's name in several languages, its
kind ("Text Editor"), keywords, categories, and the command that starts it.
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
_IN_BRACKETS = re.compile(r"\s*\([^)]*\)$")
_ESCAPED = re.compile(r"\\([sntr\\])")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CHOSEN_TERMINAL = "x-terminal-emulator"
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r"}
_TERMINALS = ("terminal", "terminal emulator", "console")
_USUAL_DATA = "/usr/local/share:/usr/share"
_ALSO_CALLED = {
    "files": "file manager", "file explorer": "file manager", "explorer": "file manager",
    "browser": "web browser", "internet": "web browser", "editor": "text editor", "notepad": "text editor",
    "mail": "email", "mail client": "email", "spreadsheet": "spreadsheets", "music player": "audio player",
}  # fmt: skip
_INTERPRETERS = frozenset(("bash", "flatpak", "java", "perl", "python", "python3", "sh", "snap"))
_COMMON_WORDS = frozenset({
    "app", "application", "browser", "client", "editor", "help", "manager", "player", "preferences", "program",
    "settings", "tool", "viewer",
})  # fmt: skip
"""Words of many names, which alone name no program: "Settings" is not "Mousepad Settings"."""


@dataclass(frozen=True, slots=True)
class Application:
    """An installed program.

    `names` are its name in all languages and that of its entry, `generic_names` its kind in all languages, and `kinds`
    its categories and keywords, such as "text editor"; all in lower case. `executable` is the file name of its program,
    empty for a script. `window_class` is its windows' WM_CLASS, if known.
    """

    name: str
    command: tuple[str, ...]
    names: frozenset[str] = frozenset()
    generic_names: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    executable: str = ""
    window_class: str = ""
    in_terminal: bool = False


def find_applications(app: str, environment: Mapping[str, str] | None = None) -> tuple[Application, ...]:
    """The programs that `app` names best; several if it is ambiguous, such as the kind of several programs.

    Names come before executables, these before kinds and keywords, and all of them before single words of names.
    Programs in a terminal come last, unless `app` is their name.
    """
    environment = os.environ if environment is None else environment
    wanted = " ".join(app.lower().split())
    if not wanted:
        return ()
    found = list(installed(environment))
    for rank in (_is_named, _is_executable):
        if best := [entry for entry in found if rank(entry, wanted)]:
            return (min(best, key=lambda entry: entry.in_terminal),)
    if wanted in _TERMINALS and (terminal := _terminal(environment.get("PATH"))):
        return (terminal,)
    for in_terminal in (False, True):
        for rank in (_is_also_named, _is_of_kind, _has_keyword, _has_words):
            if best := [entry for entry in found if entry.in_terminal is in_terminal and rank(entry, wanted)]:
                return _distinct(best)
    return ()


def _is_named(entry: Application, wanted: str) -> bool:
    return wanted == entry.name.lower()


def _is_executable(entry: Application, wanted: str) -> bool:
    return entry.executable in (wanted, wanted.replace(" ", "-"), wanted.replace(" ", ""))


def _is_also_named(entry: Application, wanted: str) -> bool:
    return wanted in entry.names


def _is_of_kind(entry: Application, wanted: str) -> bool:
    return wanted in entry.generic_names or _ALSO_CALLED.get(wanted, wanted) in entry.generic_names


def _has_keyword(entry: Application, wanted: str) -> bool:
    return wanted in entry.kinds or _ALSO_CALLED.get(wanted, wanted) in entry.kinds


def _has_words(entry: Application, wanted: str) -> bool:
    words = set(wanted.split())
    return not words <= _COMMON_WORDS and any(words <= set(name.split()) for name in entry.names | entry.generic_names)


def _distinct(found: list[Application]) -> tuple[Application, ...]:
    """Without entries that start the same program, such as for a new window."""
    return tuple({entry.executable or entry.command: entry for entry in reversed(found)}.values())[::-1]


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
    if chosen is None:
        return None
    return Application("Terminal", (_CHOSEN_TERMINAL,), window_class=Path(chosen).resolve().name)


def _read(file: Path, path: str | None) -> Application | None:
    """Parse an entry; None if it is invalid or not a startable program."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        entry = parser[_GROUP]
        text = _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], "\\"), entry.get("Exec", ""))
        text = re.sub(r"\\([$`])", r"\1", text)  # shlex does so only for quotes and backslashes
        command = tuple(word for word in shlex.split(text) if not word.startswith("%"))
    except (OSError, ValueError, KeyError, configparser.Error):
        return None
    hidden = "true" in (entry.get("NoDisplay", "").lower(), entry.get("Hidden", "").lower())
    if entry.get("Type") != "Application" or hidden or not command or shutil.which(command[0], path=path) is None:
        return None
    executable = next((Path(word).name for word in command if "=" not in word and Path(word).name != "env"), "")
    in_terminal = entry.get("Terminal", "").lower() == "true"
    name, stem = entry.get("Name", ""), file.stem.lower()
    kinds = {_CAPITAL.sub(" ", word).lower() for word in entry.get("Categories", "").split(";") if word}
    if "settings" in kinds:
        kinds = set()  # settings of one program, or of what its keywords say
    else:
        kinds |= {word.strip() for text in _texts(entry, "keywords") for word in text.split(";") if word.strip()}
    return Application(
        name=name,
        command=(_CHOSEN_TERMINAL, "-e", *command) if in_terminal else command,
        names=frozenset({*_texts(entry, "name"), _IN_BRACKETS.sub("", name.lower()), stem, stem.rpartition(".")[2]}),
        generic_names=frozenset(_texts(entry, "genericname")),
        kinds=frozenset(kinds),
        executable="" if executable in _INTERPRETERS else executable.lower(),
        window_class=entry.get("StartupWMClass", ""),
        in_terminal=in_terminal,
    )


def _texts(entry: Mapping[str, str], key: str) -> set[str]:
    """The values of `key` in all languages, in lower case; the parser has lowered the keys."""
    return {text.lower() for name, text in entry.items() if name == key or name.startswith(f"{key}[")}
