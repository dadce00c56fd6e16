"""The recorded screen and the one that differs from it, side by side."""

from PIL import Image, ImageDraw

from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from .policy import Mismatch

_HEIGHT_PX = 720
_GAP_PX = 16
_TITLE_PX = 24
_RADIUS_PX = 18
_GROUND, _TEXT = (32, 34, 40), (240, 240, 240)
_EXPECTED, _CANDIDATE = (40, 160, 255), (255, 80, 60)


def side_by_side(mismatch: Mismatch) -> Screenshot:
    """Both screens in the same height; circles mark the recorded points, and the candidates on the new screen."""
    recorded = _scaled(mismatch.recorded, mismatch.recorded_points, _EXPECTED)
    now = _scaled(mismatch.now, mismatch.points, _CANDIDATE)
    image = Image.new("RGB", (recorded.width + _GAP_PX + now.width, _HEIGHT_PX + _TITLE_PX), _GROUND)
    draw = ImageDraw.Draw(image)
    for left, title, part in ((0, "recorded", recorded), (recorded.width + _GAP_PX, "now", now)):
        draw.text((left + 6, 6), title, _TEXT)
        image.paste(part, (left, _TITLE_PX))
    return Screenshot(image)


def _scaled(
    screenshot: Screenshot | None, points: tuple[ScreenPoint, ...], colour: tuple[int, int, int]
) -> Image.Image:
    if screenshot is None:
        return Image.new("RGB", (_HEIGHT_PX, _HEIGHT_PX), _GROUND)
    size = screenshot.size
    factor = _HEIGHT_PX / size.height
    image = screenshot.image.resize((max(1, round(size.width * factor)), _HEIGHT_PX), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image)
    for point in points:
        x, y = point.x * factor, point.y * factor
        draw.ellipse((x - _RADIUS_PX, y - _RADIUS_PX, x + _RADIUS_PX, y + _RADIUS_PX), outline=colour, width=3)
    return image
