"""Reads what is at a point of a screenshot, with the OCR reader if it is installed."""

from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image, ImageStat

from ...envs.geometry import ScreenPoint, Size
from ...envs.screenshot import Screenshot

if TYPE_CHECKING:
    from ..reader.vision.screen import Area, Screen, ScreenControl

_BUTTONS = ("button", "icon", "tab")
_WIDE = 1.6
"""A button that is this many times wider than high has a word on it, not an icon."""

_DRAWN = 12.0
"""The standard deviation of the brightness at which something is drawn."""

NEAR_PX = Size(640, 200)
"""The part of the screenshot around the point that is read, which is quick."""


def target_text(screenshot: Screenshot, point: ScreenPoint) -> str | None:
    """The text of the control at `point`, or the text there; empty if there is none.

    None if it cannot be read: without the reader, or in a script that the reader does not know.
    """
    found = target_at(screenshot, point)
    return None if found is None else found[0]


def target_at(screenshot: Screenshot, point: ScreenPoint) -> tuple[str, str] | None:
    """The text at `point` and the kind of its control, each empty if there is none; None if it cannot be read."""
    return _read(screenshot, round(point.x), round(point.y))


@lru_cache(maxsize=8)
def _read(screenshot: Screenshot, x: int, y: int) -> tuple[str, str] | None:
    try:
        from ..reader import read_screen  # needs the reader extra
    except ImportError:
        return None
    size = screenshot.size
    left, top = max(0, x - NEAR_PX.width // 2), max(0, y - NEAR_PX.height // 2)
    box = (left, top, min(left + NEAR_PX.width, size.width), min(top + NEAR_PX.height, size.height))
    if box[0] >= box[2] or box[1] >= box[3]:  # a point outside the screen
        return "", ""
    image = screenshot.image.crop(box)
    screen = read_screen(image)
    for control in sorted(screen.controls, key=lambda one: one.area.width * one.area.height):
        if _contains(control.area, x - left, y - top) and (text := control.text or _label_of(control, screen)):
            return text, str(control.kind)
    text = next((segment.text for segment in screen.segments if _contains(segment.area, x - left, y - top)), "")
    return None if not text and _is_unread(screen, image, x - left, y - top) else (text, "")


def _is_unread(screen: "Screen", image: Image.Image, x: int, y: int) -> bool:
    """Whether the point is on a wide button in which something is drawn, such as a word of another script."""
    return any(
        control.kind in _BUTTONS
        and _contains(control.area, x, y)
        and control.area.width > _WIDE * control.area.height
        and ImageStat.Stat(_inside(image, control.area).convert("L")).stddev[0] > _DRAWN
        for control in screen.controls
    )


def _inside(image: Image.Image, area: "Area") -> Image.Image:
    inset = area.height / 8
    return image.crop(
        (int(area.left + inset), int(area.top + inset), int(area.right - inset), int(area.bottom - inset))
    )


def _label_of(control: "ScreenControl", screen: "Screen") -> str:
    """The nearest text on the row of `control`; for a button no further away than its height."""
    area = control.area
    row = [one for one in screen.segments if area.top <= one.area.centre[1] < area.bottom]
    gaps = {one.text: max(area.left - one.area.right, one.area.left - area.right, 0) for one in row}
    if control.kind in _BUTTONS:
        gaps = {text: gap for text, gap in gaps.items() if gap <= area.height}
    return min(gaps, key=lambda text: gaps[text], default="")


def _contains(area: "Area", x: float, y: float) -> bool:
    """Whether the point is in `area`, or nearer to it than half its height, such as on the edge of a button."""
    margin = area.height / 2
    return area.left - margin <= x < area.right + margin and area.top - margin <= y < area.bottom + margin
