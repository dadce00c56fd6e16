"""A public fake of a model that finds every target at once, and answers in whatever space it is told to."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from PIL import Image, ImageChops

from ...envs.actions import Click
from ...envs.geometry import ScreenPoint, Size
from ..core.coordinates import Grid, ModelPoint
from ..core.decision import ModelMove
from ..core.messages import ImagePart, Message
from ..core.model import Completion, ModelInfo, Sampling, Usage, never
from ..dialects.dialect import Dialect
from .hypotheses import SpaceHypothesis
from .screens import CalibrationScreen, CalibrationTarget, calibration_screens


class Writer(Dialect, Protocol):
    """A dialect that can also write replies."""

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply in which the model would ask for `moves`."""
        ...


_ALIKE = [255] * 4 + [0] * 252
"""Marks differences that resizing does not make."""

Aim = Callable[[CalibrationScreen, CalibrationTarget, Size], ModelPoint | None]
"""Where a double points: the scene, the target it is asked for, the size of the image it got; None for no place."""


def answering_in(hypothesis: SpaceHypothesis, *, noise_px: float = 0.0, misses: float = 0.0, seed: int = 0) -> Aim:
    """Points at the target by `hypothesis`, off by a normal error of `noise_px`; a share of `misses` goes anywhere."""
    chance = Random(seed)  # noqa: S311 -- the same errors each time

    def aim(scene: CalibrationScreen, target: CalibrationTarget, sent: Size) -> ModelPoint:
        centre = target.centre
        meant = ScreenPoint(centre.x + chance.gauss(0, noise_px), centre.y + chance.gauss(0, noise_px))
        if chance.random() < misses:
            meant = ScreenPoint(chance.uniform(0, scene.size.width), chance.uniform(0, scene.size.height))
        return _rounded(hypothesis.from_screen(meant, scene.size, sent), hypothesis)

    return aim


def _rounded(point: ModelPoint, hypothesis: SpaceHypothesis) -> ModelPoint:
    """As a model writes it: whole numbers, but decimals on a grid too coarse for them."""
    digits = 3 if isinstance(hypothesis.space, Grid) and hypothesis.space.steps <= 1 else 0
    return ModelPoint(round(point.x, digits), round(point.y, digits))


class PointingModel:
    """A `Model` that looks at the image of the calibration it is asked about and points where `aim` says.

    It answers in the words of `dialect`, whatever numbers it writes.
    """

    def __init__(self, dialect: Writer, aim: Aim, name: str = "pointing-double") -> None:
        self._dialect, self._aim, self._name = dialect, aim, name
        self._found: dict[tuple[str, str], tuple[CalibrationScreen, CalibrationTarget] | None] = {}

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo(self._name)

    def connect(self) -> None:
        """See `Model`. There is nothing to do."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`."""
        images = [part for message in messages for part in message.parts if isinstance(part, ImagePart)]
        asked = " ".join(message.text for message in messages)
        point = None
        if images and (found := self._look(asked, images[-1])):
            point = self._aim(*found, images[-1].size)
        text = "I see nothing." if point is None else self._dialect.format(None, (Click(point),))
        return Completion(text, Usage(len(asked) + 1, len(text)))

    def _look(self, asked: str, image: ImagePart) -> tuple[CalibrationScreen, CalibrationTarget] | None:
        known = (asked, image.sha256)
        if known not in self._found:
            self._found[known] = _asked_for(asked, image, self._dialect)
        return self._found[known]


def _asked_for(asked: str, image: ImagePart, dialect: Dialect) -> tuple[CalibrationScreen, CalibrationTarget] | None:
    """The scene that the image shows, found by where the target lies in it, and the target."""
    shown = [scene for scene in calibration_screens() if dialect.image_rule.resize(scene.size) == image.size]
    pairs = [(scene, target) for scene in shown for target in scene.targets if target.name in asked]
    if not pairs:
        return None
    across, down = _where(image.load(), pairs[0][1].colour)
    return min(pairs, key=lambda pair: _apart(pair, across, down))


def _apart(pair: tuple[CalibrationScreen, CalibrationTarget], across: float, down: float) -> float:
    scene, target = pair
    return abs(target.centre.x / scene.size.width - across) + abs(target.centre.y / scene.size.height - down)


def _where(image: Image.Image, colour: tuple[int, int, int]) -> tuple[float, float]:
    """The middle of what has that colour, as shares of the image's sides."""
    difference = ImageChops.difference(image, Image.new("RGB", image.size, colour)).convert("L")
    left, top, right, bottom = difference.point(_ALIKE).getbbox() or (0, 0, 0, 0)
    return (left + right) / 2 / image.width, (top + bottom) / 2 / image.height
