"""The benchmark: templates as tasks, each episode in a new home and on a new virtual desktop.

screenwright eval workbench --agent oracle
"""

import os
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ....agent.core.decision import Finish, GiveUp
from ....agent.core.limits import StopReason
from ....agent.loop.agent import Result
from ....agent.policy.policy import Policy
from ....envs.desktop.virtual.home import write_defaults
from ....envs.env import Env
from ....envs.temp_folder import TempFolder
from ...core.config import EvalConfig
from ...core.task import Outcome, Rules, TaskError
from ..data_files import digest_of
from .answers import contains, reports_infeasible
from .judging import snapshot, state_problems
from .oracle import WorkbenchOracle
from .prepared import PreparedFiles
from .setup import install, missing_apps
from .template import Job, Template
from .templates import all_templates
from .web.screen import close_browsers

_PREPARED = PreparedFiles()
"""Shared within this process."""

_WRITTEN_S = 1_767_600_000
"""When the files of an instance were last changed: on 5 January 2026."""
_SAVING_S = 3.0
"""How long a program may take to write a file after the last action."""
_DIFFICULTIES = ("easy", "medium", "hard")
_SANDBOXES = ("require", "auto", "off")


def make_home(home: Path, template: Template, job: Job, seed: int) -> dict[str, str]:
    """Write the home of an instance with the settings of its programs; returns its snapshot."""
    home.mkdir()
    write_defaults(home)
    for app in template.apps:
        for path, text in app.settings.items():
            file = home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace("{home}", str(home)), encoding="utf-8")
        _PREPARED.copy(app, home)
    return write_documents(home, template, job, seed)


def write_documents(home: Path, template: Template, job: Job, seed: int) -> dict[str, str]:
    """Write the visible files of an instance; returns their snapshot. All have the same time, which programs show."""
    for document in (*template.bystanders(seed), *job.before):
        document.write(home)
    found = snapshot(home)
    for name in found:
        os.utime(home / name, (_WRITTEN_S, _WRITTEN_S), follow_symlinks=False)
    return found


def judge(home: Path, before: Mapping[str, str], job: Job, result: Result) -> Outcome:
    """Judge the files in the home and the answer, as they are now."""
    problems = state_problems(home, before, job.after)
    infeasible = reports_infeasible(result)
    if job.infeasible and not infeasible:
        problems.append(f"it cannot be done, but the agent did not report it; answer: {result.answer!r}")
    elif not job.infeasible and result.stop is StopReason.INFEASIBLE:
        problems.append("the agent reported that it cannot be done")
    if job.answer and not (result.stop is StopReason.FINISHED and contains(result.answer, job.answer)):
        problems.append(f"the answer is {result.answer!r}, without {job.answer!r}")
    right = [document.path for document in job.after] + [f"the answer {job.answer!r}"] * bool(job.answer)
    right += ["reported as infeasible"] * bool(job.infeasible)
    return Outcome(
        not problems, "; ".join(problems[:5]) or f"as expected: {', '.join(right)}, and nothing else changed"
    )


@dataclass(frozen=True, slots=True)
class WorkbenchTask:
    """A template as a task; `sandbox` is the mode of its sandbox."""

    template: Template
    sandbox: str = "require"

    @property
    def name(self) -> str:
        """The program and what to do there."""
        return self.template.name

    @property
    def category(self) -> str:
        """The program, or `cross`."""
        return self.template.category

    @contextmanager
    def set_up(self, seed: int) -> Generator["WorkbenchInstance"]:
        """Write the files of the instance to a new home and open its programs."""
        instruction, job = self.template.instance(seed)
        with TempFolder("workbench") as folder:
            home = folder.path / "home"
            before = make_home(home, self.template, job, seed)
            with self.template.apps[0].enter(home, job, self.sandbox) as env:
                for app in self.template.apps:
                    _PREPARED.keep(app, home)
                yield WorkbenchInstance(env, instruction, job, home, before)


@dataclass(frozen=True, slots=True)
class WorkbenchInstance:
    """Open programs. `before` is the snapshot of the home at the start."""

    env: Env
    instruction: str
    job: Job
    home: Path
    before: Mapping[str, str]

    def judge(self, result: Result) -> Outcome:
        """Judge what is in the files; waits for a program that is still writing."""
        end = time.monotonic() + _SAVING_S
        while not (outcome := judge(self.home, self.before, self.job, result)).done and time.monotonic() < end:
            if not self.job.after:
                break
            time.sleep(0.1)
        return outcome

    def solution(self) -> Policy:
        """The oracle; needs the reader extra for templates that find targets by text."""
        ending = GiveUp(self.job.infeasible) if self.job.infeasible else Finish(self.job.answer)
        return WorkbenchOracle(self.job.oracle, ending, self.env)


@dataclass(frozen=True)
class Workbench:
    """Seeded tasks in real desktop programs and web applications, judged by the data left behind; --setup installs."""

    name: str = "workbench"
    sandbox: str = "require"
    difficulty: str = ""
    templates: tuple[Template, ...] = field(default_factory=all_templates)
    rules: Rules = Rules(seeds=(0,), steps=60)

    @property
    def version(self) -> str:
        """A digest of the code that makes the tasks, and the programs that are missing."""
        root = Path(__file__).parent
        left_out = ", ".join(app.name for app in missing_apps(self.templates))
        return f"{digest_of(sorted(root.rglob('*.py')), root)[:16]}{f'; without {left_out}' if left_out else ''}"

    def configured(self, settings: EvalConfig) -> "Workbench":
        """A copy with the options `sandbox` (require, auto, off) and `difficulty` (easy, medium, hard).

        Raises:
            ValueError: there is another option, or another value.
        """
        options = settings.options
        for name, values in (("sandbox", _SANDBOXES), ("difficulty", _DIFFICULTIES)):
            if name in options and options[name] not in values:
                raise ValueError(f"--option {name} should be one of {', '.join(values)}")
        if extra := options.keys() - {"sandbox", "difficulty"}:
            raise ValueError(f"{self.name} has no option {min(extra)}, only sandbox and difficulty")
        return replace(
            self,
            sandbox=str(options.get("sandbox", self.sandbox)),
            difficulty=str(options.get("difficulty", self.difficulty)),
        )

    def tasks(self) -> tuple[WorkbenchTask, ...]:
        """One task per template whose programs are installed.

        Raises:
            TaskError: none of them is.
        """
        absent = missing_apps(self.templates)
        tasks = tuple(
            WorkbenchTask(template, self.sandbox)
            for template in self.templates
            if not {*template.apps} & {*absent} and self.difficulty in ("", template.instance(0)[1].difficulty)
        )
        if not tasks:
            raise TaskError("none of the programs of workbench is installed: screenwright eval workbench --setup")
        return tasks

    def close(self) -> None:
        """Close the idle browsers of this process."""
        close_browsers()

    def install(self) -> Iterator[str]:
        """See `Installable`."""
        yield from install(self.templates)
