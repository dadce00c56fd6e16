"""A virtual machine of OSWorld's as a screen."""

from .code import code_of
from .env import OSWorldEnv

__all__ = ["OSWorldEnv", "code_of"]
