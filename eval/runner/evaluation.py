"""Runs the episodes of an evaluation in workers and records each one as soon as it ends.

    for record in Evaluation.create(EvalConfig.of(benchmark="demo"), Path("runs/demo")).run():
        print(record.id, record.done)

An evaluation that was killed can be resumed: it runs the remaining episodes, and no episode counts twice.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from ...agent.core.limits import Limits
from ..benchmarks.registry import benchmark_for
from ..core.config import EvalConfig
from ..core.manifest import Manifest, make_manifest, now, rules_sha256
from ..core.plan import EpisodeId, make_plan
from ..core.record import Attempt, FailedAttempt, Record
from ..core.store import Store
from ..core.task import Benchmark, release
from ..judges.best_of import BestOfJudge
from ..judges.judge_model import open_judge
from .baselines import make_agent_factory
from .episode import EpisodeJob, EpisodeRunner
from .picking import pick_best
from .pool import Pool, warm_up

_AGENT = ("model", "dialect", "prompt source", "history", "sampling", "max image pixels")
"""What is the same in all episodes of an evaluation of a model."""


class EvalError(Exception):
    """The evaluation cannot continue; the message is one line. Records are kept, and it can be resumed."""


class Workers(Protocol):
    """Runs episodes: in this process, in processes of this machine, or on a cluster."""

    def run(self, jobs: deque[EpisodeJob]) -> Iterator[Attempt]:
        """Run `jobs` and yield each attempt as it ends; jobs may be added while it runs."""
        ...

    def close(self) -> None:
        """End the workers."""
        ...


@dataclass(slots=True)
class Evaluation:
    """An evaluation in the folder of `store`."""

    store: Store
    manifest: Manifest
    _failures: dict[EpisodeId, list[FailedAttempt]] = field(default_factory=dict[EpisodeId, list[FailedAttempt]])

    @classmethod
    def create(
        cls,
        settings: EvalConfig,
        folder: Path,
        repeats: str = "",
        report: Callable[[str], object] = lambda line: None,
    ) -> "Evaluation":
        """Plan an evaluation and write its manifest. `report` is called with a line about a model that is measured.

        Raises:
            ValueError, TaskError: there is no such benchmark, task or model.
            RunError: the folder already contains an evaluation.
        """
        if settings.workers and not settings.ray:
            warm_up()
        benchmark = benchmark_for(settings)
        if settings.agent_kind == "oracle" and not getattr(benchmark, "has_oracle", True):
            raise ValueError(f"{settings.benchmark} has no oracle: use --agent null, --agent random or a model")
        release(make_agent_factory(settings, report=report))  # rejects invalid settings before anything is written
        manifest = make_manifest(settings, benchmark, make_plan(benchmark, settings), repeats)
        store = Store(folder)
        store.create(manifest)
        return cls(store, manifest)

    @classmethod
    def resume(cls, folder: Path, workers: int | None = None) -> "Evaluation":
        """Open an evaluation that was interrupted; `workers` may differ from before.

        Raises:
            RunError: there is no evaluation in the folder.
        """
        store = Store(folder)
        manifest = store.manifest()
        if workers is not None:
            manifest = replace(manifest, settings=manifest.settings.model_copy(update={"workers": workers}))
        return cls(store, manifest)

    def records(self) -> tuple[Record, ...]:
        """The finished episodes, in the order of the plan."""
        return self.store.records(self.manifest.episodes)

    def remaining(self) -> tuple[EpisodeId, ...]:
        """The episodes that still have to run, including those of which every attempt failed."""
        over = self.store.judged(self.manifest.episodes)
        return tuple(episode for episode in self.manifest.episodes if episode not in over)

    def run(self, workers: Workers | None = None) -> Generator[Record]:
        """Run the remaining episodes and yield each record once it is on disk.

        Raises:
            EvalError: the rules, the benchmark or the model changed since other episodes ran, the benchmark has no such
                task, or all of the first attempts failed.
            RunError: an episode cannot be recorded, or another process is running this evaluation.
        """
        with self.store.lock():
            yield from self._run(workers)
            if self.manifest.settings.best_of > 1:
                self._pick()

    def _pick(self) -> None:
        """Have the judge choose a rollout of each variant, once all episodes have ended."""
        records = self.records()
        if len(records) < len(self.manifest.episodes):
            return
        settings = self.manifest.settings
        model = open_judge(settings.judge or "")
        try:
            for _ in pick_best(self.store, records, BestOfJudge(model, settings.judge_prompts)):
                pass
        finally:
            release(model)

    def _run(self, workers: Workers | None) -> Generator[Record]:
        remaining = self.remaining()
        if not remaining:
            return
        if self.manifest.rules_sha256 != rules_sha256(self.manifest.settings):
            raise EvalError("the rules have changed since the evaluation was started: start another one")
        self._check_tasks(remaining)
        earlier = self._earlier_agent(remaining)
        jobs = deque(self._job(episode) for episode in remaining)
        completed = 0
        with closing(workers or self._workers()) as team:
            for attempt in team.run(jobs):
                if isinstance(attempt, FailedAttempt):
                    record = self._handle_failure(attempt, jobs)
                    if not completed:
                        self._raise_if_all_fail()
                    if record is None:
                        continue
                else:
                    _check_same(earlier, attempt)
                    record = replace(attempt, errors=self._errors_of(attempt.id))
                    completed += 1
                self.store.write(record)
                yield record
        self._finish_manifest()

    def _check_tasks(self, episodes: Collection[EpisodeId]) -> None:
        """Refuse, before anything is removed, an evaluation with other tasks than the benchmark has, or had."""
        benchmark = benchmark_for(self.manifest.settings)
        present = f"{benchmark.name} {benchmark.version}"
        if present != self.manifest.benchmark:
            raise EvalError(
                f"the benchmark was {self.manifest.benchmark}, and is {present} now: start another evaluation"
            )
        known = {task.name for task in benchmark.tasks()}
        for episode in episodes:
            if episode.task not in known:
                raise EvalError(f"{benchmark.name} has no task named {episode.task}")

    def _earlier_agent(self, remaining: Collection[EpisodeId]) -> Mapping[str, str] | None:
        """The agent of the episodes that are over; None if there are none, or if it may differ by task."""
        settings = self.manifest.settings
        if settings.agent_kind != "model" or settings.agent.policy is not None:
            return None
        left = frozenset(remaining)
        over = next((episode for episode in self.manifest.episodes if episode not in left), None)
        record = None if over is None else self.store.record(over)
        return None if record is None else record.agent

    def _workers(self) -> Workers:
        settings = self.manifest.settings
        make = partial(runner_for, settings)
        if settings.ray:
            from .ray_workers import RayWorkers  # needs the ray extra

            return RayWorkers(settings.ray, make, max(1, settings.workers), settings.episode_timeout)
        return Pool(make, settings.workers, settings.episode_timeout) if settings.workers else InProcessWorkers(make(0))

    def _job(self, episode: EpisodeId) -> EpisodeJob:
        settings, rules = self.manifest.settings, self.manifest.rules
        self.store.clear(episode)
        limits = settings.limits.build(Limits(rules.steps, rules.seconds))
        return EpisodeJob(episode, self.store.folder_of(episode), limits)

    def _handle_failure(self, failure: FailedAttempt, jobs: deque[EpisodeJob]) -> Record | None:
        """Queue the episode again; after the last retry return an unjudged record with the errors."""
        self._failures.setdefault(failure.id, []).append(failure)
        if len(self._failures[failure.id]) <= self.manifest.settings.retries:
            jobs.append(self._job(failure.id))
            return None
        self.store.clear(failure.id)
        category = self._category_of(failure.id.task)
        return Record(failure.id, category, errors=self._errors_of(failure.id), stop="error", reason=failure.message)

    def _category_of(self, task: str) -> str:
        tasks = benchmark_for(self.manifest.settings).tasks()
        return next((one.category for one in tasks if one.name == task), "")

    def _errors_of(self, episode: EpisodeId) -> tuple[str, ...]:
        return tuple(failure.trace or failure.message for failure in self._failures.get(episode, ()))

    def _raise_if_all_fail(self) -> None:
        failures = [failure for of_episode in self._failures.values() for failure in of_episode]
        if len(failures) < max(3, 2 * self.manifest.settings.workers):
            return
        message, count = Counter(failure.message for failure in failures).most_common(1)[0]
        raise EvalError(f"all of the first {len(failures)} episodes failed; {count} times: {message}")

    def _finish_manifest(self) -> None:
        agents = {tuple(sorted(record.agent.items())) for record in self.records() if record.agent}
        self.manifest = replace(self.manifest, ended=now(), agents=tuple(dict(agent) for agent in sorted(agents)))
        self.store.write_manifest(self.manifest)


def _check_same(earlier: Mapping[str, str] | None, attempt: Record) -> None:
    """Refuse an episode of another agent than the `earlier` one.

    Replicas have other addresses, and the text of a prompt may have today's date.

    Raises:
        EvalError: it differs.
    """
    if earlier is None:
        return
    for name in _AGENT:
        before, after = earlier.get(name, "none"), attempt.agent.get(name, "none")
        if before != after:
            raise EvalError(
                f"the {name} of earlier episodes was {before}, and is {after} now: start another evaluation"
            )


class InProcessWorkers:
    """Runs the episodes in this process, one after another: for debugging and for programs."""

    def __init__(self, runner: EpisodeRunner) -> None:
        self._runner = runner

    def run(self, jobs: deque[EpisodeJob]) -> Iterator[Attempt]:
        """See `Workers`."""
        while jobs:
            yield self._runner.run(jobs.popleft())

    def close(self) -> None:
        """See `Workers`."""
        self._runner.__exit__()


def runner_for(settings: EvalConfig, slot: int) -> EpisodeRunner:
    """The runner of an evaluation's episodes, created in the worker that uses it.

    Raises:
        ValueError: there is no such benchmark or model, or the rules cannot be read.
        TaskError: the benchmark's data is missing.
    """
    benchmark: Benchmark = benchmark_for(settings)
    supervision = settings.recovery.build(partial(settings.agent.model.build, slot))
    return EpisodeRunner(benchmark, make_agent_factory(settings, slot), supervision, settings.action_rules.build())
