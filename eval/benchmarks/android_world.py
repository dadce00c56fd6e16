"""AndroidWorld: tasks in the apps of an Android emulator, set up and scored by AndroidWorld's own code.

`--python` is a Python that has `android_world`; `--option console_port=5554`, `grpc_port=8554` and `adb_path=PATH` name
the emulator, which runs already. The agent works it by `AndroidEnv`, over adb alone.
"""

import hashlib
import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ...agent.core.limits import StopReason
from ...agent.loop.agent import Result
from ...envs.android import AndroidEnv
from ...envs.env import Env
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from .subprocess_client import SubprocessClient

HOW_TO_GET = (
    "make an environment for it (python -m venv aw, then install a checkout of google-research/android_world into it) "
    "and name its Python: --python aw/bin/python"
)
SUITE_SEED = 30
"""The seed of AndroidWorld's own runner, from which each task's parameters follow."""

MOST_STEPS = 120
"""Ten for each of the twelve points of complexity that its longest task has."""

_CONSOLE_PORT = 5554
_LIST_S = 300.0
_SET_UP_S = 900.0
_SCORE_S = 300.0


@dataclass(frozen=True, slots=True)
class AndroidWorldTask:
    """A task of AndroidWorld's; its variant k is the k-th instance in AndroidWorld's own suite."""

    name: str
    category: str
    driven: SubprocessClient
    serial: str

    @contextmanager
    def set_up(self, seed: int) -> Generator["AndroidWorldInstance"]:
        """Have AndroidWorld put the phone into the task's first state.

        Raises:
            TaskError: it cannot.
        """
        opened = self.driven.ask({"task": self.name, "seed": seed}, _SET_UP_S)
        with AndroidEnv(self.serial) as env:
            yield AndroidWorldInstance(str(opened["goal"]), env, int(str(opened["steps"])), self.driven)


@dataclass(frozen=True, slots=True)
class AndroidWorldInstance:
    """A phone in a task's first state. `steps` is AndroidWorld's budget for the task."""

    instruction: str
    env: Env
    steps: int
    driven: SubprocessClient

    def is_over(self) -> bool:
        """Only the agent ends it."""
        return False

    def judge(self, result: Result) -> Outcome:
        """The score of the task's own check, told the answer; done is a score above a half, as AndroidWorld counts.

        Raises:
            TaskError: its check failed.
        """
        ended = result.stop in (StopReason.FINISHED, StopReason.INFEASIBLE, StopReason.NEEDS_USER)
        score = self.driven.ask({"done": ended, "answer": result.answer if result.finished else ""}, _SCORE_S)["score"]
        if not isinstance(score, int | float):
            raise TaskError(f"AndroidWorld's check gave no score but {score!r}")
        how = "" if ended else ", since the agent did not end it"
        return Outcome(score > 0.5, f"AndroidWorld gives {score:g}{how}", float(score))


@dataclass(frozen=True)
class AndroidWorld:
    """AndroidWorld's suite of the family `android_world`, on one emulator."""

    driven: SubprocessClient | None = None
    serial: str = ""
    name: str = "androidworld"
    rules: Rules = Rules(seeds=(0,), steps=MOST_STEPS)

    def configured(self, settings: EvalConfig) -> "AndroidWorld":
        """The same with the Python and the emulator that the settings name.

        Raises:
            ValueError: no Python is named, an option is none, or there is more than one worker for the one emulator.
        """
        if settings.python is None:
            raise ValueError(f"AndroidWorld's own code sets its tasks up and scores them: {HOW_TO_GET}")
        if settings.workers > 1 or settings.ray:
            raise ValueError("androidworld works one emulator: use --workers 1")
        options = {"console_port": _CONSOLE_PORT, "suite_seed": SUITE_SEED, **settings.options}
        script = Path(__file__).parent.parent / "drivers" / "android_world_driver.py"
        driven = SubprocessClient(settings.python, script, options, HOW_TO_GET)
        return replace(self, driven=driven, serial=f"emulator-{options['console_port']}")

    @property
    def version(self) -> str:
        """How many tasks there are, and a digest of their names: the package has no version of its own."""
        names = self._listed
        return f"{len(names)} tasks {hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]}"

    def tasks(self) -> Sequence[AndroidWorldTask]:
        """All tasks; the category is the module of AndroidWorld's that a task comes from.

        Raises:
            TaskError: AndroidWorld is not there.
        """
        listed = self._listed
        assert self.driven is not None
        return tuple(AndroidWorldTask(name, group, self.driven, self.serial) for name, group in listed)

    def close(self) -> None:
        """End AndroidWorld's code; the emulator goes on."""
        if self.driven is not None:
            self.driven.close()

    @cached_property
    def _listed(self) -> list[tuple[str, str]]:
        if self.driven is None:
            raise TaskError(f"AndroidWorld's own code sets its tasks up and scores them: {HOW_TO_GET}")
        try:
            listed = self.driven.ask({"list": True}, _LIST_S)["tasks"]
        finally:
            self.driven.close()  # a process that only plans needs no phone
        assert isinstance(listed, list)
        return [(str(name), str(group)) for name, group in listed]
