"""Desktops: X displays, Wayland outputs, macOS and Windows."""

from .env import DesktopEnv
from .virtual.display import VirtualDisplay
from .virtual.sandbox.settings import GrantedFolder, Sandbox
from .watchdog.settings import InterruptSettings

__all__ = ["DesktopEnv", "GrantedFolder", "InterruptSettings", "Sandbox", "VirtualDisplay"]
