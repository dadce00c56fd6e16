"""The difference between two consecutive screenshots."""

from dataclasses import dataclass
from enum import StrEnum

from ...envs.geometry import Box


class ChangeKind(StrEnum):
    """Where the screen changed: nowhere, near the action's point, elsewhere, or everywhere."""

    NOTHING = "nothing"
    NEAR = "near"
    ELSEWHERE = "elsewhere"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two screenshots: the share of pixels, from 0 to 1, and the regions, largest first.

    `masked` regions do not count for `kind`: a text caret, and animations. `share` counts every pixel.
    """

    share: float
    regions: tuple[Box, ...]
    kind: ChangeKind
    masked: tuple[Box, ...] = ()
