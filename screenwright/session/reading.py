"""What the embedded reader sees on a screen, as JSON for other agents."""

from typing import TYPE_CHECKING

from pydantic import JsonValue

from screenwright._text import plain

from .picture import Picture

if TYPE_CHECKING:
    from ..agent.reader.vision.screen import Area, Screen, ScreenControl

_STATES = ("checked", "focused", "disabled", "selected")


def lines_of(screen: "Screen", picture: Picture) -> JsonValue:
    """The lines of text, which come from outside. Boxes are left, top, right, bottom in pixels of the picture."""
    return [{"text": plain(one.text), "box": _box(one.area, picture)} for one in screen.segments]


def controls_of(screen: "Screen", picture: Picture) -> JsonValue:
    """The controls, with the states that are known and, but for `checked`, true."""
    return [
        {"kind": str(one.kind), "text": plain(one.text), "box": _box(one.area, picture), **_states(one)}
        for one in screen.controls
    ]


def _states(control: "ScreenControl") -> dict[str, JsonValue]:
    states = {name: getattr(control, name) for name in _STATES}
    return {name: state for name, state in states.items() if state or (name == "checked" and state is False)}


def _box(area: "Area", picture: Picture) -> JsonValue:
    corners = (*picture.from_screen(area.left, area.top), *picture.from_screen(area.right, area.bottom))
    return [round(edge) for edge in corners]
