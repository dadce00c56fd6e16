"""A small deterministic GUI wholly in memory: the screen of tests and examples."""

from .env import FakeEnv
from .gui import FakeState

__all__ = ["FakeEnv", "FakeState"]
