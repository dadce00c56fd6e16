"""A desktop as a screen, through mss and pyautogui."""

from .env import DesktopEnv
from .virtual.display import VirtualDisplay
from .watchdog.settings import InterruptSettings

__all__ = ["DesktopEnv", "InterruptSettings", "VirtualDisplay"]
