"""A filmstrip of an episode: a few of its screenshots in one image, with the points of its actions."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw

from ...agent.core.describe import describe_action
from ...agent.record.events import Acted, Event, Observed
from ...envs.actions import points_of
from ...envs.geometry import ScreenPoint
from ..core.record import Moment

FILMSTRIP = "filmstrip.jpg"
RUN_PAGE = "view.html"
"""Files in the folder of an episode that failed: its filmstrip, and the page of its run."""

MAX_FRAMES = 6
FRAME_PX = (220, 150)
"""Each screenshot is scaled to fit this width and height."""

_RED = (220, 30, 60)
_RING_PX = 6
_QUALITY = 60


def make_filmstrip(events: Sequence[Event]) -> tuple[bytes, tuple[Moment, ...]]:
    """Up to six screenshots, including the first and the last, as one JPEG; and the actions of each frame."""
    observed = [event for event in events if isinstance(event, Observed)]
    frames = [observed[index] for index in _evenly_spread(len(observed), MAX_FRAMES)]
    width, height = FRAME_PX
    filmstrip = Image.new("RGB", (width * len(frames), height), "white")
    moments: list[Moment] = []
    for number, frame in enumerate(frames):
        acted = [event for event in events if isinstance(event, Acted) and event.step == frame.step]
        points = [point for event in acted for point in points_of(event.action)]
        filmstrip.paste(_draw_frame(frame, points), (number * width, 0))
        actions = "; ".join(describe_action(event.action) + (" (refused)" if event.refused else "") for event in acted)
        moments.append(Moment(frame.step, actions))
    data = BytesIO()
    filmstrip.save(data, "JPEG", quality=_QUALITY)
    return data.getvalue(), tuple(moments)


def _draw_frame(observed: Observed, points: Sequence[ScreenPoint]) -> Image.Image:
    shot = observed.observation.screenshot
    image = shot.image.convert("RGB")
    image.thumbnail(FRAME_PX)
    ratio = image.width / shot.size.width
    draw = ImageDraw.Draw(image)
    for point in points:
        x, y = point.x * ratio, point.y * ratio
        draw.ellipse((x - _RING_PX, y - _RING_PX, x + _RING_PX, y + _RING_PX), outline=_RED, width=2)
    return image


def _evenly_spread(count: int, limit: int) -> list[int]:
    """Up to `limit` of `count` indices, evenly spread, including both ends."""
    if count <= limit:
        return list(range(count))
    return [round(number * (count - 1) / (limit - 1)) for number in range(limit)]
