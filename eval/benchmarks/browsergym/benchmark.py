"""Benchmarks through BrowserGym: WebArena, VisualWebArena, WorkArena, AssistantBench, and its own MiniWoB++.

BrowserGym runs in a separate Python (`--python`) in which the benchmark's package is installed, with the environment
variables that name its sites (`WA_SHOPPING` and so on). Tasks, sites, resets and rewards are BrowserGym's; the agent
sees its screenshots and acts by coordinates.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from ....agent.core.limits import StopReason
from ....agent.loop.agent import Result
from ...core.config import EvalConfig
from ...core.task import Outcome, Rules, TaskError
from ..miniwob.protocol import episode_seed
from ..subprocess_client import DRIVERS, Answer, SubprocessClient
from .env import BrowserGymEnv

_OPEN_S = 600.0
_LIST_S = 120.0


@dataclass(frozen=True, slots=True)
class GymTask:
    """A task of BrowserGym, with its name there."""

    name: str
    category: str
    client: SubprocessClient

    @contextmanager
    def set_up(self, seed: int) -> Generator["GymInstance"]:
        """Open the task in BrowserGym."""
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
    """A benchmark of BrowserGym's package `browsergym-PACKAGE`, run through `client`."""

    has_oracle: ClassVar[bool] = False

    name: str
    package: str
    client: SubprocessClient
    rules: Rules

    def configured(self, settings: EvalConfig) -> "BrowserGym":
        """A copy that uses the Python of the settings."""
        options = {**settings.options, "package": self.package}
        return replace(self, client=self.client.configured(settings.python, options, settings.pass_env))

    @property
    def version(self) -> str:
        """The versions of BrowserGym's packages."""
        versions = self._listed["versions"]
        assert isinstance(versions, dict)
        return ", ".join(f"{name} {version}" for name, version in versions.items())

    def tasks(self) -> Sequence[GymTask]:
        """All tasks that the package registers."""
        names = self._listed["tasks"]
        assert isinstance(names, list)
        return tuple(GymTask(str(name), self.package, self.client) for name in names)

    def close(self) -> None:
        """End BrowserGym."""
        self.client.close()

    @cached_property
    def _listed(self) -> Answer:
        try:
            return self.client.request({"list": True}, _LIST_S)
        finally:
            self.client.close()  # the process that plans the evaluation needs no browser


def _benchmark(name: str, package: str, seeds: int, steps: int) -> BrowserGym:
    how_to_get = (
        f"{name} runs through BrowserGym in a separate Python: make an environment for it (python -m venv gym; "
        f"gym/bin/pip install browsergym-{package}) and name its Python: --python gym/bin/python"
    )
    client = SubprocessClient(None, DRIVERS / "browsergym_tasks_driver.py", {}, how_to_get)
    return BrowserGym(name, package, client, Rules(tuple(range(seeds)), steps))


# Steps and seeds are those of BrowserGym's `DEFAULT_BENCHMARKS`.


def webarena() -> BrowserGym:
    """WebArena: six sites in containers, through BrowserGym."""
    return _benchmark("webarena", "webarena", seeds=1, steps=30)


def visualwebarena() -> BrowserGym:
    """VisualWebArena: sites in containers, with tasks about images, through BrowserGym."""
    return _benchmark("visualwebarena", "visualwebarena", seeds=1, steps=30)


def workarena() -> BrowserGym:
    """WorkArena: a ServiceNow instance, through BrowserGym."""
    return _benchmark("workarena", "workarena", seeds=10, steps=15)  # level 1; the other levels use 50 steps


def assistantbench() -> BrowserGym:
    """AssistantBench: questions about the live web, through BrowserGym."""
    return _benchmark("assistantbench", "assistantbench", seeds=1, steps=30)


def browsergym_miniwob() -> BrowserGym:
    """MiniWoB++ as BrowserGym itself runs it, to compare with ours."""
    return _benchmark("browsergym-miniwob", "miniwob", seeds=5, steps=10)
