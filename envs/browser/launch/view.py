"""The visible area of a browser."""

from dataclasses import dataclass

from ...geometry import Size


@dataclass(frozen=True, slots=True)
class View:
    """The visible area: `screen` in CSS pixels, each of them `scale` screenshot pixels wide."""

    screen: Size
    scale: float = 1.0
    headless: bool = True
