"""UI-CUBE from a built checkout: each task's page is served locally and scored by the page's own test.

git clone https://github.com/UiPath/uipath_enterprise_benchmark
(cd uipath_enterprise_benchmark/DeterministicBenchmark && npm ci && npm run build)
screenwright eval ui-cube --root uipath_enterprise_benchmark --model ...
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ....agent.loop.agent import Result
from ....envs.actions import Navigate
from ....envs.browser import BrowserSettings
from ....envs.env import Env, EnvError
from ....envs.geometry import Size
from ...core.task import Outcome, Rules, TaskError
from ..browsers import BrowserPool, PageSettings
from ..data_files import digest_of, read_json
from .server import CubeServer

VIEWPORT = Size(1920, 1080)
"""The default resolution of its own runner."""

COMPLEX = frozenset(
    {"kanban-board", "workday", "sap-stock", "concur", "business-process-tasks", "salesforce", "copy-paste-tasks"}
)
"""The groups that its own scores count as complex; all others are simple."""

_PAGE = PageSettings(VIEWPORT, settings=BrowserSettings(allow_hosts=("127.0.0.1",)))
_READY_S = 30.0
_OPEN_S = 3.0
"""How long a page may take to report that its test has not passed: some pages report `passed` while loading."""

_TEST_S = 0.4
"""How long a page may take to test itself after an action: it does so every 0.2 s."""

_BROWSERS = BrowserPool()
"""Shared within this process; started when the first task is set up."""


class _ListEntry(BaseModel):
    """An entry of the task list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    web_name: str
    ques: str
    web: str


_LIST = TypeAdapter(tuple[_ListEntry, ...])


@dataclass(frozen=True, slots=True)
class UiCubeTask:
    """A task on one page. `build` is the folder of the built pages, `page` a path in it with a query."""

    name: str
    category: str
    build: Path
    page: str
    instruction: str

    @contextmanager
    def set_up(self, seed: int) -> Generator["UiCubeInstance"]:
        """Open the page. Nothing varies with the seed."""
        with _BROWSERS.acquire(_PAGE) as browser, CubeServer(self.build, self.page) as server:
            try:
                browser.execute(Navigate(server.url))
            except EnvError as error:
                raise TaskError(f"could not open {self.name}: {error}") from error
            if not server.ready.wait(_READY_S):
                raise TaskError(f"{self.name} reported no test status within {_READY_S:g} s")
            if not server.wait_until_open(_OPEN_S):
                raise TaskError(f"{self.name} passes before the first action")
            yield UiCubeInstance(browser, self.instruction, server)


@dataclass(slots=True)
class UiCubeInstance:
    """An open page. `passed_after` is the number of the action after which its test passed first."""

    env: Env
    instruction: str
    server: CubeServer
    actions: int = 0
    passed_after: int | None = field(default=None, init=False)

    def is_over(self) -> bool:
        """Whether the agent acted again after the test had passed: nothing can change the outcome then."""
        self.actions += 1
        if self.passed_after is not None:
            return True
        self._check()
        return False

    def judge(self, result: Result) -> Outcome:
        """Done if the test passed after any action; the score is 1 if the agent stopped right then, else 0."""
        if self.passed_after is None:
            self._check()
        if self.passed_after is None:
            return Outcome(False, "the page's test has not passed", 0.0)
        stopped = self.actions <= self.passed_after
        how = "and the agent stopped there" if stopped else "but the agent went on"
        return Outcome(True, f"the page's test passed after action {self.passed_after}, {how}", float(stopped))

    def _check(self) -> None:
        """Read the status of the test once the page has had time to run it."""
        end = time.monotonic() + _TEST_S
        while self.server.status != "passed" and time.monotonic() < end:
            time.sleep(0.02)
        if self.server.status == "passed":
            self.passed_after = self.actions


@dataclass(frozen=True)
class UiCube:
    """UI-CUBE: widgets and business software, in a built checkout of github.com/UiPath/uipath_enterprise_benchmark.

    `root` is the checkout or its folder `DeterministicBenchmark`.
    """

    has_oracle: ClassVar[bool] = False

    root: Path
    name: str = "ui-cube"
    rules: Rules = Rules(seeds=(0,), steps=50)

    @property
    def version(self) -> str:
        """A digest of the list of tasks and of the built pages."""
        built = (path for path in sorted(self._build.rglob("*")) if path.is_file() and path.suffix != ".map")
        return f"{digest_of([self._list, *built], self._folder)[:16]}; {VIEWPORT}"

    def tasks(self) -> tuple[UiCubeTask, ...]:
        """All tasks, in the order of the list."""
        build = self._build
        return tuple(
            UiCubeTask(
                entry.id,
                "complex" if entry.web_name in COMPLEX else "simple",
                build,
                _page(entry.web),
                entry.ques,
            )
            for entry in read_json(self._list, _LIST)
        )

    def close(self) -> None:
        """Close the idle browsers of this process."""
        _BROWSERS.close()

    @property
    def _folder(self) -> Path:
        inner = self.root / "DeterministicBenchmark"
        return inner if inner.is_dir() else self.root

    @property
    def _list(self) -> Path:
        return self._folder / "deterministic_bench.json"

    @property
    def _build(self) -> Path:
        folder = self._folder
        if not self._list.is_file():
            raise TaskError(
                f"{self.root} has no deterministic_bench.json: --root must be a checkout of UI-CUBE, "
                "from github.com/UiPath/uipath_enterprise_benchmark"
            )
        build = folder / "dist"
        if not (build / "index.html").is_file():
            raise TaskError(f"UI-CUBE is not built: run `npm ci && npm run build` in {folder}")
        return build


def _page(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
