"""An evaluation: the episodes that are not over yet, done by workers, each recorded the moment it is over.

    for record in Evaluation.begin(EvalConfig.of(benchmark="demo"), Path("runs/demo")).run():
        print(record.id, record.done)

Killed in any way and taken up again, it does what is left; no episode is counted twice.
"""

from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from ...agent.core.limits import Limits
from ..benchmarks.registry import benchmark_for
from ..core.config import EvalConfig
from ..core.manifest import Manifest, make_manifest, now
from ..core.plan import EpisodeId, make_plan
from ..core.record import Attempt, FailedAttempt, Record
from ..core.store import Store
from ..core.task import Benchmark
from .baselines import make_agent_factory
from .episode import EpisodeJob, EpisodeRunner
from .pool import Pool, get_ready


class EvalError(Exception):
    """The evaluation cannot go on; one line that says why. What is recorded stays, and can be resumed."""


class Workers(Protocol):
    """Whatever does episodes: processes of this machine, or a cluster."""

    def work(self, orders: deque[EpisodeJob]) -> Iterator[Attempt]:
        """Do `orders` and hand on each attempt as it ends; orders may be added meanwhile."""
        ...

    def close(self) -> None:
        """End them."""
        ...


@dataclass(slots=True)
class Evaluation:
    """An evaluation in the folder of `store`."""

    store: Store
    manifest: Manifest
    _troubles: dict[EpisodeId, list[FailedAttempt]] = field(default_factory=dict[EpisodeId, list[FailedAttempt]])

    @classmethod
    def begin(cls, settings: EvalConfig, folder: Path, repeats: str = "") -> "Evaluation":
        """Plan an evaluation and write down what it is.

        Raises:
            ValueError, TaskError: there is no such benchmark, task or model.
            RunError: there is an evaluation in the folder already.
        """
        if settings.workers and not settings.ray:
            get_ready()
        benchmark = benchmark_for(settings)
        make_agent_factory(settings)  # says what is wrong before anything is written
        manifest = make_manifest(settings, benchmark, make_plan(benchmark, settings), repeats)
        store = Store(folder)
        store.begin(manifest)
        return cls(store, manifest)

    @classmethod
    def resume(cls, folder: Path, workers: int | None = None) -> "Evaluation":
        """Take up an evaluation that was broken off; `workers` may differ from before.

        Raises:
            RunError: there is none.
        """
        store = Store(folder)
        manifest = store.manifest()
        if workers is not None:
            manifest = replace(manifest, settings=manifest.settings.model_copy(update={"workers": workers}))
        return cls(store, manifest)

    def records(self) -> tuple[Record, ...]:
        """The episodes that are over, in the order of the plan."""
        return self.store.records(self.manifest.episodes)

    def remaining(self) -> tuple[EpisodeId, ...]:
        """The episodes that are not over. One that the machinery broke, in every attempt, is tried again."""
        over = {record.id for record in self.records() if record.is_judged}
        return tuple(episode for episode in self.manifest.episodes if episode not in over)

    def run(self, workers: Workers | None = None) -> Generator[Record]:
        """Do what is left, and hand on each record once it is on the disk.

        Raises:
            EvalError: the machinery broke every one of the first episodes.
            RunError: an episode cannot be recorded.
        """
        remaining = self.remaining()
        if not remaining:
            return
        orders = deque(self._order(episode) for episode in remaining)
        done = 0
        with closing(workers or self._workers()) as team:
            for attempt in team.work(orders):
                if isinstance(attempt, FailedAttempt):
                    record = self._in_trouble(attempt, orders)
                    if not done:
                        self._give_up_if_hopeless()
                    if record is None:
                        continue
                else:
                    record = replace(attempt, errors=self._said_of(attempt.id))
                    done += 1
                self.store.write(record)
                yield record
        self._end()

    def _workers(self) -> Workers:
        settings = self.manifest.settings
        make = partial(runner_for, settings)
        if settings.ray:
            from .ray_workers import RayWorkers  # needs the ray extra

            return RayWorkers(settings.ray, make, max(1, settings.workers), settings.episode_timeout)
        return Pool(make, settings.workers, settings.episode_timeout) if settings.workers else InProcessWorkers(make(0))

    def _order(self, episode: EpisodeId) -> EpisodeJob:
        settings, rules = self.manifest.settings, self.manifest.rules
        self.store.clear(episode)
        limits = settings.limits.build(Limits(rules.steps, rules.seconds))
        return EpisodeJob(episode, self.store.folder_of(episode), limits)

    def _in_trouble(self, trouble: FailedAttempt, orders: deque[EpisodeJob]) -> Record | None:
        """Queue the episode again, behind the others; after the last retry the record that says what broke it."""
        self._troubles.setdefault(trouble.id, []).append(trouble)
        if len(self._troubles[trouble.id]) <= self.manifest.settings.retries:
            orders.append(self._order(trouble.id))
            return None
        self.store.clear(trouble.id)
        category = self._category_of(trouble.id.task)
        return Record(trouble.id, category, errors=self._said_of(trouble.id), stop="error", reason=trouble.message)

    def _category_of(self, task: str) -> str:
        tasks = benchmark_for(self.manifest.settings).tasks()
        return next((one.category for one in tasks if one.name == task), "")

    def _said_of(self, episode: EpisodeId) -> tuple[str, ...]:
        return tuple(trouble.trace or trouble.message for trouble in self._troubles.get(episode, ()))

    def _give_up_if_hopeless(self) -> None:
        troubles = [trouble for of_one in self._troubles.values() for trouble in of_one]
        if len(troubles) < max(3, 2 * self.manifest.settings.workers):
            return
        often, count = Counter(trouble.message for trouble in troubles).most_common(1)[0]
        raise EvalError(f"none of the first {len(troubles)} episodes could be run; {count} times: {often}")

    def _end(self) -> None:
        agents = {tuple(sorted(record.agent.items())) for record in self.records() if record.agent}
        self.manifest = replace(self.manifest, ended=now(), agents=tuple(dict(agent) for agent in sorted(agents)))
        self.store.write_manifest(self.manifest)


class InProcessWorkers:
    """Does the work in this very process, one episode after another: for debugging, and for programs."""

    def __init__(self, work: EpisodeRunner) -> None:
        self._work = work

    def work(self, orders: deque[EpisodeJob]) -> Iterator[Attempt]:
        """See `Workers`."""
        while orders:
            yield self._work.do(orders.popleft())

    def close(self) -> None:
        """See `Workers`."""
        self._work.__exit__()


def runner_for(settings: EvalConfig, slot: int) -> EpisodeRunner:
    """What does the episodes of an evaluation, made where they are done.

    Raises:
        ValueError: there is no such benchmark or model.
        TaskError: the benchmark's data is not there.
    """
    benchmark: Benchmark = benchmark_for(settings)
    supervision = settings.recovery.build(partial(settings.agent.model.build, slot))
    return EpisodeRunner(benchmark, make_agent_factory(settings, slot), supervision)
