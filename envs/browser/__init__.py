"""A browser page as an environment, through Playwright."""

from .env import BrowserEnv
from .launch.settings import BrowserSettings

__all__ = ["BrowserEnv", "BrowserSettings"]
