"""Applies rules to the actions of one episode, and keeps track of what they depend on."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from ...envs.actions import Action, Back, Click, Drag, Home, KeyDown, KeyUp, LongPress, Navigate, OpenApp, points_of
from ...envs.env import Observation
from ...envs.geometry import ScreenPoint
from ...envs.keys import MODIFIERS
from ...envs.screenshot import Screenshot
from ..core.describe import type_name
from .guard import Allow, Ask, Deny, GuardDecision, Stop
from .rules import RuleDecision, RuleSet, Verdict
from .situation import Place, Situation, plain_key, typed_by
from .task_words import TaskWords

TargetText: TypeAlias = Callable[[Screenshot, ScreenPoint], str | None]
"""Reads the text at a point of a screenshot; None if texts cannot be read."""

_MOVES_FOCUS = (Click, LongPress, Drag, Navigate, Back, OpenApp, Home)
_MAX_TYPED = 200


def no_text(screenshot: Screenshot, point: ScreenPoint) -> str | None:
    """A `TargetText` that cannot read."""
    return None


@dataclass(slots=True)
class RuleGuard:
    """A `Guard` that applies `rules`; one instance judges the actions of one episode of `task`, in order.

    The episode starts at the address `start`, which may have redirected before the first observation. Without one, it
    starts at the first page, unless the task names a host.

    Call `performed` with each action that was carried out.
    """

    rules: RuleSet
    read_target: TargetText = no_text
    task: str = ""
    start: str = ""

    _held: set[str] = field(init=False, default_factory=set[str])
    _typed: str = field(init=False, default="")
    _performed: Counter[str] = field(init=False, default_factory=Counter[str])
    _pointer: ScreenPoint | None = field(init=False, default=None)
    _home: str | None = field(init=False, default=None)
    _judged: Situation | None = field(init=False, default=None)
    _pressed: str = field(init=False, default="")

    def __call__(self, action: Action, observation: Observation) -> GuardDecision:
        """See `Guard`."""
        situation = self.situation(action, observation)
        decision = self.rules.decide(situation)
        reason = described(decision)
        match decision.verdict:
            case Verdict.ALLOW:
                return Allow(recheck=decision.by_target)
            case Verdict.ASK:
                target = situation.target or "" if decision.by_target else ""
                return Ask(decision.rule, decision.reason, decision.scope, target)
            case Verdict.DENY:
                return Deny(reason)
            case Verdict.STOP:
                return Stop(reason)

    def situation(self, action: Action, observation: Observation) -> Situation:
        """What the rules look at if `action` was chosen on `observation`."""
        place = Place.of(observation.location)
        if self._home is None:
            start = Place.of(self.start if "://" in self.start else f"https://{self.start}").host
            is_unknown = start in ("", "about") and not TaskWords.of(self.task).hosts
            self._home = place.host if is_unknown else start
        self._judged = Situation(
            action,
            place,
            observation.program,
            observation.asks_for_file,
            frozenset(self._held),
            self._typed,
            dict(self._performed),
            self._pointer,
            self._pressed,
            TaskWords.of(self.task),
            self._home,
            lambda point: self.read_target(observation.screenshot, point),
        )
        return self._judged

    def performed(self, action: Action) -> None:
        """Take note that `action` was carried out."""
        self._performed[type_name(type(action))] += 1
        if points := points_of(action):
            self._pointer = points[-1]
        if isinstance(action, _MOVES_FOCUS):
            read = None if self._judged is None else self._judged.__dict__.get("target")  # only if a rule asked for it
            self._pressed = read or ""
        if isinstance(action, KeyDown) and plain_key(action.key) in MODIFIERS:
            self._held.add(plain_key(action.key))
        elif isinstance(action, KeyUp):
            self._held.discard(plain_key(action.key))
        text = "\n" if isinstance(action, _MOVES_FOCUS) else typed_by(action)
        self._typed = (self._typed + text)[-_MAX_TYPED:]


def described(decision: RuleDecision) -> str:
    """The reason of a decision, with the rule that made it."""
    rule = "no rule allows it" if decision.rule == "default" else f"rule {decision.rule!r}"
    return f"{decision.reason} ({rule})" if decision.reason else rule
