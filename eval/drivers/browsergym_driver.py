"""BrowserGym's side of `step_cost.py`: runs in an environment of its own, and knows nothing of Screenwright.

Reads one JSON line after another, `{"clicks": [[x, y], ...]}`, and answers each with `{"seconds": [...]}`: the wall
time of `env.step` for each click, which is its action, its pause before looking, and its observation, at BrowserGym's
own settings.
"""

import importlib
import json
import sys
import time

from driver_loop import keep_standard_output, tell
from systems_chromium import use_the_systems_chromium

SLOW_MO_MS = 100


def main(url: str) -> None:
    """Serve blocks of clicks on the page at `url` until standard input ends."""
    answers = keep_standard_output()
    use_the_systems_chromium()
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


if __name__ == "__main__":
    main(sys.argv[1])
