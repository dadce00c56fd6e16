"""The report: one page that needs nothing else, for one evaluation or for two of the same episodes."""

import base64
import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pydantic import JsonValue

from ...core.manifest import Manifest
from ...core.plan import EpisodeId
from ...core.record import Record
from ..compare import Comparison, compare
from ..filmstrip import FRAME_PX
from ..statistics import Interval
from ..summary import Share, Summary, summarize

Json = dict[str, JsonValue]

STRIP = "strip.jpg"
MOST_STRIPS_BYTES = 14_000_000
"""So much of failures' pictures goes into a page; those beyond lie in the folders only."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An evaluation in a report. `folder_of` says where an episode is recorded."""

    name: str
    manifest: Manifest
    records: Sequence[Record]
    folder_of: Callable[[EpisodeId], Path]

    def summary(self) -> Summary:
        """Its figures."""
        return summarize(self.records, len(self.manifest.episodes), self.manifest.settings.price)


def render_report(entries: Sequence[Entry]) -> str:
    """The page of one evaluation, or of two, A and B.

    Raises:
        ValueError: there are none, or more.
    """
    if len(entries) not in (1, 2):
        raise ValueError(f"a report shows one evaluation or two, not {len(entries)}")
    room = [MOST_STRIPS_BYTES]
    data: Json = {
        "runs": [_run(entry, room) for entry in entries],
        "comparison": _comparison(compare(entries[0].records, entries[1].records)) if len(entries) > 1 else None,
        "frame": [*FRAME_PX],
        "stripsLeftOut": room[0] < 0,
    }
    page = _file("page.html")
    title = " and ".join(entry.name for entry in entries)
    parts = {
        "TITLE": html.escape(title),
        "STYLE": _file("page.css"),
        "SCRIPT": _file("page.js"),
        "DATA": _embedded(data),
    }
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text, 1)
    return page


def _run(entry: Entry, room: list[int]) -> Json:
    summary, manifest = entry.summary(), entry.manifest
    return {
        "name": entry.name,
        "facts": _facts(manifest, summary),
        "planned": summary.planned,
        "total": _share(summary.total),
        "judged": _interval(summary.total.without_errors),
        "overTasks": _interval(summary.over_tasks),
        "categories": [_share(share) for share in summary.categories],
        "tasks": [_share(share) for share in summary.tasks],
        "passes": [[one.k, round(one.any_of, 4), round(one.all_of, 4)] for one in summary.passes],
        "stops": {**summary.stops},
        "triage": {**summary.triage},
        "phases": _phases(summary),
        "usage": {"in": summary.usage.prompt, "cached": summary.usage.cached, "out": summary.usage.completion},
        "cost": summary.cost,
        "retried": summary.retried,
        "episodes": [_episode(record, entry.folder_of, room) for record in entry.records],
    }


def _episode(record: Record, folder_of: Callable[[EpisodeId], Path], room: list[int]) -> Json:
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
        "asked": record.instruction,
        "found": record.found,
        "answer": record.answer,
        "triage": [record.triage.kind, record.triage.evidence] if record.triage else None,
        "moments": [[moment.step, moment.actions] for moment in record.moments],
        "strip": _strip(folder_of(record.id) / STRIP, room) if record.moments else None,
        "errors": [*record.errors],
    }


def _strip(path: Path, room: list[int]) -> str | None:
    """The picture as a data URL, while there is room for it in the page."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if room[0] >= 0:
        room[0] -= len(data)
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii") if room[0] >= 0 else None


def _facts(manifest: Manifest, summary: Summary) -> list[JsonValue]:
    given = manifest.settings.flat(set_only=True)
    agents = [", ".join(f"{name} {value}" for name, value in agent.items()) for agent in manifest.agents]
    facts: list[tuple[str, str]] = [
        ("benchmark", manifest.benchmark),
        ("agent", "; ".join(agents) or manifest.settings.agent_kind),
        ("settings", ", ".join(f"{name} {value}" for name, value in given.items() if name != "benchmark")),
        ("protocol", "; ".join(filter(None, (manifest.protocol, *manifest.differs)))),
        ("steps at most", str(manifest.settings.limits.steps or manifest.rules.steps)),
        ("begun", manifest.begun),
        ("ended", manifest.ended or "not yet"),
        ("code", manifest.code),
        ("packages", ", ".join(f"{name} {value}" for name, value in manifest.packages.items())),
        ("machine", ", ".join(manifest.machine.values())),
        ("episodes", f"{summary.planned}, digest {manifest.plan_sha256[:16]}"),
        ("repeats", manifest.repeats),
    ]
    return [[name, value] for name, value in facts if value]


def _phases(summary: Summary) -> Json:
    phases = summary.phases
    seconds = {
        "look": phases.capture_s,
        "encode": phases.encode_s,
        "model": phases.model_s,
        "act": phases.act_s,
        "settle": phases.settle_s,
        "log": phases.log_s,
    }
    seconds["rest"] = max(0.0, summary.seconds - sum(seconds.values()))
    return {name: round(value, 3) for name, value in seconds.items()}


def _comparison(comparison: Comparison) -> Json:
    result = comparison.result
    return {
        "verdict": comparison.verdict,
        "counts": [result.both, result.only_a, result.only_b, result.neither],
        "leftOut": comparison.left_out,
        "categories": {
            name: [_interval(one.difference), one.pairs, one.p] for name, one in comparison.categories.items()
        },
        "gained": [*comparison.gained],
        "lost": [*comparison.lost],
    }


def _share(share: Share) -> Json:
    return {
        "name": share.name,
        "episodes": share.episodes,
        "done": share.done,
        "errors": share.errors,
        "success": _interval(share.success),
        "score": None if share.score is None else round(share.score, 4),
        "steps": round(share.steps, 2),
    }


def _interval(value: Interval) -> list[JsonValue]:
    return [round(value.value, 4), round(value.low, 4), round(value.high, 4)]


def _embedded(data: Json) -> str:
    """JSON that may stand inside a script element, whatever the texts in it hold."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028")


def _file(name: str) -> str:
    return resources.files("screenwright.eval.analysis.report").joinpath(name).read_text(encoding="utf-8")
