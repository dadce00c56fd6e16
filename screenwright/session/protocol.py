"""What a session and its clients agree on: the calls, and where the socket is."""

from collections.abc import Mapping
from typing import TypeAlias

from pydantic import JsonValue

Json: TypeAlias = dict[str, JsonValue]

SOCKET = "socket"
"""The name of the Unix socket in the folder of a session."""

FOLDER = "session"
"""The name of the temporary folder of a session, which its id follows."""

PREFIX = f"screenwright-{FOLDER}-"

END, INFO, APPROVE = "end", "info", "approve"
"""Requests that are no tools."""

_ALL = ("browser", "desktop", "vnc", "android")
TOOLS: Mapping[str, tuple[str, ...]] = {
    "look": _ALL,
    "click": _ALL,
    "type": _ALL,
    "keys": _ALL,
    "scroll": _ALL,
    "drag": _ALL,
    "wait": _ALL,
    "move": ("browser", "desktop", "vnc"),
    "navigate": ("browser",),
    "back": ("browser", "android"),
    "long_press": ("android",),
    "open_app": ("desktop", "android"),
    "home": ("android",),
    "read": _ALL,
    "ground": _ALL,
    "run_task": _ALL,
}
"""The tools, with the kinds of screens that have them."""


def tools_of(kind: str) -> tuple[str, ...]:
    """The names of the tools for screens of `kind`; an unknown kind has all of them."""
    return tuple(name for name, kinds in TOOLS.items() if kind in kinds or kind not in _ALL)
