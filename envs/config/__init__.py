"""The settings of every kind of screen, and the nodes that settings trees are made of."""

from .android import AndroidConfig
from .browser import BrowserConfig
from .desktop import DesktopConfig
from .node import Config, JsonObject, Setting, SettingError, setting
from .screen import Screen, ScreenConfig
from .vnc import VncConfig

__all__ = [
    "AndroidConfig",
    "BrowserConfig",
    "Config",
    "DesktopConfig",
    "JsonObject",
    "Screen",
    "ScreenConfig",
    "Setting",
    "SettingError",
    "VncConfig",
    "setting",
]
