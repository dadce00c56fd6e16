"""Virtual machines of OSWorld."""

from .code import code_of
from .env import OSWorldEnv

__all__ = ["OSWorldEnv", "code_of"]
