"""Benchmarks through BrowserGym: WebArena, VisualWebArena, WorkArena, AssistantBench, and its own MiniWoB++.

BrowserGym runs in a Python of its own (`--python`), where the benchmark's package is installed and its sites are named
as that package asks for (`WA_SHOPPING` and so on). Tasks, sites, resets and rewards are BrowserGym's; the agent sees
its screenshots and works by coordinates.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from ...agent.core.limits import StopReason
from ...agent.loop.agent import Result
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from .browsergym_env import BrowserGymEnv
from .miniwob.protocol import episode_seed
from .subprocess_client import Answer, SubprocessClient

_OPEN_S = 600.0
_LIST_S = 120.0


@dataclass(frozen=True, slots=True)
class Suite:
    """A benchmark of BrowserGym's: its package there, and its default protocol."""

    package: str
    rules: Rules


SUITES: Mapping[str, Suite] = {
    "webarena": Suite("webarena", Rules((0,), 30)),
    "visualwebarena": Suite("visualwebarena", Rules((0,), 30)),
    "workarena": Suite("workarena", Rules(tuple(range(10)), 15)),
    "assistantbench": Suite("assistantbench", Rules((0,), 30)),
    "browsergym-miniwob": Suite("miniwob", Rules(tuple(range(5)), 10)),
}
"""Steps and seeds: BrowserGym's `DEFAULT_BENCHMARKS`, WorkArena as its level 1; WorkArena's longer levels take 50."""


@dataclass(frozen=True, slots=True)
class GymTask:
    """A task of BrowserGym's, by the name it has there."""

    name: str
    category: str
    driven: SubprocessClient

    @contextmanager
    def set_up(self, seed: int) -> Generator["GymInstance"]:
        """Have BrowserGym open it.

        Raises:
            TaskError: it cannot, or the task shows a picture, which our agent is not shown.
        """
        opened = self.driven.ask({"task": self.name, "seed": self._seed(seed)}, _OPEN_S)
        if opened.get("pictures"):
            raise TaskError(f"{self.name} asks with {opened['pictures']} pictures, and tasks are asked in words here")
        with BrowserGymEnv(self.driven, opened) as env:
            yield GymInstance(str(opened["goal"]), env)

    def _seed(self, seed: int) -> int:
        """MiniWoB++'s seeds are counted: episode k of a task is the k-th that BrowserGym's benchmark would run."""
        return episode_seed(self.name.partition(".")[2], seed) if self.category == "miniwob" else seed


@dataclass(frozen=True, slots=True)
class GymInstance:
    """A task that BrowserGym opened."""

    instruction: str
    env: BrowserGymEnv

    def is_over(self) -> bool:
        """Whether BrowserGym has ended it."""
        return self.env.is_over

    def judge(self, result: Result) -> Outcome:
        """BrowserGym's reward, after it was told the answer, or that it cannot be done; done is a reward above 0."""
        if not self.env.is_over and (last := last_words(result)):
            self.env.is_over = False
            if failed := self.env.step(last):
                raise TaskError(f"BrowserGym does not take {last[:80]}: {failed.splitlines()[0]}")
        how = "" if self.env.is_over else ", and has not ended"
        return Outcome(self.env.reward > 0, f"BrowserGym gives {self.env.reward:g}{how}", self.env.reward)


def last_words(result: Result) -> str:
    """The call that tells BrowserGym how the agent ended; empty if a limit did it."""
    if result.stop is StopReason.FINISHED:
        return f"send_msg_to_user({result.answer!r})"
    if result.stop in (StopReason.INFEASIBLE, StopReason.NEEDS_USER):
        return f"report_infeasible({(result.reason or 'infeasible')!r})"
    return ""


@dataclass(frozen=True)
class BrowserGym:
    """One of `SUITES`, run by `driven`."""

    name: str
    suite: Suite
    driven: SubprocessClient | None = None

    @property
    def rules(self) -> Rules:
        """BrowserGym's own."""
        return self.suite.rules

    def configured(self, settings: EvalConfig) -> "BrowserGym":
        """The same with the Python that the settings name.

        Raises:
            ValueError: none is named, or an option is none.
        """
        if settings.python is None:
            raise ValueError(f"{self.name} runs through BrowserGym, in a Python of its own: {self._how_to_get}")
        options = {**settings.options, "package": self.suite.package}
        script = Path(__file__).parent.parent / "drivers" / "browsergym_tasks_driver.py"
        return replace(self, driven=SubprocessClient(settings.python, script, options, self._how_to_get))

    @property
    def version(self) -> str:
        """The versions of BrowserGym's packages."""
        versions = self._listed["versions"]
        assert isinstance(versions, dict)
        return ", ".join(f"{name} {version}" for name, version in versions.items())

    def tasks(self) -> Sequence[GymTask]:
        """All tasks that the package registers.

        Raises:
            TaskError: BrowserGym is not there.
        """
        names = self._listed["tasks"]
        assert isinstance(names, list)
        assert self.driven is not None
        return tuple(GymTask(str(name), self.suite.package, self.driven) for name in names)

    def close(self) -> None:
        """End BrowserGym."""
        if self.driven is not None:
            self.driven.close()

    @cached_property
    def _listed(self) -> Answer:
        if self.driven is None:
            raise TaskError(f"{self.name} runs through BrowserGym, in a Python of its own: {self._how_to_get}")
        try:
            return self.driven.ask({"list": True}, _LIST_S)
        finally:
            self.driven.close()  # a process that only plans needs no browser

    @property
    def _how_to_get(self) -> str:
        return (
            f"make an environment for it (python -m venv gym; gym/bin/pip install browsergym-{self.suite.package}) and "
            "name its Python: --python gym/bin/python"
        )


def _suite(name: str) -> Callable[[], BrowserGym]:
    return partial(BrowserGym, name, SUITES[name])


webarena = _suite("webarena")
visualwebarena = _suite("visualwebarena")
workarena = _suite("workarena")
assistantbench = _suite("assistantbench")
browsergym_miniwob = _suite("browsergym-miniwob")
