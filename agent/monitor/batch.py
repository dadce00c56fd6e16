"""Several actions in one reply: before each further one, whether the screen still is as the reply assumed."""

from collections.abc import Sequence

from ...envs.actions import Action, ButtonUp, KeyUp, Wait, points_of
from ...envs.env import Observation
from ...envs.geometry import Box, ScreenPoint
from ..core.change import ChangeKind
from .screen_diff import difference_of

_SAME_PX = 16
_UNCONDITIONAL = (KeyUp, ButtonUp, Wait)
"""Actions that are safe on any screen; a held key or button must be released."""


def unexpected_change(decided_on: Observation, now: Observation, done: Sequence[Action], action: Action) -> str | None:
    """Why `action` may not mean what the reply assumed, after `done` of the same reply; None if it does.

    An action at a point needs an unchanged screen around that point, unless an earlier action of the reply was there;
    a key needs the same page. The reason is part of a sentence.
    """
    if isinstance(action, _UNCONDITIONAL):
        return None
    if moved := page_change(decided_on, now):
        return moved
    points = [point for point in points_of(action) if not _is_known(point, done)]
    if not points:
        return None
    change = difference_of(decided_on.screenshot, now.screenshot).classify()
    if change.kind is ChangeKind.WHOLE:
        return "the whole screen changed"
    if any(_is_in(point, region) for point in points for region in change.regions):
        return "the screen changed at the position of the next action"
    return None


def page_change(decided_on: Observation, now: Observation) -> str | None:
    """Why this is another screen than the one decided on: its size or the address of its page; None if it is not."""
    if now.screenshot.size != decided_on.screenshot.size:
        return "the size of the screen changed"
    return None if _page(now) == _page(decided_on) else "another page was opened"


def _page(observation: Observation) -> str:
    """The address of the page; empty on a desktop, where the title of a window changes as the user types."""
    return observation.location if "://" in observation.location else ""


def _is_known(point: ScreenPoint, done: Sequence[Action]) -> bool:
    """Whether an earlier action acted there, so that a change is its effect."""
    return any(
        abs(point.x - earlier.x) <= _SAME_PX and abs(point.y - earlier.y) <= _SAME_PX
        for action in done
        for earlier in points_of(action)
    )


def _is_in(point: ScreenPoint, region: Box) -> bool:
    return region.left <= point.x < region.right and region.top <= point.y < region.bottom
