"""Where the target of a recorded action is on another screenshot, or why that is not known."""

from dataclasses import dataclass
from typing import TypeAlias

from ...envs.geometry import ScreenPoint


@dataclass(frozen=True, slots=True)
class Found:
    """The target is at `point` of the new screenshot, `zoom` times as large as recorded; `confidence` is 0 to 1."""

    point: ScreenPoint
    confidence: float
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Missing:
    """The target is not on the screen."""

    reason: str
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several places may be the target, and nothing near them decides."""

    reason: str
    points: tuple[ScreenPoint, ...] = ()


Located: TypeAlias = Found | Missing | Ambiguous
