"""A closer look: the part of the screen around a place, enlarged, on which the model is asked for the place again."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

from ...envs.actions import points_of
from ...envs.geometry import Box, DeviceTransform, ScreenPoint, Size
from ...envs.screenshot import Screenshot
from ...prompts import render
from ..core.coordinates import Frame, PointTrace
from ..core.decision import AskUser, Finish, GiveUp, ParseFailure
from ..core.messages import ImagePart, Message, Turn
from ..dialects.dialect import Dialect
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.registry import with_prompt

ENLARGED = 3
"""The part is so many times smaller than the screen, each way, and enlarged to about the screen's size."""

_SMALLEST_PX = 160
_CLOSE_PX = 24


def is_close(one: ScreenPoint, other: ScreenPoint) -> bool:
    """Whether two places are the same but for the little by which a model misses."""
    return abs(one.x - other.x) <= _CLOSE_PX and abs(one.y - other.y) <= _CLOSE_PX


def part_around(at: ScreenPoint, screen: Size) -> Box:
    """A third of the screen each way around `at`, moved inside the screen at its edges."""
    width, height = (min(max(side // ENLARGED, _SMALLEST_PX), side) for side in (screen.width, screen.height))
    left = min(max(round(at.x) - width // 2, 0), screen.width - width)
    top = min(max(round(at.y) - height // 2, 0), screen.height - height)
    return Box(left, top, left + width, top + height)


@dataclass(frozen=True, slots=True)
class ZoomRefinement:
    """A part of the screen as it is shown to the model; `frame` leads from the model's space to pixels of the part."""

    part: Box
    image: ImagePart
    frame: Frame
    dialect: Dialect

    @classmethod
    def around(cls, at: ScreenPoint, screenshot: Screenshot, dialect: Dialect, device: DeviceTransform) -> Self:
        """The part around `at`, asked about in the dialect's own way of asking for a place, where it has one."""
        with suppress(ValueError):
            dialect = with_prompt(dialect, Prompt.GROUNDING)
        part = part_around(at, screenshot.size)
        crop = Screenshot(screenshot.image.crop((part.left, part.top, part.right, part.bottom)))
        size = dialect.image_rule.resize(Size(crop.size.width * ENLARGED, crop.size.height * ENLARGED))
        moved = DeviceTransform(
            device.scale, device.origin_x + part.left / device.scale, device.origin_y + part.top / device.scale
        )
        return cls(part, ImagePart.of(crop, size), Frame(crop.size, size, dialect.space, moved), dialect)

    def messages(self, wanted: str) -> tuple[Message, ...]:
        """What the model is asked: where the thing is that `wanted` speaks of."""
        return self.dialect.render(render("closer", wanted=wanted), (Turn(self.image),))

    def read(self, text: str) -> PointTrace | None:
        """The place that a reply names, followed to the whole screen; None if it names none."""
        reply = self.dialect.parse(text)
        if isinstance(reply, ParseFailure):
            return None
        for move in reply.moves:
            if isinstance(move, Finish | AskUser | GiveUp):
                return None
            for point in points_of(move):
                try:
                    return self.on_screen(self.frame.trace(point))
                except ValueError:
                    return None
        return None

    def on_screen(self, trace: PointTrace) -> PointTrace:
        """A trace through `frame`, whose place is on the part, with its place on the whole screen."""
        at = trace.screen
        return replace(trace, screen=ScreenPoint(at.x + self.part.left, at.y + self.part.top))
