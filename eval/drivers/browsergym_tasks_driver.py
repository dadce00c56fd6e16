"""BrowserGym's side of the benchmarks that run through it. Runs in an environment of its own, without Screenwright.

The first argument is a JSON object: `package`, such as `webarena`, `system_chromium`, and further arguments of
`gymnasium.make`. `{"list": true}` answers with the names of the tasks and the versions of the packages. `{"task",
"seed"}` opens a task and `{"act"}` executes one of BrowserGym's actions; both answer with the screenshot (PNG in
base64), the URL, the reward, and whether the episode is over.
"""

import base64
import importlib
import importlib.metadata
import importlib.util
import io
import os
from pathlib import Path
from typing import Any

from driver_loop import NotInstalled, serve
from system_chromium import use_system_chromium

SUBSETS = ["chat", "infeas", "coord", "nav", "tab"]


def start(options: "dict[str, Any]") -> "Gym":
    """Import the package and set up its pages and browser."""
    package = options.pop("package")
    if options.pop("system_chromium", False):
        use_system_chromium()
    try:
        gymnasium = importlib.import_module("gymnasium")
        importlib.import_module(f"browsergym.{package}")
        actions = importlib.import_module("browsergym.core.action.highlevel")
    except ImportError as error:
        raise NotInstalled(f"browsergym-{package} ({error.name or error})") from error
    if package == "miniwob":
        find_miniwob()
    mapping = actions.HighLevelActionSet(subsets=SUBSETS, strict=False, multiaction=True).to_python_code
    arguments = {"headless": True, "wait_for_user_message": False, "action_mapping": mapping, **options}
    return Gym(gymnasium, package, arguments)


class Gym:
    """The environments of the tasks of `package`, one at a time."""

    def __init__(self, gymnasium: Any, package: str, options: "dict[str, Any]") -> None:
        self._gymnasium, self._package, self._options = gymnasium, package, options
        self._env: Any = None

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """List the tasks, open one, or act in it."""
        if "list" in request:
            return {"tasks": task_names(self._gymnasium, self._package), "versions": versions()}
        if "task" in request:
            return self.open(request["task"], request["seed"])
        return self.act(request["act"])

    def open(self, task: str, seed: int) -> "dict[str, Any]":
        """Open a task and return its goal and first observation."""
        self.close()
        self._env = self._gymnasium.make(f"browsergym/{task}", **self._options)
        observation, _ = self._env.reset(seed=seed)
        goal = [part for part in observation["goal_object"] if part["type"] == "text"]
        images = len(observation["goal_object"]) - len(goal)
        return {
            **self._encode(observation), "goal": "\n".join(part["text"] for part in goal), "images": images,
            "reward": 0.0, "over": False,
        }  # fmt: skip

    def act(self, action: str) -> "dict[str, Any]":
        """Execute an action."""
        observation, reward, terminated, truncated, _ = self._env.step(action)
        over = bool(terminated or truncated)
        return {
            **self._encode(observation),
            "reward": float(reward),
            "over": over,
            "error_text": observation["last_action_error"],
        }

    def close(self) -> None:
        """Close the environment."""
        env, self._env = self._env, None
        if env is not None:
            env.close()

    def _encode(self, observation: "dict[str, Any]") -> "dict[str, Any]":
        pixels = io.BytesIO()
        importlib.import_module("PIL.Image").fromarray(observation["screenshot"]).save(pixels, "PNG", compress_level=1)
        return {"screenshot": base64.b64encode(pixels.getvalue()).decode(), "url": observation["url"]}


def task_names(gymnasium: Any, package: str) -> "list[str]":
    """The tasks that the package registers, in its order."""
    start = f"browsergym/{package}."
    return [name.removeprefix("browsergym/") for name in gymnasium.registry if name.startswith(start)]


def versions() -> "dict[str, str]":
    """The installed versions of BrowserGym's packages and of Playwright."""
    found = {one.name: one.version for one in importlib.metadata.distributions()}
    return {name: found[name] for name in sorted(found) if name.startswith("browsergym") or name == "playwright"}


def find_miniwob() -> None:
    """Point BrowserGym to the pages of the installed `miniwob` package, unless the variable is set."""
    spec = importlib.util.find_spec("miniwob")
    if "MINIWOB_URL" not in os.environ and spec is not None and spec.submodule_search_locations:
        pages = Path(spec.submodule_search_locations[0]) / "html" / "miniwob"
        os.environ["MINIWOB_URL"] = f"{pages.as_uri()}/"


if __name__ == "__main__":
    serve("BrowserGym", start)
