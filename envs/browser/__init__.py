"""A browser page as a screen, through Playwright."""

from .env import BrowserEnv, BrowserSettings

__all__ = ["BrowserEnv", "BrowserSettings"]
