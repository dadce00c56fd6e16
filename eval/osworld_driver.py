"""OSWorld's side of the benchmark `osworld`: runs in an environment of its own, and knows nothing of Screenwright.

The first argument is a JSON object: what `DesktopEnv` is made with, and `ready_s` and `rest_s`, the seconds to wait
after a reset and before an evaluation. Then it reads JSON lines. `{"task": {...}}` puts the machine into the task's
first state and answers with the address of its server; `{"last": "DONE"}` or `{"last": "FAIL"}` evaluates, and answers
with the score.
"""

import importlib
import json
import os
import sys
import time
from typing import Any


def main(options: "dict[str, Any]") -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the library prints must not get among the answers

    def answer(**said: Any) -> None:
        print(json.dumps(said), file=answers, flush=True)

    ready_s, rest_s = options.pop("ready_s", 60.0), options.pop("rest_s", 20.0)
    try:
        make = importlib.import_module("desktop_env.desktop_env").DesktopEnv
    except ImportError as error:
        answer(missing=f"{error.name or 'desktop_env'}")
        return
    try:
        env = make(action_space="pyautogui", require_a11y_tree=False, **options)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the other side is told
        answer(error=f"OSWorld's machine cannot be made: {type(error).__name__}: {error}")
        return
    answer(ready=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "task" in asked:
                env.reset(task_config=asked["task"])
                time.sleep(ready_s)
                answer(server=f"http://{env.vm_ip}:{env.server_port}")
            else:
                time.sleep(rest_s)
                env.action_history.append(asked["last"])
                answer(score=float(env.evaluate()))
        except Exception as error:  # noqa: BLE001 -- one task's trouble, which the other side is told
            answer(error=f"OSWorld: {type(error).__name__}: {error}")
    env.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
