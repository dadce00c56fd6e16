"""BrowserGym's side of `eval_throughput.py`. Runs in an environment of its own, without Screenwright.

`{"episodes": [{"task", "seed", "clicks": [[x, y], ...]}, ...]}` runs each episode in an environment of its own and
answers `{}`.
"""

import importlib
import importlib.util
import os
from pathlib import Path
from typing import Any

from driver_loop import serve
from system_chromium import use_system_chromium


class ClickedEpisodes:
    """Runs episodes of MiniWoB++ from given clicks."""

    def __init__(self, _options: "dict[str, Any]") -> None:
        spec = importlib.util.find_spec("miniwob")
        assert spec is not None
        assert spec.submodule_search_locations
        os.environ["MINIWOB_URL"] = (Path(spec.submodule_search_locations[0]) / "html" / "miniwob").as_uri() + "/"
        use_system_chromium()
        self._gymnasium = importlib.import_module("gymnasium")
        importlib.import_module("browsergym.miniwob")
        actions = importlib.import_module("browsergym.core.action.highlevel")
        self._mapping = actions.HighLevelActionSet(subsets=["coord"], strict=False, multiaction=False).to_python_code

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """Run the episodes."""
        for episode in request["episodes"]:
            self._run(**episode)
        return {}

    def close(self) -> None:
        """Nothing is open."""

    def _run(self, task: str, seed: int, clicks: "list[list[float]]") -> None:
        env = self._gymnasium.make(f"browsergym/miniwob.{task}", headless=True, action_mapping=self._mapping)
        env.reset(seed=seed)
        for x, y in clicks:
            _, _, terminated, truncated, _ = env.step(f"mouse_click({x}, {y})")
            if terminated or truncated:
                break
        env.close()


if __name__ == "__main__":
    serve("BrowserGym", ClickedEpisodes)
