"""Function tools that are offered next to a vendor's own computer tool: the user, giving up, and what a screen adds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...envs.actions import Back, CallFunction, Home, LongPress, Navigate, OpenApp
from ..core.decision import AskUser, GiveUp
from ..core.functions import FunctionSpec
from . import moves
from .exchange import Json, ScreenKind


@dataclass(frozen=True, slots=True)
class Tool:
    """A function; `parameters` are the JSON types of its arguments, all of which are required."""

    name: str
    description: str
    parameters: Mapping[str, str]

    @property
    def schema(self) -> Json:
        """The JSON schema of the arguments."""
        return {
            "type": "object",
            "properties": {name: {"type": kind} for name, kind in self.parameters.items()},
            "required": list(self.parameters),
            "additionalProperties": False,
        }


_ASK_USER = Tool("ask_user", "Ask the user, for example to log in, to decide or to confirm.", {"question": "string"})
_GIVE_UP = Tool("give_up", "Report that the task cannot be done, and why.", {"reason": "string"})
_NAVIGATE = Tool("navigate", "Open an address in the browser.", {"url": "string"})
_BACK = Tool("go_back", "Go back to the previous page or screen.", {})
_HOME = Tool("go_home", "Go to the home screen.", {})
_OPEN_APP = Tool("open_app", "Start an app, or bring it to the front.", {"app_name": "string"})
_LONG_PRESS = Tool(
    "long_press", "Hold a finger at a point, in pixels of the screenshot.", {"x": "integer", "y": "integer"}
)

_OF_SCREEN = {
    ScreenKind.PAGE: (_NAVIGATE, _BACK),
    ScreenKind.BROWSER_WINDOW: (),
    ScreenKind.DESKTOP: (_OPEN_APP,),
    ScreenKind.PHONE: (_OPEN_APP, _BACK, _HOME, _LONG_PRESS),
}


def tools_for(screen: ScreenKind, built_in: frozenset[str] = frozenset(), *, attended: bool) -> tuple[Tool, ...]:
    """The tools for that kind of screen, without those that are `built_in` to the vendor's own."""
    user = (_ASK_USER,) if attended else ()
    return tuple(tool for tool in (*user, _GIVE_UP, *_OF_SCREEN[screen]) if tool.name not in built_in)


OWN_TOOLS = frozenset(
    {"computer", *(tool.name for tools in _OF_SCREEN.values() for tool in tools), "ask_user", "give_up"}
)
"""The names of all of these tools, and of those of the vendors."""


def moves_of(name: str, arguments: Mapping[str, Any], functions: Sequence[FunctionSpec] = ()) -> moves.Moves:
    """The moves of a call of one of these tools, or of one of `functions`.

    Raises:
        CallError: there is no such tool, or an argument is missing or wrong.
    """
    if any(spec.name == name for spec in functions):
        return (CallFunction(name, json.dumps(arguments, ensure_ascii=False)),)
    match name:
        case "ask_user":
            return (AskUser(moves.text(arguments, "question")),)
        case "give_up":
            return (GiveUp(moves.text(arguments, "reason")),)
        case "navigate":
            return (Navigate(moves.text(arguments, "url")),)
        case "go_back":
            return (Back(),)
        case "go_home":
            return (Home(),)
        case "open_app":
            return (OpenApp(moves.text(arguments, "app_name")),)
        case "long_press":
            return (LongPress(moves.point(arguments), moves.number(arguments, "seconds", 1.5)),)
        case _:
            raise moves.CallError(f"there is no tool {name!r:.60}")
