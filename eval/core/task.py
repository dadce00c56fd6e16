"""What is measured: a task sets a screen up, and judges afterwards what was done to it.

    with task.set_up(seed=7) as instance:
        result = agent.run(instance.instruction, instance.env)
        outcome = instance.judge(result)

A benchmark is a named set of tasks with the protocol that its published figures follow.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ...agent.loop.agent import Result
from ...agent.policy.policy import Policy
from ...envs.env import Env


class TaskError(Exception):
    """A task cannot be set up or judged: machinery, not the agent's failure. The message is one line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the task was done, judged by what it left behind, and what was found there.

    `score` is what the benchmark itself gives, where it gives more than done or not: a reward, a share.
    """

    done: bool
    found: str
    score: float | None = None


class TaskInstance(Protocol):
    """A task that has been set up: its screen, what is asked, and the judge of what happened on it."""

    @property
    def env(self) -> Env:
        """The screen."""
        ...

    @property
    def instruction(self) -> str:
        """What the agent is asked to do."""
        ...

    def is_over(self) -> bool:
        """Whether the task has ended by itself, so that nothing done from now on counts; asked after each action."""
        ...

    def judge(self, result: Result) -> Outcome:
        """Look at what was left behind: the page's server, the file, the answer. Never at the model's word alone.

        Raises:
            TaskError: it cannot be judged.
        """
        ...


@runtime_checkable
class Solvable(Protocol):
    """A instance that knows how its task is done, to show what the harness allows at best."""

    def solution(self) -> Policy | None:
        """A policy that does the task by ordinary actions on the screen; None if none is known."""
        ...


@runtime_checkable
class Budgeted(Protocol):
    """A instance whose benchmark gives each task a number of steps of its own, within the rules' most."""

    @property
    def steps(self) -> int:
        """At most how many steps this task is given."""
        ...


class Task(Protocol):
    """A task: what kind it is, and how to set it up."""

    @property
    def name(self) -> str:
        """A short name, unique in its benchmark, of letters, digits, dots and dashes."""
        ...

    @property
    def category(self) -> str:
        """The group that it is counted in, empty if there are none."""
        ...

    def set_up(self, seed: int) -> AbstractContextManager[TaskInstance]:
        """Set the task up in the variant `seed`; leaving the context gives everything back.

        Raises:
            TaskError: it cannot be set up.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """How a benchmark is run to be compared: which seeds, and at most how many steps and seconds an episode."""

    seeds: tuple[int, ...] = (0,)
    steps: int = 50
    seconds: float | None = None


class Benchmark(Protocol):
    """A set of tasks. `version` names what exactly they are: a package's version, a checkout's commit, a digest."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        ...

    @property
    def version(self) -> str:
        """What exactly is run."""
        ...

    @property
    def rules(self) -> Rules:
        """How it is run by default."""
        ...

    def tasks(self) -> Sequence[Task]:
        """All its tasks, in a fixed order.

        Raises:
            TaskError: they are not there, or a file of theirs is damaged; the message names the file and the line.
        """
        ...

    def close(self) -> None:
        """Give back what its tasks share in this process, such as browsers and servers; may be called twice."""
        ...
