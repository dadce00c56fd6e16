"""Registers an environment of Gymnasium for each task, when `screenwright.gym` is imported.

    env = gymnasium.make("screenwright/miniwob-click-test-v0")
    envs = gymnasium.make_vec("screenwright/miniwob-click-test-v0", num_envs=4)  # a process for each
    env = gymnasium.make("screenwright/Task-v0", benchmark="ui-cube", task="...", root="UI-CUBE")

Tasks of benchmarks that need neither data nor settings have an id of their own: `screenwright/BENCHMARK-TASK-v0`.
"""

from typing import Any

from gymnasium import register

from ..benchmarks.registry import benchmark_for, benchmark_names
from ..core.config import EvalConfig
from ..core.task import TaskError

_ENV = "screenwright.eval.learn.gym_env:GymnasiumEnv"
_VECTOR = "screenwright.eval.learn.gym_env:make_vector"


def register_tasks() -> None:
    """Register the generic environment, and one for each task that can be reset on this machine alone."""
    _register("screenwright/Task-v0", {})
    for name in benchmark_names():
        for task in _local_tasks(name):
            _register(f"screenwright/{name}-{task}-v0", {"benchmark": name, "task": task})


def _register(name: str, arguments: dict[str, Any]) -> None:
    # The checker would compare screenshots at each reset; episodes end by the rules of the benchmark.
    register(id=name, entry_point=_ENV, vector_entry_point=_VECTOR, kwargs=arguments, disable_env_checker=True)


def _local_tasks(benchmark: str) -> list[str]:
    """The names of the tasks; none if the benchmark needs data or settings, or cannot be loaded."""
    try:
        return [task.name for task in benchmark_for(EvalConfig.of(benchmark=benchmark)).tasks()]
    except (TaskError, ImportError, ValueError):
        return []
