"""AndroidWorld: tasks in the apps of an Android emulator, set up and scored by AndroidWorld's own code.

`--python` is a Python in which `android_world` is installed; `--option console_port=5554`, `grpc_port=8554` and
`adb_path=PATH` select the running emulator. The agent uses `AndroidEnv`, which only needs adb.
"""

import hashlib
import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from ...agent.core.limits import StopReason
from ...agent.loop.agent import Result
from ...envs.android import AndroidEnv
from ...envs.env import Env
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from .subprocess_client import DRIVERS, SubprocessClient

_CLIENT = SubprocessClient(
    None,
    DRIVERS / "android_world_driver.py",
    {},
    "AndroidWorld's own code sets its tasks up and scores them: make an environment for it (python -m venv aw, then "
    "install a checkout of google-research/android_world into it) and name its Python: --python aw/bin/python",
)
SUITE_SEED = 30
"""The seed of AndroidWorld's own runner; it determines the parameters of each task."""

MOST_STEPS = 120
"""Ten per point of complexity; the longest task has twelve."""

_CONSOLE_PORT = 5554
_LIST_S = 300.0
_SET_UP_S = 900.0
_SCORE_S = 300.0


@dataclass(frozen=True, slots=True)
class AndroidWorldTask:
    """A task of AndroidWorld; seed k is the k-th instance in its suite."""

    name: str
    category: str
    client: SubprocessClient
    serial: str

    @contextmanager
    def set_up(self, seed: int) -> Generator["AndroidWorldInstance"]:
        """Set the phone up with AndroidWorld."""
        opened = self.client.request({"task": self.name, "seed": seed}, _SET_UP_S)
        with AndroidEnv(self.serial) as env:
            yield AndroidWorldInstance(str(opened["goal"]), env, int(str(opened["steps"])), self.client)


@dataclass(frozen=True, slots=True)
class AndroidWorldInstance:
    """A phone that is set up. `steps` is AndroidWorld's step budget for the task."""

    instruction: str
    env: Env
    steps: int
    client: SubprocessClient

    def judge(self, result: Result) -> Outcome:
        """Report the answer and return the score of the task's check; done is a score above 0.5, as in AndroidWorld."""
        ended = result.stop in (StopReason.FINISHED, StopReason.INFEASIBLE, StopReason.NEEDS_USER)
        report = {"done": ended, "answer": result.answer if result.finished else ""}
        score = self.client.request(report, _SCORE_S).get("score")
        if not isinstance(score, int | float):
            raise TaskError(f"AndroidWorld's check returned {score!r} instead of a score")
        how = "" if ended else ", since the agent did not finish"
        return Outcome(score > 0.5, f"AndroidWorld gives {score:g}{how}", float(score))


@dataclass(frozen=True)
class AndroidWorld:
    """AndroidWorld: tasks in the apps of an Android emulator."""

    has_oracle: ClassVar[bool] = False

    client: SubprocessClient = _CLIENT
    serial: str = ""
    name: str = "androidworld"
    rules: Rules = Rules(seeds=(0,), steps=MOST_STEPS)

    def configured(self, settings: EvalConfig) -> "AndroidWorld":
        """A copy that uses the Python and the emulator of the settings."""
        if settings.workers > 1 or settings.ray:
            raise ValueError("androidworld uses one emulator: set --workers 1")
        options = {"console_port": _CONSOLE_PORT, "suite_seed": SUITE_SEED, **settings.options}
        client = self.client.configured(settings.python, options, settings.pass_env)
        return replace(self, client=client, serial=f"emulator-{options['console_port']}")

    @property
    def version(self) -> str:
        """The number of tasks and a digest of their names, since the package has no version."""
        names = self._listed
        return f"{len(names)} tasks {hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]}"

    def tasks(self) -> Sequence[AndroidWorldTask]:
        """All tasks; the category is the module that defines the task."""
        return tuple(AndroidWorldTask(name, group, self.client, self.serial) for name, group in self._listed)

    def close(self) -> None:
        """End AndroidWorld's process; the emulator keeps running."""
        self.client.close()

    @cached_property
    def _listed(self) -> list[tuple[str, str]]:
        try:
            listed = self.client.request({"list": True}, _LIST_S)["tasks"]
        finally:
            self.client.close()  # the process that plans the evaluation needs no phone
        assert isinstance(listed, list)
        return [(str(name), str(group)) for name, group in listed]
