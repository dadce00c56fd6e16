"""Tasks of a benchmark as an environment of OpenEnv, for trainers that run somewhere else than the screens.

    with serve_openenv(OpenEnvSettings("miniwob", ("click-test", "click-tab")), port=8000) as server:
        server.wait()

A session runs one episode at a time on a screen of its own. `reset` takes a `seed` and a `task`; an action has the
`reply` of a model; an observation has the `image`, a PNG in base64, and the `text`. The protocol is that of the package
openenv.
"""

import base64
import io
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from PIL import Image

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
    names = [
        task.name
        for task in select_tasks(benchmark_named(settings.benchmark, settings.root).tasks(), settings.tasks, ())
    ]
    openenv: Any = import_module("openenv.core.env_server")

    class ScreenAction(openenv.Action):
        """A model's reply."""

        reply: str

    class ScreenObservation(openenv.Observation):
        """The screenshot, a PNG in base64, and the text; at the end `info` has the judge's verdict."""

        image: str
        text: str
        info: dict[str, Any] = {}  # noqa: RUF012 -- pydantic copies it

    class ScreenState(openenv.State):
        """The episode: its task, the benchmark, and what the agent is asked to do."""

        benchmark: str = settings.benchmark
        task: str = ""
        instruction: str = ""

    class ScreenEnvironment(openenv.Environment):
        """One session."""

        SUPPORTS_CONCURRENT_SESSIONS = True

        def __init__(self) -> None:
            super().__init__()
            self._env: GymnasiumEnv | None = None
            self._state = ScreenState()

        def reset(
            self, seed: int | None = None, episode_id: str | None = None, task: str = "", **_: object
        ) -> ScreenObservation:
            """Set up `task`, by default that of the last episode."""
            task = task or self._state.task or names[0]
            if task not in names:
                raise ValueError(f"{settings.benchmark} serves no task {task!r}")
            if self._env is None or task != self._state.task:
                self.close()
                self._env = GymnasiumEnv(
                    settings.benchmark, task, settings.dialect, steps=settings.steps, root=settings.root
                )
            seen, info = self._env.reset(seed=seed)
            self._state = ScreenState(episode_id=episode_id, task=task, instruction=info["instruction"])
            return ScreenObservation(image=_png(seen["image"]), text=seen["text"])

        def step(self, action: ScreenAction, timeout_s: float | None = None, **_: object) -> ScreenObservation:
            """Carry out the reply."""
            if self._env is None:
                raise ValueError("no episode has started: reset first")
            seen, reward, terminated, truncated, info = self._env.step(action.reply)
            self._state.step_count += 1
            return ScreenObservation(
                image=_png(seen["image"]),
                text=seen["text"],
                reward=float(reward),
                done=terminated or truncated,
                info={**info, "truncated": truncated},
            )

        @property
        def state(self) -> ScreenState:
            """The state of the episode."""
            return self._state

        def close(self) -> None:
            """Release the screen."""
            if self._env is not None:
                self._env.close()
                self._env = None

    return openenv.create_fastapi_app(
        ScreenEnvironment, ScreenAction, ScreenObservation, max_concurrent_envs=settings.sessions
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


def _png(pixels: Any) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
