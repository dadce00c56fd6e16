"""What is measured: a task sets a screen up, and judges afterwards what was done to it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ..agent.agent import Result
from ..envs.env import Env


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the task was done, judged by what it left behind, and what was found there."""

    done: bool
    found: str


class Scene(Protocol):
    """A task that has been set up: its screen, and the judge of what happened on it."""

    @property
    def env(self) -> Env:
        """The screen."""
        ...

    def judge(self, result: Result) -> Outcome:
        """Look at what was left behind: the page's server, the file, the answer. Never at the model's word alone."""
        ...


class Task(Protocol):
    """A task: what is asked, and how to set it up."""

    @property
    def name(self) -> str:
        """A short name, unique in its benchmark."""
        ...

    @property
    def instruction(self) -> str:
        """What the agent is asked to do."""
        ...

    def set_up(self) -> AbstractContextManager[Scene]:
        """Set the task up; leaving the context gives everything back."""
        ...
