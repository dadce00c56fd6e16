"""MobileGym: tasks in the apps of a phone that runs in a browser, judged on its whole state.

`--root` is a built checkout of MobileGym, `--python` a Python with the requirements of its `bench_env`. Tasks, their
variants, set-up, step budgets and judgement are MobileGym's; the agent sees its screenshots and acts by coordinates.
"""

import hashlib
import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from ....agent.core.limits import StopReason
from ....agent.loop.agent import Result
from ...core.config import EvalConfig
from ...core.task import Outcome, Rules, TaskError
from ..subprocess_client import DRIVERS, Answer, SubprocessClient
from .env import MobileGymEnv

_HOW_TO_GET = (
    "MobileGym's own code sets its tasks up and judges them: make an environment for it (python -m venv mg; "
    "mg/bin/pip install -r mobilegym/bench_env/requirements.txt) and name its Python: --python mg/bin/python"
)
_CLIENT = SubprocessClient(None, DRIVERS / "mobilegym_driver.py", {}, _HOW_TO_GET)

MOST_STEPS = 75
"""60 for the hardest tasks, and 15 more where an answer has to be filled in."""

_OPTIONS: dict[str, object] = {
    "split": "test",
    "url": None,
    "suite_seed": 0,
    "delay_s": 1.0,
    "drag": "swipe",
    "system_chromium": False,
}
_LIST_S = 120.0
_SET_UP_S = 300.0
_JUDGE_S = 120.0
_FEW = 3
_ENDS = {StopReason.FINISHED: "COMPLETE", StopReason.INFEASIBLE: "ABORT", StopReason.NEEDS_USER: "ABORT"}


@dataclass(frozen=True, slots=True)
class MobileGymTask:
    """A task of MobileGym; seed k is its k-th variant. The category is its difficulty, L1 to L4."""

    name: str
    category: str
    client: SubprocessClient
    hold: bool

    @contextmanager
    def set_up(self, seed: int) -> Generator["MobileGymInstance"]:
        """Reset the phone and set the task up with MobileGym."""
        opened = self.client.request({"task": self.name, "seed": seed}, _SET_UP_S)
        with MobileGymEnv(self.client, opened, hold=self.hold) as env:
            yield MobileGymInstance(str(opened["goal"]), env, int(str(opened["steps"])), self.client)


@dataclass(frozen=True, slots=True)
class MobileGymInstance:
    """A phone that is set up. `steps` is MobileGym's budget for the task."""

    instruction: str
    env: MobileGymEnv
    steps: int
    client: SubprocessClient

    def judge(self, result: Result) -> Outcome:
        """MobileGym's judgement: the goal is reached, nothing else has changed, and the agent has finished.

        The score is the share of its checks that passed, which it calls progress.
        """
        end = _ENDS.get(result.stop)
        judged = self.client.request({"end": end, "answer": result.answer if result.finished else ""}, _JUDGE_S)
        if problem := judged["judge_error"]:
            raise TaskError(f"MobileGym cannot judge it: {problem}")
        progress = judged["progress"]
        return Outcome(judged["done"] is True, _found(judged, end), progress if isinstance(progress, float) else None)


@dataclass(frozen=True)
class MobileGym:
    """MobileGym: tasks on a simulated phone, in a built checkout of github.com/Purewhiter/mobilegym."""

    has_oracle: ClassVar[bool] = False

    root: Path
    client: SubprocessClient = _CLIENT
    hold: bool = False
    name: str = "mobilegym"
    rules: Rules = Rules(seeds=(0,), steps=MOST_STEPS)

    def configured(self, settings: EvalConfig) -> "MobileGym":
        """A copy that uses the Python and the options of the settings.

        Raises:
            ValueError: an option is unknown, or the Python is missing.
        """
        options = {**_OPTIONS, **settings.options}
        if unknown := sorted(options.keys() - _OPTIONS.keys()):
            raise ValueError(f"mobilegym has no option {unknown[0]}: use {', '.join(_OPTIONS)}")
        drag = options.pop("drag")
        if drag not in ("swipe", "hold"):
            raise ValueError(f"--option drag={drag} is neither swipe nor hold")
        client = self.client.configured(settings.python, {**options, "root": str(self.root)}, settings.pass_env)
        return replace(self, client=client, hold=drag == "hold")

    @property
    def version(self) -> str:
        """The commit, the number of tasks and a digest of their names."""
        names = self._tasks
        digest = hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]
        commit = self._listed["commit"]
        return f"{f'commit {commit}, ' if commit else ''}{len(names)} tasks {digest}"

    def tasks(self) -> Sequence[MobileGymTask]:
        """The tasks of the split."""
        return tuple(MobileGymTask(name, level, self.client, self.hold) for name, level in self._tasks)

    def close(self) -> None:
        """End MobileGym's process, with its browser and server."""
        self.client.close()

    @property
    def _tasks(self) -> list[tuple[str, str]]:
        listed = self._listed["tasks"]
        assert isinstance(listed, list)
        return [(str(name), str(level)) for name, level in listed]

    @cached_property
    def _listed(self) -> Answer:
        try:
            return self.client.request({"list": True}, _LIST_S)
        finally:
            self.client.close()  # the process that plans the evaluation needs no browser


def _found(judged: Answer, end: str | None) -> str:
    """What MobileGym found, in a sentence."""
    failed, changed = judged["failed"], judged["changed"]
    assert isinstance(failed, list)
    assert isinstance(changed, list)
    if judged["done"] is True:
        return "the goal is reached, and nothing else has changed"
    parts = [f"not reached: {'; '.join(map(str, failed[:_FEW]))}"] if judged["goal"] is not True else []
    parts += [f"also changed: {', '.join(map(str, changed[:_FEW]))}"] if judged["clean"] is not True else []
    parts += ["the agent did not finish"] if end != "COMPLETE" else []
    return ", ".join(parts)
