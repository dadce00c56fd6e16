"""Desktops: X displays, Wayland outputs, macOS and Windows."""

from ..clipboard import ClipboardSettings
from .env import DesktopEnv
from .virtual.display import VirtualDisplay
from .virtual.sandbox.settings import GrantedFolder, Sandbox
from .watchdog.settings import InterruptSettings

__all__ = ["ClipboardSettings", "DesktopEnv", "GrantedFolder", "InterruptSettings", "Sandbox", "VirtualDisplay"]
