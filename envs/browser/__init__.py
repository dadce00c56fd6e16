"""A browser page as a screen, through Playwright."""

from .env import BrowserEnv
from .settings import BrowserSettings

__all__ = ["BrowserEnv", "BrowserSettings"]
