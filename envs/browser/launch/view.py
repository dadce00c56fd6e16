"""The visible area of a browser."""

from collections.abc import Callable
from dataclasses import dataclass

from ...demonstration import PersonInput
from ...geometry import Size


@dataclass(frozen=True, slots=True)
class View:
    """The visible area: `screen` in CSS pixels, each of them `scale` screenshot pixels wide.

    `person` gets what a person does in it, while a demonstration is recorded.
    """

    screen: Size
    scale: float = 1.0
    headless: bool = True
    person: Callable[[PersonInput], None] | None = None
