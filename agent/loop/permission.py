"""Permission for each action: the guard and the rules decide, the user approves, the target is compared again.

Safety checks of a model's API, and the model's own questions, reach the user in the same way.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass, field

from PIL import ImageDraw

from screenwright._text import plain, quote

from ...envs.actions import Action, ButtonDown, Click, Drag, LongPress, Move, points_of
from ...envs.env import ActionRefused, Observation
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ...envs.secrets import SecretVault
from ..core.approvals import Scope
from ..core.describe import describe_action
from ..core.validation import check_returned
from ..guard.approval import ApprovalAnswer, ApprovalRequest
from ..guard.guard import Allow, Ask, Deny, Guard, GuardDecision, SafetyGuard, Stop
from ..guard.rule_guard import RuleGuard, TargetText
from ..guard.rules import RuleSet
from ..guard.secret_guard import SecretGuard
from ..guard.situation import Place
from ..monitor.batch import page_change, unexpected_change
from ..record.events import ApprovalAnswered, Decided, Event
from .observer import Observer

_MAX_QUESTION = 2000
_CROP_PX = (480, 320)
_MARK_PX = 14
_PRESSES = (Click, LongPress, Drag, ButtonDown)


@dataclass(slots=True)
class Permissions:
    """Decides about the actions of one episode. `read_target` reads the text at a point, for rules and comparisons."""

    guard: Guard
    rules: RuleSet | None
    observer: Observer
    read_target: TargetText
    task: str = ""
    vault: SecretVault = field(default_factory=SecretVault)
    _rule_guard: RuleGuard | None = field(init=False, default=None)
    _granted: set[tuple[str, str]] = field(init=False, default_factory=set[tuple[str, str]])
    """Rules with the place for which they have been approved, which is empty for the whole run."""

    def permit(
        self, step: int, action: Action, observation: Observation
    ) -> Generator[Event, None, Allow | Deny | Stop]:
        """Whether `action` may be carried out. The guard comes before the rules; each may ask."""
        recheck = False
        if self.rules is not None and self._rule_guard is None:
            start = self.observer.env.info().settings.get("url", "")
            self._rule_guard = RuleGuard(self.rules, self.read_target, self.task, start)
        judges: list[Guard] = [self.guard, SecretGuard(self.vault)]
        judges += [] if self._rule_guard is None else [self._rule_guard]
        for judge in judges:
            decision = _checked(judge(action, observation))
            if isinstance(decision, Ask):
                decision = yield from self._approved(step, action, observation, decision)
            if not isinstance(decision, Allow):
                return decision
            recheck = recheck or decision.recheck
        return Allow(recheck)

    def performed(self, action: Action) -> None:
        """Take note that `action` was carried out."""
        if self._rule_guard is not None:
            self._rule_guard.performed(action)

    # -- asking

    def _approved(
        self, step: int, action: Action, observation: Observation, ask: Ask
    ) -> Generator[Event, None, Allow | Deny]:
        place = _name_of(Place.of(observation.location))
        if {(ask.rule, ""), (ask.rule, place)} & self._granted:
            return Allow(recheck=True)
        on = f" on {quote(ask.target)}" if ask.target else ""
        scopes = [Scope.ONCE, *([Scope.HOST] if place else []), Scope.RUN]
        request = ApprovalRequest(
            "rule",
            plain(f"{describe_action(action)}{on}", _MAX_QUESTION),
            step,
            (action,),
            ask.rule,
            ask.reason,
            place,
            tuple(scopes if ask.scope is Scope.RUN else scopes[:-1] if ask.scope is Scope.HOST else scopes[:1]),
            _picture(observation.screenshot, points_of(action)),
            self.observer.supervision.approval_timeout_s,
        )
        answer = yield from self._answer(request)
        if answer is None or not answer.allowed:
            who = "the user did not allow it" if answer else "no one allowed it"
            return Deny(answer.text if answer and answer.text else f"{who} (rule {ask.rule!r})")
        if answer.scope in request.scopes and answer.scope is not Scope.ONCE:
            self._granted.add((ask.rule, place if answer.scope is Scope.HOST else ""))
        return Allow(recheck=True)

    def _answer(self, request: ApprovalRequest) -> Generator[Event, None, ApprovalAnswer | None]:
        started = time.monotonic()
        answer, by = yield from self.observer.request_approval(request)
        allowed, scope, reason = (answer.allowed, answer.scope, answer.text) if answer else (False, Scope.ONCE, "")
        yield ApprovalAnswered(
            request.step,
            request.kind,
            request.question,
            allowed,
            reason,
            scope,
            request.rule,
            by,
            time.monotonic() - started,
        )
        return answer

    # -- safety checks

    def answer_safety_checks(
        self, decided: Decided, observation: Observation
    ) -> Generator[Event, None, GuardDecision | None]:
        """The answer of the guard, if it answers safety checks, or else of the user; None if no one answers.

        Only an explicit yes of the user allows the actions.
        """
        question = "\n".join(plain(one, _MAX_QUESTION) for one in decided.safety_checks)
        guard: object = self.guard
        if isinstance(guard, SafetyGuard):
            decision = _checked(guard.answer_safety_check(question, decided.actions, observation))
            if not isinstance(decision, Ask):
                reason = "" if isinstance(decision, Allow) else decision.reason
                allowed = isinstance(decision, Allow)
                yield ApprovalAnswered(decided.step, "safety_check", question, allowed, reason, by="guard")
                return decision
        intended = "; ".join(plain(describe_action(action), _MAX_QUESTION) for action in decided.actions)
        points = points_of(decided.actions[0]) if decided.actions else ()
        request = ApprovalRequest(
            "safety_check",
            f"{question}\nThe model wants to: {intended}." if intended else question,
            decided.step,
            decided.actions,
            place=_name_of(Place.of(observation.location)),
            image=_picture(observation.screenshot, points),
            timeout_s=self.observer.supervision.approval_timeout_s,
        )
        answer = yield from self._answer(request)
        if answer is None:
            return None
        return Allow() if answer.allowed else Deny(answer.text or "the user did not allow it")

    # -- comparing the screen again

    def check_screen(self, decided: Decided, index: int, observation: Observation, allowed: Allow) -> Generator[Event]:
        """Before the action at `index` of a reply, check that the screen still is as the reply assumed.

        Before a further action, the effects of the earlier ones are expected. If what is there decided that the action
        is allowed, it must still be there, also with the pointer on it.

        Raises:
            ActionRefused: the page, the window, or what is at the point changed since `observation`.
        """
        step, done, action = decided.step, decided.actions[:index], decided.actions[index]
        try:
            if allowed.recheck:
                self._check_target(action, observation)
            elif done and (reason := unexpected_change(observation, self.observer.check_screen(), done, action)):
                skipped = f"after {len(done)} of the actions in your reply, so the others were skipped"
                raise ActionRefused(f"{reason} {skipped}")
        except ActionRefused:
            yield from self.observer.screens_checked(step, refused=True)
            raise
        yield from self.observer.screens_checked(step)

    def _check_target(self, action: Action, observation: Observation) -> None:
        self._compare(self.observer.check_screen(), action, observation, hovering=False)
        if not isinstance(action, _PRESSES) or not (points := points_of(action)):
            return
        try:
            self.observer.env.execute(Move(points[0]))
        except ActionRefused:  # a screen without a pointer
            return
        self._compare(self.observer.check_screen(), action, observation, hovering=True)

    def _compare(self, now: Observation, action: Action, observation: Observation, *, hovering: bool) -> None:
        """A text that stays excuses changed pixels; under the pointer, where controls light up, so does no text."""
        if moved := page_change(observation, now) or _window_change(observation, now):
            raise ActionRefused(f"{moved} before the action")
        change = unexpected_change(observation, now, (), action)
        if change is None:
            return
        before, after = (self._text(seen, points_of(action)[0]) for seen in (observation, now))
        if before == after and (before or (hovering and before == "")):
            return
        swapped = f": {quote(after)} is now where {quote(before)} was" if before and after else ""
        raise ActionRefused(f"{change}, before it was carried out{swapped}")

    def _text(self, observation: Observation, point: ScreenPoint) -> str | None:
        return self.read_target(observation.screenshot, point)


def _checked(decision: GuardDecision) -> GuardDecision:
    """What a guard returned, which may be code of the program; a mistake must not pass as a decision."""
    check_returned(decision, GuardDecision, "the guard", "Allow(), Deny(reason), Ask(rule) or Stop(reason)")
    return decision


def _window_change(before: Observation, now: Observation) -> str | None:
    """Whether another window is active: one of another program, or if that is unknown, with another title."""
    old, new = (seen.program or Place.of(seen.location).title for seen in (before, now))
    return None if old == new else "another window became active"


def _name_of(place: Place) -> str:
    return plain(place.host or place.title)


def _picture(screenshot: Screenshot, points: tuple[ScreenPoint, ...]) -> Screenshot:
    """The part of `screenshot` around the last of `points`, which is marked; without points, all of it."""
    if not points:
        return screenshot
    image, size = screenshot.image, screenshot.size
    width, height = min(_CROP_PX[0], size.width), min(_CROP_PX[1], size.height)
    x, y = points[-1].x, points[-1].y
    left = min(max(round(x) - width // 2, 0), size.width - width)
    top = min(max(round(y) - height // 2, 0), size.height - height)
    crop = image.crop((left, top, left + width, top + height))
    for point in points:
        at = point.x - left, point.y - top
        box = (at[0] - _MARK_PX, at[1] - _MARK_PX, at[0] + _MARK_PX, at[1] + _MARK_PX)
        ImageDraw.Draw(crop).ellipse(box, outline="#e0245e", width=3)
    return Screenshot(crop)
