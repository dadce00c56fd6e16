"""An Android phone as a screen, over adb."""

from .env import AndroidEnv

__all__ = ["AndroidEnv"]
