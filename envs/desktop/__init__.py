"""A desktop as a screen, through mss and pyautogui."""

from .env import DesktopEnv
from .sentry.settings import InterruptSettings
from .virtual.display import VirtualDisplay

__all__ = ["DesktopEnv", "InterruptSettings", "VirtualDisplay"]
