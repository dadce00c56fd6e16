"""Grounding: a parsed reply with its points converted to screen points."""

from dataclasses import dataclass, replace
from typing import Self

from ...envs.actions import ActionIn, map_points, points_of
from ...envs.geometry import ScreenPoint
from ..core.coordinates import Frame, PointTrace
from ..core.decision import AskUser, Ending, Finish, GiveUp, ParseFailure, Reply
from ..dialects.dialect import Dialect
from ..record.events import Decided


@dataclass(frozen=True, slots=True)
class GroundedReply:
    """A reply with its actions in screen coordinates."""

    reply: Reply
    actions: tuple[ActionIn[ScreenPoint], ...]
    traces: tuple[PointTrace, ...]
    ending: Ending | None

    @classmethod
    def of(cls, reply: Reply, frame: Frame) -> Self:
        """Convert the points of `reply` through `frame`; moves after an ending are dropped."""
        actions: list[ActionIn[ScreenPoint]] = []
        traces: list[PointTrace] = []
        for move in reply.moves:
            if isinstance(move, Finish | AskUser | GiveUp):
                return cls(reply, tuple(actions), tuple(traces), move)
            traced = {point: frame.trace(point) for point in points_of(move)}
            screen = {point: trace.screen for point, trace in traced.items()}
            traces.extend(traced[point] for point in points_of(move))
            actions.append(map_points(move, screen.__getitem__))
        return cls(reply, tuple(actions), tuple(traces), None)

    @property
    def target(self) -> ScreenPoint | None:
        """The point of its actions, if there is exactly one."""
        return self.traces[0].screen if len(self.traces) == 1 else None

    def with_target(self, trace: PointTrace) -> Self:
        """A copy whose only point is replaced by that of `trace`."""
        actions = tuple(map_points(action, lambda _: trace.screen) for action in self.actions)
        return replace(self, actions=actions, traces=(trace,))

    def decided(self, step: int) -> Decided:
        """The reply as an event."""
        reply = self.reply
        return Decided(step, reply.thought, self.actions, self.ending, self.traces, reply.reflection, reply.reasoning)


def parse_and_ground(dialect: Dialect, text: str, frame: Frame) -> GroundedReply | ParseFailure:
    """The reply `text`, or why it cannot be parsed or converted."""
    reply = dialect.parse(text)
    if isinstance(reply, ParseFailure):
        return reply
    try:
        return GroundedReply.of(reply, frame)
    except ValueError as error:
        return ParseFailure("bad_point", 0, str(error))
