"""OSWorld: tasks on a computer in a virtual machine, set up and scored by OSWorld's own code.

`--root` is the folder `evaluation_examples` of a checkout (`test_all.json`, `examples/DOMAIN/ID.json`), `--python` a
Python in which `desktop_env` is installed, and `--option NAME=VALUE` an argument of its `DesktopEnv`. The agent
controls the machine through its server with `OSWorldEnv` only.

With `--provider screenwright`, each task has a sandbox of this machine instead of a virtual machine, and the benchmark
is named `osworld-novm`: its figures are not those of OSWorld.
"""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from ....agent.core.limits import StopReason
from ....agent.loop.agent import Result
from ....envs.env import Env
from ....envs.osworld import OSWorldEnv
from ...core.config import EvalConfig
from ...core.task import Outcome, Rules, TaskError
from ..data_files import digest_of, read_json
from ..subprocess_client import DRIVERS, SubprocessClient

if TYPE_CHECKING:
    from .sandbox import SandboxMachine

_CLIENT = SubprocessClient(
    None,
    DRIVERS / "osworld_driver.py",
    {},
    "OSWorld's own code sets its tasks up and scores them: make an environment for it (python -m venv osworld; "
    "osworld/bin/pip install desktop-env) and name its Python: --python osworld/bin/python",
)
INFEASIBLE = "infeasible"
"""The evaluator of infeasible tasks: the agent must say that the task cannot be done."""

PAUSE_S = 3.0
"""The pause after each action in OSWorld's runner for UI-TARS."""

PROVIDER = "screenwright"
"""The provider whose machines are sandboxes."""

_READY_S, _REST_S = 3.0, 2.0
"""Of a sandbox, which has no session that starts in the background."""
_SET_UP_S = 1800.0
_SCORE_S = 900.0
_UNFINISHED = ("state", "fail")


class Evaluator(BaseModel):
    """How a task is scored: by one or several functions; the other fields are only read by OSWorld."""

    model_config = ConfigDict(extra="allow")
    func: str | list[str]


class Example(BaseModel):
    """A task file of OSWorld; further fields are only read by OSWorld."""

    model_config = ConfigDict(extra="allow")
    id: str = Field(min_length=1)
    instruction: str = Field(min_length=1)
    evaluator: Evaluator
    config: list[dict[str, JsonValue]] = Field(default_factory=list[dict[str, JsonValue]])

    @property
    def is_infeasible(self) -> bool:
        """Whether the right answer is that the task cannot be done."""
        return self.evaluator.func == INFEASIBLE


EXAMPLE = TypeAdapter(Example)
_LIST = TypeAdapter(dict[str, list[str]])


@dataclass(frozen=True, slots=True)
class Machine:
    """The virtual machine of this process, run by OSWorld's code, or a sandbox. `unfinished`: see `last_action`."""

    client: SubprocessClient = _CLIENT
    pause_s: float | None = PAUSE_S
    unfinished: str = "state"
    is_sandbox: bool = False

    @contextmanager
    def set_up(self, example: Example) -> Generator[str]:
        """Reset the machine to the task; yields the address of its server."""
        with _sandbox() if self.is_sandbox else nullcontext() as machine:
            request: dict[str, object] = {"task": example.model_dump(mode="json", exclude_unset=True)}
            if machine is not None:
                request["machine"] = machine.address
            yield str(self.client.request(request, _SET_UP_S)["server"])

    def score(self, last: str) -> float:
        """The score of OSWorld's evaluators, from 0 to 1, after the last action `last`."""
        score = self.client.request({"last": last}, _SCORE_S).get("score")
        if not isinstance(score, int | float):
            raise TaskError(f"OSWorld's evaluator returned {score!r} instead of a score")
        return float(score)


@dataclass(frozen=True, slots=True)
class OSWorldTask:
    """A task of OSWorld."""

    name: str
    category: str
    file: Path
    machine: Machine

    @contextmanager
    def set_up(self, seed: int) -> Generator["OSWorldInstance"]:
        """Reset the machine to the task."""
        example = read_json(self.file, EXAMPLE)
        with self.machine.set_up(example) as url, OSWorldEnv(url, pause_s=self.machine.pause_s) as env:
            yield OSWorldInstance(example, env, self.machine)


@dataclass(frozen=True, slots=True)
class OSWorldInstance:
    """A machine that is set up."""

    example: Example
    env: Env
    machine: Machine

    @property
    def instruction(self) -> str:
        """The instruction of the task file."""
        return self.example.instruction

    def judge(self, result: Result) -> Outcome:
        """OSWorld's score; done is a score of 1."""
        last = last_action(result, self.machine.unfinished)
        score = self.machine.score(last)
        kind = "infeasible" if self.example.is_infeasible else "feasible"
        return Outcome(
            score >= 1.0, f"OSWorld's evaluator gives {score:g} for a {kind} task that ended by {last}", score
        )


def _sandbox() -> "SandboxMachine":
    from .sandbox import SandboxMachine  # needs the extra osworld

    return SandboxMachine()


def last_action(result: Result, unfinished: str = "state") -> str:
    """`FAIL` if the agent reports the task as infeasible or calls for the user; else `DONE`.

    OSWorld scores `FAIL` with 1 on infeasible tasks and 0 on all others. An episode that reached a limit is scored by
    its final state, or counts as `FAIL` if `unfinished` is `fail`, as in the published runs of UI-TARS.
    """
    gave_up = result.stop in (StopReason.INFEASIBLE, StopReason.NEEDS_USER)
    return "FAIL" if gave_up or (unfinished == "fail" and not result.finished) else "DONE"


@dataclass(frozen=True)
class OSWorld:
    """OSWorld: tasks on a virtual machine, in a checkout of github.com/xlang-ai/OSWorld."""

    has_oracle: ClassVar[bool] = False

    root: Path
    machine: Machine = Machine()
    name: str = "osworld"
    rules: Rules = Rules(seeds=(0,), steps=15)

    def configured(self, settings: EvalConfig) -> "OSWorld":
        """A copy that uses the machine of the settings."""
        options = settings.options
        unfinished, pause = str(options.pop("unfinished", "state")), options.pop("pause_s", PAUSE_S)
        if unfinished not in _UNFINISHED:
            raise ValueError(f"the option unfinished is {unfinished!r}; it must be state or fail")
        pause_s = float(pause) if isinstance(pause, int | float) else None
        is_sandbox = settings.provider == PROVIDER
        if is_sandbox:
            options = {"ready_s": _READY_S, "rest_s": _REST_S, **options, "machine": True}
        elif settings.provider is not None:
            raise ValueError(
                f"--provider is {settings.provider}, but only {PROVIDER} is; OSWorld's: --option provider_name="
            )
        client = _CLIENT.configured(settings.python, options, settings.pass_env)
        name = "osworld-novm" if is_sandbox else self.name
        return replace(self, machine=Machine(client, pause_s, unfinished, is_sandbox), name=name)

    @cached_property
    def _domains(self) -> Mapping[str, Sequence[str]]:
        path = self._examples / "test_all.json"
        if not path.exists():
            raise TaskError(
                f"there is no {path.name} in {self.root}: --root must be a checkout of github.com/xlang-ai/OSWorld, or "
                "its folder evaluation_examples"
            )
        return read_json(path, _LIST)

    @property
    def version(self) -> str:
        """The number of tasks and a digest of their files."""
        files = [task.file for task in self.tasks()]
        return f"{len(files)} tasks {digest_of(files, self._examples)[:12]}"

    def tasks(self) -> Sequence[OSWorldTask]:
        """All tasks in `test_all.json`."""
        return tuple(
            OSWorldTask(f"{domain}.{_task_name(one)}", domain, self._file(domain, one), self.machine)
            for domain, ids in self._domains.items()
            for one in ids
        )

    def close(self) -> None:
        """End OSWorld's process, which ends the machine."""
        self.machine.client.close()

    def _file(self, domain: str, one: str) -> Path:
        return self._examples / "examples" / domain / f"{one}.json"

    @property
    def _examples(self) -> Path:
        inner = self.root / "evaluation_examples"
        return inner if inner.is_dir() else self.root


def _task_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text)
