"""Remote screens over VNC."""

from .address import VncAddress, read_password
from .env import VncEnv

__all__ = ["VncAddress", "VncEnv", "read_password"]
