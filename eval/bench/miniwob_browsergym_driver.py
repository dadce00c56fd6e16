"""BrowserGym's side of `miniwob_vs_browsergym.py`: runs in an environment of its own and knows nothing of Screenwright.

Its own task classes open the pages, word the goal and judge; a plain Playwright page stands for its environment, at its
viewport. Reads JSON lines: `{"task", "seed"}` opens an instance and answers with its goal, its screenshot (PNG, base64)
and the middles of what can be clicked; `{"click": [x, y]}` clicks, waits as BrowserGym does, and answers with
`[reward, done, raw reward]`.
"""

import base64
import importlib
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

SCALE = 1.5
BEFORE_LOOKING_MS = 500
TARGETS = """() => [...document.querySelectorAll('button, input, a, label, select, td, span, rect, circle, li, h3')]
  .map(element => element.getBoundingClientRect())
  .filter(box => box.width > 1 && box.height > 1)
  .map(box => [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)])
  .filter(([x, y]) => x > 0 && x < 160 && y > 0 && y < 210)"""


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the library prints must not get among the answers
    tasks = {each.subdomain: each for each in importlib.import_module("browsergym.miniwob").ALL_MINIWOB_TASKS}
    spec = importlib.util.find_spec("miniwob")
    assert spec is not None
    assert spec.submodule_search_locations
    pages = Path(spec.submodule_search_locations[0]) / "html" / "miniwob"
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    switches = ["--no-sandbox"] if os.geteuid() == 0 else []
    with importlib.import_module("playwright.sync_api").sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=switches)
        print(json.dumps(list(tasks)), file=answers, flush=True)
        context: Any = None
        task: Any = None
        page: Any = None
        for line in sys.stdin:
            asked = json.loads(line)
            if "task" in asked:
                if context is not None:
                    context.close()
                task = tasks[asked["task"]](seed=asked["seed"], base_url=f"{pages.as_uri()}/")
                context = browser.new_context(viewport=task.viewport, device_scale_factor=SCALE)
                page = context.new_page()
                goal, _ = task.setup(page)
                page.wait_for_timeout(BEFORE_LOOKING_MS)
                screenshot = base64.b64encode(page.screenshot()).decode()
                answer: Any = {"goal": goal, "screenshot": screenshot, "targets": page.evaluate(TARGETS)}
            else:
                page.mouse.click(*asked["click"])
                page.wait_for_timeout(BEFORE_LOOKING_MS)
                reward, done, _, info = task.validate(page, [])
                answer = [reward, done, info.get("RAW_REWARD_GLOBAL", 0)]
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
