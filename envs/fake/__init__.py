"""A small deterministic GUI in memory, for tests and examples."""

from .env import FakeEnv
from .gui import FakeState

__all__ = ["FakeEnv", "FakeState"]
