"""The report of one evaluation, or of two on the same episodes, as one self-contained HTML page."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from screenwright._files import read_file

from ....agent.record.html import html_page, image_url
from ...core.manifest import Manifest
from ...core.picks import Pick, read_picks
from ...core.record import RECORD, Record
from ...core.store import Store
from ..compare import compare
from ..filmstrip import FILMSTRIP, FRAME_PX, RUN_PAGE
from ..summary import Summary, summarize

MAX_FILMSTRIP_BYTES = 14_000_000
"""Limit on the filmstrips embedded in a page; the others stay in the folders of their episodes."""

PAGE_EPISODES = 200
"""The details of this many episodes are a part of the page, which is read when one of them is shown."""

_NOT_SHOWN = {"agent", "env", "usage", "phases", "set_up_s", "started", "parse_failures"}
"""Fields of a record that the page does not need."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An evaluation in a report, stored in `store`."""

    name: str
    store: Store
    manifest: Manifest
    records: Sequence[Record]
    picks: Sequence[Pick] = ()

    @classmethod
    def of(cls, store: Store) -> "Entry":
        """The evaluation in `store`, with its finished episodes.

        Raises:
            RunError: there is none, or a file of it is damaged.
        """
        manifest = store.manifest()
        records = store.records(manifest.episodes)
        return cls(evaluation_name(manifest, store.folder), store, manifest, records, read_picks(store))

    def summary(self) -> Summary:
        """The figures of the evaluation."""
        return summarize(self.records, len(self.manifest.episodes), self.manifest.settings.price, self.picks)


def evaluation_name(manifest: Manifest, folder: Path) -> str:
    """The name of an evaluation: its benchmark, its agent, and its folder."""
    settings = manifest.settings
    agent = settings.agent_kind
    if agent == "model":
        agent = settings.agent.model.model_name or settings.agent.model.model
    return f"{settings.benchmark}, {agent} ({folder.name})"


def render_report(entries: Sequence[Entry], folder: Path) -> str:
    """The page of one evaluation, or of two, A and B; its links are relative to `folder`, where it is saved.

    Raises:
        ValueError: there are no entries, or more than two.
    """
    if len(entries) not in (1, 2):
        raise ValueError(f"a report shows one evaluation or two, not {len(entries)}")
    filmstrips = _Filmstrips(MAX_FILMSTRIP_BYTES)
    comparison = compare(*(entry.records for entry in entries)) if len(entries) > 1 else None
    data: dict[str, Any] = {
        "runs": [_run_json(entry) for entry in entries],
        "comparison": comparison and {**asdict(comparison), "verdict": comparison.verdict},
        "frame": [*FRAME_PX],
        "pageSize": PAGE_EPISODES,
    }
    title = " and ".join(entry.name for entry in entries)
    return html_page("screenwright.eval.analysis.report", title, data, _pages(entries, folder, filmstrips))


def _pages(entries: Sequence[Entry], folder: Path, filmstrips: "_Filmstrips") -> dict[str, str | list[JsonValue]]:
    """The details of the episodes, by the names of the parts of the page."""
    pages: dict[str, str | list[JsonValue]] = {}
    for run, entry in enumerate(entries):
        base = Path(os.path.relpath(entry.store.episodes, folder)).as_posix()
        picked = {(pick.task, pick.seed, pick.trial): pick.why for pick in entry.picks}
        for first in range(0, len(entry.records), PAGE_EPISODES):
            records = entry.records[first : first + PAGE_EPISODES]
            pages[f"{run}-{first // PAGE_EPISODES}"] = [
                {
                    **_episode_json(record, entry.store, base, filmstrips),
                    "picked": picked.get((record.id.task, record.id.seed, record.id.trial)),
                }
                for record in records
            ]
    return pages


@dataclass(slots=True)
class _Filmstrips:
    """Embeds filmstrips until the limit of the page is reached."""

    bytes_left: int

    def embed(self, path: Path, evaluation: Path) -> str | None:
        """The data URL of the file in the folder `evaluation`; None if it is missing or the page is full."""
        try:
            data = read_file(path, MAX_FILMSTRIP_BYTES, inside=evaluation)
        except OSError:
            return None
        self.bytes_left -= len(data)
        return image_url(data, "jpeg") if self.bytes_left >= 0 else None


def _run_json(entry: Entry) -> dict[str, Any]:
    summary = entry.summary()
    tasks = {task.name: number for number, task in enumerate(summary.tasks)}
    return {
        **asdict(summary),
        "name": entry.name,
        "facts": _facts(entry.manifest, summary),
        "without_errors": asdict(summary.total.without_errors),
        "phases": _phases_json(summary),
        "episodes": [_row(record, tasks) for record in entry.records],
    }


def _row(record: Record, tasks: Mapping[str, int]) -> list[JsonValue]:
    """What the page finds and counts episodes by; `page.js` has the names."""
    kind = record.triage.kind if record.triage else None
    numbers = (tasks[record.id.task], record.id.seed, record.id.trial)
    return [*numbers, record.done, record.steps, round(record.seconds, 2), len(record.errors), kind]


def _episode_json(record: Record, store: Store, base: str, filmstrips: _Filmstrips) -> dict[str, Any]:
    recorded_in, link = store.folder_of(record.id), f"{base}/{record.id.path}"
    return {
        **RECORD.dump_python(record, mode="json", exclude=_NOT_SHOWN),
        "filmstrip": filmstrips.embed(recorded_in / FILMSTRIP, store.folder) if record.moments else None,
        "folder": link if recorded_in.is_dir() else None,
        "page": f"{link}/{RUN_PAGE}" if (recorded_in / RUN_PAGE).is_file() else None,
    }


def _facts(manifest: Manifest, summary: Summary) -> list[JsonValue]:
    settings = manifest.settings.flat(set_only=True)
    agents = [", ".join(f"{name} {value}" for name, value in agent.items()) for agent in manifest.agents]
    facts: list[tuple[str, str]] = [
        ("benchmark", manifest.benchmark),
        ("agent", "; ".join(agents) or manifest.settings.agent_kind),
        ("settings", ", ".join(f"{name} {value}" for name, value in settings.items() if name != "benchmark")),
        ("protocol", "; ".join(filter(None, (manifest.protocol, *manifest.differs)))),
        ("rules", manifest.rules_sha256),
        ("step limit", str(manifest.settings.limits.steps or manifest.rules.steps)),
        ("started", manifest.started),
        ("ended", manifest.ended or "not finished"),
        ("commit", manifest.code),
        ("packages", ", ".join(f"{name} {value}" for name, value in manifest.packages.items())),
        ("machine", ", ".join(manifest.machine.values())),
        ("episodes", f"{summary.planned}, digest {manifest.plan_sha256[:16]}"),
        ("repeat of", manifest.repeats),
    ]
    return [[name, value] for name, value in facts if value]


def _phases_json(summary: Summary) -> dict[str, float]:
    """Seconds by phase over all episodes; `other` belongs to no phase."""
    seconds = {name.removesuffix("_s"): value for name, value in asdict(summary.phases).items()}
    return {**seconds, "other": max(0.0, summary.seconds - sum(seconds.values()))}
