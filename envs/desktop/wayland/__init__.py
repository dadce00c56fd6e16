"""Wayland screens of compositors built on wlroots, such as sway, labwc and Hyprland.

A small built-in client, so that no tool needs to be installed: screenshots by `wlr-screencopy`, mouse by
`wlr-virtual-pointer`, keys by `virtual-keyboard`. GNOME and KDE do not offer these protocols; see `portal`.
"""

from .driver import WaylandDriver
from .screen import ProtocolMissing, WaylandScreen, wayland_socket

__all__ = ["ProtocolMissing", "WaylandDriver", "WaylandScreen", "wayland_socket"]
