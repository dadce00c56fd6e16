"""WebArena-Infinity from a checkout: serves its applications locally and runs its verifiers in subprocesses.

git clone https://github.com/web-arena-x/webarena-infinity
screenwright eval webarena-infinity --root webarena-infinity --model ...
"""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ....agent.loop.agent import Result
from ....envs.browser import BrowserEnv, BrowserSettings
from ....envs.desktop.virtual.processes import ProcessGroup
from ....envs.environment import clean_environment
from ....envs.geometry import Size
from ...core.task import Outcome, Rules, TaskError
from ..data_files import digest_of, read_json

VIEWPORT = Size(1440, 900)
"""The viewport of the benchmark's own vision agents."""

ALREADY_SATISFIED = {
    "elation-clinical-records": ("function-20",),
    "elation-patient-communication": ("h4",),
    "figma-slides": ("e19",),
    "handshake-career-exploration": ("e15", "m4", "h17"),
    "paypal-my-wallet": ("function-45",),
    "superhuman-general": ("e3", "e8", "m9", "m13", "m14", "h46"),
    "xero-invoicing": ("m20",),
}
"""Tasks whose verifier passes on the initial state (found by running all verifiers): they measure nothing."""

_SUITES = ("real-tasks.json", "function-tasks.json")
_READY_S = 20.0
_VERIFIER_S = 60.0
_HERE = Path(__file__).parent


class _SuiteEntry(BaseModel):
    """An entry of a suite file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    instruction: str
    verify: str
    difficulty: str = "function"


_LIST = TypeAdapter(tuple[_SuiteEntry, ...])


@dataclass(frozen=True, slots=True)
class InfinityTask:
    """A task in one application. `app` is the application's folder, `verifier` a file in it."""

    name: str
    category: str
    app: Path
    instruction: str
    verifier: Path

    @contextmanager
    def set_up(self, seed: int) -> Generator["InfinityInstance"]:
        """Start the application in its initial state and open it. Nothing varies with the seed."""
        with serve_app(self.app) as url:
            settings = BrowserSettings(allow_hosts=("127.0.0.1",))
            with BrowserEnv(f"{url}/", viewport=VIEWPORT, settings=settings) as env:
                env.observe()
                _wait_for_state(url, self.name)
                yield InfinityInstance(env, self.instruction, url, self.verifier)


@dataclass(frozen=True, slots=True)
class InfinityInstance:
    """An open application. `url` is the address of its server."""

    env: BrowserEnv
    instruction: str
    url: str
    verifier: Path

    def judge(self, result: Result) -> Outcome:
        """Run the verifier, which reads the application's state; the agent's answer does not count."""
        done, message = run_verifier(self.verifier, self.url)
        return Outcome(done, message)


@dataclass(frozen=True)
class Infinity:
    """The tasks in `root`, a checkout. `everything` includes those in `ALREADY_SATISFIED`."""

    has_oracle: ClassVar[bool] = False

    root: Path
    everything: bool = False

    @property
    def name(self) -> str:
        """See `Benchmark`."""
        return "webarena-infinity-all" if self.everything else "webarena-infinity"

    @property
    def version(self) -> str:
        """A digest of all applications and tasks."""
        files = (path for app in self._apps() for path in sorted(app.rglob("*")) if path.is_file())
        return digest_of((path for path in files if "__pycache__" not in path.parts), self.root)[:16]

    @property
    def rules(self) -> Rules:
        """The limits of the benchmark's own runner: 50 steps, 10 minutes."""
        return Rules(seeds=(0,), steps=50, seconds=600.0)

    def tasks(self) -> tuple[InfinityTask, ...]:
        """All tasks of all applications, first the suite of real tasks."""
        _check_requests()
        tasks = [task for suite in _SUITES for app in self._apps() for task in _tasks_of(app, suite)]
        if self.everything:
            return tuple(tasks)
        excluded = {f"{app}.{task}" for app, names in ALREADY_SATISFIED.items() for task in names}
        return tuple(task for task in tasks if task.name not in excluded)

    def _apps(self) -> list[Path]:
        apps = sorted(path.parent for path in self.root.glob("apps/*/server.py"))
        if not apps:
            raise TaskError(
                f"{self.root} contains no application: --root must be a checkout of webarena-infinity, "
                "from github.com/web-arena-x/webarena-infinity"
            )
        return apps


def webarena_infinity(root: Path) -> Infinity:
    """WebArena-Infinity: web applications, in a checkout of github.com/web-arena-x/webarena-infinity."""
    return Infinity(root)


def webarena_infinity_all(root: Path) -> Infinity:
    """WebArena-Infinity with the tasks that are solved from the start, to compare with published results."""
    return Infinity(root, everything=True)


@contextmanager
def serve_app(app: Path) -> Generator[str]:
    """Serve an application on a free port of 127.0.0.1; yields its URL. The server dies with this process.

    Raises:
        TaskError: it does not start.
    """
    group = ProcessGroup("infinity")
    try:
        port = _free_port()
        argv = (sys.executable, "-I", str(_HERE / "serve.py"), str(port))
        pid = group.start(argv, {"PYTHONDONTWRITEBYTECODE": "1"}, folder=app)
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + _READY_S
        while not _is_up(url):
            if group.exit_code(pid) is not None or time.monotonic() > end:
                raise TaskError(f"the server of {app.name} did not start: {group.last_line(argv[0])}")
            time.sleep(0.02)
        yield url
    finally:
        group.stop()


def run_verifier(verifier: Path, url: str) -> tuple[bool, str]:
    """Whether a verifier passes on the application at `url`, and its message.

    Raises:
        TaskError: it fails to run, or times out.
    """
    command = [sys.executable, str(_HERE / "verify.py"), str(verifier), url]
    try:
        done = subprocess.run(
            command, env=clean_environment(), capture_output=True, text=True, timeout=_VERIFIER_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TaskError(f"{verifier} timed out after {_VERIFIER_S:g} s") from error
    try:
        passed, message = json.loads(done.stdout.strip().rpartition("\n")[2])
    except ValueError as error:
        last = done.stderr.strip().rpartition("\n")[2]
        raise TaskError(f"{verifier} failed to run: {last}") from error
    return bool(passed), str(message)


def _tasks_of(app: Path, suite: str) -> list[InfinityTask]:
    path = app / suite
    kind = "function-" if suite.startswith("function") else ""
    tasks: list[InfinityTask] = []
    for entry in read_json(path, _LIST):
        verifier = (app / entry.verify).resolve()
        if not verifier.is_relative_to(app.resolve()):
            raise TaskError(f"{path}: the verifier of {entry.id} is outside {app}")
        name = f"{app.name}.{kind}{entry.id.removeprefix('task_')}"
        tasks.append(InfinityTask(name, entry.difficulty, app, entry.instruction, verifier))
    return tasks


def _wait_for_state(url: str, name: str) -> None:
    """Wait until the page has sent its initial state to its server, which verifiers read."""
    end = time.monotonic() + _READY_S
    while not _is_up(f"{url}/api/state"):
        if time.monotonic() > end:
            raise TaskError(f"{name}: the page sent no state to its server within {_READY_S:g} s")
        time.sleep(0.05)


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 -- loopback
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check_requests() -> None:
    if find_spec("requests") is None:
        raise TaskError("the verifiers of webarena-infinity need the package requests: pip install requests")
