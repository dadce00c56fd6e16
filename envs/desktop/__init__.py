"""Desktops: X displays, Wayland outputs, macOS and Windows."""

from .env import DesktopEnv
from .virtual.display import VirtualDisplay
from .watchdog.settings import InterruptSettings

__all__ = ["DesktopEnv", "InterruptSettings", "VirtualDisplay"]
