"""Wayland screens of GNOME and KDE, through the desktop portal: the user allows it in a dialog of the desktop.

Source: the XDG Desktop Portal documentation, interfaces RemoteDesktop (version 2), ScreenCast and Request. Frames come
from PipeWire, through GStreamer.
"""

from .driver import PortalDriver
from .screen import PortalScreen

__all__ = ["PortalDriver", "PortalScreen"]
