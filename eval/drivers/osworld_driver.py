"""OSWorld's side of the benchmark `osworld`. Runs in an environment of its own, without Screenwright.

The first argument is a JSON object: the arguments of `DesktopEnv`, and `ready_s` and `rest_s`, the seconds to wait
after a reset and before an evaluation. `{"task": {...}}` resets the machine to the task and answers with the address of
its server; `{"last": "DONE"}` or `{"last": "FAIL"}` evaluates and answers with the score.
"""

import importlib
import time
from typing import Any

from driver_loop import CannotStart, NotInstalled, serve


class OSWorldDriver:
    """OSWorld's code with its virtual machine."""

    def __init__(self, options: "dict[str, Any]") -> None:
        self._ready_s, self._rest_s = options.pop("ready_s", 60.0), options.pop("rest_s", 20.0)
        try:
            make = importlib.import_module("desktop_env.desktop_env").DesktopEnv
        except ImportError as error:
            raise NotInstalled(error.name or "desktop_env") from error
        try:
            self._env: Any = make(action_space="pyautogui", require_a11y_tree=False, **options)
        except Exception as error:
            raise CannotStart(f"OSWorld cannot create its machine: {type(error).__name__}: {error}") from error

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """Set up a task, or score it after the last action."""
        if "task" in request:
            return self._set_up(request["task"])
        return self._score(request["last"])

    def close(self) -> None:
        """Close the machine."""
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
