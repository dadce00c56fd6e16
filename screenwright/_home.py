"""The user's home folder. In a container the user may have no HOME, another user's, or no password entry."""

import os
from collections.abc import Mapping
from pathlib import Path


def home_folder() -> Path:
    """The home folder; `/` if it is unknown or may not be entered, where nothing of the user's is found or written.

    A container that runs as any user id often has the HOME of root.
    """
    try:
        home = Path.home()
    except RuntimeError:
        return Path("/")
    try:
        os.stat(f"{home}/.")  # noqa: PTH116 (a Path drops the dot, which needs permission to enter the folder)
    except PermissionError:
        return Path("/")
    except OSError:
        return home  # it does not exist yet
    return home


def ensure_home() -> None:
    """Set HOME if the home folder is unknown: Node, and so Playwright's driver, does not start without one."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(home_folder())


def expand_home(path: str | os.PathLike[str]) -> Path:
    """`path` with a leading `~` expanded; unchanged if the home folder is unknown."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of what this user's commands remember: in `$XDG_STATE_HOME` or `~/.local/state`."""
    return _folder_in(environ.get("XDG_STATE_HOME", ""), ".local/state")


def config_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of this user's own configuration: in `$XDG_CONFIG_HOME` or `~/.config`."""
    return _folder_in(environ.get("XDG_CONFIG_HOME", ""), ".config")


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of what can be made again: in `$XDG_CACHE_HOME` or `~/.cache`."""
    return _folder_in(environ.get("XDG_CACHE_HOME", ""), ".cache")


def _folder_in(given: str, usual: str) -> Path:
    return (Path(given) if Path(given).is_absolute() else home_folder() / usual) / "screenwright"
