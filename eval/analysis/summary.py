"""What the records of an evaluation come to."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import TypeVar

from ...agent.core.model import Usage
from ..core.record import Phases, Record
from .statistics import Interval, clustered, pass_all, pass_at, wilson

K = TypeVar("K", bound=Hashable)

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some episodes were done. `errors` were broken by the machinery, and count as not done here."""

    name: str
    episodes: int
    done: int
    errors: int
    success: Interval
    score: float | None
    steps: float

    @property
    def without_errors(self) -> Interval:
        """The same of those alone that could be judged."""
        return wilson(self.done, self.episodes - self.errors)


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost: in, out, and in from the server's prefix cache."""

    prompt: float
    completion: float
    cached: float

    @classmethod
    def parse(cls, text: str) -> "Price":
        """Read `IN:OUT[:CACHED]`; without the last, cached tokens cost as much as others."""
        numbers = [float(part) for part in text.split(":")]
        return cls(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else numbers[0])

    def of(self, usage: Usage) -> float:
        """What `usage` costs."""
        fresh = usage.prompt - usage.cached
        cost = fresh * self.prompt + usage.cached * self.cached + usage.completion * self.completion
        return cost / _MILLION


@dataclass(frozen=True, slots=True)
class Passes:
    """With several trials of each episode: the chance that at least one of `k` succeeds, and that all of them do."""

    k: int
    any_of: float
    all_of: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of an evaluation. `over_tasks` is the success with an interval that draws whole tasks."""

    planned: int
    total: Share
    over_tasks: Interval
    categories: tuple[Share, ...]
    tasks: tuple[Share, ...]
    stops: dict[str, int]
    triage: dict[str, int]
    retried: int
    passes: tuple[Passes, ...]
    usage: Usage
    phases: Phases
    seconds: float
    set_up_s: float
    parse_failures: int
    cost: float | None

    @property
    def is_whole(self) -> bool:
        """Whether every planned episode is over."""
        return self.total.episodes == self.planned


def summarize(records: Sequence[Record], planned: int, price: str | None = None) -> Summary:
    """The figures of `records`, of `planned` episodes."""
    usage = sum((record.usage for record in records), Usage())
    by_task = _by(records, lambda record: record.id.task)
    return Summary(
        planned=planned,
        total=_share("all", records),
        over_tasks=clustered([[float(record.done is True) for record in group] for group in by_task.values()]),
        categories=tuple(
            _share(name or "none", group) for name, group in sorted(_by(records, lambda one: one.category).items())
        ),
        tasks=tuple(_share(name, group) for name, group in by_task.items()),
        stops=dict(Counter(record.stop for record in records).most_common()),
        triage=dict(Counter(record.triage.kind for record in records if record.triage).most_common()),
        retried=sum(bool(record.errors) and record.is_judged for record in records),
        passes=_passes(records),
        usage=usage,
        phases=_phases(records),
        seconds=sum(record.seconds for record in records),
        set_up_s=median([record.set_up_s for record in records if record.is_judged] or [0.0]),
        parse_failures=sum(record.parse_failures for record in records),
        cost=Price.parse(price).of(usage) if price else None,
    )


def _share(name: str, records: Sequence[Record]) -> Share:
    done = sum(record.done is True for record in records)
    scores = [record.score for record in records if record.score is not None]
    judged = [record for record in records if record.is_judged]
    return Share(
        name=name,
        episodes=len(records),
        done=done,
        errors=len(records) - len(judged),
        success=wilson(done, len(records)),
        score=sum(scores) / len(records) if scores else None,
        steps=sum(record.steps for record in judged) / len(judged) if judged else 0.0,
    )


def _passes(records: Sequence[Record]) -> tuple[Passes, ...]:
    """For each number of trials up to the least that any variant has; nothing where each was tried once."""
    variants = _by(records, lambda record: (record.id.task, record.id.seed)).values()
    most = min((len(group) for group in variants), default=0)
    if most < 2:
        return ()
    counts = [(sum(record.done is True for record in group), len(group)) for group in variants]
    return tuple(
        Passes(
            k,
            sum(pass_at(k, done, trials) for done, trials in counts) / len(counts),
            sum(pass_all(k, done, trials) for done, trials in counts) / len(counts),
        )
        for k in range(1, most + 1)
    )


def _phases(records: Iterable[Record]) -> Phases:
    all_of = [record.phases for record in records]
    return Phases(**{field.name: sum(getattr(one, field.name) for one in all_of) for field in fields(Phases)})


def _by(records: Iterable[Record], key: Callable[[Record], K]) -> dict[K, list[Record]]:
    groups: dict[K, list[Record]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return dict(groups)
