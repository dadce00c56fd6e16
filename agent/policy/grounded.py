"""A reply with its points followed to the screen: what is to be done, before it becomes an event."""

from dataclasses import dataclass, replace
from typing import Self

from ...envs.actions import ActionIn, map_points, points_of
from ...envs.geometry import ScreenPoint
from ..core.coordinates import Frame, PointTrace
from ..core.decision import AskUser, Ending, Finish, GiveUp, Reply
from ..record.events import Decided


@dataclass(frozen=True, slots=True)
class GroundedReply:
    """A reply with its points followed to the screen."""

    reply: Reply
    actions: tuple[ActionIn[ScreenPoint], ...]
    traces: tuple[PointTrace, ...]
    ending: Ending | None

    @classmethod
    def of(cls, reply: Reply, frame: Frame) -> Self:
        """Follow the points of `reply` through `frame`; what comes after an ending is dropped."""
        actions: list[ActionIn[ScreenPoint]] = []
        traces: list[PointTrace] = []
        for move in reply.moves:
            if isinstance(move, Finish | AskUser | GiveUp):
                return cls(reply, tuple(actions), tuple(traces), move)
            followed = {point: frame.trace(point) for point in points_of(move)}
            screen = {point: trace.screen for point, trace in followed.items()}
            traces.extend(followed[point] for point in points_of(move))
            actions.append(map_points(move, screen.__getitem__))
        return cls(reply, tuple(actions), tuple(traces), None)

    @property
    def points(self) -> tuple[ScreenPoint, ...]:
        """Where its actions go, in order."""
        return tuple(trace.screen for trace in self.traces)

    def aimed(self, trace: PointTrace) -> Self:
        """The plan, which goes to one place, with that place replaced by the one of `trace`."""
        actions = tuple(map_points(action, lambda _: trace.screen) for action in self.actions)
        return replace(self, actions=actions, traces=(trace,))

    def decided(self, step: int) -> Decided:
        """The plan as an event."""
        reply = self.reply
        return Decided(step, reply.thought, self.actions, self.ending, self.traces, reply.reflection, reply.reasoning)
