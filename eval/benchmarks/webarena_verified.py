"""WebArena-Verified: its tasks in our own browser, its own scorer on what each leaves behind.

Every episode leaves `agent_response.json` (what the agent said in the end) and `network.har` (what its pages sent and
got) in its folder, which is what the package's scorer reads; it needs no model and no site. The package runs in a
Python of its own (`--python`), and `--option config=FILE` is its own configuration, which names the sites.
"""

import json
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from ...agent.loop.agent import Result
from ...envs.browser import BrowserEnv
from ...envs.browser.launch.settings import BrowserSettings
from ...envs.geometry import Size
from ...prompts.render import render
from ..core.config import EvalConfig
from ..core.task import Outcome, Rules, TaskError
from .subprocess_client import SubprocessClient

RESPONSE, TRAFFIC = "agent_response.json", "network.har"
HOW_TO_GET = (
    "make an environment for it (python -m venv wv; wv/bin/pip install webarena-verified) and name its Python: "
    "--python wv/bin/python --option config=CONFIG.json"
)

_SCORE_S = 300.0
_VIEWPORT = Size(1280, 720)


class _Listed(BaseModel):
    id: int
    intent: str
    sites: tuple[str, ...]
    urls: tuple[str, ...]


_TASKS = TypeAdapter(tuple[_Listed, ...])


@dataclass(frozen=True, slots=True)
class VerifiedTask:
    """A task. `urls` are where it starts; the browser opens the first, and the others are told."""

    name: str
    category: str
    intent: str
    urls: tuple[str, ...]
    driven: SubprocessClient
    storage_state: str | None = None

    @contextmanager
    def set_up(self, seed: int) -> Generator["VerifiedInstance"]:
        """Open its first site in a browser that records its traffic.

        Raises:
            TaskError: the configuration names no address of its sites.
        """
        if not self.urls:
            raise TaskError(f"the configuration has no address for {self.category}, which task {self.name} needs")
        with tempfile.TemporaryDirectory(prefix="screenwright-har-") as folder:
            har = Path(folder) / TRAFFIC
            settings = BrowserSettings(har=str(har), storage_state=self.storage_state)
            with BrowserEnv(self.urls[0], viewport=_VIEWPORT, settings=settings) as env:
                yield VerifiedInstance(self, env, har)

    @property
    def asked(self) -> str:
        """What the agent is asked: the intent, the other sites, and the form of the answer."""
        others = "\n".join(f"Another site that you may need: {url}" for url in self.urls[1:])
        return render("webarena_verified", intent=self.intent, sites=others)


@dataclass(frozen=True, slots=True)
class VerifiedInstance:
    """A site that was opened."""

    task: VerifiedTask
    env: BrowserEnv
    har: Path

    @property
    def instruction(self) -> str:
        """See `VerifiedTask.asked`."""
        return self.task.asked

    def is_over(self) -> bool:
        """Only the agent ends it."""
        return False

    def judge(self, result: Result) -> Outcome:
        """The scorer's verdict on the two files, which stay in the episode's folder. Closes the browser.

        Raises:
            TaskError: there is no record to put them beside, or the scorer cannot judge.
        """
        if result.run is None:
            raise TaskError("WebArena-Verified scores files: the episode must be recorded")
        self.env.close()  # which writes the traffic
        if not self.har.exists():
            raise TaskError("the browser left no record of its traffic")
        shutil.move(self.har, result.run / TRAFFIC)
        (result.run / RESPONSE).write_text(agent_response(result), encoding="utf-8")
        asked = {"score": int(self.task.name), "folder": str(result.run.resolve())}
        answer = self.task.driven.ask(asked, _SCORE_S)
        score = answer.get("score")
        if not isinstance(score, int | float) or "error" in str(answer.get("status", "")).lower():
            raise TaskError(f"WebArena-Verified cannot score task {self.task.name}: {answer.get('wrong')}")
        return Outcome(score >= 1.0, f"WebArena-Verified gives {score:g} ({answer.get('status')})", float(score))


def agent_response(result: Result) -> str:
    """What stands in `agent_response.json`: the agent's answer as it is, or that it gave none.

    An answer that is no JSON stays as it is, and the scorer refuses it.
    """
    if result.finished:
        return _without_fence(result.answer)
    said = {
        "task_type": "NAVIGATE",
        "status": "UNKNOWN_ERROR",
        "retrieved_data": None,
        "error_details": f"{result.stop}: {result.reason}",
    }
    return json.dumps(said)


@dataclass(frozen=True)
class WebArenaVerified:
    """All of its tasks."""

    driven: SubprocessClient | None = None
    storage_state: str | None = None
    name: str = "webarena-verified"
    rules: Rules = Rules((0,), 30)

    def configured(self, settings: EvalConfig) -> "WebArenaVerified":
        """The same with the Python and the configuration that the settings name.

        Raises:
            ValueError: one of them is missing.
        """
        options = settings.options
        state = options.pop("storage_state", None)
        if settings.python is None or not isinstance(options.get("config"), str):
            raise ValueError(f"WebArena-Verified's own code scores its tasks: {HOW_TO_GET}")
        script = Path(__file__).parent.parent / "drivers" / "webarena_verified_driver.py"
        driven = SubprocessClient(settings.python, script, options, HOW_TO_GET)
        return replace(self, driven=driven, storage_state=None if state is None else str(state))

    @property
    def version(self) -> str:
        """The package's version."""
        return self._listed[0]

    def tasks(self) -> Sequence[VerifiedTask]:
        """All tasks of the package, named by their numbers.

        Raises:
            TaskError: the package is not there, or its configuration is wrong.
        """
        driven, (_, listed) = self._driven, self._listed
        return tuple(
            VerifiedTask(str(one.id), "+".join(one.sites), one.intent, one.urls, driven, self.storage_state)
            for one in listed
        )

    def close(self) -> None:
        """End the scorer."""
        if self.driven is not None:
            self.driven.close()

    @property
    def _driven(self) -> SubprocessClient:
        if self.driven is None:
            raise TaskError(f"WebArena-Verified's own code scores its tasks: {HOW_TO_GET}")
        return self.driven

    @cached_property
    def _listed(self) -> tuple[str, tuple[_Listed, ...]]:
        answer = self._driven.ask({"list": True}, _SCORE_S)
        try:
            return str(answer["version"]), _TASKS.validate_python(answer["tasks"])
        except (KeyError, ValidationError) as error:
            raise TaskError("WebArena-Verified lists its tasks in another way than version 1.2.3") from error


def _without_fence(text: str) -> str:
    """The answer without the code fence that models like to put around JSON."""
    lines = text.strip().splitlines()
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1] == "```":
        return "\n".join(lines[1:-1])
    return text.strip()
