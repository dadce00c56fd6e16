"""Tasks of a benchmark as an environment of OpenEnv, for trainers that run somewhere else than the screens.

    with serve_openenv(OpenEnvSettings("miniwob", ("click-test", "click-tab")), port=8000) as server:
        server.wait()

A session runs one episode at a time on a screen of its own. `reset` takes a `seed` and a `task`; an action has the
`reply` of a model; an observation has the `image`, a PNG in base64, and the `text`. The protocol is that of the package
openenv.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from screenwright._web_server import WebServer, listen

from ..benchmarks.registry import benchmark_named
from ..core.plan import select_tasks
from .gym_env import GymnasiumEnv

_CLOSE_S = 5


@dataclass(frozen=True, slots=True)
class OpenEnvSettings:
    """What is served: tasks of `benchmark` that match `tasks` (all, if there are none), at most `sessions` at once.

    The first task is the one of a `reset` that names none. `root` is the folder of the benchmark's data.
    """

    benchmark: str
    tasks: tuple[str, ...] = ()
    dialect: str = "ui-tars-1.5"
    steps: int | None = None
    root: Path | None = None
    sessions: int = 4


def make_app(settings: OpenEnvSettings) -> Any:
    """The ASGI application that serves the environment.

    Raises:
        ValueError, TaskError: there is no such benchmark or task.
        ImportError: the extra `openenv` is not installed.
    """
    benchmark = benchmark_named(settings.benchmark, settings.root)
    names = [task.name for task in select_tasks(benchmark.tasks(), settings.tasks, ())]
    server: Any = import_module("openenv.core.env_server")
    from .openenv_screen import ScreenAction, ScreenEnvironment, ScreenObservation

    def open_task(task: str) -> GymnasiumEnv:
        return GymnasiumEnv(settings.benchmark, task, settings.dialect, steps=settings.steps, root=settings.root)

    open_session = partial(ScreenEnvironment, settings.benchmark, names, open_task)
    return server.create_fastapi_app(
        open_session, ScreenAction, ScreenObservation, max_concurrent_envs=settings.sessions
    )


@contextmanager
def serve_openenv(settings: OpenEnvSettings, port: int = 8000) -> Generator[WebServer]:
    """Serve the environment on this machine until the context is left; port 0 picks a free one.

    Raises:
        OSError: the port is in use.
        ValueError, TaskError, ImportError: see `make_app`.
    """
    app = make_app(settings)
    server = WebServer(
        app,
        listen("127.0.0.1", port),
        "openenv",
        max_connections=4 * settings.sessions + 16,
        close_s=_CLOSE_S,
        ws="auto",
    )
    try:
        yield server
    finally:
        server.close()
