"""Plans the episodes of an evaluation."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain
from typing import Annotated

from pydantic import AfterValidator, Field

from .config import EvalConfig
from .task import Benchmark, Task, TaskError

_MAX_SEEDS = 1_000_000
_MAX_EPISODES = 1_000_000
_MAX_NAME_BYTES = 255
_NOT_IN_NAMES = frozenset('/\\:*?"<>|').union(map(chr, range(ord(" "))))


class PlanError(ValueError):
    """No task matches; the message is one line that lists the available ones."""


def check_task_name(name: str) -> str:
    """`name`, which names the folder of a task's episodes.

    Raises:
        ValueError: it cannot be the name of a folder.
    """
    is_plain = name.strip(". ") and _NOT_IN_NAMES.isdisjoint(name)
    if not is_plain or len(name.encode(errors="replace")) > _MAX_NAME_BYTES:
        raise ValueError(f"{name[:80]!r} cannot be the name of a folder")
    return name


@dataclass(frozen=True, slots=True, order=True)
class EpisodeId:
    """An episode: a task with a seed, and the number of the trial, from 0."""

    task: Annotated[str, AfterValidator(check_task_name)]
    seed: Annotated[int, Field(ge=0)]
    trial: Annotated[int, Field(ge=0)] = 0

    @property
    def path(self) -> str:
        """The folder of its recording, below the episodes of a run."""
        return f"{self.task}/{self.seed}" + (f".{self.trial}" if self.trial else "")


def make_plan(benchmark: Benchmark, settings: EvalConfig) -> tuple[EpisodeId, ...]:
    """The episodes in the order in which they start: every task once before any task again.

    Raises:
        PlanError: no task is selected, or there are too many episodes.
        TaskError: the benchmark's data is missing.
    """
    tasks = select_tasks(_checked(benchmark), settings.task, settings.category)
    seeds = parse_seeds(settings.seeds) if settings.seeds else benchmark.rules.seeds
    episodes = settings.rollouts * len(seeds) * len(tasks)
    if episodes > _MAX_EPISODES:
        raise PlanError(f"these are {episodes:,} episodes; the limit is {_MAX_EPISODES:,}")
    return tuple(
        EpisodeId(task.name, seed, trial) for trial in range(settings.rollouts) for seed in seeds for task in tasks
    )


def _checked(benchmark: Benchmark) -> Sequence[Task]:
    """The tasks of a benchmark, whose names are the folders of their episodes."""
    tasks = benchmark.tasks()
    names = Counter(task.name for task in tasks)
    for task in tasks:
        try:
            check_task_name(task.name)
        except ValueError as error:
            raise TaskError(f"{benchmark.name} has a task whose name {error}") from error
        if names[task.name] > 1:
            raise TaskError(f"{benchmark.name} has several tasks named {task.name}")
    return tasks


def select_tasks(tasks: Sequence[Task], names: Sequence[str], categories: Sequence[str]) -> tuple[Task, ...]:
    """The tasks that match one of `names` and one of `categories`, if any are given.

    Raises:
        PlanError: a name or category matches no task, or no task matches both.
    """
    for pattern in names:
        if not any(fnmatchcase(task.name, pattern) for task in tasks):
            raise PlanError(f"no task matches {pattern!r}; there are {_some(task.name for task in tasks)}")
    for category in categories:
        if not any(task.category == category for task in tasks):
            raise PlanError(f"there is no category {category!r}; there are {_some({task.category for task in tasks})}")
    chosen = tuple(
        task
        for task in tasks
        if (not names or any(fnmatchcase(task.name, pattern) for pattern in names))
        and (not categories or task.category in categories)
    )
    if not chosen:
        raise PlanError("no task matches both the names and the categories")
    return chosen


def parse_seeds(text: str) -> tuple[int, ...]:
    """The seeds of `0-4,9`, each once, in the order written.

    Raises:
        PlanError: a range is reversed, or there are too many.
    """
    ranges: list[range] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if last and int(last) < int(first):
            raise PlanError(f"the range of seeds {part} is reversed")
        ranges.append(range(int(first), int(last or first) + 1))
    if sum(map(len, ranges)) > _MAX_SEEDS:
        raise PlanError(f"the seeds {text} are more than {_MAX_SEEDS:,}")
    return tuple(dict.fromkeys(chain(*ranges)))


def _some(names: Iterable[str], most: int = 12) -> str:
    known = sorted(names)
    return ", ".join(known[:most]) + (f" and {len(known) - most} more" if len(known) > most else "")
