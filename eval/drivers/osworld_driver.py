"""OSWorld's side of the benchmark `osworld`. Runs in an environment of its own, without Screenwright.

The first argument is a JSON object: the arguments of `DesktopEnv`, and `ready_s` and `rest_s`, the seconds to wait
after a reset and before an evaluation. `{"task": {...}}` resets the machine to the task and answers with the address of
its server; `{"last": "DONE"}` or `{"last": "FAIL"}` evaluates and answers with the score.

With the argument `machine`, OSWorld starts no machine. Each task then comes with the `machine` that was started for it,
as `IP:SERVER:CHROME:VNC:VLC`.
"""

import importlib
import time
from typing import Any

from driver_loop import CannotStart, NotInstalled, serve


class GivenMachine:
    """OSWorld's manager and provider of a machine that another program starts and ends."""

    address = "127.0.0.1:5000:9222:8006:8080"

    def get_vm_path(self, *_: object, **__: object) -> str:
        """A name for it."""
        return "given"

    def start_emulator(self, *_: object, **__: object) -> None:
        """It runs."""

    def get_ip_address(self, *_: object, **__: object) -> str:
        """Its address with the ports."""
        return self.address

    def revert_to_snapshot(self, *_: object, **__: object) -> None:
        """Each task has a new one."""

    def stop_emulator(self, *_: object, **__: object) -> None:
        """Its owner ends it."""


class OSWorldDriver:
    """OSWorld's code with its virtual machine."""

    def __init__(self, options: "dict[str, Any]") -> None:
        self._ready_s, self._rest_s = options.pop("ready_s", 60.0), options.pop("rest_s", 20.0)
        self._machine = GivenMachine() if options.pop("machine", None) else None
        try:
            module: Any = importlib.import_module("desktop_env.desktop_env")
        except ImportError as error:
            raise NotInstalled(error.name or "desktop_env") from error
        make = module.DesktopEnv
        if self._machine is not None:
            module.create_vm_manager_and_provider = self._given_machine
            options["provider_name"] = "docker"  # the one whose address has ports
        try:
            self._env: Any = make(action_space="pyautogui", require_a11y_tree=False, **options)
        except Exception as error:
            raise CannotStart(f"OSWorld cannot create its machine: {type(error).__name__}: {error}") from error

    def _given_machine(self, *_: object, **__: object) -> "tuple[GivenMachine | None, GivenMachine | None]":
        return self._machine, self._machine

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """Set up a task, or score it after the last action."""
        if "task" in request:
            return self._set_up(request["task"], request.get("machine", ""))
        return self._score(request["last"])

    def close(self) -> None:
        """Close the machine."""
        self._env.close()

    def _set_up(self, task: "dict[str, Any]", machine: str) -> "dict[str, Any]":
        if self._machine is not None:
            self._machine.address = machine
            self._env.is_environment_used = True  # so that it asks for the address again
        self._env.reset(task_config=task)
        time.sleep(self._ready_s)
        return {"server": f"http://{self._env.vm_ip}:{self._env.server_port}"}

    def _score(self, last: str) -> "dict[str, Any]":
        time.sleep(self._rest_s)
        self._env.action_history.append(last)
        return {"score": float(self._env.evaluate())}


if __name__ == "__main__":
    serve("OSWorld", OSWorldDriver)
