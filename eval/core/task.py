"""The contracts of benchmarks: a task sets up an environment and judges the result of an episode.

    with task.set_up(seed=7) as instance:
        result = agent.run(instance.instruction, instance.env)
        outcome = instance.judge(result)

A benchmark is a named set of tasks with the protocol of its published results.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ...agent.loop.agent import Result
from ...agent.policy.policy import Policy
from ...envs.env import Env


class TaskError(Exception):
    """A task cannot be set up or judged, through no fault of the agent. The message is one line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the task was done, and what the judge found.

    `score` is the benchmark's own score, if it has more than done or not done, such as a reward. `attacked` states
    whether an attack on the agent reached its goal; it is None for a task without one.
    """

    done: bool
    found: str
    score: float | None = None
    attacked: bool | None = None


class TaskInstance(Protocol):
    """A task that has been set up: its environment, its instruction and its judge."""

    @property
    def env(self) -> Env:
        """The environment in which the agent acts."""
        ...

    @property
    def instruction(self) -> str:
        """What the agent is asked to do."""
        ...

    def judge(self, result: Result) -> Outcome:
        """Judge the final state, such as the page's server, a file, or the answer.

        Raises:
            TaskError: it cannot be judged.
        """
        ...


@runtime_checkable
class SelfEnding(Protocol):
    """An instance that may end before the agent does."""

    def is_over(self) -> bool:
        """Whether it has ended, so that further actions do not count; checked after each action."""
        ...


@runtime_checkable
class Solvable(Protocol):
    """An instance with a known solution, which measures the best score that the harness allows."""

    def solution(self) -> Policy | None:
        """A policy that solves the task with ordinary actions; None if none is known."""
        ...


@runtime_checkable
class Attacking(Protocol):
    """An instance that tries to make the agent do something else than its task."""

    def obedience(self) -> Policy:
        """A policy that does what the attack asks for and then the task, both with ordinary actions."""
        ...


@runtime_checkable
class Budgeted(Protocol):
    """An instance with its own step budget, at most that of the rules."""

    @property
    def steps(self) -> int:
        """The step budget of this task."""
        ...


class Task(Protocol):
    """A task of a benchmark."""

    @property
    def name(self) -> str:
        """A short name, unique in its benchmark, of letters, digits, dots and dashes."""
        ...

    @property
    def category(self) -> str:
        """The group in which results are summarized; empty if there are none."""
        ...

    def set_up(self, seed: int) -> AbstractContextManager[TaskInstance]:
        """Set the task up with `seed`; leaving the context releases everything.

        Raises:
            TaskError: it cannot be set up.
            EnvUnavailable: there is no browser, display or phone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The default protocol of a benchmark: its seeds, and the most steps and seconds per episode."""

    seeds: tuple[int, ...] = (0,)
    steps: int = 50
    seconds: float | None = None


class Benchmark(Protocol):
    """A set of tasks. `version` identifies them exactly: a package's version, a commit, or a digest.

    An attribute `has_oracle` that is False states that none of its instances is `Solvable`, so that `--agent oracle` is
    refused before anything is set up.
    """

    @property
    def name(self) -> str:
        """The name on the command line."""
        ...

    @property
    def version(self) -> str:
        """The exact version of the tasks."""
        ...

    @property
    def rules(self) -> Rules:
        """The default protocol."""
        ...

    def tasks(self) -> Sequence[Task]:
        """All its tasks, in a fixed order.

        Raises:
            TaskError: the data is missing or damaged; the message names the file and the line.
        """
        ...


@runtime_checkable
class Closable(Protocol):
    """A benchmark whose tasks share something in this process, such as browsers and servers; or an agent's model."""

    def close(self) -> None:
        """Release it; may be called twice."""
        ...


@runtime_checkable
class Installable(Protocol):
    """A benchmark that can install what its tasks need."""

    def install(self) -> Iterator[str]:
        """Install what is missing, and check it; yields lines with what is there and which tasks are left out.

        Raises:
            TaskError: something is still missing; the message says what to do.
        """
        ...


def release(shared: object) -> None:
    """Close `shared` if it can be closed."""
    if isinstance(shared, Closable):
        shared.close()
