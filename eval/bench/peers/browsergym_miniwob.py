"""BrowserGym's side of `miniwob_vs_browsergym.py`. Runs in an environment of its own, without Screenwright.

BrowserGym's task classes open the pages, phrase the goal and validate; a plain Playwright page replaces its
environment, with the same viewport. `{"list": true}` answers with the names of the `tasks`. `{"task", "seed"}` opens an
instance and answers with its `goal`, its `screenshot` (PNG in base64) and `targets`, the centers of clickable elements.
`{"click": [x, y]}` clicks, waits as BrowserGym does, and answers with `state`: `[reward, done, raw reward]`.
"""

import base64
import importlib
import importlib.util
from pathlib import Path
from typing import Any

from driver_loop import serve
from system_chromium import find_chromium, switches

SCALE = 1.5
PAUSE_MS = 500
TARGETS = """() => [...document.querySelectorAll('button, input, a, label, select, td, span, rect, circle, li, h3')]
  .map(element => element.getBoundingClientRect())
  .filter(box => box.width > 1 && box.height > 1)
  .map(box => [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)])
  .filter(([x, y]) => x > 0 && x < 160 && y > 0 && y < 210)"""


class TaskPages:
    """BrowserGym's MiniWoB++ tasks in plain Playwright pages, one at a time."""

    def __init__(self, _options: "dict[str, Any]") -> None:
        tasks = importlib.import_module("browsergym.miniwob").ALL_MINIWOB_TASKS
        self._tasks = {task.subdomain: task for task in tasks}
        spec = importlib.util.find_spec("miniwob")
        assert spec is not None
        assert spec.submodule_search_locations
        self._url = f"{(Path(spec.submodule_search_locations[0]) / 'html' / 'miniwob').as_uri()}/"
        self._playwright: Any = importlib.import_module("playwright.sync_api").sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=find_chromium(), args=switches())
        self._context: Any = None
        self._task: Any = None
        self._page: Any = None

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """List the tasks, open one, or click."""
        if "list" in request:
            return {"tasks": list(self._tasks)}
        if "task" in request:
            return self._open(request["task"], request["seed"])
        self._page.mouse.click(*request["click"])
        self._page.wait_for_timeout(PAUSE_MS)
        reward, done, _, info = self._task.validate(self._page, [])
        return {"state": [reward, done, info.get("RAW_REWARD_GLOBAL", 0)]}

    def close(self) -> None:
        """Close the browser."""
        self._browser.close()
        self._playwright.stop()

    def _open(self, name: str, seed: int) -> "dict[str, Any]":
        if self._context is not None:
            self._context.close()
        self._task = self._tasks[name](seed=seed, base_url=self._url)
        self._context = self._browser.new_context(viewport=self._task.viewport, device_scale_factor=SCALE)
        self._page = self._context.new_page()
        goal, _ = self._task.setup(self._page)
        self._page.wait_for_timeout(PAUSE_MS)
        screenshot = base64.b64encode(self._page.screenshot()).decode()
        return {"goal": goal, "screenshot": screenshot, "targets": self._page.evaluate(TARGETS)}


if __name__ == "__main__":
    serve("BrowserGym", TaskPages)
