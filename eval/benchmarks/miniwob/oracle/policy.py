"""A policy that asks a script in the page for the next actions."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from .....agent.core.context import DecisionContext
from .....agent.core.coordinates import Absolute, Frame, ModelPoint
from .....agent.core.decision import Finish, GiveUp
from .....agent.core.model import ModelInfo
from .....agent.record.events import Decided, PolicyInfo
from .....envs.actions import Action, Click, Direction, Drag, Hotkey, Move, Scroll, Type, Wait, points_of
from .....envs.geometry import ScreenPoint
from ...browsers import PooledBrowser

_FILES = ("steps.js", "clicking.js", "filling.js", "reading.js", "dragging.js")
_WAIT_S = 0.2


def can_solve(task: str) -> bool:
    """Whether there is a script for `task`."""
    return task in _solvers()


@dataclass(slots=True)
class OraclePolicy:
    """Solves `task`. `scale` is the number of screenshot pixels per CSS pixel."""

    browser: PooledBrowser
    task: str
    instruction: str
    scale: float
    _memory: dict[str, Any] = field(default_factory=dict[str, Any])

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("oracle"))

    def open(self) -> None:
        """Nothing to do."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> Iterator[Decided]:
        """See `Policy`. The script only reads the page; every change happens through actions."""
        if not can_solve(self.task):
            yield Decided(context.step, None, (), GiveUp("no solution is known"))
            return
        answer: dict[str, Any] = self.browser.evaluate_in_page(_script(), [self.task, self.instruction, self._memory])
        self._memory = answer["memory"]
        steps: list[dict[str, Any]] | None = answer["steps"]
        if steps == []:
            yield Decided(context.step, None, (), Finish())
            return
        actions = tuple(self._action(step) for step in steps or [{"wait": _WAIT_S}])
        frame = Frame(context.history[-1].screenshot.size, context.history[-1].screenshot.size, Absolute())
        points = [point for action in actions for point in points_of(action)]
        traces = tuple(frame.trace(ModelPoint(point.x, point.y)) for point in points)
        yield Decided(context.step, None, actions, traces=traces)

    def _action(self, step: dict[str, Any]) -> Action:
        match step:
            case {"click": at}:
                return Click(self._at(at), count=step.get("count", 1), modifiers=tuple(step.get("modifiers", ())))
            case {"move": at}:
                return Move(self._at(at))
            case {"drag": path}:
                return Drag(tuple(self._at(at) for at in path))
            case {"type": text}:
                return Type(text)
            case {"keys": keys}:
                return Hotkey(tuple(keys))
            case {"scroll": at, "direction": direction, "amount": amount}:
                return Scroll(Direction(direction), amount, self._at(at))
            case {"wait": seconds}:
                return Wait(seconds)
            case _:
                raise ValueError(f"the oracle of {self.task} returned an unknown step: {step}")

    def _at(self, position: list[float]) -> ScreenPoint:
        return ScreenPoint(position[0] * self.scale, position[1] * self.scale)


@cache
def _script() -> str:
    """A JavaScript function from the task, the instruction and the memory to the next steps and the new memory."""
    return f"(args) => {{ {_source()}\nreturn nextSteps(...args); }}"


@cache
def _source() -> str:
    folder = resources.files(__name__.rpartition(".")[0])
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in _FILES)


@cache
def _solvers() -> frozenset[str]:
    return frozenset(re.findall(r'solvers\["([a-z0-9-]+)"\] =', _source()))
