"""A failed episode at a glance: a few of its screenshots in a row, with the places that it went to."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw

from ...agent.core.describe import describe_action
from ...agent.record.events import Acted, Event, Observed
from ...envs.actions import points_of
from ...envs.geometry import ScreenPoint
from ..core.record import Moment

MOST = 6
FRAME_PX = (220, 150)
"""Width and height that each screenshot is fitted into."""

_RED = (220, 30, 60)
_RING_PX = 6
_QUALITY = 60


def make_strip(events: Sequence[Event]) -> tuple[bytes, tuple[Moment, ...]]:
    """At most six looks, the first and the last among them, as one JPEG, and what was done at each."""
    history = [event for event in events if isinstance(event, Observed)]
    shown = _spread(len(history), MOST)
    width, height = FRAME_PX
    picture = Image.new("RGB", (width * len(shown), height), "white")
    moments: list[Moment] = []
    for place, index in enumerate(shown):
        look = history[index]
        acted = [event for event in events if isinstance(event, Acted) and event.step == look.step]
        points = [point for event in acted for point in points_of(event.action)]
        picture.paste(_frame(look, points), (place * width, 0))
        said = "; ".join(describe_action(event.action) + (" (refused)" if event.refused else "") for event in acted)
        moments.append(Moment(look.step, said))
    data = BytesIO()
    picture.save(data, "JPEG", quality=_QUALITY)
    return data.getvalue(), tuple(moments)


def _frame(look: Observed, points: Sequence[ScreenPoint]) -> Image.Image:
    shot = look.observation.screenshot
    image = shot.image.convert("RGB")
    image.thumbnail(FRAME_PX)
    ratio = image.width / shot.size.width
    draw = ImageDraw.Draw(image)
    for point in points:
        x, y = point.x * ratio, point.y * ratio
        draw.ellipse((x - _RING_PX, y - _RING_PX, x + _RING_PX, y + _RING_PX), outline=_RED, width=2)
    return image


def _spread(count: int, most: int) -> list[int]:
    """Up to `most` of `count` indices, evenly spread, with both ends."""
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]
