"""Tasks on the live web from a file, judged by a model: WebVoyager and Online-Mind2Web.

We may not redistribute the files: `--root` is the file or its folder. The tasks use live sites and go out of date; the
version contains the file's digest, so that results from different files are not mixed up.
"""

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ...agent.core.model import Model
from ...agent.core.validation import first_problem
from ...agent.loop.agent import Result
from ...envs.browser import BrowserEnv
from ...envs.env import Env
from ...envs.geometry import Size
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from ..judges import Evidence, JudgePrompts, JudgeScore, WebJudge, WebVoyagerJudge, evidence_of
from ..judges.judge_model import open_judge, outcome_of
from ..judges.webjudge import NAMES as WEBJUDGE_NAMES
from ..judges.webvoyager import NAMES as WEBVOYAGER_NAMES

REPLIES = "judge.json"
"""The file in an episode's folder with all replies of the judge."""


@dataclass(frozen=True, slots=True)
class Judging:
    """A judge with its model and prompts."""

    name: str
    model: Model
    prompts: JudgePrompts
    judge: Callable[[Evidence], JudgeScore]

    def __call__(self, result: Result, task: str) -> Outcome:
        """Judge a recorded run, and store the replies in its folder.

        Raises:
            TaskError: the judge gave no verdict.
        """
        verdict = self.judge(evidence_of(result, task))
        log = {
            "judge": self.name,
            "model": self.model.info().name,
            "endpoint": self.model.info().endpoint,
            "prompts_sha256": self.prompts.sha256,
            "done": verdict.done,
            "images": verdict.images,
            "tokens": verdict.usage.total,
            "replies": verdict.replies,
        }
        assert result.run is not None
        (result.run / REPLIES).write_text(json.dumps(log, indent=1, ensure_ascii=False), encoding="utf-8")
        return outcome_of(verdict, self.name, self.model, self.prompts)


@dataclass(frozen=True, slots=True)
class WebTask:
    """A task on a website."""

    name: str
    category: str
    question: str
    url: str
    viewport: Size
    judging: Judging | None = None

    @contextmanager
    def set_up(self, seed: int) -> Generator["WebInstance"]:
        """Open the site in a new browser.

        Raises:
            TaskError: there is no judge.
        """
        if self.judging is None:
            raise TaskError("a model judges this benchmark: name it with --judge URL[,MODEL]")
        with BrowserEnv(self.url, viewport=self.viewport) as env:
            yield WebInstance(self.question, env, self.judging)


@dataclass(frozen=True, slots=True)
class WebInstance:
    """An open site."""

    instruction: str
    env: Env
    judging: Judging

    def is_over(self) -> bool:
        """Only the agent ends the episode."""
        return False

    def judge(self, result: Result) -> Outcome:
        """The verdict of the judge on the recorded run.

        Raises:
            TaskError: the judge gave no verdict.
        """
        return self.judging(result, self.instruction)


@dataclass(frozen=True)
class WebTasks:
    """The tasks of a file, with their judge."""

    name: str
    file: Path
    read: Callable[[str], Iterable[WebTask]]
    make_judging: Callable[[Model, Path | None], Judging]
    judging: Judging | None = None
    rules: Rules = Rules(seeds=(0,), steps=100)

    @cached_property
    def _text(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TaskError(f"{self.file} cannot be read: {error}") from error

    @property
    def version(self) -> str:
        """The file's name and digest."""
        return f"{self.file.name} {hashlib.sha256(self._text.encode()).hexdigest()[:12]}"

    def configured(self, settings: EvalConfig) -> "WebTasks":
        """A copy that uses the judge of the settings.

        Raises:
            ValueError: `--judge` is missing.
        """
        if settings.judge is None:
            raise ValueError(f"a model judges {self.name}: name it with --judge URL[,MODEL]")
        return replace(self, judging=self.make_judging(open_judge(settings.judge), settings.judge_prompts))

    def tasks(self) -> Sequence[WebTask]:
        """All tasks of the file.

        Raises:
            TaskError: the file is invalid; the message names the line.
        """
        tasks = tuple(replace(task, judging=self.judging) for task in self.read(self._text))
        names = [task.name for task in tasks]
        duplicate = next((name for name in names if names.count(name) > 1), None)
        if duplicate is not None:
            raise TaskError(f"{self.file} has two tasks named {duplicate}")
        return tasks

    def close(self) -> None:
        """Nothing to close: the tasks share nothing."""


def webvoyager(root: Path | None) -> WebTasks:
    """WebVoyager, from `WebVoyager_data.jsonl`.

    Raises:
        ValueError: `root` is missing.
        TaskError: there is no such file.
    """
    file = _file(root, "webvoyager", ("WebVoyager_data.jsonl", "data/WebVoyager_data.jsonl"))
    return WebTasks("webvoyager", file, _read_webvoyager, webvoyager_judging)


def online_mind2web(root: Path | None) -> WebTasks:
    """Online-Mind2Web, from `Online_Mind2Web.json`.

    Raises:
        ValueError: `root` is missing.
        TaskError: there is no such file.
    """
    file = _file(root, "online-mind2web", ("Online_Mind2Web.json", "data/Online_Mind2Web.json"))
    return WebTasks("online-mind2web", file, _read_online_mind2web, webjudge_judging)


def webvoyager_judging(model: Model, folder: Path | None = None) -> Judging:
    """WebVoyager's judge with `model`; prompts in `folder` replace ours."""
    prompts = JudgePrompts(WEBVOYAGER_NAMES, folder)
    judge = WebVoyagerJudge(model, prompts)
    return Judging(judge.name, model, prompts, judge)


def webjudge_judging(model: Model, folder: Path | None = None) -> Judging:
    """WebJudge with `model`; prompts in `folder` replace ours."""
    prompts = JudgePrompts(WEBJUDGE_NAMES, folder)
    judge = WebJudge(model, prompts)
    return Judging(judge.name, model, prompts, judge)


class _VoyagerLine(BaseModel):
    web_name: str
    id: str
    ques: str = Field(min_length=1)
    web: str = Field(pattern=r"^https?://")


class _Mind2WebTask(BaseModel):
    task_id: str
    confirmed_task: str = Field(min_length=1)
    website: str = Field(pattern=r"^https?://")
    level: str = ""


_MIND2WEB = TypeAdapter(list[_Mind2WebTask])


def _read_webvoyager(text: str) -> Iterable[WebTask]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            read = _VoyagerLine.model_validate_json(line)
        except ValidationError as error:
            raise TaskError(f"WebVoyager's tasks, line {number}: {first_problem(error)}") from error
        yield WebTask(_task_name(read.id), read.web_name, read.ques, read.web, Size(1024, 768))


def _read_online_mind2web(text: str) -> Iterable[WebTask]:
    try:
        tasks = _MIND2WEB.validate_json(text)
    except ValidationError as error:
        raise TaskError(f"Online-Mind2Web's tasks: {first_problem(error)}") from error
    for task in tasks:
        yield WebTask(_task_name(task.task_id), task.level, task.confirmed_task, task.website, Size(1280, 720))


def _task_name(text: str) -> str:
    """`text` without the characters that a task name must not contain."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.") or "task"


def _file(root: Path | None, name: str, usual: Sequence[str]) -> Path:
    if root is None:
        raise ValueError(f"{name} needs --root: its task file, or the folder that {usual[0]} is in")
    if root.is_file():
        return root
    for one in usual:
        if (root / one).is_file():
            return root / one
    raise TaskError(f"there is no {usual[0]} in {root}")
