"""SQLite databases: the rows of their tables."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from .document import first_difference, target, unreadable

DatabaseRow: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Database:
    """A database: for each table the names and types of its columns, and its rows in any order."""

    path: str
    columns: Mapping[str, Sequence[str]]
    rows: Mapping[str, Sequence[DatabaseRow]]

    def having(self, table: str, rows: Sequence[DatabaseRow]) -> "Database":
        """A copy with other rows in a table."""
        return replace(self, rows={**self.rows, table: rows})

    def write(self, home: Path) -> None:
        """See `Document`."""
        file = target(home, self.path)
        file.unlink(missing_ok=True)
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("PRAGMA synchronous=OFF")
            for table, columns in self.columns.items():
                connection.execute(f'CREATE TABLE "{table}" ({", ".join(columns)})')
                marks = ", ".join("?" * len(columns))
                connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', self.rows[table])  # noqa: S608 -- ours

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        file = home / self.path
        if not file.exists():
            return [f"{self.path} is missing"]
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
                names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
                other = connection.execute("SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger')")
                added = [f"{self.path} has the {kind} {name}" for kind, name in other]
                found = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}  # noqa: S608
                columns = {
                    name: [f"{row[1]} {row[2]}".lower() for row in connection.execute(f'PRAGMA table_info("{name}")')]
                    for name in names
                }
        except sqlite3.Error as error:
            return [unreadable(self.path, error)]
        if sorted(found) != sorted(self.columns):
            return [f"{self.path} has the tables {', '.join(sorted(found))}"]
        added += [
            f"{self.path}: {table} has the columns {', '.join(columns[table])}"
            for table, wanted in self.columns.items()
            if [" ".join(column.lower().split()[:2]) for column in wanted] != columns[table]
        ]
        return added or [
            f"{self.path}: {table}: {one}"
            for table, rows in self.rows.items()
            for one in first_difference(sorted(rows, key=repr), sorted(found[table], key=repr), "row")
        ]
