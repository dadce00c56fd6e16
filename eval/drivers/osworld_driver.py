"""OSWorld's side of the benchmark `osworld`: runs in an environment of its own, and knows nothing of Screenwright.

The first argument is a JSON object: what `DesktopEnv` is made with, and `ready_s` and `rest_s`, the seconds to wait
after a reset and before an evaluation. Then it reads JSON lines. `{"task": {...}}` puts the machine into the task's
first state and answers with the address of its server; `{"last": "DONE"}` or `{"last": "FAIL"}` evaluates, and answers
with the score.
"""

import importlib
import time
from typing import Any

from driver_loop import CannotStart, Missing, serve


class OSWorldDriver:
    """The virtual machine as OSWorld's code works it."""

    def __init__(self, options: "dict[str, Any]") -> None:
        self._ready_s, self._rest_s = options.pop("ready_s", 60.0), options.pop("rest_s", 20.0)
        try:
            make = importlib.import_module("desktop_env.desktop_env").DesktopEnv
        except ImportError as error:
            raise Missing(error.name or "desktop_env") from error
        try:
            self._env: Any = make(action_space="pyautogui", require_a11y_tree=False, **options)
        except Exception as error:
            raise CannotStart(f"OSWorld's machine cannot be made: {type(error).__name__}: {error}") from error

    def answer(self, asked: "dict[str, Any]") -> "dict[str, Any]":
        """The server's address for a task, the score for a last action."""
        if "task" in asked:
            return self._set_up(asked["task"])
        return self._score(asked["last"])

    def close(self) -> None:
        """Let go of the machine."""
        self._env.close()

    def _set_up(self, task: "dict[str, Any]") -> "dict[str, Any]":
        self._env.reset(task_config=task)
        time.sleep(self._ready_s)
        return {"server": f"http://{self._env.vm_ip}:{self._env.server_port}"}

    def _score(self, last: str) -> "dict[str, Any]":
        time.sleep(self._rest_s)
        self._env.action_history.append(last)
        return {"score": float(self._env.evaluate())}


if __name__ == "__main__":
    serve("OSWorld", OSWorldDriver)
