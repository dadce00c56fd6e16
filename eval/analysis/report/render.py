"""The report of one evaluation, or of two on the same episodes, as one self-contained HTML page."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from ....agent.record.html import Json, html_page, image_url
from ...core.manifest import Manifest
from ...core.plan import EpisodeId
from ...core.record import Record
from ..compare import Comparison, compare
from ..filmstrip import FILMSTRIP, FRAME_PX
from ..statistics import Interval
from ..summary import GroupResult, Summary, summarize

MAX_FILMSTRIP_BYTES = 14_000_000
"""Limit on the filmstrips embedded in a page; the others stay in the folders of their episodes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An evaluation in a report. `folder_of` returns the folder of an episode."""

    name: str
    manifest: Manifest
    records: Sequence[Record]
    folder_of: Callable[[EpisodeId], Path]

    def summary(self) -> Summary:
        """The figures of the evaluation."""
        return summarize(self.records, len(self.manifest.episodes), self.manifest.settings.price)


def render_report(entries: Sequence[Entry], folder: Path) -> str:
    """The page of one evaluation, or of two, A and B; its links are relative to `folder`, where it is saved.

    Raises:
        ValueError: there are no entries, or more than two.
    """
    if len(entries) not in (1, 2):
        raise ValueError(f"a report shows one evaluation or two, not {len(entries)}")
    filmstrips = _Filmstrips(MAX_FILMSTRIP_BYTES)
    data: Json = {
        "runs": [_run_json(entry, folder, filmstrips) for entry in entries],
        "comparison": _comparison_json(compare(entries[0].records, entries[1].records)) if len(entries) > 1 else None,
        "frame": [*FRAME_PX],
    }
    return html_page("screenwright.eval.analysis.report", " and ".join(entry.name for entry in entries), data)


@dataclass(slots=True)
class _Filmstrips:
    """Embeds filmstrips until the limit of the page is reached."""

    bytes_left: int

    def embed(self, path: Path) -> str | None:
        """The data URL of the file; None if it is missing or the page is full."""
        try:
            data = path.read_bytes()
        except OSError:
            return None
        self.bytes_left -= len(data)
        return image_url(data, "jpeg") if self.bytes_left >= 0 else None


def _run_json(entry: Entry, folder: Path, filmstrips: _Filmstrips) -> Json:
    summary, manifest = entry.summary(), entry.manifest
    return {
        "name": entry.name,
        "facts": _facts(manifest, summary),
        "planned": summary.planned,
        "total": _group_json(summary.total),
        "withoutErrors": _interval_json(summary.total.without_errors),
        "clustered": _interval_json(summary.clustered),
        "categories": [_group_json(group) for group in summary.categories],
        "tasks": [_group_json(group) for group in summary.tasks],
        "passRates": [[one.k, round(one.pass_at_k, 4), round(one.pass_all_k, 4)] for one in summary.pass_rates],
        "stops": {**summary.stops},
        "triage": {**summary.triage},
        "phases": _phases_json(summary),
        "usage": {
            "prompt": summary.usage.prompt,
            "cached": summary.usage.cached,
            "completion": summary.usage.completion,
        },
        "cost": summary.cost,
        "retried": summary.retried,
        "episodes": [_episode_json(record, entry.folder_of(record.id), folder, filmstrips) for record in entry.records],
    }


def _episode_json(record: Record, recorded_in: Path, folder: Path, filmstrips: _Filmstrips) -> Json:
    return {
        "task": record.id.task,
        "seed": record.id.seed,
        "trial": record.id.trial,
        "category": record.category,
        "done": record.done,
        "score": record.score,
        "stop": record.stop,
        "reason": record.reason,
        "steps": record.steps,
        "seconds": round(record.seconds, 2),
        "instruction": record.instruction,
        "judge": record.found,
        "answer": record.answer,
        "triage": [record.triage.kind, record.triage.evidence] if record.triage else None,
        "moments": [[moment.step, moment.actions] for moment in record.moments],
        "filmstrip": filmstrips.embed(recorded_in / FILMSTRIP) if record.moments else None,
        "folder": Path(os.path.relpath(recorded_in, folder)).as_posix() if recorded_in.is_dir() else None,
        "errors": [*record.errors],
    }


def _facts(manifest: Manifest, summary: Summary) -> list[JsonValue]:
    settings = manifest.settings.flat(set_only=True)
    agents = [", ".join(f"{name} {value}" for name, value in agent.items()) for agent in manifest.agents]
    facts: list[tuple[str, str]] = [
        ("benchmark", manifest.benchmark),
        ("agent", "; ".join(agents) or manifest.settings.agent_kind),
        ("settings", ", ".join(f"{name} {value}" for name, value in settings.items() if name != "benchmark")),
        ("protocol", "; ".join(filter(None, (manifest.protocol, *manifest.differs)))),
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


def _phases_json(summary: Summary) -> Json:
    """Seconds by phase over all episodes; `other` belongs to no phase."""
    phases = summary.phases
    seconds = {
        "capture": phases.capture_s,
        "encode": phases.encode_s,
        "model": phases.model_s,
        "act": phases.act_s,
        "settle": phases.settle_s,
        "log": phases.log_s,
    }
    seconds["other"] = max(0.0, summary.seconds - sum(seconds.values()))
    return {phase: round(value, 3) for phase, value in seconds.items()}


def _comparison_json(comparison: Comparison) -> Json:
    result = comparison.result
    return {
        "verdict": comparison.verdict,
        "counts": [result.both, result.only_a, result.only_b, result.neither],
        "unpaired": comparison.unpaired,
        "gained": [*comparison.gained],
        "lost": [*comparison.lost],
    }


def _group_json(group: GroupResult) -> Json:
    return {
        "name": group.name,
        "episodes": group.episodes,
        "done": group.done,
        "errors": group.errors,
        "success": _interval_json(group.success),
        "score": None if group.score is None else round(group.score, 4),
        "steps": round(group.steps, 2),
    }


def _interval_json(value: Interval) -> list[JsonValue]:
    return [round(value.value, 4), round(value.low, 4), round(value.high, 4)]
