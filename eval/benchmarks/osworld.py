"""OSWorld: tasks on a computer in a virtual machine, set up and scored by OSWorld's own code.

`--root` is a checkout's folder `evaluation_examples` (`test_all.json`, `examples/DOMAIN/ID.json`), `--python` a Python
that has `desktop_env`, and `--option NAME=VALUE` what its `DesktopEnv` is made with. The machine is worked through its
server by `OSWorldEnv`; nothing else of the agent's reaches it.
"""

import hashlib
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from ...agent.core.limits import StopReason
from ...agent.loop.agent import Result
from ...envs.env import Env
from ...envs.osworld import OSWorldEnv
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from .subprocess_client import SubprocessClient

HOW_TO_GET = (
    "make an environment for it (python -m venv osworld; osworld/bin/pip install desktop-env) and name its Python: "
    "--python osworld/bin/python"
)
INFEASIBLE = "infeasible"
"""The evaluator of tasks that cannot be done: right is whoever says so."""

PAUSE_S = 3.0
"""What OSWorld's runner for UI-TARS sleeps after each action."""

_SET_UP_S = 1800.0
_SCORE_S = 900.0
_UNFINISHED = ("state", "fail")


class Evaluator(BaseModel):
    """How a task is judged: by `func`, one or several; the rest is OSWorld's own."""

    model_config = ConfigDict(extra="allow")
    func: str | list[str]


class Example(BaseModel):
    """A task as OSWorld writes it; `extra` keeps what only its own code reads."""

    model_config = ConfigDict(extra="allow")
    id: str = Field(min_length=1)
    instruction: str = Field(min_length=1)
    evaluator: Evaluator
    config: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])

    @property
    def is_infeasible(self) -> bool:
        """Whether saying that it cannot be done is the answer."""
        return self.evaluator.func == INFEASIBLE


_LIST = TypeAdapter(dict[str, list[str]])


@dataclass(slots=True)
class Machine:
    """The virtual machine of this process, run by OSWorld's code. `unfinished` is as in `last_action`."""

    driven: SubprocessClient
    pause_s: float | None = PAUSE_S
    unfinished: str = "state"

    def set_up(self, example: Example) -> str:
        """Put the machine into the task's first state; returns the address of its server."""
        answer = self.driven.ask({"task": example.model_dump(mode="json", exclude_unset=True)}, _SET_UP_S)
        return str(answer["server"])

    def score(self, last: str) -> float:
        """What OSWorld's evaluators give, from 0 to 1, when `last` was the last thing done."""
        score = self.driven.ask({"last": last}, _SCORE_S).get("score")
        if not isinstance(score, int | float):
            raise TaskError(f"OSWorld's evaluator gave no score but {score!r}")
        return float(score)


@dataclass(frozen=True, slots=True)
class OSWorldTask:
    """One task of OSWorld's."""

    name: str
    category: str
    file: Path
    machine: Machine | None

    @contextmanager
    def set_up(self, seed: int) -> Generator["OSWorldInstance"]:
        """Reset the machine to the task's first state.

        Raises:
            TaskError: OSWorld's code is not there, or cannot do it.
        """
        example = read_example(self.file)
        if self.machine is None:
            raise TaskError(f"OSWorld's own code sets its tasks up and scores them: {HOW_TO_GET}")
        with OSWorldEnv(self.machine.set_up(example), pause_s=self.machine.pause_s) as env:
            yield OSWorldInstance(example, env, self.machine)


@dataclass(frozen=True, slots=True)
class OSWorldInstance:
    """A machine in a task's first state."""

    example: Example
    env: Env
    machine: Machine

    @property
    def instruction(self) -> str:
        """What OSWorld asks."""
        return self.example.instruction

    def is_over(self) -> bool:
        """Only the agent ends it."""
        return False

    def judge(self, result: Result) -> Outcome:
        """OSWorld's score; done is a score of 1.

        Raises:
            TaskError: its evaluator failed.
        """
        last = last_action(result, self.machine.unfinished)
        score = self.machine.score(last)
        kind = "infeasible" if self.example.is_infeasible else "feasible"
        return Outcome(
            score >= 1.0, f"OSWorld's evaluator gives {score:g} for a {kind} task that ended by {last}", score
        )


def last_action(result: Result, unfinished: str = "state") -> str:
    """`FAIL` if the agent says that it cannot be done, or calls for the user; else `DONE`.

    OSWorld gives `FAIL` a 1 on what is infeasible and a 0 on all else. An episode that ended by a limit is judged by
    the state it left, or (`unfinished` is `fail`) counts as `FAIL`, as in the published runs of UI-TARS.
    """
    gave_up = result.stop in (StopReason.INFEASIBLE, StopReason.NEEDS_USER)
    return "FAIL" if gave_up or (unfinished == "fail" and not result.finished) else "DONE"


@dataclass(frozen=True)
class OSWorld:
    """OSWorld's tasks below `root`."""

    root: Path
    machine: Machine | None = None
    name: str = "osworld"
    rules: Rules = field(default=Rules(seeds=(0,), steps=15))

    def configured(self, settings: EvalConfig) -> "OSWorld":
        """The same with the machine that the settings name.

        Raises:
            ValueError: no Python is named, or an option is none.
        """
        if settings.python is None:
            raise ValueError(f"OSWorld's own code sets its tasks up and scores them: {HOW_TO_GET}")
        options = settings.options
        unfinished, pause = str(options.pop("unfinished", "state")), options.pop("pause_s", PAUSE_S)
        if unfinished not in _UNFINISHED:
            raise ValueError(f"the option unfinished is {unfinished!r}, but should be state or fail")
        pause_s = float(pause) if isinstance(pause, int | float) else None
        return OSWorld(self.root, Machine(_driven(settings.python, options), pause_s, unfinished))

    @cached_property
    def _domains(self) -> Mapping[str, Sequence[str]]:
        path = self.root / "test_all.json"
        try:
            return _LIST.validate_json(path.read_bytes())
        except OSError as error:
            raise TaskError(
                f"there is no {path.name} in {self.root}: --root is the folder evaluation_examples"
            ) from error
        except ValidationError as error:
            raise TaskError(f"{path}: {_first(error)}") from error

    @property
    def version(self) -> str:
        """How many tasks there are, and a digest of all their files."""
        digest = hashlib.sha256()
        tasks = self.tasks()
        for task in tasks:
            digest.update(_bytes(task.file))
        return f"{len(tasks)} tasks {digest.hexdigest()[:12]}"

    def tasks(self) -> Sequence[OSWorldTask]:
        """All tasks that `test_all.json` lists.

        Raises:
            TaskError: a file is missing or damaged.
        """
        return tuple(
            OSWorldTask(f"{domain}.{_named(one)}", domain, self._file(domain, one), self.machine)
            for domain, ids in self._domains.items()
            for one in ids
        )

    def close(self) -> None:
        """End OSWorld's code, which ends the machine."""
        if self.machine is not None:
            self.machine.driven.close()

    def _file(self, domain: str, one: str) -> Path:
        return self.root / "examples" / domain / f"{one}.json"


def osworld(root: Path | None) -> OSWorld:
    """OSWorld, from the folder `evaluation_examples` of a checkout.

    Raises:
        ValueError: no root is given.
    """
    if root is None:
        raise ValueError("osworld needs --root: the folder evaluation_examples of a checkout of OSWorld")
    return OSWorld(root)


def read_example(path: Path) -> Example:
    """Read a task.

    Raises:
        TaskError: it is not there, or no task; names the field.
    """
    try:
        return Example.model_validate_json(_bytes(path))
    except ValidationError as error:
        raise TaskError(f"{path}: {_first(error)}") from error


def _driven(python: Path, options: Mapping[str, object]) -> SubprocessClient:
    return SubprocessClient(python, Path(__file__).parent.parent / "drivers" / "osworld_driver.py", options, HOW_TO_GET)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TaskError(f"the task {path} cannot be read: {error.strerror}") from error


def _named(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text)


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}".replace("\n", " ")
