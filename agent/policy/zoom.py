"""Zoom refinement: the model locates its target again on a magnified crop of the screen."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

from screenwright._text import without_tokens

from ...envs.geometry import Box, DeviceTransform, ScreenPoint, Size
from ...envs.screenshot import Screenshot
from ...prompts import render
from ..core.coordinates import Frame, PointTrace
from ..core.decision import ParseFailure
from ..core.messages import ImagePart, Message, Turn
from ..dialects.dialect import Dialect
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.registry import with_prompt
from .grounding import parse_and_ground

MAGNIFICATION = 3
"""The crop is this many times smaller than the screen along each side, and enlarged to about the screen's size."""

_MIN_CROP_PX = 160
_CLOSE_PX = 24


def is_close(one: ScreenPoint, other: ScreenPoint) -> bool:
    """Whether two points are equal within the usual error of a model."""
    return abs(one.x - other.x) <= _CLOSE_PX and abs(one.y - other.y) <= _CLOSE_PX


def crop_around(point: ScreenPoint, screen: Size) -> Box:
    """A third of the screen along each side around `point`, moved inside the screen at its edges."""
    width, height = (min(max(side // MAGNIFICATION, _MIN_CROP_PX), side) for side in (screen.width, screen.height))
    left = min(max(round(point.x) - width // 2, 0), screen.width - width)
    top = min(max(round(point.y) - height // 2, 0), screen.height - height)
    return Box(left, top, left + width, top + height)


@dataclass(frozen=True, slots=True)
class ZoomRefinement:
    """A crop of the screen for the model; `frame` converts from the model's space to pixels of the crop."""

    crop: Box
    image: ImagePart
    frame: Frame
    dialect: Dialect

    @classmethod
    def around(cls, point: ScreenPoint, screenshot: Screenshot, dialect: Dialect, device: DeviceTransform) -> Self:
        """The crop around `point`, with the dialect's grounding prompt if it has one."""
        with suppress(ValueError):
            dialect = with_prompt(dialect, Prompt.GROUNDING)
        crop = crop_around(point, screenshot.size)
        cropped = Screenshot(screenshot.image.crop((crop.left, crop.top, crop.right, crop.bottom)))
        size = dialect.image_rule.resize(Size(cropped.size.width * MAGNIFICATION, cropped.size.height * MAGNIFICATION))
        moved = DeviceTransform(
            device.scale, device.origin_x + crop.left / device.scale, device.origin_y + crop.top / device.scale
        )
        return cls(crop, ImagePart.later(cropped, size), Frame(cropped.size, size, dialect.space, moved), dialect)

    def messages(self, target: str) -> tuple[Message, ...]:
        """The prompt that asks for the position of `target`."""
        return self.dialect.render(render("zoom", target=without_tokens(target)), (Turn(self.image),))

    def read(self, text: str) -> PointTrace | None:
        """The point in a reply, in coordinates of the whole screen; None if there is none."""
        reply = parse_and_ground(self.dialect, text, self.frame)
        return None if isinstance(reply, ParseFailure) or not reply.traces else self.on_screen(reply.traces[0])

    def on_screen(self, trace: PointTrace) -> PointTrace:
        """`trace`, a point on the crop, moved to the whole screen."""
        point = trace.screen
        return replace(trace, screen=ScreenPoint(point.x + self.crop.left, point.y + self.crop.top))
