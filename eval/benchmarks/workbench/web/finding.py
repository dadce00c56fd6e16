"""Steps of an oracle on what a page shows; positions are read from the page, and all actions are by coordinates."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from .....envs.actions import Action, Button, Click, Drag, Move
from .....envs.geometry import ScreenPoint


@runtime_checkable
class ReadablePage(Protocol):
    """A screen whose page an oracle can read; see `PooledBrowser`."""

    def evaluate_in_page(self, script: str, argument: object) -> Any:
        """The result of a JavaScript function called with `argument`."""
        ...


@cache
def places_script() -> str:
    """A JavaScript function: the centre of the nth visible element with a name or a CSS selector, or null."""
    return Path(__file__).with_name("places.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class InPage:
    """A click, or with `count` 0 only a move, on an element: its text, label, placeholder or title, or a CSS selector.

    `to` makes it a drag to that element, or by (dx, dy) pixels from the first one.
    """

    what: str
    nth: int = 0
    count: int = 1
    button: Button = Button.LEFT
    dx: float = 0
    dy: float = 0
    to: "str | tuple[float, float]" = ""

    def on(self, page: ReadablePage) -> Action | None:
        """The action; None if the page does not show the element."""
        at = find(page, self.what, self.nth)
        if at is None:
            return None
        start = ScreenPoint(at.x + self.dx, at.y + self.dy)
        if self.to:
            end = (
                find(page, self.to, 0)
                if isinstance(self.to, str)
                else ScreenPoint(start.x + self.to[0], start.y + self.to[1])
            )
            return None if end is None else Drag((start, end))
        return Click(start, self.button, self.count) if self.count else Move(start)


def find(page: ReadablePage, what: str, nth: int) -> ScreenPoint | None:
    """Where an element is, in pixels of the screenshot; None if it is not visible."""
    found = page.evaluate_in_page(places_script(), [what, nth])
    return ScreenPoint(float(found[0]), float(found[1])) if found else None


def press(what: str, nth: int = 0, count: int = 1, dx: float = 0, dy: float = 0) -> tuple[InPage, ...]:
    """Click an element."""
    return (InPage(what, nth, count, dx=dx, dy=dy),)


def menu(what: str, nth: int = 0) -> tuple[InPage, ...]:
    """Click an element with the right button."""
    return (InPage(what, nth, button=Button.RIGHT),)


def pull(what: str, to: "str | tuple[float, float]", nth: int = 0) -> tuple[InPage, ...]:
    """Drag an element to another one, or by pixels."""
    return (InPage(what, nth, to=to),)
