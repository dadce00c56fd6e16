"""Benchmarks through BrowserGym: WebArena, VisualWebArena, WorkArena, AssistantBench, and its own MiniWoB++.

BrowserGym runs in a separate Python (`--python`) in which the benchmark's package is installed, with the environment
variables that name its sites (`WA_SHOPPING` and so on). Tasks, sites, resets and rewards are BrowserGym's; the agent
sees its screenshots and acts by coordinates.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial

from ...agent.core.limits import StopReason
from ...agent.loop.agent import Result
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from .browsergym_env import BrowserGymEnv
from .miniwob.protocol import episode_seed
from .subprocess_client import DRIVERS, Answer, SubprocessClient

_OPEN_S = 600.0
_LIST_S = 120.0


@dataclass(frozen=True, slots=True)
class Suite:
    """A benchmark of BrowserGym: its package and its default protocol."""

    package: str
    rules: Rules


SUITES: Mapping[str, Suite] = {
    "webarena": Suite("webarena", Rules((0,), 30)),
    "visualwebarena": Suite("visualwebarena", Rules((0,), 30)),
    "workarena": Suite("workarena", Rules(tuple(range(10)), 15)),
    "assistantbench": Suite("assistantbench", Rules((0,), 30)),
    "browsergym-miniwob": Suite("miniwob", Rules(tuple(range(5)), 10)),
}
"""Steps and seeds of BrowserGym's `DEFAULT_BENCHMARKS`; WorkArena as level 1 (its other levels use 50 steps)."""


@dataclass(frozen=True, slots=True)
class GymTask:
    """A task of BrowserGym, with its name there."""

    name: str
    category: str
    client: SubprocessClient

    @contextmanager
    def set_up(self, seed: int) -> Generator["GymInstance"]:
        """Open the task in BrowserGym.

        Raises:
            TaskError: it could not be opened, or its goal contains images, which we do not support.
        """
        opened = self.client.request({"task": self.name, "seed": self._seed(seed)}, _OPEN_S)
        if opened.get("images"):
            raise TaskError(f"the goal of {self.name} contains {opened['images']} images, which are not supported")
        with BrowserGymEnv(self.client, opened) as env:
            yield GymInstance(str(opened["goal"]), env)

    def _seed(self, seed: int) -> int:
        """For MiniWoB++, seed k is the k-th episode of the task in BrowserGym's benchmark."""
        return episode_seed(self.name.partition(".")[2], seed) if self.category == "miniwob" else seed


@dataclass(frozen=True, slots=True)
class GymInstance:
    """An open task."""

    instruction: str
    env: BrowserGymEnv

    def is_over(self) -> bool:
        """Whether BrowserGym has ended it."""
        return self.env.is_over

    def judge(self, result: Result) -> Outcome:
        """Send the answer to BrowserGym and return its reward; done is a reward above 0."""
        call = "" if self.env.is_over else final_call(result)
        if call and (error := self.env.step(call)):
            raise TaskError(f"BrowserGym rejected {call[:80]}: {error.splitlines()[0]}")
        how = "" if self.env.is_over else ", but has not ended"
        return Outcome(self.env.reward > 0, f"BrowserGym gives {self.env.reward:g}{how}", self.env.reward)


def final_call(result: Result) -> str:
    """The call that reports the agent's ending to BrowserGym; empty after a limit."""
    if result.stop is StopReason.FINISHED:
        return f"send_msg_to_user({result.answer!r})"
    if result.stop in (StopReason.INFEASIBLE, StopReason.NEEDS_USER):
        return f"report_infeasible({(result.reason or 'infeasible')!r})"
    return ""


@dataclass(frozen=True)
class BrowserGym:
    """One of `SUITES`, run through `client`."""

    name: str
    suite: Suite
    client: SubprocessClient | None = None

    @property
    def rules(self) -> Rules:
        """The protocol of the suite."""
        return self.suite.rules

    def configured(self, settings: EvalConfig) -> "BrowserGym":
        """A copy that uses the Python of the settings.

        Raises:
            ValueError: `--python` is missing, or an option is malformed.
        """
        if settings.python is None:
            raise ValueError(f"{self.name} runs through BrowserGym in a separate Python: {self._how_to_get}")
        options = {**settings.options, "package": self.suite.package}
        script = DRIVERS / "browsergym_tasks_driver.py"
        return replace(self, client=SubprocessClient(settings.python, script, options, self._how_to_get))

    @property
    def version(self) -> str:
        """The versions of BrowserGym's packages."""
        versions = self._listed["versions"]
        assert isinstance(versions, dict)
        return ", ".join(f"{name} {version}" for name, version in versions.items())

    def tasks(self) -> Sequence[GymTask]:
        """All tasks that the package registers.

        Raises:
            TaskError: BrowserGym is not installed.
        """
        names = self._listed["tasks"]
        assert isinstance(names, list)
        assert self.client is not None
        return tuple(GymTask(str(name), self.suite.package, self.client) for name in names)

    def close(self) -> None:
        """End BrowserGym."""
        if self.client is not None:
            self.client.close()

    @cached_property
    def _listed(self) -> Answer:
        if self.client is None:
            raise TaskError(f"{self.name} runs through BrowserGym in a separate Python: {self._how_to_get}")
        try:
            return self.client.request({"list": True}, _LIST_S)
        finally:
            self.client.close()  # the process that plans the evaluation needs no browser

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
