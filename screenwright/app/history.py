"""The recorded runs of a folder, summarized in an index so that searching them reads no logs.

A log is read when it is new or has changed, newest first and for a limited time per question, so that the first page
of a large folder comes at once. The index is a cache: it may be deleted.
"""

import logging
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from screenwright._files import check_inside, read_file

from ..agent.record.events import Decided, Ended, Observed, Replied, Started
from ..agent.record.html import Json
from ..agent.record.lock import is_locked
from ..agent.record.trajectory import event_from_json
from .tags import Tags

_log = logging.getLogger(__name__)
_EVENTS = "events.jsonl"
_MAX_LOG_BYTES = 256 << 20
_KIND = re.compile(rb'"event": ?"(\w+)"\}$')
_BUDGET_S = 0.3
"""How long a question may read logs that are not in the index."""

_MAX_WORDS = 200_000
_FORMAT = 1
PAGE = 50

_COLUMNS = (
    "id TEXT PRIMARY KEY, path TEXT, changed INTEGER, size INTEGER, task TEXT, started TEXT, model TEXT, screen TEXT, "
    "stop TEXT, answer TEXT, steps INTEGER, seconds REAL, tokens INTEGER, image TEXT, words TEXT"
)
_SHOWN = ("id", "task", "started", "model", "screen", "stop", "answer", "steps", "seconds", "tokens", "image")


@dataclass(frozen=True, slots=True)
class Search:
    """Which runs: `text` are words that task, thoughts and answer contain; `since` and `until` are dates, inclusive.

    `tag` is one that the user gave them.
    """

    text: str = ""
    stop: str = ""
    model: str = ""
    since: str = ""
    until: str = ""
    tag: str = ""
    start: int = 0


class RunHistory:
    """The runs in `root` and its subfolders, one or two levels down, with their `tags`.

    Thread-safe; `index` is the file of the index.
    """

    def __init__(self, root: Path, index: Path, tags: Tags) -> None:
        self.root, self.tags = root, tags
        self._lock = threading.Lock()
        self._index = sqlite3.connect(index, check_same_thread=False)
        try:
            self._create()
        except sqlite3.DatabaseError:  # damaged, such as by a full disk
            self._index.close()
            index.unlink()
            self._index = sqlite3.connect(index, check_same_thread=False)
            self._create()

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            self._index.close()

    def folder_of(self, run_id: str) -> Path | None:
        """The folder of a known run; None if there is none."""
        with self._lock:
            found = self._index.execute("SELECT path FROM runs WHERE id = ? AND task != ''", (run_id,)).fetchone()
        return None if found is None else self.root / found[0]

    def search(self, wanted: Search) -> Json:
        """A page of runs, newest first; `more` if others follow, and `unread` logs that are not in the index yet.

        `going_on` are those without an end whose process still runs.
        """
        unread = self._refresh()
        where, values = _conditions(wanted, self.tags)
        with self._lock:
            query = f"SELECT {', '.join(_SHOWN)} FROM runs WHERE {where} ORDER BY started DESC, id LIMIT ? OFFSET ?"  # noqa: S608 -- only our own names
            rows = self._index.execute(query, (*values, PAGE + 1, wanted.start)).fetchall()
            total = self._index.execute(f"SELECT count(*) FROM runs WHERE {where}", values).fetchone()[0]  # noqa: S608
            models = self._index.execute("SELECT DISTINCT model FROM runs WHERE task != '' ORDER BY model").fetchall()
        runs: list[Json] = [dict(zip(_SHOWN, row, strict=True)) for row in rows[:PAGE]]
        going_on = [run["id"] for run in runs if run["stop"] == "interrupted" and self.is_going_on(str(run["id"]))]
        return {
            "runs": [{**run, "tags": [*self.tags.of(str(run["id"]))]} for run in runs],
            "going_on": going_on,
            "tags": [*self.tags.all],
            "more": len(rows) > PAGE,
            "total": total,
            "models": [model for (model,) in models],
            "unread": unread,
        }

    def is_going_on(self, run_id: str) -> bool:
        """Whether a process, this one or another, is recording the run."""
        folder = self.folder_of(run_id)
        return folder is not None and is_locked(folder)

    def add(self, folder: Path) -> None:
        """Read the log of one run now."""
        self._read(folder, self._stat(folder))

    def _create(self) -> None:
        self._index.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")  # no wait for the disk
        if self._index.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
            self._index.executescript(f"DROP TABLE IF EXISTS runs; PRAGMA user_version = {_FORMAT}")
        self._index.execute(f"CREATE TABLE IF NOT EXISTS runs ({_COLUMNS})")

    def _refresh(self) -> int:
        """Read new and changed logs, newest first; returns how many are left for the next time."""
        end = time.monotonic() + _BUDGET_S
        found = {str(folder.relative_to(self.root)): self._stat(folder) for folder in _run_folders(self.root)}
        with self._lock:
            known = {path: (changed, size) for path, changed, size in self._index.execute(_STATES)}
        self._write("DELETE FROM runs WHERE path = ?", [(path,) for path in known.keys() - found.keys()])
        unread = sorted((path for path in found if found[path] != known.get(path)), reverse=True)
        while unread and time.monotonic() < end:
            path = unread.pop(0)
            self._read(self.root / path, found[path])
        return len(unread)

    def _read(self, folder: Path, state: tuple[int, int]) -> None:
        path = str(folder.relative_to(self.root))
        row = (run_id_of(path), path, *state, *summarize(folder, self.root))
        self._write(f"INSERT OR REPLACE INTO runs VALUES ({', '.join('?' * len(row))})", [row])  # noqa: S608

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._lock:
            try:
                self._index.executemany(statement, rows)
                self._index.commit()
            except sqlite3.OperationalError as error:  # such as a full disk: the index can be built again
                self._index.rollback()
                _log.warning("the index of the runs could not be written: %s", error)

    def _stat(self, folder: Path) -> tuple[int, int]:
        try:
            found = (folder / _EVENTS).lstat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size


_STATES = "SELECT path, changed, size FROM runs"


def run_id_of(path: str) -> str:
    """The name of a run in addresses, from its folder below that of all runs."""
    return sha256(path.encode(errors="surrogateescape")).hexdigest()[:24]


def _run_folders(root: Path) -> Iterator[Path]:
    """Folders with a log."""
    for folder in folders_in(root):
        if (folder / _EVENTS).exists():
            yield folder
        elif not (folder / "manifest.json").exists():  # the runs of an evaluation are in its report
            yield from (inner for inner in folders_in(folder) if (inner / _EVENTS).exists())


def folders_in(root: Path) -> list[Path]:
    """The folders in `root` that are not hidden; what is behind symbolic links is not ours."""
    try:
        return [one for one in root.iterdir() if one.is_dir() and not one.is_symlink() and one.name[0] != "."]
    except OSError:
        return []


def _conditions(wanted: Search, tags: Tags) -> tuple[str, tuple[str, ...]]:
    conditions, values = ["task != ''"], list[str]()
    if wanted.tag:
        tagged = tags.with_tag(wanted.tag)
        conditions.append(f"id IN ({', '.join('?' * len(tagged))})")
        values += tagged
    for word in wanted.text.casefold().split()[:20]:
        conditions.append("instr(words, ?) > 0")
        values.append(word)
    for condition, value in (
        ("stop = ?", wanted.stop),
        ("model = ?", wanted.model),
        ("substr(started, 1, 10) >= ?", wanted.since),
        ("substr(started, 1, 10) <= ?", wanted.until),
    ):
        if value:
            conditions.append(condition)
            values.append(value)
    return " AND ".join(conditions), tuple(values)


def summarize(folder: Path, root: Path) -> tuple[object, ...]:
    """The columns of a run from its log; the task is empty if it cannot be read."""
    nothing = ("", "", "", "", "unreadable", "", 0, 0.0, 0, "", "")
    try:
        check_inside(folder / _EVENTS, root)
        lines = read_file(folder / _EVENTS, _MAX_LOG_BYTES).split(b"\n")[:-1]
        started = event_from_json(lines[0], _no_image) if lines else None
        if not isinstance(started, Started):
            return nothing
        return _columns(started, lines)
    except (OSError, ValueError):
        return nothing


def _columns(started: Started, lines: list[bytes]) -> tuple[object, ...]:
    stop, answer, steps, seconds, tokens, image, thoughts = "interrupted", "", 0, 0.0, 0, "", list[str]()
    for line in lines[1:]:
        kind = _KIND.search(line[-40:])
        if kind is None or kind[1] not in (b"observed", b"decided", b"replied", b"ended", b"resumed"):
            continue
        event = event_from_json(line, _no_image)
        match event:
            case Observed():
                image, steps = event.observation.screenshot.sha256, event.step
            case Decided():
                thoughts.append(event.thought or "")
            case Replied():
                tokens += event.usage.total
            case Ended():
                stop, answer, steps = str(event.stop), event.answer, event.steps
                seconds, tokens = event.seconds, event.usage.total
            case _:
                stop = "interrupted"
    words = "\n".join((started.task, answer, *thoughts)).casefold()[:_MAX_WORDS]
    model, screen = started.policy.model.name, started.env.kind
    return (started.task, started.time, model, screen, stop, answer, steps, seconds, tokens, image, words)


def _no_image(*_: object) -> NoReturn:
    raise ValueError("a summary needs no image")
