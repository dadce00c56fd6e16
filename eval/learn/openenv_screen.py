"""An environment of OpenEnv and its types. Importing this module needs the extra `openenv`."""

import base64
import io
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from PIL import Image

from .gym_env import GymnasiumEnv

_openenv: Any = import_module("openenv.core.env_server")


class ScreenAction(_openenv.Action):
    """A model's reply."""

    reply: str


class ScreenObservation(_openenv.Observation):
    """The screenshot, a PNG in base64, and the text; at the end `info` has the judge's verdict."""

    image: str
    text: str
    info: dict[str, Any] = {}  # noqa: RUF012 -- pydantic copies it


class EpisodeState(_openenv.State):
    """The episode: its task, the benchmark, and what the agent is asked to do."""

    benchmark: str
    task: str = ""
    instruction: str = ""


class ScreenEnvironment(_openenv.Environment):
    """One session: an episode at a time of the tasks `names`, which `open_task` opens."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self, benchmark: str, names: Sequence[str], open_task: Callable[[str], GymnasiumEnv]) -> None:
        super().__init__()
        self._names, self._open_task = names, open_task
        self._env: GymnasiumEnv | None = None
        self._state = EpisodeState(benchmark=benchmark)

    def reset(
        self, seed: int | None = None, episode_id: str | None = None, task: str = "", **_: object
    ) -> ScreenObservation:
        """Set up `task`, by default that of the last episode."""
        task = task or self._state.task or self._names[0]
        if task not in self._names:
            raise ValueError(f"{self._state.benchmark} serves no task {task!r}")
        if self._env is None or task != self._state.task:
            self.close()
            self._env = self._open_task(task)
        seen, info = self._env.reset(seed=seed)
        self._state = EpisodeState(
            episode_id=episode_id, benchmark=self._state.benchmark, task=task, instruction=info["instruction"]
        )
        return _observation(seen)

    def step(self, action: ScreenAction, timeout_s: float | None = None, **_: object) -> ScreenObservation:
        """Carry out the reply."""
        if self._env is None:
            raise ValueError("no episode has started: reset first")
        seen, reward, terminated, truncated, info = self._env.step(action.reply)
        self._state.step_count += 1
        ended = {"done": terminated or truncated, "info": {**info, "truncated": truncated}}
        return _observation(seen, reward=float(reward), **ended)

    @property
    def state(self) -> EpisodeState:
        """The state of the episode."""
        return self._state

    def close(self) -> None:
        """Release the screen."""
        if self._env is not None:
            self._env.close()
            self._env = None


def _observation(seen: dict[str, Any], **result: Any) -> ScreenObservation:
    buffer = io.BytesIO()
    Image.fromarray(seen["image"]).save(buffer, "PNG", compress_level=1)
    image = base64.b64encode(buffer.getvalue()).decode("ascii")
    return ScreenObservation(image=image, text=seen["text"], **result)
