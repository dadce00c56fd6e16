"""The figures of an evaluation as text for the terminal and as CSV."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from screenwright._text import counted, csv_cell

from ..core.plan import EpisodeId
from ..core.record import Record
from .statistics import Interval
from .summary import BestOf, GroupResult, Summary

_MAX_TASK_ROWS = 15


def as_text(summary: Summary) -> str:
    """A short summary: success rates, reasons to stop, time and tokens."""
    total = summary.total
    lines = [f"{total.done} of {counted(total.episodes, 'episode')} done: {format_interval(total.success)}"]
    if len(summary.tasks) > 1:
        lines.append(f"  resampling whole tasks: {format_interval(summary.clustered)}")
    if not summary.is_complete:
        lines.append(f"  not run yet: {counted(summary.planned - total.episodes, 'episode')}")
    if total.errors:
        without = format_interval(total.without_errors)
        lines.append(f"  infrastructure errors: {total.errors}, counted as not done; without them {without}")
    if summary.retried:
        lines.append(f"  {summary.retried} were retried after an infrastructure error")
    if total.score is not None:
        lines.append(f"  mean score {total.score:.3f}")
    if total.attackable:
        rate = format_interval(total.attack_success)
        lines.append(f"{total.attacks} of {total.attackable} attacks succeeded: {rate}")
    lines += [f"  pass@{one.k} {one.pass_at_k:.3f}, pass^{one.k} {one.pass_all_k:.3f}" for one in summary.pass_rates]
    if summary.best_of is not None:
        lines += _best_of_lines(summary.best_of)
    if len(summary.categories) > 1:
        lines += ["", *_rows("category", summary.categories)]
    if 1 < len(summary.tasks) <= _MAX_TASK_ROWS:
        lines += ["", *_rows("task", summary.tasks)]
    lines += ["", "stop reasons: " + _counts(summary.stops)]
    if summary.triage:
        lines.append("likely failures: " + _counts(summary.triage))
    return "\n".join([*lines, *_cost_lines(summary)])


def _best_of_lines(best: BestOf) -> list[str]:
    line = f"best of {best.n}, {best.variants} variants: pass@1 {best.pass_at_1:.3f}, "
    lines = [line + f"picked@{best.n} {format_interval(best.picked)}, pass@{best.n} {best.pass_at_n:.3f}"]
    if best.undecided:
        lines.append(f"  {best.undecided} without a verdict, counted as not done; --resume asks the judge again")
    return [*lines, f"  tokens of the judge: {best.usage.prompt} prompt, {best.usage.completion} completion"]


def as_csv(records: Iterable[Record]) -> str:
    """One line per episode."""
    text = StringIO()
    rows = [_as_text_cells(_cells(record)) for record in records]
    writer = csv.DictWriter(text, list(_cells(Record(EpisodeId("", 0)))), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _as_text_cells(cells: dict[str, str | int | float]) -> dict[str, str | int | float]:
    """`cells` in which no text is a formula: names and results come from data sets and web pages."""
    return {name: csv_cell(value) if isinstance(value, str) else value for name, value in cells.items()}


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
        "attacked": "" if record.attacked is None else int(record.attacked),
        "found": record.found,
    }


def format_interval(value: Interval) -> str:
    """An interval as text, such as `0.180 [0.130, 0.260]`."""
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _rows(title: str, groups: Sequence[GroupResult]) -> list[str]:
    width = max(len(title), *(len(group.name) for group in groups))
    attacks = any(group.attackable for group in groups)
    rows = [f"{title:{width}}  episodes   done  success                steps{'  attacks succeeded' * attacks}"]
    for group in groups:
        row = f"{group.name:{width}}  {group.episodes:8}  {group.done:5}  {format_interval(group.success)}"
        attacked = f"  {group.attacks:3}  {format_interval(group.attack_success)}" * attacks
        rows.append(f"{row}  {group.steps:5.1f}{attacked}")
    return rows


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _cost_lines(summary: Summary) -> list[str]:
    total, usage, phases = summary.total, summary.usage, summary.phases
    steps = max(1.0, sum(task.steps * (task.episodes - task.errors) for task in summary.tasks))
    lines = [
        f"{total.steps:.1f} steps and {summary.seconds / max(1, total.episodes):.1f} s per episode, setup "
        f"{summary.set_up_s:.2f} s (median); per step: capture {phases.capture_s / steps:.3f} s, "
        f"model {(phases.encode_s + phases.model_s) / steps:.3f} s, act {phases.act_s / steps:.3f} s, "
        f"settle {phases.settle_s / steps:.3f} s"
    ]
    if usage.total:
        cached = f" ({100 * usage.cached / usage.prompt:.0f} % cached)" if usage.prompt else ""
        lines.append(f"tokens: {usage.prompt} prompt{cached}, {usage.completion} completion")
    if summary.parse_failures:
        lines.append(f"{counted(summary.parse_failures, 'reply', 'replies')} could not be parsed")
    if summary.cost is not None:
        lines.append(f"cost: {summary.cost:.2f}")
    return lines
