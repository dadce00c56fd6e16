"""A browser page as a screen, through Playwright."""

from .env import BrowserEnv
from .launch.settings import BrowserSettings

__all__ = ["BrowserEnv", "BrowserSettings"]
