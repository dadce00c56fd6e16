"""Tasks on the live web from a file, judged by a model: WebVoyager and Online-Mind2Web.

We may not redistribute the files: `--root` is the file or its folder. The tasks use live sites and go out of date; the
version contains the file's digest, so that results from different files are not mixed up.
"""

import json
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ...agent.core.model import Model
from ...agent.core.validation import first_problem
from ...agent.loop.agent import Result
from ...envs.browser import BrowserEnv
from ...envs.env import Env
from ...envs.geometry import Size
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from ..judges.evidence import evidence_of
from ..judges.judge_model import open_judge, shorten
from ..judges.webjudge import WebJudge
from ..judges.webvoyager import WebVoyagerJudge
from .data_files import digest_of, read_json, read_text

REPLIES = "judge.json"
"""The file in an episode's folder with all replies of the judge."""


Judge: TypeAlias = WebVoyagerJudge | WebJudge


def judge_run(judge: Judge, result: Result, task: str) -> Outcome:
    """Judge a recorded run, and store the judge's replies in its folder.

    Raises:
        TaskError: the judge gave no verdict.
    """
    verdict = judge(evidence_of(result, task))
    model, prompts = judge.model.info(), judge.prompts.sha256
    log = {
        "judge": judge.name,
        "model": model.name,
        "endpoint": model.endpoint,
        "prompts_sha256": prompts,
        "done": verdict.done,
        "images": verdict.images,
        "tokens": verdict.usage.total,
        "replies": verdict.replies,
    }
    assert result.run is not None
    (result.run / REPLIES).write_text(json.dumps(log, indent=1, ensure_ascii=False), encoding="utf-8")
    who = f"{judge.name} {model.name or model.endpoint} (prompts {prompts[:12]}, {verdict.images} screenshots)"
    return Outcome(verdict.done, f"{who}: {'done' if verdict.done else 'not done'}; {shorten(verdict.why, 2000)}")


@dataclass(frozen=True, slots=True)
class WebTask:
    """A task on a website."""

    name: str
    category: str
    question: str
    url: str
    viewport: Size
    judge: Judge | None = None

    @contextmanager
    def set_up(self, seed: int) -> Generator["WebInstance"]:
        """Open the site in a new browser."""
        if self.judge is None:
            raise TaskError("a model judges this benchmark: name it with --judge URL[,MODEL]")
        with BrowserEnv(self.url, viewport=self.viewport) as env:
            yield WebInstance(self.question, env, self.judge)


@dataclass(frozen=True, slots=True)
class WebInstance:
    """An open site."""

    instruction: str
    env: Env
    judged_by: Judge

    def judge(self, result: Result) -> Outcome:
        """The verdict of the judge on the recorded run."""
        return judge_run(self.judged_by, result, self.instruction)


@dataclass(frozen=True)
class WebTasks:
    """The tasks of a file, with their judge."""

    has_oracle: ClassVar[bool] = False

    name: str
    file: Path
    read: Callable[[Path], Iterable[WebTask]]
    make_judge: Callable[[Model, Path | None], Judge]
    judge: Judge | None = None
    rules: Rules = Rules(seeds=(0,), steps=100)

    @property
    def version(self) -> str:
        """The file's name and digest."""
        return f"{self.file.name} {digest_of([self.file], self.file.parent)[:12]}"

    def configured(self, settings: EvalConfig) -> "WebTasks":
        """A copy that uses the judge of the settings."""
        if settings.judge is None:
            raise ValueError(f"a model judges {self.name}: name it with --judge URL[,MODEL]")
        return replace(self, judge=self.make_judge(open_judge(settings.judge), settings.judge_prompts))

    def tasks(self) -> Sequence[WebTask]:
        """All tasks of the file."""
        tasks = tuple(replace(task, judge=self.judge) for task in self.read(self.file))
        names = [task.name for task in tasks]
        duplicate = next((name for name in names if names.count(name) > 1), None)
        if duplicate is not None:
            raise TaskError(f"{self.file} has two tasks named {duplicate}")
        return tasks


def webvoyager(root: Path) -> WebTasks:
    """WebVoyager: questions about live sites, in WebVoyager_data.jsonl of github.com/MinorJerry/WebVoyager."""
    file = _file(root, "WebVoyager_data.jsonl", "github.com/MinorJerry/WebVoyager")
    return WebTasks("webvoyager", file, _read_webvoyager, WebVoyagerJudge)


def online_mind2web(root: Path) -> WebTasks:
    """Online-Mind2Web: tasks on live sites, in the JSON file of huggingface.co/datasets/osunlp/Online-Mind2Web."""
    file = _file(root, "Online_Mind2Web.json", "huggingface.co/datasets/osunlp/Online-Mind2Web")
    return WebTasks("online-mind2web", file, _read_online_mind2web, WebJudge)


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


def _read_webvoyager(file: Path) -> Iterable[WebTask]:
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            read = _VoyagerLine.model_validate_json(line)
        except ValidationError as error:
            raise TaskError(f"{file}, line {number}: {first_problem(error)}") from error
        yield WebTask(_task_name(read.id), read.web_name, read.ques, read.web, Size(1024, 768))


def _read_online_mind2web(file: Path) -> Iterable[WebTask]:
    for task in read_json(file, _MIND2WEB):
        yield WebTask(_task_name(task.task_id), task.level, task.confirmed_task, task.website, Size(1280, 720))


def _task_name(text: str) -> str:
    """`text` without the characters that a task name must not contain."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.") or "task"


def _file(root: Path, name: str, source: str) -> Path:
    """The task file: `root` itself, or the file `name` in it or in its folder `data`."""
    for path in (root, root / name, root / "data" / name):
        if path.is_file():
            return path
    raise TaskError(f"there is no {name} in {root}: get it from {source}")
