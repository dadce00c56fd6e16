"""Boxes and polygons of grounding data sets, the forms in which copies write them, and whether an answer is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ....envs.geometry import ScreenPoint, Size
from ...core.task import Outcome

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners (x, y) in pixels of the image."""

_TOLERANCE = 0.01
"""How far a box that was drawn carelessly may leave its image, as a share of the width and the height."""


@dataclass(frozen=True, slots=True)
class TargetShape:
    """The numbers of an annotation, of a box or a polygon on an image of `size`."""

    numbers: tuple[float, ...]
    is_polygon: bool
    size: Size


@dataclass(frozen=True, slots=True)
class BoxForm:
    """How a file writes boxes: a corner and a size, or two corners; in pixels, or as fractions of the image."""

    corners: bool
    fractions: bool = False

    def __str__(self) -> str:
        numbers = "two corners" if self.corners else "a corner and a size"
        return f"{numbers} {'as fractions of the image' if self.fractions else 'in pixels'}"

    def area(self, shape: TargetShape) -> Polygon | None:
        """The shape in pixels; None if it would be empty, inside out, not on the image, or a single pixel."""
        width, height = (shape.size.width, shape.size.height) if self.fractions else (1, 1)
        numbers = [number * (height if index % 2 else width) for index, number in enumerate(shape.numbers)]
        if not self.fractions and all(0 <= number <= 1 for number in numbers):
            return None
        if shape.is_polygon:
            area = polygon(numbers)
        else:
            left, top, third, fourth = numbers
            right, bottom = (third, fourth) if self.corners else (left + third, top + fourth)
            if not (left < right and top < bottom):
                return None
            area = box(left, top, right, bottom)
        return area if all(_is_on(x, y, shape.size) for x, y in area) else None


def forms_of(shapes: Sequence[TargetShape]) -> list[BoxForm]:
    """The forms in which all of `shapes` make sense."""
    forms = (BoxForm(corners, fractions) for fractions in (False, True) for corners in (False, True))
    return [form for form in forms if all(form.area(shape) is not None for shape in shapes)]


def box(left: float, top: float, right: float, bottom: float) -> Polygon:
    """A box as a polygon."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def polygon(numbers: Sequence[float]) -> Polygon:
    """The polygon with the corners x, y, x, y, ..."""
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class PointAnswer:
    """Where a model clicked, or that it refused to; neither if its reply contains no point."""

    at: ScreenPoint | None
    refused: bool = False


def judge_answer(answer: PointAnswer, area: Polygon | None) -> Outcome:
    """Whether the point is in `area`, edges included; the right answer for a target that does not exist is a refusal.

    A reply with neither is wrong.
    """
    at = answer.at
    if area is None:
        if at is not None:
            return Outcome(False, f"clicked at ({at.x:g}, {at.y:g}), but the target does not exist")
        return Outcome(answer.refused, "refused correctly" if answer.refused else "neither a point nor a refusal")
    if at is None:
        return Outcome(False, "wrong format: the reply contains no point")
    done = is_within(at, area)
    xs, ys = [x for x, _ in area], [y for _, y in area]
    bounds = f"({min(xs):g}, {min(ys):g}) to ({max(xs):g}, {max(ys):g})"
    return Outcome(done, f"({at.x:g}, {at.y:g}) is {'in' if done else 'outside'} {bounds}")


def is_within(at: ScreenPoint, area: Polygon) -> bool:
    """Whether a point is in a polygon (even-odd rule) or on its edge."""
    inside = False
    for (x1, y1), (x2, y2) in zip(area, (*area[1:], area[0]), strict=True):
        cross = (x2 - x1) * (at.y - y1) - (y2 - y1) * (at.x - x1)
        if cross == 0 and min(x1, x2) <= at.x <= max(x1, x2) and min(y1, y2) <= at.y <= max(y1, y2):
            return True
        if (y1 > at.y) != (y2 > at.y) and at.x < (x2 - x1) * (at.y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _is_on(x: float, y: float, size: Size) -> bool:
    return all(-_TOLERANCE <= share <= 1 + _TOLERANCE for share in (x / size.width, y / size.height))
