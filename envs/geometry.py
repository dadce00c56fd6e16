"""Sizes, boxes, and points in two spaces: pixels of the screenshot, and units of the input device."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels, both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a size is at least 1x1, not {self.width}x{self.height}")

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class ScreenPoint:
    """A point in pixels of the screenshot: origin top left, x to the right, y down; may lie between pixels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class DevicePoint:
    """A point in the units of the input device: CSS pixels of a page, or desktop coordinates."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class DeviceTransform:
    """Converts screenshot pixels to device units: `device = origin + screen / scale`.

    `scale` is screenshot pixels per device unit (2.0 on a Retina screen or at device scale factor 2); the origin is
    the screenshot's top left corner in device units (not zero on a second monitor).
    """

    scale: float = 1.0
    origin_x: float = 0.0
    origin_y: float = 0.0

    def apply(self, point: ScreenPoint) -> DevicePoint:
        """Convert `point` to device units."""
        return DevicePoint(self.origin_x + point.x / self.scale, self.origin_y + point.y / self.scale)

    def inverse(self, point: DevicePoint) -> ScreenPoint:
        """Convert `point` to screenshot pixels."""
        return ScreenPoint((point.x - self.origin_x) * self.scale, (point.y - self.origin_y) * self.scale)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the screenshot; left and top are inclusive, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int
