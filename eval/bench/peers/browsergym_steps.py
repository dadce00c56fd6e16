"""BrowserGym's side of `step_cost.py`. Runs in an environment of its own, without Screenwright.

The first argument is a JSON object with the `url` of the page. `{"clicks": [[x, y], ...]}` answers with
`{"seconds": [...]}`: the time of `env.step` for each click with BrowserGym's default settings, which includes the
action, its pause and the observation.
"""

import importlib
import time
from typing import Any

from driver_loop import serve
from system_chromium import use_system_chromium

SLOW_MO_MS = 100


class ClickTimer:
    """BrowserGym's open-ended task on one page."""

    def __init__(self, options: "dict[str, Any]") -> None:
        use_system_chromium()
        gymnasium = importlib.import_module("gymnasium")
        importlib.import_module("browsergym.core")
        actions = importlib.import_module("browsergym.core.action.highlevel")
        mapping = actions.HighLevelActionSet(subsets=["coord"], strict=False, multiaction=False).to_python_code
        self._env = gymnasium.make(
            "browsergym/openended", task_kwargs={"start_url": options["url"]}, headless=True, action_mapping=mapping,
            wait_for_user_message=False, slow_mo=SLOW_MO_MS,
        )  # fmt: skip
        self._env.reset()

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """Click, and time each step."""
        return {"seconds": [self._time_click(x, y) for x, y in request["clicks"]]}

    def close(self) -> None:
        """Close the environment."""
        self._env.close()

    def _time_click(self, x: float, y: float) -> float:
        started = time.perf_counter()
        self._env.step(f"mouse_click({x}, {y})")
        return time.perf_counter() - started


if __name__ == "__main__":
    serve("BrowserGym", ClickTimer)
