"""A third-party benchmark for tests of the runner: an in-memory GUI, with tasks that fail in various ways.

It writes a line per judged episode into its folder, so that tests see what was really run.
"""

import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from screenwright import Click, FakeEnv, Policy, Result, ScreenPoint, ScriptedPolicy
from screenwright.envs.env import Env
from screenwright.eval.core.task import Outcome, Rules, TaskError


@dataclass(frozen=True)
class Presses:
    """Press Greet `seed + 1` times. `breaks` is the failure during set-up."""

    name: str
    root: Path
    category: str = "whole"
    breaks: str = ""
    ends: bool = False
    slow_s: float = 0.0

    @contextmanager
    def set_up(self, seed: int) -> Generator["PressesInstance"]:
        first = not (self.root / f"{self.name}-{seed}").exists()
        (self.root / f"{self.name}-{seed}").touch()
        if self.breaks and (first or self.breaks.startswith("always")):
            self._break()
        time.sleep(self.slow_s)
        yield PressesInstance(FakeEnv(), seed + 1, self)
        with (self.root / "judged").open("a") as file:
            file.write(f"{self.name}/{seed}\n")

    def _break(self) -> None:
        match self.breaks.removeprefix("always "):
            case "refuses":
                raise TaskError("the toy is not ready")
            case "hangs":
                time.sleep(600)
            case "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            case _:
                raise ZeroDivisionError("a bug")


@dataclass
class PressesInstance:
    """The GUI, and the number of presses it needs."""

    env: Env
    wanted: int
    task: Presses

    @property
    def instruction(self) -> str:
        return f'Click "Greet" {self.wanted} times'

    @property
    def _fake(self) -> FakeEnv:
        assert isinstance(self.env, FakeEnv)
        return self.env

    def is_over(self) -> bool:
        return self.task.ends and self._fake.state.presses >= self.wanted

    def judge(self, result: Result) -> Outcome:
        presses = self._fake.state.presses
        return Outcome(presses == self.wanted, f"{presses} presses", presses / self.wanted)

    def solution(self) -> Policy | None:
        """Clicks at alternating points, since three equal clicks make the agent wait for an animation."""
        button = self._fake.where("Greet")
        return ScriptedPolicy([(Click(ScreenPoint(button.x + 20 * (n % 2), button.y)),) for n in range(self.wanted)])


@dataclass(frozen=True)
class Toy:
    """Tasks that work and tasks that fail, recorded in a folder."""

    root: Path
    name: str = "toy"
    version: str = "1.0"
    rules: Rules = Rules(seeds=(0, 1, 2), steps=8)

    def tasks(self) -> tuple[Presses, ...]:
        return (
            Presses("press", self.root),
            Presses("press-and-end", self.root, ends=True),
            Presses("slow", self.root, slow_s=0.04),
            *(Presses(f"{how}-once", self.root, "broken", how) for how in ("refuses", "bug", "dies", "hangs")),
            Presses("refuses-always", self.root, "broken", "always refuses"),
        )

    def close(self) -> None:
        (self.root / "closed").touch()
