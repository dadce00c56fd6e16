"""Whether a run is going round in circles: told by what was done and what the screen did, never by what was said.

A deed repeats another where it does the same within a few pixels, on the same screen. A circle is a deed, or two or
three in turn, repeated again and again. Whether two screens are the same is asked only where the deeds agree, so that
nothing is spent while a run goes well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...envs.actions import Action, Wait, map_points, points_of
from ...envs.geometry import ScreenPoint
from ..core.describe import describe_action

LONGEST_CYCLE = 3
SAME_PLACE_PX = 8
"""Points within so many pixels of one another, each way, are the same place."""

_FEWEST_ROUNDS = 3
"""A cycle of two or three is one once it has gone round so often."""

_WAIT_WEIGHT = 1 / 4
_MOVING_WAIT_WEIGHT = 1 / 6


@dataclass(frozen=True, slots=True)
class StepActions:
    """What was done in a step; `moving` says that the screen moved by itself meanwhile."""

    actions: tuple[Action, ...]
    moving: bool = False

    @property
    def points(self) -> tuple[ScreenPoint, ...]:
        """The points of all its actions, in order."""
        return tuple(point for action in self.actions for point in points_of(action))

    @property
    def waits(self) -> bool:
        """Whether it does nothing but wait."""
        return bool(self.actions) and all(isinstance(action, Wait) for action in self.actions)


@dataclass(frozen=True, slots=True)
class ActionLoop:
    """Deeds that repeat: how many in turn (`length`), and how many there have been.

    `weight` is how much that tells: deeds that repeat one another, where a wait counts a quarter, or a sixth if
    something moved on the screen. Cycles of two and three weigh three at the third round, and one more a deed.
    """

    length: int
    deeds: tuple[StepActions, ...]
    weight: float

    @property
    def target(self) -> ScreenPoint | None:
        """Where the newest deed went, if it went to one place."""
        points = self.deeds[-1].points
        return points[-1] if points else None

    def __str__(self) -> str:
        turn = self.deeds[-self.length :]
        said = ", then ".join(
            "; ".join(describe_action(action) for action in deed.actions) or "nothing" for deed in turn
        )
        times = len(self.deeds) // self.length
        if self.length == 1:
            return f"the same action {times} times in a row changed nothing on the screen: {said}"
        return f"the same {self.length} actions in turn led back to the same screen {times} times: {said}"


SameScreen: TypeAlias = Callable[[int, int], bool]
"""Whether the looks of these two indices show the same screen."""


def find_loop(deeds: Sequence[StepActions], same_screen: SameScreen) -> ActionLoop | None:
    """The heaviest circle that the newest deeds run in, if they repeat at all.

    Deed `i` was done on look `i`; `same_screen` may be asked about looks 0 to `len(deeds)`, the last of which shows
    what the newest deed led to.
    """
    found = (_circle(deeds, length, same_screen) for length in range(1, LONGEST_CYCLE + 1))
    return max((circle for circle in found if circle is not None), key=lambda circle: circle.weight, default=None)


def same_actions(one: StepActions, other: StepActions) -> bool:
    """Whether two deeds do the same, but for a few pixels."""
    if len(one.actions) != len(other.actions):
        return False
    return all(_same_action(a, b) for a, b in zip(one.actions, other.actions, strict=True))


def _circle(deeds: Sequence[StepActions], length: int, same_screen: SameScreen) -> ActionLoop | None:
    longest = _agreeing(deeds, length)
    if length > 1 and longest < _FEWEST_ROUNDS * length:
        return None
    newest, count = len(deeds), 0
    while count < longest and count <= newest - length and same_screen(newest - count - length, newest - count):
        count += 1
    if not count:
        return None
    if length == 1:
        return _of(deeds[newest - count :], 1, 0.0)
    taking_part = min(count + length - 1, longest)  # the first screens of a cycle have none before them to be like
    if taking_part < _FEWEST_ROUNDS * length:
        return None
    return _of(deeds[newest - taking_part :], length, 3.0 * (length - 1))


def _agreeing(deeds: Sequence[StepActions], length: int) -> int:
    """How many of the newest deeds are each the same as one of the newest `length`, in turn, these included."""
    count = min(length, len(deeds))
    while count < len(deeds) and same_actions(deeds[-count - 1], deeds[-1 - count % length]):
        count += 1
    return count


def _of(deeds: Sequence[StepActions], length: int, allowance: float) -> ActionLoop:
    return ActionLoop(length, tuple(deeds), sum(_weight(deed) for deed in deeds) - allowance)


def _weight(deed: StepActions) -> float:
    if not deed.waits:
        return 1.0
    return _MOVING_WAIT_WEIGHT if deed.moving else _WAIT_WEIGHT


def _same_action(one: Action, other: Action) -> bool:
    if type(one) is not type(other) or _without_points(one) != _without_points(other):
        return False
    pairs = zip(points_of(one), points_of(other), strict=False)
    return all(abs(a.x - b.x) <= SAME_PLACE_PX and abs(a.y - b.y) <= SAME_PLACE_PX for a, b in pairs)


def _without_points(action: Action) -> object:
    return map_points(action, lambda _: None)
