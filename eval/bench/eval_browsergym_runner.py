"""BrowserGym's side of `eval_throughput.py`: runs in an environment of its own and knows nothing of Screenwright.

Prints `ready`, reads one line of JSON, `[{"task", "seed", "clicks": [[x, y], ...]}, ...]`, runs each episode in an
environment made for it, and prints `done`.
"""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Run the episodes that come in."""
    sys.path.append(str(Path(__file__).parents[1] / "drivers"))
    answers = importlib.import_module("driver_loop").keep_standard_output()
    spec = importlib.util.find_spec("miniwob")
    assert spec is not None
    assert spec.submodule_search_locations
    os.environ["MINIWOB_URL"] = (Path(spec.submodule_search_locations[0]) / "html" / "miniwob").as_uri() + "/"
    importlib.import_module("systems_chromium").use_the_systems_chromium()
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


if __name__ == "__main__":
    main()
