"""Environments of Gymnasium for the tasks of benchmarks; importing this module registers them.

    import gymnasium
    import screenwright.gym

    gymnasium.register_envs(screenwright.gym)  # does nothing, and shows linters that the import is used
    env = gymnasium.make("screenwright/miniwob-click-test-v0")

`gymnasium.make("screenwright.gym:screenwright/miniwob-click-test-v0")` needs no import.
"""

from .eval.learn.gym_env import AnyText, GymnasiumEnv
from .eval.learn.gym_registration import register_tasks

__all__ = ["AnyText", "GymnasiumEnv"]

register_tasks()
