"""Whether an action had the same effect as in the recording."""

from dataclasses import dataclass

import numpy as np

from ...envs.actions import Click, Hotkey, LongPress, Move, Scroll, Type, Wait
from ...envs.geometry import Box, ScreenPoint
from ...envs.screenshot import Screenshot
from ...envs.secrets import HANDLE
from ..core.change import ChangeKind
from ..monitor.screen_diff import difference_of
from .edges import best_near, edge_map
from .pattern import LOOKS_ALIKE
from .recipe import RecipeStep

_LARGEST_PX = (320, 160)
"""The part of a change that is compared, in units."""

_SHIFT = 10
_SURE = 0.85
_WORSE = 0.1
"""The screen is as it was before, or after, if it looks so by this much, and by that much more than like the other."""

_DRAWN = 0.05
_NEAR_PX = 200

_FRAME_PX = 20
"""A change that reaches this far around a field is that of its frame: the regions of a change are as coarse as that."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was performed: the screenshot before it, and where its anchored point was found.

    `scale` is the pixels per unit of the new screen, times the zoom of the target. `field` is the recorded field at the
    point, if there is one.
    """

    step: RecipeStep
    before: Screenshot
    recorded_point: ScreenPoint | None = None
    point: ScreenPoint | None = None
    scale: float = 1.0
    field: Box | None = None


def result_problem(done: Done, now: Screenshot) -> str:
    """How the effect of `done`, as `now` shows it, differs from that in the recording; empty if it does not.

    What changed near the point has to look more like the recorded screen after the action than like the one before it.
    """
    step = done.step
    if step.after is None:  # its effect is not known, or has to differ since another text was typed
        return "" if not isinstance(step.action, Type) or _has_changed(done.before, now) else _NO_TEXT
    ignored = isinstance(step.action, Move | Scroll | Wait)
    recorded = difference_of(step.before, step.after).classify(
        () if done.recorded_point is None else (done.recorded_point,), ignore_carets=not isinstance(step.action, Type)
    )
    if recorded.kind is ChangeKind.NOTHING or ignored:
        return ""
    if not _has_changed(done.before, now):
        if isinstance(step.action, Hotkey) and _shows_effect(step, now):
            return ""
        return "nothing changed on the screen, as it did in the recording"
    is_secret = isinstance(step.action, Type) and HANDLE.search(step.action.text)
    if is_secret or _is_focus(done, recorded.regions):
        return ""
    if done.point is None or (compared := _compared(done, now)) is None:
        return ""
    like_before, like_after, is_gone = compared
    if is_gone:
        return "" if like_before < LOOKS_ALIKE else "what disappeared in the recording is still on the screen"
    if like_before >= _SURE and like_after < like_before - _WORSE:
        return "the action had another effect than in the recording"
    return ""


def state_problem(planned: Done) -> str:
    """Why a click would have another effect: what it changes looks as in the recording after it, such as a checked box.

    Empty if it does not; `planned` is the step that is performed next.
    """
    if not isinstance(planned.step.action, Click | LongPress) or planned.step.after is None:
        return ""
    compared = _compared(planned, planned.before)
    if compared is None:
        return ""
    like_before, like_after, is_gone = compared
    if not is_gone and like_after >= _SURE and like_after > like_before + _WORSE:
        return "the screen already is as it was after the action"
    return ""


_NO_TEXT = "the text that was typed did not appear"


def _is_focus(done: Done, regions: tuple[Box, ...]) -> bool:
    """Whether a click has only changed the frame of a field, which other themes draw otherwise."""
    if done.field is None or not isinstance(done.step.action, Click):
        return False
    field, around = done.field, _FRAME_PX * done.step.scale
    return all(
        box.left >= field.left - around
        and box.top >= field.top - around
        and box.right <= field.right + around
        and box.bottom <= field.bottom + around
        for box in regions
    )


def _shows_effect(step: RecipeStep, now: Screenshot) -> bool:
    """Whether what a key changed in the recording looks as after it: Ctrl+A in a field that selects its own text."""
    if step.after is None or now.size != step.after.size:
        return False
    changed = difference_of(step.before, step.after).relevant_cells()
    return not changed & difference_of(step.after, now).relevant_cells()


def _has_changed(before: Screenshot, now: Screenshot) -> bool:
    return difference_of(before, now).classify((), ignore_carets=False).kind is not ChangeKind.NOTHING


def _nearest(regions: tuple[Box, ...], done: Done) -> Box | None:
    """The changed region nearest to the point, cut to what is compared, in units of the recorded screen."""
    point, scale = done.recorded_point, done.step.scale
    assert point is not None
    x, y = point.x, point.y

    def distance(box: Box) -> float:
        return max(box.left - x, 0, x - box.right) + max(box.top - y, 0, y - box.bottom)

    box = min(regions, key=distance, default=None)
    if box is None or distance(box) > _NEAR_PX * scale:
        return None
    width, height = (side * scale / 2 for side in _LARGEST_PX)
    middle_x, middle_y = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)
    sides = (
        max(box.left, middle_x - width),
        max(box.top, middle_y - height),
        min(box.right, middle_x + width),
        min(box.bottom, middle_y + height),
    )
    return Box(*(round(side / scale) for side in sides))


def _compared(done: Done, now: Screenshot) -> tuple[float, float, bool] | None:
    """How much the part that changed in the recording looks on `now` like before and after, and if it became empty.

    None if nothing but colours changed near the point.
    """
    step, point, recorded_point = done.step, done.point, done.recorded_point
    if step.after is None or point is None or recorded_point is None:
        return None
    recorded = difference_of(step.before, step.after).classify(
        (recorded_point,), ignore_carets=not isinstance(step.action, Type)
    )
    box = _nearest(recorded.regions, done) if recorded.kind is ChangeKind.NEAR else None
    if box is None:
        return None
    before, after = edge_map(step.before, step.scale), edge_map(step.after, step.scale)
    x = round(box.left + point.x / done.scale - recorded_point.x / step.scale)
    y = round(box.top + point.y / done.scale - recorded_point.y / step.scale)
    was, became = (one[box.top : box.bottom, box.left : box.right] for one in (before, after))
    if float(np.abs(was - became).mean()) < _DRAWN / 2:  # a colour, such as that of a focused field
        return None
    edges = edge_map(now, done.scale)
    like_before, like_after = (best_near(edges, one, x, y, _SHIFT) for one in (was, became))
    return like_before, like_after, float(became.std()) < _DRAWN
