"""AndroidWorld's side of the benchmark `androidworld`: runs in an environment of its own, without Screenwright.

The first argument is a JSON object: what `env_launcher.load_and_setup_env` is called with, and `suite_seed`. Then it
reads JSON lines. `{"list": true}` answers with the tasks' names and groups; `{"task": NAME, "seed": N}` puts the phone
into that task's first state and answers with what is asked and the most steps; `{"done": BOOL, "answer": TEXT}` gives
the score, and clears up.
"""

import hashlib
import importlib
import random
from contextlib import suppress
from typing import Any

from driver_loop import Missing, serve

FAMILY = "android_world"


class AndroidWorldDriver:
    """The emulator as AndroidWorld's code works it, connected to at the first task, and the task that is open."""

    def __init__(self, options: "dict[str, Any]") -> None:
        self._suite_seed, self._options = options.pop("suite_seed"), options
        try:
            self._types = importlib.import_module("android_world.registry").TaskRegistry().get_registry(FAMILY)
        except ImportError as error:
            raise Missing(error.name or "android_world") from error
        self._env: Any = None
        self._task: Any = None

    def answer(self, asked: "dict[str, Any]") -> "dict[str, Any]":
        """All tasks, what is asked in one that is opened, or the score of the open one."""
        if "list" in asked:
            return self.listed()
        if "task" in asked:
            return self.set_up(asked["task"], asked["seed"])
        return self.score(asked["done"], asked["answer"])

    def listed(self) -> "dict[str, Any]":
        """All tasks, in the order of the suite, each with the module that it comes from."""
        return {"tasks": [[name, kind.__module__.rpartition(".")[2]] for name, kind in sorted(self._types.items())]}

    def set_up(self, name: str, number: int) -> "dict[str, Any]":
        """Open the task `name` with the parameters that its instance `number` has in AndroidWorld's suite."""
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
        """What the task's own check gives, nothing to an agent that did not say that it was done."""
        if answer:
            self._env.interaction_cache = answer
        score = float(self._task.is_successful(self._env))
        self.tear_down()
        return {"score": score if done else 0.0}

    def tear_down(self) -> None:
        """Clear up what the last task left."""
        task, self._task = self._task, None
        if task is not None:
            with suppress(Exception):
                task.tear_down(self._env)

    def close(self) -> None:
        """Let go of the emulator, which goes on."""
        if self._env is not None:
            self.tear_down()
            self._env.close()


if __name__ == "__main__":
    serve("AndroidWorld", AndroidWorldDriver)
