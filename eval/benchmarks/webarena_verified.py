"""WebArena-Verified: its tasks in our browser, scored by its own scorer.

Every episode writes `agent_response.json` (the final answer) and `network.har` (the traffic of its pages) into its
folder. The package's scorer reads these files; it needs no model and no site. The package runs in a separate Python
(`--python`), and `--option config=FILE` is its configuration, which names the sites.
"""

import json
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from ...agent.loop.agent import Result
from ...envs.browser import BrowserEnv, BrowserSettings
from ...envs.geometry import Size
from ...envs.temp_folder import TempFolder
from ...prompts.render import render
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from .subprocess_client import DRIVERS, SubprocessClient

RESPONSE, TRAFFIC = "agent_response.json", "network.har"
_CLIENT = SubprocessClient(
    None,
    DRIVERS / "webarena_verified_driver.py",
    {},
    "WebArena-Verified's own code scores its tasks: make an environment for it (python -m venv wv; wv/bin/pip install "
    "webarena-verified) and name its Python: --python wv/bin/python --option config=CONFIG.json",
)

_SCORE_S = 300.0
_VIEWPORT = Size(1280, 720)


class _TaskEntry(BaseModel):
    id: int
    intent: str
    sites: tuple[str, ...]
    urls: tuple[str, ...]


_TASKS = TypeAdapter(tuple[_TaskEntry, ...])


@dataclass(frozen=True, slots=True)
class VerifiedTask:
    """A task. The browser opens the first of `urls`; the instruction lists the others."""

    name: str
    category: str
    intent: str
    urls: tuple[str, ...]
    client: SubprocessClient
    storage_state: str | None = None

    @contextmanager
    def set_up(self, seed: int) -> Generator["VerifiedInstance"]:
        """Open the first site in a browser that records its traffic."""
        if not self.urls:
            raise TaskError(f"the configuration has no URL for {self.category}, which task {self.name} needs")
        with TempFolder("har") as folder:
            har = folder.path / TRAFFIC
            settings = BrowserSettings(har=str(har), storage_state=self.storage_state)
            with BrowserEnv(self.urls[0], viewport=_VIEWPORT, settings=settings) as env:
                yield VerifiedInstance(self, env, har)

    @property
    def instruction(self) -> str:
        """The intent, the other sites, and the format of the answer."""
        others = "\n".join(f"Another site that you may need: {url}" for url in self.urls[1:])
        return render("webarena_verified", intent=self.intent, sites=others)


@dataclass(frozen=True, slots=True)
class VerifiedInstance:
    """An open task."""

    task: VerifiedTask
    env: BrowserEnv
    har: Path

    @property
    def instruction(self) -> str:
        """See `VerifiedTask.instruction`."""
        return self.task.instruction

    def judge(self, result: Result) -> Outcome:
        """Close the browser, write both files into the episode's folder, and score them."""
        if result.run is None:
            raise TaskError("WebArena-Verified scores the files of an episode, so the episode must be recorded")
        self.env.close()  # writes the HAR file
        if not self.har.exists():
            raise TaskError("the browser did not write its traffic")
        shutil.move(self.har, result.run / TRAFFIC)
        (result.run / RESPONSE).write_text(agent_response(result), encoding="utf-8")
        request = {"score": int(self.task.name), "folder": str(result.run.resolve())}
        answer = self.task.client.request(request, _SCORE_S)
        score = answer.get("score")
        if not isinstance(score, int | float) or "error" in str(answer.get("status", "")).lower():
            raise TaskError(f"WebArena-Verified cannot score task {self.task.name}: {answer.get('wrong')}")
        return Outcome(score >= 1.0, f"WebArena-Verified gives {score:g} ({answer.get('status')})", float(score))


def agent_response(result: Result) -> str:
    """The content of `agent_response.json`: the agent's answer as it is, or an error if it gave none.

    An answer that is not JSON is passed on too; the scorer counts it as wrong.
    """
    if result.finished:
        return _strip_code_fence(result.answer)
    error = {
        "task_type": "NAVIGATE",
        "status": "UNKNOWN_ERROR",
        "retrieved_data": None,
        "error_details": f"{result.stop}: {result.reason}",
    }
    return json.dumps(error)


@dataclass(frozen=True)
class WebArenaVerified:
    """WebArena-Verified: tasks on WebArena's sites, scored by answer and network traffic."""

    has_oracle: ClassVar[bool] = False

    client: SubprocessClient = _CLIENT
    storage_state: str | None = None
    name: str = "webarena-verified"
    rules: Rules = Rules((0,), 30)

    def configured(self, settings: EvalConfig) -> "WebArenaVerified":
        """A copy that uses the Python and the configuration of the settings."""
        options = settings.options
        state = options.pop("storage_state", None)
        python = settings.python if isinstance(options.get("config"), str) else None
        client = self.client.configured(python, options, settings.pass_env)
        return replace(self, client=client, storage_state=None if state is None else str(state))

    @property
    def version(self) -> str:
        """The package's version."""
        return self._listed[0]

    def tasks(self) -> Sequence[VerifiedTask]:
        """All tasks of the package, named by their numbers."""
        return tuple(
            VerifiedTask(str(one.id), "+".join(one.sites), one.intent, one.urls, self.client, self.storage_state)
            for one in self._listed[1]
        )

    def close(self) -> None:
        """End the scorer's process."""
        self.client.close()

    @cached_property
    def _listed(self) -> tuple[str, tuple[_TaskEntry, ...]]:
        answer = self.client.request({"list": True}, _SCORE_S)
        try:
            return str(answer["version"]), _TASKS.validate_python(answer["tasks"])
        except (KeyError, ValidationError) as error:
            raise TaskError("unexpected task list: WebArena-Verified 1.2.3 is supported") from error


def _strip_code_fence(text: str) -> str:
    """The answer without the code fence that models put around JSON."""
    lines = text.strip().splitlines()
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1] == "```":
        return "\n".join(lines[1:-1])
    return text.strip()
