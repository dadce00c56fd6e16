"""WebArena-Infinity: imitated web applications, each judged by a verifier that reads the state it was left in."""

from .benchmark import Infinity, InfinityScene, InfinityTask, webarena_infinity, webarena_infinity_all

__all__ = ["Infinity", "InfinityScene", "InfinityTask", "webarena_infinity", "webarena_infinity_all"]
