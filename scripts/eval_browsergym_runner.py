"""BrowserGym's side of `eval_throughput.py`: runs in an environment of its own and knows nothing of Screenwright.

Prints `ready`, reads one line of JSON, `[{"task", "seed", "clicks": [[x, y], ...]}, ...]`, runs each episode in an
environment made for it, and prints `done`.
"""

import importlib
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Run the episodes that come in."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the library prints must not get among the answers
    spec = importlib.util.find_spec("miniwob")
    assert spec is not None
    assert spec.submodule_search_locations
    os.environ["MINIWOB_URL"] = (Path(spec.submodule_search_locations[0]) / "html" / "miniwob").as_uri() + "/"
    _use_the_systems_chromium()
    gymnasium = importlib.import_module("gymnasium")
    importlib.import_module("browsergym.miniwob")
    actions = importlib.import_module("browsergym.core.action.highlevel")
    mapping = actions.HighLevelActionSet(subsets=["coord"], strict=False, multiaction=False).to_python_code
    print("ready", file=answers, flush=True)
    for episode in json.loads(sys.stdin.readline()):
        env = gymnasium.make(f"browsergym/miniwob.{episode['task']}", headless=True, action_mapping=mapping)
        env.reset(seed=episode["seed"])
        for x, y in episode["clicks"]:
            _, _, terminated, truncated, _ = env.step(f"mouse_click({x}, {y})")
            if terminated or truncated:
                break
        env.close()
    print("done", file=answers, flush=True)


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
    main()
