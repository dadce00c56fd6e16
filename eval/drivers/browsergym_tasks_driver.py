"""BrowserGym's side of the benchmarks that run through it: in a Python of its own, knowing nothing of Screenwright.

The first argument is a JSON object: `package`, such as `webarena`, `system_chromium`, and what else `gymnasium.make` is
to be given. Then it reads JSON lines: `{"list": true}` answers with the names of the tasks and the versions of the
packages; `{"task", "seed"}` opens one and `{"act"}` carries out one of BrowserGym's actions, and both answer with what
is seen (a PNG in base64), the place, the reward, and whether it is over.
"""

import base64
import importlib
import importlib.metadata
import importlib.util
import io
import os
from pathlib import Path
from typing import Any

from driver_loop import Missing, serve
from systems_chromium import use_the_systems_chromium

SUBSETS = ["chat", "infeas", "coord", "nav", "tab"]


def start(options: "dict[str, Any]") -> "Gym":
    """Import what the options name, with its pages and its browser found."""
    package = options.pop("package")
    if options.pop("system_chromium", False):
        use_the_systems_chromium()
    try:
        gymnasium = importlib.import_module("gymnasium")
        importlib.import_module(f"browsergym.{package}")
        actions = importlib.import_module("browsergym.core.action.highlevel")
    except ImportError as error:
        raise Missing(f"browsergym-{package} ({error.name or error})") from error
    if package == "miniwob":
        find_miniwob()
    mapping = actions.HighLevelActionSet(subsets=SUBSETS, strict=False, multiaction=True).to_python_code
    given = {"headless": True, "wait_for_user_message": False, "action_mapping": mapping, **options}
    return Gym(gymnasium, package, given)


class Gym:
    """The environment of one task of `package` after another."""

    def __init__(self, gymnasium: Any, package: str, options: "dict[str, Any]") -> None:
        self._gymnasium, self._package, self._options = gymnasium, package, options
        self._env: Any = None

    def answer(self, asked: "dict[str, Any]") -> "dict[str, Any]":
        """All tasks, or what is seen of one that is opened or acted in."""
        if "list" in asked:
            return {"tasks": task_names(self._gymnasium, self._package), "versions": versions()}
        if "task" in asked:
            return self.open(asked["task"], asked["seed"])
        return self.act(asked["act"])

    def open(self, task: str, seed: int) -> "dict[str, Any]":
        """Open a task; says what is asked."""
        self.close()
        self._env = self._gymnasium.make(f"browsergym/{task}", **self._options)
        seen, _ = self._env.reset(seed=seed)
        goal = [part for part in seen["goal_object"] if part["type"] == "text"]
        pictures = len(seen["goal_object"]) - len(goal)
        return {
            **self._seen(seen), "goal": "\n".join(part["text"] for part in goal), "pictures": pictures,
            "reward": 0.0, "over": False,
        }  # fmt: skip

    def act(self, action: str) -> "dict[str, Any]":
        """Carry out an action."""
        seen, reward, terminated, truncated, _ = self._env.step(action)
        over = bool(terminated or truncated)
        return {**self._seen(seen), "reward": float(reward), "over": over, "failed": seen["last_action_error"]}

    def close(self) -> None:
        """Close the environment."""
        env, self._env = self._env, None
        if env is not None:
            env.close()

    def _seen(self, seen: "dict[str, Any]") -> "dict[str, Any]":
        pixels = io.BytesIO()
        importlib.import_module("PIL.Image").fromarray(seen["screenshot"]).save(pixels, "PNG", compress_level=1)
        return {"screenshot": base64.b64encode(pixels.getvalue()).decode(), "place": seen["url"]}


def task_names(gymnasium: Any, package: str) -> "list[str]":
    """The tasks that the package has registered, in its order."""
    start = f"browsergym/{package}."
    return [name.removeprefix("browsergym/") for name in gymnasium.registry if name.startswith(start)]


def versions() -> "dict[str, str]":
    """The versions of BrowserGym's packages here."""
    found = {one.name: one.version for one in importlib.metadata.distributions()}
    return {name: found[name] for name in sorted(found) if name.startswith("browsergym") or name == "playwright"}


def find_miniwob() -> None:
    """Lead BrowserGym to the pages of the installed `miniwob` package, unless it was told of others."""
    spec = importlib.util.find_spec("miniwob")
    if "MINIWOB_URL" not in os.environ and spec is not None and spec.submodule_search_locations:
        pages = Path(spec.submodule_search_locations[0]) / "html" / "miniwob"
        os.environ["MINIWOB_URL"] = f"{pages.as_uri()}/"


if __name__ == "__main__":
    serve("BrowserGym", start)
