"""Web applications from PyPI and npm, in folders of their own in the user's cache."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from screenwright._home import cache_folder

from ....core.task import TaskError

SITES = Path(__file__).parent / "sites"
"""Programs of ours that serve an application."""


def apps_folder() -> Path:
    """Where the applications are installed: `$XDG_CACHE_HOME/screenwright/apps`, or below `~/.cache`."""
    return cache_folder() / "apps"


@dataclass(frozen=True, slots=True)
class WebProgram:
    """A web application.

    In the command and the environment, BIN is the folder of the installed Python programs, NPM that of npm packages,
    SITES ours, HOME the folder with the data, and PORT the port.

    Attributes:
        name: Short.
        pip: Packages from PyPI.
        npm: Packages from npm.
        command: Serves it.
        environment: Variables for the command.
        path: A path that answers once it is ready.
        build: Makes what all its servers share, unless it is there; it gets the folder of applications.
        prepare: Writes what else a server needs into the home; it gets that and the folder of applications.
    """

    name: str
    command: tuple[str, ...]
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    path: str = "/"
    build: Callable[[Path], object] = lambda apps: None
    prepare: Callable[[Path, Path], object] = lambda home, apps: None

    @property
    def is_installed(self) -> bool:
        """Whether all its packages are there."""
        apps = apps_folder()
        return not missing_pip(self.pip, apps) and not missing_npm(self.npm, apps)

    def set_up(self, home: Path) -> None:
        """Write what a server needs into `home`; builds what all servers share, if a later version needs more."""
        apps = apps_folder()
        self.build(apps)
        self.prepare(home, apps)

    def filled(self, text: str, home: Path, port: int) -> str:
        """`text` with the places filled in."""
        apps = apps_folder()
        places = {"BIN": apps / "venv/bin", "NPM": apps / "npm", "SITES": SITES, "HOME": home, "PORT": port}
        return re.sub("|".join(places), lambda found: str(places[found[0]]), text)


def install(programs: Iterable[WebProgram]) -> None:
    """Install what is missing of the programs, into the folder of applications, and build what they share.

    Raises:
        TaskError: it cannot be installed; the message says what to do.
    """
    programs, apps = tuple(programs), apps_folder()
    pip = missing_pip([name for one in programs for name in one.pip], apps)
    npm = missing_npm([name for one in programs for name in one.npm], apps)
    if pip:
        python = apps / "venv/bin/python"
        if not python.exists():
            _run([sys.executable, "-m", "venv", str(apps / "venv")], apps)
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pip], apps)
    if npm:
        if shutil.which("npm") is None:
            raise TaskError(f"npm is missing: install Node.js 18 or later for {', '.join(npm)}")
        (apps / "npm").mkdir(parents=True, exist_ok=True)
        _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *npm], apps / "npm")
    for program in programs:
        program.build(apps)


def missing_pip(names: Iterable[str], apps: Path) -> list[str]:
    """The packages that are not in the environment of the applications."""
    folders = [str(folder) for folder in (apps / "venv").glob("lib/*/site-packages")]

    def is_missing(name: str) -> bool:
        return not any(distributions(name=re.split(r"[\[=<>~]", name)[0], path=folders))

    return list(filter(is_missing, dict.fromkeys(names)))


def missing_npm(names: Iterable[str], apps: Path) -> list[str]:
    """The packages that are not in the npm folder of the applications."""
    modules = apps / "npm/node_modules"
    return [name for name in dict.fromkeys(names) if not (modules / re.sub(r"(?<=.)@.*", "", name)).is_dir()]


def _run(command: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise TaskError(f"{' '.join(command)} failed: {error}"[:400]) from error
