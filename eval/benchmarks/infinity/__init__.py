"""WebArena-Infinity: mock web applications, scored by verifiers that read the final state."""

from .benchmark import Infinity, InfinityInstance, InfinityTask, webarena_infinity, webarena_infinity_all

__all__ = ["Infinity", "InfinityInstance", "InfinityTask", "webarena_infinity", "webarena_infinity_all"]
