"""What an application needs to be served, and the jobs done in it."""

import json
import sqlite3
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .hand import Hand

Check = Callable[[], bool]
Job = Callable[[Hand, "Site"], Check]


@dataclass(frozen=True, slots=True)
class Site:
    """A served application: its folder and URL."""

    folder: Path
    url: str

    def rows(self, query: str, *values: object) -> list[Any]:
        """The rows that the application's database `site.db` has; of a single column, its values."""
        with closing(sqlite3.connect(f"file:{self.folder / 'site.db'}?mode=ro", uri=True)) as database:
            rows = database.execute(query, values).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def saved(self) -> dict[str, Any]:
        """What the application saved in `state.json`."""
        file = self.folder / "state.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def saves(self, name: str, value: object) -> Callable[[], bool]:
        """Whether the application has saved `value` as `name`."""
        return lambda: self.saved().get(name) == value

    def file(self, name: str) -> str:
        """The text of a file of the application; empty if there is none."""
        file = self.folder / name
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""

    def api(self, path: str, body: object = None) -> Any:
        """The JSON that the application answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)


@dataclass(slots=True)
class App:
    """An application: packages, the command that serves it, and its jobs.

    In the command, BIN is the folder of installed programs, NPM that of npm packages, HERE this folder, FOLDER the
    application's data, PORT its port. `prepare` makes the data, `begin` signs in. What `moves` by itself now and then,
    such as a meter, are boxes of the screen: left, top, right and bottom.
    """

    name: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    npm: tuple[str, ...] = ()
    path: str = "/"
    environment: dict[str, str] = field(default_factory=dict[str, str])
    prepare: Callable[[Path], object] = lambda folder: None
    begin: Callable[[Hand], object] = lambda hand: None
    moves: tuple[tuple[int, int, int, int], ...] = ()
    jobs: list[Job] = field(default_factory=list[Job])

    def job(self, function: Job) -> Job:
        """Add a job."""
        self.jobs.append(function)
        return function
