"""Synthetic calibration screens: plain windows with a few coloured buttons that are easy to identify.

The sizes make the coordinate spaces distinguishable: small screens whose sides are between two multiples of the patch
size, wide and tall ones, and one above the smaller pixel budgets. No two targets have the same position, so that
a model which always gives the same answer hits few.
"""

from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from ...envs.geometry import Box, ScreenPoint, Size
from ...envs.screenshot import Screenshot
from ..core.messages import ImagePart

SIZES = (
    Size(1280, 720),
    Size(462, 350),
    Size(2560, 1440),
    Size(1024, 768),
    Size(406, 518),
    Size(1920, 1080),
    Size(800, 600),
    Size(1080, 1920),
)
"""Ordered so that the first three tell most coordinate spaces apart, also on a server that shrinks large images."""

_BUTTONS = (("red", (200, 30, 30), "Stop"), ("green", (20, 120, 50), "Start"), ("blue", (25, 70, 200), "Save"))
_DESKTOP, _WINDOW, _FRAME, _OUTLINE = (58, 110, 130), (240, 240, 238), (90, 90, 95), (30, 30, 30)
_BUTTON_WIDTH, _BUTTON_HEIGHT, _TEXT_HEIGHT = 0.17, 0.075, 0.034  # of the shorter side
_FROM, _TO = 0.13, 0.9  # of each side: the range of button centres
_STEP_X, _STEP_Y = 0.7548776662, 0.5698402910  # the R2 sequence: spreads any number of points evenly


@dataclass(frozen=True, slots=True)
class CalibrationTarget:
    """A button to click: its description, colour (RGB) and position."""

    name: str
    colour: tuple[int, int, int]
    box: Box

    @property
    def centre(self) -> ScreenPoint:
        """The ideal click position."""
        return ScreenPoint((self.box.left + self.box.right) / 2, (self.box.top + self.box.bottom) / 2)

    def contains(self, point: ScreenPoint) -> bool:
        """Whether a click at `point` hits."""
        return self.box.left <= point.x < self.box.right and self.box.top <= point.y < self.box.bottom


@dataclass(frozen=True, slots=True)
class CalibrationScreen:
    """A drawn screen and its targets."""

    screenshot: Screenshot
    targets: tuple[CalibrationTarget, ...]

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.screenshot.size


@cache
def calibration_screens() -> tuple[CalibrationScreen, ...]:
    """All calibration screens, drawn once; always the same."""
    return tuple(_draw(size, first=index * len(_BUTTONS) + 1) for index, size in enumerate(SIZES))


@cache
def screen_image(screen: CalibrationScreen, size: Size) -> ImagePart:
    """The image of `screen` in `size`, encoded once."""
    return ImagePart.of(screen.screenshot, size)


def _draw(size: Size, first: int) -> CalibrationScreen:
    targets = tuple(
        CalibrationTarget(f'the {colour} button labelled "{label}"', rgb, _button_box(size, first + index))
        for index, (colour, rgb, label) in enumerate(_BUTTONS)
    )
    image = Image.new("RGB", (size.width, size.height), _DESKTOP)
    pen = ImageDraw.Draw(image)
    text_px = max(round(min(size.width, size.height) * _TEXT_HEIGHT), 11)
    edge, bar = text_px // 2, 2 * text_px
    pen.rectangle((edge, edge, size.width - edge, size.height - edge), _WINDOW, _FRAME, 2)
    pen.rectangle((edge, edge, size.width - edge, edge + bar), _FRAME)
    font = ImageFont.load_default(text_px)
    pen.text((2 * edge, edge + bar / 2), "Controls", "white", font, anchor="lm")
    for target, (_, _, label) in zip(targets, _BUTTONS, strict=True):
        box = target.box
        pen.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), target.colour, _OUTLINE, 1)
        pen.text((target.centre.x, target.centre.y), label, "white", font, anchor="mm")
    return CalibrationScreen(Screenshot(image), targets)


def _button_box(size: Size, number: int) -> Box:
    """The box of button `number`."""
    short = min(size.width, size.height)
    width, height = round(short * _BUTTON_WIDTH), round(short * _BUTTON_HEIGHT)
    x = _FROM + (_TO - _FROM) * (number * _STEP_X % 1)
    y = _FROM + (_TO - _FROM) * (number * _STEP_Y % 1)
    left, top = round(size.width * x - width / 2), round(size.height * y - height / 2)
    return Box(left, top, left + width, top + height)
