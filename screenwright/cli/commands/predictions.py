"""`eval BENCHMARK --predictions FOLDER`: the scores of published predictions, without a model."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from screenwright._text import printable

from ...agent.dialects.registry import dialect_named
from ...eval.analysis.statistics import wilson
from ...eval.analysis.tables import format_interval
from ...eval.benchmarks.grounding.predictions import FORMS, PredictionScores, Score
from ..settings import SettingsError

_FEW = 12
_TAKEN = {"benchmark", "dialect"}


def score_predictions(benchmark: str | None, folder: Path, flags: Mapping[str, object]) -> int:
    """Print the scores of each file below `folder`.

    Raises:
        SettingsError: the benchmark has no such predictions, or a flag has no meaning here.
        TaskError: a file is missing or invalid.
    """
    form = FORMS.get(benchmark or "")
    if form is None:
        raise SettingsError(f"--predictions can be scored for {', '.join(FORMS)}: name one of them as BENCHMARK")
    if unused := sorted(flags.keys() - _TAKEN):
        raise SettingsError(f"--{unused[0].replace('_', '-')} has no meaning with --predictions: leave it out")
    name = flags.get("dialect")
    dialect = None if name is None else dialect_named(str(name))
    for scores in form.score(folder, dialect):
        print(printable("\n".join(_describe(scores))) + "\n")
    return 0


def _describe(scores: PredictionScores) -> Iterator[str]:
    overall, existing, published = scores.overall, scores.existing, scores.published
    yield f"{scores.path}: the replies of {scores.model}, read by {scores.reading}"
    yield f"{_count(overall)}{f'; {scores.unreadable} replies have no point' * bool(scores.unreadable)}"
    if existing.total != overall.total:
        yield f"  without missing targets: {_count(existing)}"
    yield f"  by the published rules ({scores.reading.published}): {_count(scores.by_their_rules)}"
    if published.total:
        agreed = published.total - len(scores.differing)
        yield f"  as published: {_count(published)}; by the published rules {agreed} are judged the same"
        if scores.differing:
            shown = ", ".join(scores.differing[:_FEW]) + (", ..." if len(scores.differing) > _FEW else "")
            yield f"  judged otherwise: {shown}"
    width = max((len(value) for group in scores.groups.values() for value in group), default=0)
    for name, group in scores.groups.items():
        yield f"  by {name}"
        for value, score in sorted(group.items()):
            yield f"    {value:{width}}  {_count(score)}"


def _count(score: Score) -> str:
    return f"{score.correct} of {score.total} correct, {format_interval(wilson(score.correct, score.total))}"
