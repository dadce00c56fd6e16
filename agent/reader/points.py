"""Where the pointer goes: to click something, to turn the wheel, or to leave a control."""

from collections.abc import Sequence

from ..core.coordinates import ModelPoint
from .vision.screen import Area, ControlKind, Screen

_WINDOW = 0.8
"""Of the screen's width: a wider frame is no card or row that reacts to the pointer."""


def click_point(area: Area) -> ModelPoint:
    """The centre of `area`, in whole pixels."""
    x, y = area.centre
    return ModelPoint(round(x), round(y))


def resting_point(screen: Screen, area: Area, changed: Sequence[Area]) -> ModelPoint:
    """A point near `area` on nothing that reacts to the pointer, nor on what has `changed`.

    It is on a plain text if there is one, since a replay finds that again.
    """
    reacting = [control.area for control in screen.controls if control.area.width < _WINDOW * screen.width]
    texts = [segment.area for segment in screen.segments]
    plain = [text for text in texts if not any(text.overlaps(other) for other in (*reacting, *changed))]
    x, y = area.centre
    nearest = min(plain, key=lambda text: abs(text.centre[0] - x) + abs(text.centre[1] - y), default=None)
    return click_point(nearest) if nearest is not None else scroll_point(screen, changed)


def scroll_point(screen: Screen, other_than: Sequence[Area] = ()) -> ModelPoint:
    """The point nearest to the centre that is not on a control: the wheel changes the value of some controls."""
    solid = [control.area for control in screen.controls if control.kind not in (ControlKind.PANE, ControlKind.LINK)]
    solid += other_than
    middle = ModelPoint(screen.width // 2, screen.height // 2)
    points = (
        ModelPoint(middle.x + dx * screen.width // 20, middle.y + dy * screen.height // 20)
        for dx in range(-9, 10)
        for dy in range(-9, 10)
    )
    free = [point for point in points if not any(_is_inside(point, area) for area in solid)]
    return min(free, key=lambda point: abs(point.x - middle.x) + abs(point.y - middle.y), default=middle)


def _is_inside(point: ModelPoint, area: Area) -> bool:
    return area.left - 4 <= point.x <= area.right + 4 and area.top - 4 <= point.y <= area.bottom + 4
