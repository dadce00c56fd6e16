"""BrowserGym's side of `step_cost.py`: runs in an environment of its own, and knows nothing of Screenwright.

Reads one JSON line after another, `{"clicks": [[x, y], ...]}`, and answers each with `{"seconds": [...]}`: the wall
time of `env.step` for each click, which is its action, its pause before looking, and its observation, at BrowserGym's
own settings.
"""

import importlib
import json
import os
import shutil
import sys
import time
from typing import Any

from driver_loop import keep_standard_output, tell

SLOW_MO_MS = 100


def main(url: str) -> None:
    """Serve blocks of clicks on the page at `url` until standard input ends."""
    answers = keep_standard_output()
    _use_the_systems_chromium()
    gymnasium = importlib.import_module("gymnasium")
    importlib.import_module("browsergym.core")
    actions = importlib.import_module("browsergym.core.action.highlevel")
    mapping = actions.HighLevelActionSet(subsets=["coord"], strict=False, multiaction=False).to_python_code
    env = gymnasium.make(
        "browsergym/openended", task_kwargs={"start_url": url}, headless=True, action_mapping=mapping,
        wait_for_user_message=False, slow_mo=SLOW_MO_MS,
    )  # fmt: skip
    env.reset()
    tell(answers, {"ready": True})
    for line in sys.stdin:
        seconds: list[float] = []
        for x, y in json.loads(line)["clicks"]:
            started = time.perf_counter()
            env.step(f"mouse_click({x}, {y})")
            seconds.append(time.perf_counter() - started)
        tell(answers, {"seconds": seconds})
    env.close()


def _use_the_systems_chromium() -> None:
    """BrowserGym has no setting for the executable of its second browser, so both are led to the system's here."""
    sync_api: Any = importlib.import_module("playwright.sync_api")
    launch = sync_api.BrowserType.launch

    def led(self: Any, **options: Any) -> Any:
        program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        switches = ["--no-sandbox"] if os.geteuid() == 0 else []
        options["args"] = [*(options.get("args") or []), *switches]
        return launch(self, **{"executable_path": program, **options})

    sync_api.BrowserType.launch = led


if __name__ == "__main__":
    main(sys.argv[1])
