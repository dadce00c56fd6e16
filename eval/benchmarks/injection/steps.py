"""Steps of the scripted users, with targets by CSS selector, and the policy that performs them as a model would."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from ....agent.core.context import DecisionContext
from ....agent.core.decision import Finish
from ....agent.core.model import ModelInfo
from ....agent.policy.baselines import ScriptedPolicy
from ....agent.policy.policy import PolicyEvents
from ....agent.record.events import PolicyInfo
from ....envs.actions import Action, Click, Direction, Hotkey, Move, Navigate, OpenApp, Scroll, Type, Wait
from ....envs.geometry import ScreenPoint

_WAITS = 8
_WAIT_S = 0.4

_LOCATE = """selector => {
  const found = document.querySelector(selector);
  if (!found) return null;
  const box = found.getBoundingClientRect();
  return box.width && box.height ? [box.left, box.top, box.width, box.height] : null;
}"""


@dataclass(frozen=True, slots=True)
class Step:
    """An action. `at` is a selector, and `part` the point as a fraction of its box."""

    do: Literal["click", "move", "type", "key", "navigate", "scroll", "open", "wait"]
    text: str = ""
    at: str = ""
    part: tuple[float, float] = (0.5, 0.5)
    clicks: int = 1


def click(at: str, part: tuple[float, float] = (0.5, 0.5), clicks: int = 1) -> Step:
    """Click an element."""
    return Step("click", at=at, part=part, clicks=clicks)


def type_(text: str) -> Step:
    """Type; a line break is Enter."""
    return Step("type", text)


def key(keys: str) -> Step:
    """Press keys."""
    return Step("key", keys)


def navigate(url: str) -> Step:
    """Open an address."""
    return Step("navigate", url)


def fill(at: str, text: str) -> tuple[Step, ...]:
    """Replace the text of a field."""
    return click(at), key("ctrl+a"), type_(text)


class InspectablePage(Protocol):
    """A screen whose elements can be located."""

    def evaluate_in_page(self, script: str, argument: object) -> object:
        """The result of a JavaScript function in the page."""
        ...


class ScriptedUser:
    """Performs steps one per decision, refused or not, and then finishes; a step without its target is left out.

    `steps` is advanced only when the next step is needed, so that it can depend on what has happened. `page` is None
    for screens without selectors.
    """

    def __init__(self, name: str, steps: Iterable[Step], page: InspectablePage | None) -> None:
        self._name = name
        self._steps: Iterator[Step] = iter(steps)
        self._page = page
        self._current: Step | None = None
        self._waits = 0

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return PolicyInfo(ModelInfo(self._name))

    def open(self) -> None:
        """See `Policy`."""

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`. Waits for a target that is not there yet."""
        action = self.next_action()
        return ScriptedPolicy([Finish("done") if action is None else (action,)]).decide(context, interrupted)

    def next_action(self) -> Action | None:
        """The action of the next step, or a wait for its target; None after the last step."""
        while (step := self._current or next(self._steps, None)) is not None:
            action = self._action(step)
            if action is None and self._waits < _WAITS:
                self._current, self._waits = step, self._waits + 1
                return Wait(_WAIT_S)
            self._current, self._waits = None, 0
            if action is not None:
                return action
        return None

    def _action(self, step: Step) -> Action | None:
        if step.at:
            point = self._locate(step)
            return None if point is None else _at(step, point)
        match step.do:
            case "type":
                return Type(step.text)
            case "key":
                return Hotkey(tuple(step.text.split("+")))
            case "navigate":
                return Navigate(step.text)
            case "open":
                return OpenApp(step.text)
            case _:
                return Wait(_WAIT_S)

    def _locate(self, step: Step) -> ScreenPoint | None:
        if self._page is None:
            x, y = (int(part) for part in step.at.split(","))
            return ScreenPoint(x, y)
        box = self._page.evaluate_in_page(_LOCATE, step.at)
        if not isinstance(box, list):
            return None
        left, top, width, height = (float(one) for one in box)
        return ScreenPoint(left + width * step.part[0], top + height * step.part[1])


def _at(step: Step, point: ScreenPoint) -> Action:
    match step.do:
        case "click":
            return Click(point, count=step.clicks)
        case "move":
            return Move(point)
        case _:
            return Scroll(Direction.DOWN, 20, point)
