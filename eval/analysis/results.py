"""The result files of an evaluation: the report, a table of episodes, and summary figures."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from screenwright._files import write_file

from ...agent.record.trajectory import RunError
from ..core.store import Store
from .compare import Comparison, compare
from .report import Entry, render_report
from .tables import as_csv


def write_results(entry: Entry) -> Path:
    """Write `report.html`, `episodes.csv` and `summary.json` for the finished episodes; returns the report's path.

    Raises:
        RunError: a file cannot be written.
    """
    entry.store.write_text("episodes.csv", as_csv(entry.records))
    entry.store.write_text("summary.json", json.dumps(asdict(entry.summary()), indent=1, ensure_ascii=False))
    return write_report(entry)


def write_report(entry: Entry, path: Path | None = None) -> Path:
    """Write the report of an evaluation, by default as `report.html` in its folder; returns its path.

    Raises:
        RunError: it cannot be written.
    """
    path = path or entry.store.folder / "report.html"
    return _write_page([entry], path)


def write_comparison(a: Store, b: Store, page: Path) -> Comparison:
    """Write the report of two evaluations side by side to `page`.

    Raises:
        RunError: a folder contains no evaluation, they have no episode in common, or the page cannot be written.
    """
    entries = Entry.of(a), Entry.of(b)
    plans = [entry.manifest for entry in entries]
    if set(plans[0].episodes).isdisjoint(plans[1].episodes):
        raise RunError(
            f"{a.folder} ({plans[0].benchmark}) and {b.folder} ({plans[1].benchmark}) have no episode in common"
        )
    _write_page(entries, page)
    return compare(*(entry.records for entry in entries))


def _write_page(entries: Sequence[Entry], path: Path) -> Path:
    try:
        # A folder that was moved may have a name that is not Unicode.
        write_file(path, render_report(entries, path.parent).encode(errors="replace"))
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from error
    return path
