"""A browser page as an environment, through Playwright."""

from ..config.browser_settings import BrowserSettings
from .env import BrowserEnv

__all__ = ["BrowserEnv", "BrowserSettings"]
