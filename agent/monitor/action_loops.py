"""Loop detection: the agent repeats actions and the screen does not change. Replies are not considered.

Two steps are equal if they have the same actions, up to a few pixels, on the same screen. A loop is one step, or a
cycle of two or three, repeated. Screens are compared only where the actions match, so detection costs nothing while a
run makes progress.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...envs.actions import Action, Wait, map_points, points_of
from ...envs.geometry import ScreenPoint
from ..core.describe import describe_action

MAX_CYCLE = 3
SAME_POINT_PX = 8
"""Points closer than this, in each axis, are the same target."""

_MIN_ROUNDS = 3
"""A cycle of two or three steps is a loop after this many rounds."""

_WAIT_WEIGHT = 1 / 4
_ANIMATED_WAIT_WEIGHT = 1 / 6


@dataclass(frozen=True, slots=True)
class StepActions:
    """The actions of a step; `animated` if the screen changed on its own while the step only waited."""

    actions: tuple[Action, ...]
    animated: bool = False

    @property
    def points(self) -> tuple[ScreenPoint, ...]:
        """The points of all actions, in order."""
        return tuple(point for action in self.actions for point in points_of(action))

    @property
    def only_waits(self) -> bool:
        """Whether there is at least one action and all are waits."""
        return bool(self.actions) and all(isinstance(action, Wait) for action in self.actions)


@dataclass(frozen=True, slots=True)
class ActionLoop:
    """Repeated `steps`, in cycles of `length`.

    `weight` measures the repetition: the number of steps, where a wait counts 1/4, or 1/6 if the screen is animated.
    It is reduced for cycles of two and three, which have weight 3 after their third round and gain one per step.
    """

    length: int
    steps: tuple[StepActions, ...]
    weight: float

    @property
    def target(self) -> ScreenPoint | None:
        """The last point of the newest step, if it has one."""
        points = self.steps[-1].points
        return points[-1] if points else None

    def __str__(self) -> str:
        cycle = self.steps[-self.length :]
        actions = ", then ".join(
            "; ".join(describe_action(action) for action in step.actions) or "nothing" for step in cycle
        )
        rounds = len(self.steps) // self.length
        if self.length == 1:
            return f"the same action was repeated {rounds} times without changing the screen: {actions}"
        return f"the same {self.length} actions led back to the same screen {rounds} times: {actions}"


SameScreen: TypeAlias = Callable[[int, int], bool]
"""Whether the screenshots at two indices show the same screen."""


def find_loop(steps: Sequence[StepActions], same_screen: SameScreen) -> ActionLoop | None:
    """The loop of greatest weight that ends with the newest step.

    Step `i` acted on screenshot `i`. `same_screen` accepts indices 0 to `len(steps)`; the last is the screenshot after
    the newest step.
    """
    loops = (_find_cycle(steps, length, same_screen) for length in range(1, MAX_CYCLE + 1))
    return max((loop for loop in loops if loop is not None), key=lambda loop: loop.weight, default=None)


def same_actions(one: StepActions, other: StepActions) -> bool:
    """Whether two steps have the same actions, up to a few pixels."""
    if len(one.actions) != len(other.actions):
        return False
    return all(_same_action(a, b) for a, b in zip(one.actions, other.actions, strict=True))


def _find_cycle(steps: Sequence[StepActions], length: int, same_screen: SameScreen) -> ActionLoop | None:
    matching = _count_matching(steps, length)
    if length > 1 and matching < _MIN_ROUNDS * length:
        return None
    newest, count = len(steps), 0
    while count < matching and count <= newest - length and same_screen(newest - count - length, newest - count):
        count += 1
    if not count:
        return None
    if length == 1:
        return _loop(steps[newest - count :], 1, 0.0)
    # The screens of the first round have no earlier round to compare with, so their steps count as well.
    involved = min(count + length - 1, matching)
    if involved < _MIN_ROUNDS * length:
        return None
    return _loop(steps[newest - involved :], length, 3.0 * (length - 1))


def _count_matching(steps: Sequence[StepActions], length: int) -> int:
    """The number of newest steps that repeat the newest `length` steps in order, including those."""
    count = min(length, len(steps))
    while count < len(steps) and same_actions(steps[-count - 1], steps[-1 - count % length]):
        count += 1
    return count


def _loop(steps: Sequence[StepActions], length: int, discount: float) -> ActionLoop:
    return ActionLoop(length, tuple(steps), sum(_weight(step) for step in steps) - discount)


def _weight(step: StepActions) -> float:
    if not step.only_waits:
        return 1.0
    return _ANIMATED_WAIT_WEIGHT if step.animated else _WAIT_WEIGHT


def _same_action(one: Action, other: Action) -> bool:
    if type(one) is not type(other) or _without_points(one) != _without_points(other):
        return False
    pairs = zip(points_of(one), points_of(other), strict=False)
    return all(abs(a.x - b.x) <= SAME_POINT_PX and abs(a.y - b.y) <= SAME_POINT_PX for a, b in pairs)


def _without_points(action: Action) -> object:
    return map_points(action, lambda _: None)
