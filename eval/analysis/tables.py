"""The figures of an evaluation as text for a terminal, and as CSV."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from ..core.plan import EpisodeId
from ..core.record import Record
from .statistics import Interval
from .summary import Share, Summary

_MANY = 15


def as_text(summary: Summary) -> str:
    """A few lines: success, what it was made of, and where the time went."""
    total = summary.total
    lines = [f"{total.done} of {total.episodes} episodes done: {interval(total.success)}"]
    if len(summary.tasks) > 1:
        lines.append(f"  drawing whole tasks: {interval(summary.over_tasks)}")
    if not summary.is_whole:
        lines.append(f"  {summary.planned - total.episodes} episodes are still to be done")
    if total.errors:
        without = interval(total.without_errors)
        lines.append(f"  {total.errors} were broken by the machinery and count as not done; without them {without}")
    if summary.retried:
        lines.append(f"  {summary.retried} were broken by it at first, and done again")
    if total.score is not None:
        lines.append(f"  mean score {total.score:.3f}")
    lines += [f"  at least one of {one.k} {one.any_of:.3f}, all of {one.k} {one.all_of:.3f}" for one in summary.passes]
    if len(summary.categories) > 1:
        lines += ["", *_rows("category", summary.categories)]
    if 1 < len(summary.tasks) <= _MANY:
        lines += ["", *_rows("task", summary.tasks)]
    lines += ["", "ended: " + _counts(summary.stops)]
    if summary.triage:
        lines.append("failed, at first sight: " + _counts(summary.triage))
    return "\n".join([*lines, *_effort(summary)])


def as_csv(records: Iterable[Record]) -> str:
    """A line an episode."""
    text = StringIO()
    rows = [_cells(record) for record in records]
    writer = csv.DictWriter(text, list(_cells(Record(EpisodeId("", 0)))), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cells(record: Record) -> dict[str, str | int | float]:
    usage, phases = record.usage, record.phases
    return {
        "task": record.id.task,
        "seed": record.id.seed,
        "trial": record.id.trial,
        "category": record.category,
        "done": "" if record.done is None else int(record.done),
        "score": "" if record.score is None else record.score,
        "stop": record.stop,
        "triage": record.triage.kind if record.triage else "",
        "steps": record.steps,
        "parse_failures": record.parse_failures,
        "tokens_in": usage.prompt,
        "tokens_cached": usage.cached,
        "tokens_out": usage.completion,
        "seconds": round(record.seconds, 3),
        "set_up_s": round(record.set_up_s, 3),
        "model_s": round(phases.model_s, 3),
        "act_s": round(phases.act_s + phases.settle_s, 3),
        "errors": len(record.errors),
        "found": record.found,
    }


def interval(value: Interval) -> str:
    """Such as `0.18 [0.13, 0.26]`."""
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _rows(title: str, shares: Sequence[Share]) -> list[str]:
    width = max(len(title), *(len(share.name) for share in shares))
    rows = [f"{title:{width}}  episodes   done  success                steps"]
    for share in shares:
        rows.append(
            f"{share.name:{width}}  {share.episodes:8}  {share.done:5}  {interval(share.success)}  {share.steps:5.1f}"
        )
    return rows


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _effort(summary: Summary) -> list[str]:
    total, usage, phases = summary.total, summary.usage, summary.phases
    steps = max(1.0, sum(share.steps * (share.episodes - share.errors) for share in summary.tasks))
    lines = [
        f"{total.steps:.1f} steps an episode, {summary.seconds / max(1, total.episodes):.1f} s, set up in "
        f"{summary.set_up_s:.2f} s (median); a step: look {phases.capture_s / steps:.3f} s, "
        f"model {(phases.encode_s + phases.model_s) / steps:.3f} s, act {phases.act_s / steps:.3f} s, "
        f"settle {phases.settle_s / steps:.3f} s"
    ]
    if usage.total:
        cached = f" ({100 * usage.cached / usage.prompt:.0f} % from the cache)" if usage.prompt else ""
        lines.append(f"tokens: {usage.prompt} in{cached}, {usage.completion} out")
    if summary.parse_failures:
        lines.append(f"{summary.parse_failures} replies could not be read")
    if summary.cost is not None:
        lines.append(f"cost: {summary.cost:.2f}")
    return lines
