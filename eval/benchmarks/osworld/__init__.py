"""OSWorld: its tasks as a benchmark, and our agent for its own runner."""

from .agent import OSWorldAgent
from .benchmark import OSWorld

__all__ = ["OSWorld", "OSWorldAgent"]
