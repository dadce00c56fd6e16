"""The result files of an evaluation: the report, a table of episodes, and summary figures."""

import json
from dataclasses import asdict
from pathlib import Path

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
    return entry.store.write_text("report.html", render_report([entry], entry.store.folder))


def write_comparison(a: Store, b: Store, page: Path) -> Comparison:
    """Write the report of two evaluations side by side to `page`.

    Raises:
        RunError: a folder contains no evaluation, or the page cannot be written.
    """
    entries = Entry.of(a), Entry.of(b)
    try:
        page.write_text(render_report(entries, page.parent), encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {page}: {error.strerror}") from error
    return compare(*(entry.records for entry in entries))
