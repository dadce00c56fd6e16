"""Summary figures of evaluation records."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import TypeVar

from ...agent.core.model import Usage
from ...agent.core.prices import Price
from ..core.picks import Pick
from ..core.record import Phases, Record
from .statistics import Interval, clustered, pass_all, pass_at, wilson

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The result of a group of episodes. `errors` failed because of the infrastructure and count as not done.

    `attacks` is how many of the `attackable` episodes, those with an attack, ended with its success.
    """

    name: str
    episodes: int
    done: int
    errors: int
    success: Interval
    score: float | None
    steps: float
    attacks: int = 0
    attackable: int = 0

    @property
    def attack_success(self) -> Interval:
        """The share of attacks that succeeded."""
        return wilson(self.attacks, self.attackable)

    @property
    def without_errors(self) -> Interval:
        """The success rate over the episodes that have a result."""
        return wilson(self.done, self.episodes - self.errors)


@dataclass(frozen=True, slots=True)
class PassRate:
    """The probabilities that at least one of `k` trials of an episode succeeds, and that all of them do."""

    k: int
    pass_at_k: float
    pass_all_k: float


@dataclass(frozen=True, slots=True)
class BestOf:
    """What a judge gains that chooses one of `n` rollouts, over `variants` of tasks.

    `pass_at_1` is the success of a rollout chosen at random, and `pass_at_n` that of a judge that always finds a
    successful one. `picked` is the success of the choices. `undecided` variants have no verdict, and count as not done.
    """

    n: int
    variants: int
    pass_at_1: float
    pass_at_n: float
    picked: Interval
    undecided: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of an evaluation. `clustered` is the success rate with an interval that resamples whole tasks.

    `best_of` is None unless a judge chose between rollouts. Its tokens are not in `usage`, which is the agent's.
    """

    planned: int
    total: GroupResult
    clustered: Interval
    categories: tuple[GroupResult, ...]
    tasks: tuple[GroupResult, ...]
    stops: dict[str, int]
    triage: dict[str, int]
    retried: int
    pass_rates: tuple[PassRate, ...]
    usage: Usage
    phases: Phases
    seconds: float
    set_up_s: float
    parse_failures: int
    cost: float | None
    best_of: BestOf | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every planned episode has ended."""
        return self.total.episodes == self.planned


def summarize(records: Sequence[Record], planned: int, price: str | None = None, picks: Sequence[Pick] = ()) -> Summary:
    """The figures of `records`, out of `planned` episodes; `price` as in `Price.parse`, `picks` of a judge."""
    usage = sum((record.usage for record in records), Usage())
    by_task = _group(records, lambda record: record.id.task)
    by_category = _group(records, lambda record: record.category)
    return Summary(
        planned=planned,
        total=_group_result("all", records),
        clustered=clustered([[float(record.done is True) for record in group] for group in by_task.values()]),
        categories=tuple(_group_result(name or "none", group) for name, group in sorted(by_category.items())),
        tasks=tuple(_group_result(name, group) for name, group in by_task.items()),
        stops=dict(Counter(record.stop for record in records).most_common()),
        triage=dict(Counter(record.triage.kind for record in records if record.triage).most_common()),
        retried=sum(bool(record.errors) and record.is_judged for record in records),
        pass_rates=_pass_rates(records),
        usage=usage,
        phases=_phases(records),
        seconds=sum(record.seconds for record in records),
        set_up_s=median([record.set_up_s for record in records if record.is_judged] or [0.0]),
        parse_failures=sum(record.parse_failures for record in records),
        cost=Price.parse(price).cost(usage) if price else None,
        best_of=_best_of(records, picks) if picks else None,
    )


def _best_of(records: Sequence[Record], picks: Sequence[Pick]) -> BestOf:
    done = {(record.id.task, record.id.seed, record.id.trial): record.done is True for record in records}
    variants = _group(records, lambda record: (record.id.task, record.id.seed))
    groups = [[record.done is True for record in variants[pick.task, pick.seed]] for pick in picks]
    picked = sum(pick.trial is not None and done[pick.task, pick.seed, pick.trial] for pick in picks)
    return BestOf(
        n=max(map(len, groups)),
        variants=len(picks),
        pass_at_1=sum(sum(group) / len(group) for group in groups) / len(groups),
        pass_at_n=sum(map(any, groups)) / len(groups),
        picked=wilson(picked, len(picks)),
        undecided=sum(pick.trial is None for pick in picks),
        usage=sum((pick.usage for pick in picks), Usage()),
    )


def _group_result(name: str, records: Sequence[Record]) -> GroupResult:
    done = sum(record.done is True for record in records)
    scores = [record.score for record in records if record.score is not None]
    judged = [record for record in records if record.is_judged]
    return GroupResult(
        name=name,
        episodes=len(records),
        done=done,
        errors=len(records) - len(judged),
        success=wilson(done, len(records)),
        score=sum(scores) / len(records) if scores else None,
        steps=sum(record.steps for record in judged) / len(judged) if judged else 0.0,
        attacks=sum(record.attacked is True for record in records),
        attackable=sum(record.attacked is not None for record in records),
    )


def _pass_rates(records: Sequence[Record]) -> tuple[PassRate, ...]:
    """Pass rates for `k` up to the smallest number of trials of any variant; none if that is one."""
    variants = _group(records, lambda record: (record.id.task, record.id.seed)).values()
    trials = min((len(group) for group in variants), default=0)
    if trials < 2:
        return ()
    counts = [(sum(record.done is True for record in group), len(group)) for group in variants]
    return tuple(
        PassRate(
            k,
            sum(pass_at(k, done, count) for done, count in counts) / len(counts),
            sum(pass_all(k, done, count) for done, count in counts) / len(counts),
        )
        for k in range(1, trials + 1)
    )


def _phases(records: Iterable[Record]) -> Phases:
    phases = [record.phases for record in records]
    return Phases(**{field.name: sum(getattr(one, field.name) for one in phases) for field in fields(Phases)})


def _group(records: Iterable[Record], key: Callable[[Record], K]) -> dict[K, list[Record]]:
    groups: dict[K, list[Record]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return dict(groups)
