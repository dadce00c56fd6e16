"""Coordinate spaces, and all conversions between a point in a reply and a point on the screen.

    ModelPoint  --Space-->  ImagePoint  --scale-->  ScreenPoint  --DeviceTransform (envs)-->  DevicePoint

The space is a property of the model and is never inferred from the syntax of a reply. Images are resized on the client
to a fixed point of the model's own resize: the server's resize is then the identity, and absolute coordinates are exact
whatever pixel limits the server has.

Source of `smart_resize`: Qwen2-VL's image processor, which UI-TARS shares.
"""

import math
from dataclasses import dataclass, replace

from ...envs.geometry import DevicePoint, DeviceTransform, ScreenPoint, Size

MAX_ASPECT = 200
"""Qwen's image processor rejects images with a larger ratio of the longer to the shorter side."""

_DIGITS = 3
"""Of a coordinate from 0 to 1, as models write it."""


@dataclass(frozen=True, slots=True)
class ModelPoint:
    """A point in the model's coordinate space; the centre of `box` if the reply contained a box.

    `target` names the element at the point, if the reply does.
    """

    x: float
    y: float
    box: tuple[float, float, float, float] | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class ImagePoint:
    """A point in pixels of the image sent to the model."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Absolute:
    """Coordinates in pixels of the image sent to the model (UI-TARS-1.5-7B, Qwen2.5-VL).

    With `fractions`, a point such as (0.5, 0.25) is a share of the width and height (OpenCUA's official agent). With
    `writes_fractions`, the prompt asks for shares (Kimi): a point between (0, 0) and (1, 1) always is one.
    """

    fractions: bool = False
    writes_fractions: bool = False

    @property
    def decimals(self) -> int:
        """How many decimals a model writes."""
        return _DIGITS if self.writes_fractions else 0

    def to_image(self, point: ModelPoint, image: Size) -> ImagePoint:
        """Convert `point` to image pixels."""
        inside = 0 <= point.x <= 1 and 0 <= point.y <= 1
        if inside and (self.writes_fractions or (self.fractions and (point.x % 1 or point.y % 1))):
            return ImagePoint(point.x * image.width, point.y * image.height)
        return ImagePoint(point.x, point.y)

    def from_image(self, point: ImagePoint, image: Size) -> ModelPoint:
        """The inverse of `to_image`."""
        if self.writes_fractions:
            return ModelPoint(point.x / image.width, point.y / image.height)
        return ModelPoint(point.x, point.y)


@dataclass(frozen=True, slots=True)
class Grid:
    """Coordinates from 0 to `steps` along each side (1000: UI-TARS 1.0, Doubao, Seed; 999: Qwen3-VL)."""

    steps: float = 1000.0

    @property
    def decimals(self) -> int:
        """How many decimals a model writes: those that distinguish a thousand points."""
        return max(0, round(_DIGITS - math.log10(self.steps)))

    def to_image(self, point: ModelPoint, image: Size) -> ImagePoint:
        """Convert `point` to image pixels."""
        return ImagePoint(point.x / self.steps * image.width, point.y / self.steps * image.height)

    def from_image(self, point: ImagePoint, image: Size) -> ModelPoint:
        """The inverse of `to_image`."""
        return ModelPoint(point.x * self.steps / image.width, point.y * self.steps / image.height)


Space = Absolute | Grid


@dataclass(frozen=True, slots=True)
class ImageRule:
    """How a model's processor resizes images: to multiples of `factor`, with the area between the two limits.

    With `scale_first`, a screenshot outside the limits is scaled into them before the sides are rounded, as UI-TARS'
    own agents do.
    """

    factor: int = 28
    min_pixels: int = 56 * 56
    max_pixels: int = 16384 * 28 * 28
    scale_first: bool = False

    def capped(self, max_pixels: int) -> "ImageRule":
        """The rule with at most that many pixels, if that is less.

        Its images are fixed points of the processor's resize too, so coordinates in pixels stay exact.

        Raises:
            ValueError: the processor would enlarge such images again.
        """
        least = min(4 * self.min_pixels, self.max_pixels)  # each side is rounded down by less than half
        if max_pixels < least:
            raise ValueError(f"images of at most {max_pixels} pixels are too small for the model: allow {least}")
        return replace(self, max_pixels=min(max_pixels, self.max_pixels))

    def tokens(self, image: Size) -> int:
        """The tokens of an image of that size, a result of `resize`, including two special tokens around it."""
        return (image.width // self.factor) * (image.height // self.factor) + 2

    def resize(self, screen: Size) -> Size:
        """The size to send a screenshot in: a fixed point of the processor's resize, starting from `screen`.

        Raises:
            ValueError: the aspect ratio is too large for the model.
        """
        size = self._scaled(screen) if self.scale_first else screen
        try:
            while (again := smart_resize(size, self.factor, self.min_pixels, self.max_pixels)) != size:
                size = again
        except ValueError as error:  # about a later size
            raise ValueError(f"a screenshot of {screen} cannot be sent: {error}") from None
        return size

    def _scaled(self, screen: Size) -> Size:
        area = screen.width * screen.height
        if area > self.max_pixels:
            shrink = math.sqrt(self.max_pixels / area)
            return Size(max(1, int(screen.width * shrink)), max(1, int(screen.height * shrink)))
        grow = math.sqrt(max(1.0, self.min_pixels / area))
        return Size(math.ceil(screen.width * grow), math.ceil(screen.height * grow))


def smart_resize(size: Size, factor: int, min_pixels: int, max_pixels: int) -> Size:
    """Qwen's resize: round each side to a multiple of `factor` (half to even), then scale the area into the limits.

    Raises:
        ValueError: one side is more than `MAX_ASPECT` times the other.
    """
    width, height = size.width, size.height
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ValueError(f"{size} has too large an aspect ratio: the limit is {MAX_ASPECT} to 1")
    new_width = max(factor, round(width / factor) * factor)
    new_height = max(factor, round(height / factor) * factor)
    if new_width * new_height > max_pixels:
        shrink = math.sqrt(width * height / max_pixels)
        new_width = max(factor, math.floor(width / shrink / factor) * factor)
        new_height = max(factor, math.floor(height / shrink / factor) * factor)
    elif new_width * new_height < min_pixels:
        grow = math.sqrt(min_pixels / (width * height))
        new_width = math.ceil(width * grow / factor) * factor
        new_height = math.ceil(height * grow / factor) * factor
    return Size(new_width, new_height)


@dataclass(frozen=True, slots=True)
class PointTrace:
    """One point in every coordinate space, recorded with the action to diagnose misplaced clicks.

    `screen` is where the action was carried out; `clamped` if the model's point was outside the screen and was moved to
    its edge.
    """

    model: ModelPoint
    image: ImagePoint
    screen: ScreenPoint
    device: DevicePoint
    clamped: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of reference of a model's points: the screenshot, the image made from it, and the coordinate space."""

    screen: Size
    image: Size
    space: Space
    device: DeviceTransform = DeviceTransform()

    def trace(self, point: ModelPoint) -> PointTrace:
        """Convert `point` to every space, clamped to the screen.

        Raises:
            ValueError: a coordinate is not a finite number.
        """
        if not (math.isfinite(point.x) and math.isfinite(point.y)):
            raise ValueError(f"({point.x}, {point.y}) is not a point")
        image = self.space.to_image(point, self.image)
        exact = self.to_screen(image)
        screen = ScreenPoint(
            min(max(exact.x, 0.0), self.screen.width - 1.0), min(max(exact.y, 0.0), self.screen.height - 1.0)
        )
        return PointTrace(point, image, screen, self.device.apply(screen), clamped=screen != exact)

    def to_screen(self, point: ImagePoint) -> ScreenPoint:
        """Convert image pixels to screen pixels, without clamping."""
        return ScreenPoint(
            point.x * self.screen.width / self.image.width, point.y * self.screen.height / self.image.height
        )

    def to_model(self, point: ScreenPoint) -> ModelPoint:
        """The inverse conversion, from the screen to the model's space, without rounding."""
        image = ImagePoint(
            point.x * self.image.width / self.screen.width, point.y * self.image.height / self.screen.height
        )
        return self.space.from_image(image, self.image)
