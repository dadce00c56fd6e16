"""A model double that finds every target of the calibration screens."""

import io
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Protocol, TypeAlias

from PIL import Image, ImageChops

from ..agent.core.coordinates import ImageRule, ModelPoint
from ..agent.core.decision import ModelMove
from ..agent.core.messages import ImagePart, Message
from ..agent.core.model import Completion, ModelInfo, Sampling, Usage, never
from ..agent.dialects.dialect import Dialect
from ..agent.doctor.hypotheses import SpaceHypothesis
from ..agent.doctor.screens import CalibrationScreen, CalibrationTarget, calibration_screens
from ..envs.actions import Click
from ..envs.geometry import ScreenPoint, Size


class WritingDialect(Dialect, Protocol):
    """A dialect that can also write replies."""

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply that asks for `moves`."""
        ...


Aim: TypeAlias = Callable[[CalibrationScreen, CalibrationTarget, Size], ModelPoint | None]
"""From the screen, the target and the size of the sent image to the model's point; None for no point."""

_TOLERANCE = [255] * 4 + [0] * 252
"""Maps colour differences to matches; resizing changes colours by less than 4."""


def aim_in_space(hypothesis: SpaceHypothesis, *, noise_px: float = 0.0, misses: float = 0.0, seed: int = 0) -> Aim:
    """An aim at the target in the space of `hypothesis`, with normal noise; a share of `misses` is uniformly random."""
    rng = Random(seed)  # noqa: S311 -- the same errors each time

    def aim(screen: CalibrationScreen, target: CalibrationTarget, sent: Size) -> ModelPoint:
        centre = target.centre
        point = ScreenPoint(centre.x + rng.gauss(0, noise_px), centre.y + rng.gauss(0, noise_px))
        if rng.random() < misses:
            point = ScreenPoint(rng.uniform(0, screen.size.width), rng.uniform(0, screen.size.height))
        return _rounded(hypothesis.from_screen(point, screen.size, sent), hypothesis)

    return aim


def _rounded(point: ModelPoint, hypothesis: SpaceHypothesis) -> ModelPoint:
    """Round as models do: to integers, or to decimals on a grid that is too coarse for them."""
    decimals = hypothesis.space.decimals
    return ModelPoint(round(point.x, decimals), round(point.y, decimals))


class PointingModel:
    """A `Model` that locates the target of a calibration prompt in the image and clicks where `aim` returns.

    It replies in the syntax of `dialect`. `aim` can be replaced.
    """

    def __init__(self, dialect: WritingDialect, aim: Aim, name: str = "pointing-double") -> None:
        self.aim: Aim = aim
        self._dialect, self._name = dialect, name

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo(self._name)

    def connect(self) -> None:
        """See `Model`."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`."""
        images = [part for message in messages for part in message.parts if isinstance(part, ImagePart)]
        prompt = " ".join(message.text for message in messages)
        point = None
        if images and (found := _find_target(prompt, images[-1].data, self._dialect.image_rule)):
            point = self.aim(*found, images[-1].size)
        text = "I see nothing." if point is None else self._dialect.format(None, (Click(point),))
        return Completion(text, Usage(len(prompt) + 1, len(text)))


@lru_cache(maxsize=256)
def _find_target(prompt: str, data: bytes, rule: ImageRule) -> tuple[CalibrationScreen, CalibrationTarget] | None:
    """The calibration screen that the image shows, recognized by the target's position, and the target."""
    image = Image.open(io.BytesIO(data))
    screens = [screen for screen in calibration_screens() if rule.resize(screen.size) == Size(*image.size)]
    pairs = [(screen, target) for screen in screens for target in screen.targets if target.name in prompt]
    if not pairs:
        return None
    x, y = _centre_of(image, pairs[0][1].colour)
    return min(pairs, key=lambda pair: _distance(pair, x, y))


def _distance(pair: tuple[CalibrationScreen, CalibrationTarget], x: float, y: float) -> float:
    screen, target = pair
    return abs(target.centre.x / screen.size.width - x) + abs(target.centre.y / screen.size.height - y)


def _centre_of(image: Image.Image, colour: tuple[int, int, int]) -> tuple[float, float]:
    """The centre of all pixels of that colour, as shares of the image's sides."""
    difference = ImageChops.difference(image, Image.new("RGB", image.size, colour)).convert("L")
    left, top, right, bottom = difference.point(_TOLERANCE).getbbox() or (0, 0, 0, 0)
    return (left + right) / 2 / image.width, (top + bottom) / 2 / image.height
