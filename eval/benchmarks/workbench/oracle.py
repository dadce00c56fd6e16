"""Solutions: actions with keys and fixed coordinates, targets found by the reader, and waits for windows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ....agent.core.context import DecisionContext, HistoryStep
from ....agent.core.decision import Ending, Finish, GiveUp
from ....agent.core.model import ModelInfo
from ....agent.policy.baselines import ScriptedPolicy
from ....agent.policy.policy import PolicyEvents
from ....agent.record.events import PolicyInfo
from ....envs.actions import Action, Button, Click, Hotkey, Type, Wait
from ....envs.env import Env
from ....envs.geometry import ScreenPoint
from .web.finding import InPage, ReadablePage

_TRIES, _WAIT_S = 20, 0.5


@dataclass(frozen=True, slots=True)
class On:
    """A click on text that the reader finds on the screen, moved by `dx`, `dy` pixels."""

    text: str
    count: int = 1
    button: Button = Button.LEFT
    dx: float = 0
    dy: float = 0


@dataclass(frozen=True, slots=True)
class Until:
    """A wait for a window in front whose title contains `title`; it is not counted as a step."""

    title: str


Step: TypeAlias = Action | On | Until | InPage


def key(names: str, times: int = 1) -> tuple[Step, ...]:
    """Press keys together, such as `ctrl+s`."""
    return (Hotkey(tuple(names.split("+"))),) * times


def write(text: str) -> tuple[Step, ...]:
    """Type; a line break is Enter."""
    return (Type(text),)


def click(x: float, y: float, count: int = 1, button: Button = Button.LEFT) -> tuple[Step, ...]:
    """Click a point."""
    return (Click(ScreenPoint(x, y), button, count),)


def on(text: str, count: int = 1, button: Button = Button.LEFT, dx: float = 0, dy: float = 0) -> tuple[Step, ...]:
    """Click on text."""
    return (On(text, count, button, dx, dy),)


def until(title: str) -> tuple[Step, ...]:
    """Wait for a window."""
    return (Until(title),)


class WorkbenchOracle:
    """Performs `steps` one per decision and then ends with `ending`; gives up if a target or a window is missing.

    Elements of a web page are located in the page of `screen`.
    """

    def __init__(self, steps: tuple[Step, ...], ending: Ending, screen: Env | None = None) -> None:
        self._steps = list(steps)
        self._ending = ending
        self._screen = screen
        self._tries = 0

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo("oracle"))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`."""
        decision = self._next(context.history[-1])
        script = [decision] if isinstance(decision, Finish | GiveUp) else [(decision,)]
        return ScriptedPolicy(script).decide(context, interrupted)

    def _next(self, seen: HistoryStep) -> "Action | Finish | GiveUp":
        while self._steps:
            step = self._steps[0]
            if isinstance(step, Until) and step.title.casefold() in seen.location.casefold():
                action = None
            elif isinstance(step, On | Until | InPage):
                action = self._located(step, seen)
                if action is None:
                    self._tries += 1
                    return Wait(_WAIT_S) if self._tries < _TRIES else GiveUp(f"there is no {step}: {seen.location}")
            else:
                action = step
            self._tries = 0
            del self._steps[0]
            if action is not None:
                return action
        assert isinstance(self._ending, Finish | GiveUp)
        return self._ending

    def _located(self, step: On | Until | InPage, seen: HistoryStep) -> Action | None:
        """The click on what the step names; None if it is not there, and for a window."""
        if isinstance(step, InPage):
            screen: object = self._screen
            return step.on(screen) if isinstance(screen, ReadablePage) else None
        return _located(step, seen) if isinstance(step, On) else None


def _located(step: On, seen: HistoryStep) -> Action | None:
    from ..gallery.steps import TargetNotFound, find_text  # needs the reader extra

    try:
        area = find_text(seen.screenshot.image, step.text)
    except TargetNotFound:
        return None
    x, y = area.centre
    return Click(ScreenPoint(x + step.dx, y + step.dy), step.button, step.count)
