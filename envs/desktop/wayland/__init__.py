"""Wayland screens of compositors that let programs work them: those built on wlroots, such as sway, labwc, Hyprland.

Spoken to directly, by a small client of our own, so that no tool has to be installed: pictures by `wlr-screencopy`,
mouse by `wlr-virtual-pointer`, keys by `virtual-keyboard`.
"""

from .driver import WaylandDriver
from .screen import WaylandScreen, wayland_socket

__all__ = ["WaylandDriver", "WaylandScreen", "wayland_socket"]
