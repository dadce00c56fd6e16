"""Policies without a model: scripted ones for tests, and lower bounds for benchmark figures.

A package adds a policy through an entry point in the group `screenwright.policies`: a function without required
parameters, such as a class, that returns a `Policy`.
"""

import random
from collections.abc import Callable, Iterable, Sequence

from ...envs.actions import ActionIn, Click, points_of
from ...envs.geometry import ScreenPoint
from ..core.context import DecisionContext
from ..core.coordinates import Absolute, Frame, ModelPoint, PointTrace
from ..core.decision import AskUser, Ending, Finish, GiveUp
from ..core.model import ModelInfo
from ..record.events import Decided, PolicyInfo
from .policy import PolicyEvents


class ScriptedPolicy:
    """Plays decisions in order, then finishes: each is an action, several actions for one step, or an ending."""

    def __init__(self, script: Iterable[ActionIn[ScreenPoint] | Sequence[ActionIn[ScreenPoint]] | Ending]) -> None:
        self._script = iter(script)

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("script"))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`."""
        entry = next(self._script, Finish("the script has ended"))
        if isinstance(entry, Finish | AskUser | GiveUp):
            yield Decided(context.step, None, (), entry)
        else:
            yield _decided(context, tuple(entry) if isinstance(entry, Sequence) else (entry,))


class NullPolicy(ScriptedPolicy):
    """Finishes immediately; measures tasks that are already solved at reset."""

    def __init__(self) -> None:
        super().__init__([Finish()])


class RandomPolicy:
    """Clicks a random point in each step. The same `seed` gives the same clicks."""

    def __init__(self, seed: str = "") -> None:
        self._random = random.Random(seed)  # noqa: S311 -- not used for secrets

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("random clicks"))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`."""
        size = context.history[-1].screenshot.size
        point = ScreenPoint(self._random.randrange(size.width), self._random.randrange(size.height))
        yield _decided(context, (Click(point),))


def _decided(context: DecisionContext, actions: tuple[ActionIn[ScreenPoint], ...]) -> Decided:
    points = (point for action in actions for point in points_of(action))
    return Decided(context.step, None, actions, traces=tuple(_trace(context, point) for point in points))


def _trace(context: DecisionContext, point: ScreenPoint) -> PointTrace:
    size = context.history[-1].screenshot.size
    return Frame(size, size, Absolute(), context.device).trace(ModelPoint(point.x, point.y))
