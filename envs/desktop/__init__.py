"""A desktop as a screen, through mss and pyautogui."""

from .env import DesktopEnv
from .virtual import VirtualDisplay

__all__ = ["DesktopEnv", "VirtualDisplay"]
