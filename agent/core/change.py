"""What differs between two consecutive screenshots."""

from dataclasses import dataclass
from enum import StrEnum

from ...envs.geometry import Box


class ChangeKind(StrEnum):
    """What became of the screen: nothing that counts, something near the action's point, elsewhere, or all of it."""

    NOTHING = "nothing"
    NEAR = "near"
    ELSEWHERE = "elsewhere"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two looks: the share of pixels, from 0 to 1, and the regions, largest first.

    `masked` are regions that were left out of the judgement: a caret, and what moves by itself. `share` counts every
    pixel. `kind` is None in runs recorded before it was judged.
    """

    share: float
    regions: tuple[Box, ...] = ()
    kind: ChangeKind | None = None
    masked: tuple[Box, ...] = ()
