"""AndroidWorld's side of the benchmark `androidworld`. Runs in an environment of its own, without Screenwright.

The first argument is a JSON object: the arguments of `env_launcher.load_and_setup_env`, and `suite_seed`.
`{"list": true}` answers with the names and groups of the tasks; `{"task": NAME, "seed": N}` sets a task up and answers
with its goal and step budget; `{"done": BOOL, "answer": TEXT}` answers with the score and tears the task down.
"""

import hashlib
import importlib
import random
from contextlib import suppress
from typing import Any

from driver_loop import NotInstalled, serve

FAMILY = "android_world"


class AndroidWorldDriver:
    """AndroidWorld's code with the emulator, connected at the first task, and the current task."""

    def __init__(self, options: "dict[str, Any]") -> None:
        self._suite_seed, self._options = options.pop("suite_seed"), options
        try:
            self._types = importlib.import_module("android_world.registry").TaskRegistry().get_registry(FAMILY)
        except ImportError as error:
            raise NotInstalled(error.name or "android_world") from error
        self._env: Any = None
        self._task: Any = None

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """List the tasks, set one up, or score the current one."""
        if "list" in request:
            return self.listed()
        if "task" in request:
            return self.set_up(request["task"], request["seed"])
        return self.score(request["done"], request["answer"])

    def listed(self) -> "dict[str, Any]":
        """All tasks in the order of the suite, each with the module that defines it."""
        return {"tasks": [[name, kind.__module__.rpartition(".")[2]] for name, kind in sorted(self._types.items())]}

    def set_up(self, name: str, number: int) -> "dict[str, Any]":
        """Set up the task `name` with the parameters of its instance `number` in AndroidWorld's suite."""
        if self._env is None:
            launcher = importlib.import_module("android_world.env.env_launcher")
            self._env = launcher.load_and_setup_env(**self._options)
        self.tear_down()
        text = f"{self._suite_seed}_{name}_{number}"
        seed = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2**32
        kind = self._types[name]
        kind.set_device_time(self._env)
        random.seed(seed)
        self._task = kind({**kind.generate_random_params(), "seed": seed})
        self._task.initialize_task(self._env)
        self._env.reset(go_home=self._task.start_on_home_screen)
        self._env.hide_automation_ui()
        return {"goal": self._task.goal, "steps": int(10 * self._task.complexity)}

    def score(self, done: bool, answer: str) -> "dict[str, Any]":
        """The score of the task's own check; 0 if the agent did not report completion."""
        if answer:
            self._env.interaction_cache = answer
        score = float(self._task.is_successful(self._env))
        self.tear_down()
        return {"score": score if done else 0.0}

    def tear_down(self) -> None:
        """Tear down the current task."""
        task, self._task = self._task, None
        if task is not None:
            with suppress(Exception):
                task.tear_down(self._env)

    def close(self) -> None:
        """Disconnect from the emulator, which keeps running."""
        if self._env is not None:
            self.tear_down()
            self._env.close()


if __name__ == "__main__":
    serve("AndroidWorld", AndroidWorldDriver)
