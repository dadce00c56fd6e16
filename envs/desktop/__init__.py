"""A desktop as a screen, through mss and pyautogui."""

from .env import DesktopEnv
from .stopping import Stopping
from .virtual import VirtualDisplay

__all__ = ["DesktopEnv", "Stopping", "VirtualDisplay"]
