"""The result files of an evaluation: the report, a table of episodes, and summary figures."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...agent.record.trajectory import RunError
from ..core.manifest import Manifest
from ..core.record import Record
from ..core.store import Store
from .compare import Comparison, compare
from .report import Entry, render_report
from .summary import summarize
from .tables import as_csv


@dataclass(frozen=True, slots=True)
class Results:
    """Paths of the result files."""

    report: Path
    table: Path
    figures: Path


def write_results(store: Store, manifest: Manifest, records: Sequence[Record]) -> Results:
    """Write `report.html`, `episodes.csv` and `summary.json` for the finished episodes.

    Raises:
        RunError: a file cannot be written.
    """
    summary = summarize(records, len(manifest.episodes), manifest.settings.price)
    page = render_report([Entry(_name(store, manifest), manifest, records, store.folder_of)], store.folder)
    return Results(
        report=store.write_text("report.html", page),
        table=store.write_text("episodes.csv", as_csv(records)),
        figures=store.write_json("summary.json", asdict(summary)),
    )


def write_comparison(a: Store, b: Store, page: Path) -> Comparison:
    """Write the report of two evaluations side by side to `page`.

    Raises:
        RunError: a folder contains no evaluation, or the page cannot be written.
    """
    entries = [_entry(store) for store in (a, b)]
    try:
        page.write_text(render_report(entries, page.parent), encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {page}: {error.strerror}") from error
    return compare(entries[0].records, entries[1].records)


def _entry(store: Store) -> Entry:
    manifest = store.manifest()
    return Entry(_name(store, manifest), manifest, store.records(manifest.episodes), store.folder_of)


def _name(store: Store, manifest: Manifest) -> str:
    settings = manifest.settings
    model = settings.agent.model
    agent = settings.agent_kind if settings.agent_kind != "model" else model.model_name or model.model
    return f"{settings.benchmark}, {agent} ({store.folder.name})"
