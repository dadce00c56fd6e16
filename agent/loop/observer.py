"""The observation of a step: detects changes and loops, recovers lost screens, and involves the user.

`Observer.observe` is called once per step. Its methods are generators of events, which the episode records.
"""

import time
from collections.abc import Generator
from copy import copy
from dataclasses import dataclass, field, replace

from screenwright._text import plain, printable, without_tokens

from ...envs.actions import Action
from ...envs.env import Env, EnvLost, EnvStopped, Fact, Observation, Restartable
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ...prompts import render
from ..core.approvals import AnsweredBy
from ..core.change import Change, ChangeKind
from ..core.context import HistoryStep
from ..core.describe import (
    MAX_REASON,
    RESTARTED,
    USER_ANSWERS,
    USER_SAYS,
    describe_action,
    indent_continuation,
    no_effect_message,
    result_message,
)
from ..core.supervision import RecoveryAction, Supervision
from ..guard.approval import ApprovalAnswer, ApprovalRequest, Approver, parse_answer
from ..monitor.action_loops import ActionLoop
from ..monitor.progress import ProgressMonitor
from ..monitor.screen_diff import difference_of
from ..record.events import Escalated, Event, NeedsUser, Note, RecoveredError, ScreenChecked, UserActed, UserMessage
from .control import Clock, Control

RETRY_S = 0.5
"""Delay before a failed screenshot is retried once."""

PROBE_S = 1.1
"""Time between two screenshots that find animations; a clock that shows seconds changes in this time."""

OPENING_MAX_AGE_S = 0.1
"""The observation that opened the screen is reused for the first step if it is no older than this."""

CLOCK_JUMP_S = 5.0

MAX_FACTS = 20
"""Facts that the model gets with one screenshot."""

_MAX_LISTED_ACTIONS = 30
MESSAGE_END = "\x1e"
"""Separates several messages of the user."""

_LOOP_QUESTION = "I am stuck in a loop: {loop}. What should I do?"
SCREEN_UNCHANGED_BY_USER = "The user had control of the screen and did not change it."
SCREEN_CHANGED_BY_USER = "The user had control of the screen and changed it."


class Stuck(Exception):
    """The agent loops and no recovery action helped; the message describes the loop."""


@dataclass(frozen=True, slots=True)
class StepObservation:
    """An observation with the notes for the model, and the recovery measures of this step."""

    observation: Observation
    notes: tuple[str, ...]
    change: Change | None
    capture_s: float
    escalated: Escalated | None = None
    zoom_at: ScreenPoint | None = None
    raise_temperature: bool = False

    @property
    def replan(self) -> bool:
        """Whether a new plan starts in this step."""
        return self.escalated is not None and self.escalated.action is RecoveryAction.REPLAN

    def history_step(self) -> HistoryStep:
        """The step without the model's reply."""
        seen, change = self.observation, self.change.share if self.change is not None else 0.0
        return HistoryStep(seen.screenshot, self.notes, change=change, replan=self.replan, location=seen.location)


@dataclass(slots=True)
class Observer:
    """Observes an environment for an episode.

    `notes` collects the notes for the model at the next observation, `actions_done` describes the actions carried out
    so far; `waited_s` is the time spent waiting for the user, by `clock`.
    """

    env: Env
    control: Control
    supervision: Supervision
    approver: Approver | None = None
    notes: list[str] = field(default_factory=list[str])
    actions_done: list[str] = field(default_factory=list[str])
    waited_s: float = 0.0
    clock: Clock = Clock()

    _progress: ProgressMonitor = field(init=False)
    _opening: tuple[Observation, float] | None = field(init=False, default=None)
    _before_user: Screenshot | None = field(init=False, default=None)
    _refused: bool = field(init=False, default=False)
    _clock_offset: float = field(init=False, default=0.0)
    _restarts: int = field(init=False, default=0)
    _facts: dict[Fact, None] = field(init=False, default_factory=dict[Fact, None])
    _checked: list[Observation] = field(init=False, default_factory=list[Observation])

    def __post_init__(self) -> None:
        self._progress = ProgressMonitor(self.supervision)
        self._clock_offset = _clock_offset()

    # -- actions

    def record_step(self, actions: tuple[Action, ...], *, refused: bool) -> None:
        """Record the actions of a step; `refused` if the last of them was not carried out."""
        self._progress.record_actions(actions)
        self._refused = refused

    def record_action(self, step: int, action: Action) -> None:
        """Record one action that was carried out."""
        self.actions_done.append(f"{step}. {describe_action(action)}")

    # -- notes

    def add_facts(self, observation: Observation) -> None:
        """Note the facts of `observation`; a page that causes too many only gets the first ones noted."""
        for fact in observation.facts:
            if fact not in self._facts and len(self._facts) < MAX_FACTS:
                self.notes.append(str(fact))
            self._facts[fact] = None

    def add_reason(self, prefix: str, reason: str, suffix: str = "") -> None:
        """Note a reason of an environment, a guard or a critic, which may repeat what a page or a model wrote."""
        self.notes.append(f"{prefix}{plain(reason, MAX_REASON)}{suffix}")

    def add_result(self, name: str, output: str) -> None:
        """Note what a function of the program returned, as data."""
        self.notes += [result_message(name, output), *([render("quoted_is_data")] if output else [])]

    def add_message(self, template: str, **reasons: str) -> None:
        """Note the message `template` with such reasons."""
        self.notes.append(render(template, **{name: plain(reason, MAX_REASON) for name, reason in reasons.items()}))

    # -- observing

    def open(self) -> None:
        """Open the screen by observing it; the first step reuses the observation if it starts right after.

        Raises:
            EnvUnavailable: the screen cannot be opened.
            EnvLost: the screen is gone.
        """
        observation = self._look()
        self.add_facts(observation)
        self._opening = observation, self.clock.now()

    def check_screen(self) -> Observation:
        """Observe the screen between two steps, and note its facts; raises `EnvLost` if it is gone."""
        observation = self._look()
        self.add_facts(observation)
        self._checked.append(observation)
        return observation

    def screens_checked(self, step: int, *, refused: bool = False) -> Generator[ScreenChecked]:
        """The observations of `check_screen` that had facts, and the last one if it `refused` an action."""
        checked, self._checked = self._checked, []
        for number, observation in enumerate(checked, 1):
            if observation.facts or (refused and number == len(checked)):
                yield ScreenChecked(step, observation)

    def observe(self, step: int) -> Generator[Event, None, StepObservation]:
        """Observe the screen for step `step`.

        Raises:
            EnvLost: the screen is gone.
            Stuck: the agent loops, and all recovery actions have been tried.
        """
        yield from self._check_clock(step)
        observation, capture_s = yield from self._timed_observation(step)
        change = self._progress.record_observation(observation.screenshot)
        if self._progress.needs_probe():
            change = yield from self._probe(step)
        loop = self._progress.detect_loop()
        action = self._progress.next_recovery(loop) if loop is not None else None
        if loop is None or action is None:
            return self._step_observation(observation, change, capture_s)
        if action not in (RecoveryAction.STUCK, RecoveryAction.ASK_USER):
            return self._step_observation(observation, change, capture_s, Escalated(step, action, str(loop)), loop)
        self.add_facts(observation)
        yield ScreenChecked(step - 1, observation)
        yield Escalated(step - 1, action, str(loop))
        question = _LOOP_QUESTION.format(loop=loop)
        if action is RecoveryAction.STUCK or not (yield from self.ask_user(step - 1, question)):
            raise Stuck(str(loop))
        observation = yield from self._observe(step)
        return self._step_observation(observation, self._progress.record_observation(observation.screenshot), capture_s)

    def observe_only(self, step: int) -> Generator[Event, None, StepObservation]:
        """Like `observe`, without comparing the screen with earlier ones: outside agents may repeat themselves.

        Raises:
            EnvLost: the screen is gone.
        """
        yield from self._check_clock(step)
        observation, capture_s = yield from self._timed_observation(step)
        return self._step_observation(observation, None, capture_s)

    def _step_observation(
        self,
        observation: Observation,
        change: Change | None,
        capture_s: float,
        escalated: Escalated | None = None,
        loop: ActionLoop | None = None,
    ) -> StepObservation:
        observation = replace(observation, facts=(*self.control.drain_facts(), *observation.facts))
        self._note_user_control(observation.screenshot)
        action = escalated.action if escalated is not None else None
        if action not in (RecoveryAction.MESSAGE, RecoveryAction.REPLAN):  # both describe the loop themselves
            self._note_no_effect(change)
        self.notes.extend(f"{USER_SAYS}{indent_continuation(text)}" for text in self.control.drain_messages() if text)
        if action is RecoveryAction.MESSAGE:
            self.notes.append(render("loop_detected", loop=str(loop)))
        elif action is RecoveryAction.REPLAN:
            listed = "\n".join(self.actions_done[-_MAX_LISTED_ACTIONS:])
            self.notes.append(render("replan", loop=str(loop), actions=listed))
        self.add_facts(observation)
        if len(self._facts) > MAX_FACTS:
            self.notes.append(f"{len(self._facts) - MAX_FACTS} more events are not listed.")
        if any(fact.quoted for fact in self._facts):
            self.notes.append(render("quoted_is_data"))
        notes = tuple(without_tokens(printable(note)) for note in dict.fromkeys(self.notes))
        self._facts.clear()
        self.notes.clear()
        zoom_at = loop.target if loop is not None and action is RecoveryAction.ZOOM else None
        return StepObservation(
            observation, notes, change, capture_s, escalated, zoom_at, self._progress.raise_temperature
        )

    def _note_user_control(self, screenshot: Screenshot) -> None:
        if self._before_user is None:
            return
        changed = difference_of(self._before_user, screenshot).classify().kind is not ChangeKind.NOTHING
        self.notes.append(SCREEN_CHANGED_BY_USER if changed else SCREEN_UNCHANGED_BY_USER)
        self._before_user = None

    def _note_no_effect(self, change: Change | None) -> None:
        unchanged = change is not None and change.kind is ChangeKind.NOTHING
        if unchanged and not self._refused and self.supervision.report_no_effect:
            message = no_effect_message(self._progress.last_actions)
            self.notes.extend([message] if message else [])

    def _timed_observation(self, step: int) -> Generator[Event, None, tuple[Observation, float]]:
        """An observation and the seconds it took: zero if the one that opened the screen is reused."""
        opening, self._opening = self._opening, None
        if opening is not None and self.clock.now() - opening[1] < OPENING_MAX_AGE_S:
            return opening[0], 0.0
        if opening is not None and opening[0].facts:
            yield ScreenChecked(step, opening[0])
        started = time.perf_counter()
        observation = yield from self._observe(step)
        return observation, time.perf_counter() - started

    def _look(self) -> Observation:
        """Observe, with a screenshot of our own: an environment may return the same one again, also in another run."""
        seen = self.env.observe()
        return replace(seen, screenshot=copy(seen.screenshot))

    def _observe(self, step: int) -> Generator[Event, None, Observation]:
        """Observe; on failure retry once, and then restart the screen if that is allowed."""
        try:
            return self._look()
        except EnvStopped:
            raise
        except EnvLost as lost:
            message = str(lost)
        self.clock.sleep(RETRY_S)
        try:
            observation = self._look()
        except EnvLost:
            if not self.may_restart():
                raise
        else:
            yield RecoveredError(step, "screenshot", f"a screenshot failed and was retried: {message}")
            return observation
        yield self._restart(step, message)
        return (yield from self._observe(step))

    def may_restart(self) -> bool:
        """Whether a lost screen may be restarted."""
        return isinstance(self.env, Restartable) and self._restarts < self.supervision.restarts

    def _restart(self, step: int, message: str) -> RecoveredError:
        assert isinstance(self.env, Restartable)
        self._restarts += 1
        self.add_reason(f"{RESTARTED} ", self.env.restart())
        self._progress.reset()
        count = f"{self._restarts} of {self.supervision.restarts}"
        return RecoveredError(step, "screen", f"{message}; it was restarted ({count})")

    def _probe(self, step: int) -> Generator[Event, None, Change]:
        self.clock.sleep(PROBE_S)
        observation = yield from self._observe(step)
        self.add_facts(observation)
        yield ScreenChecked(step, observation)
        change = self._progress.record_probe(observation.screenshot)
        cause = "an animation" if change.kind is ChangeKind.NOTHING else "the action"
        yield Note(f"took a second screenshot without acting: the change is caused by {cause}", step)
        return change

    def _check_clock(self, step: int) -> Generator[Event, None, None]:
        """Log jumps of the wall clock. Limits use the monotonic clock and are not affected."""
        offset = _clock_offset()
        jump, self._clock_offset = offset - self._clock_offset, offset
        if abs(jump) >= CLOCK_JUMP_S:
            direction = "forward" if jump > 0 else "back"
            yield RecoveredError(step, "clock", f"the clock was set {direction} by {abs(jump):.0f} s")

    # -- the user

    def hand_over(self, step: int) -> Generator[Event, None, None]:
        """Hand the screen over to the user, and remember its state.

        If the user is already active, they may have changed it before; then only the facts of the screen are reported.
        """
        self.env.release()
        self._opening = None
        observation = yield from self._observe(step)
        self.add_facts(observation)
        yield ScreenChecked(step, observation)
        self._before_user = None if self.control.user_active else observation.screenshot
        self._progress.reset()

    def user_actions(self, step: int) -> Generator[UserActed]:
        """What the user has done since they took over."""
        for done in self.control.drain_user_actions():
            yield UserActed(step, done.observation, done.action, done.seconds)

    def ask_user(self, step: int, question: str) -> Generator[Event, None, tuple[str, ...]]:
        """Ask, and wait for the user's answers; one that only returns the screen is empty, and none if no one answers.

        The answers are also notes for the model.
        """
        if not self._is_attended():
            return ()
        yield from self.hand_over(step)
        answer, _ = yield from self.request_approval(ApprovalRequest("question", printable(question), step))
        yield from self.user_actions(step)
        if answer is None:
            return ()
        messages = tuple(answer.text.split(MESSAGE_END))
        for text in messages:
            yield UserMessage(step, text)
            if text:
                self.notes.append(f"{USER_ANSWERS}{indent_continuation(text)}")
        return messages

    def request_approval(
        self, request: ApprovalRequest
    ) -> Generator[Event, None, tuple[ApprovalAnswer | None, AnsweredBy]]:
        """Ask the approver, or without one the program that reads the events; and who answered.

        No key stays held meanwhile, since a person may use the same keyboard. The time does not count for the limits.
        """
        if not self._is_attended():
            return None, "no_one"
        self.env.release()
        started = self.clock.now()
        yield NeedsUser(request.step, request.question, request.kind, request.rule, request.reason)

        def timed_out() -> bool:
            return request.timeout_s is not None and self.clock.now() >= started + request.timeout_s

        def cancelled() -> bool:
            return self.control.stopped or timed_out()

        if self.approver is not None:
            answer = self.approver.ask(request, cancelled)
        else:
            self.control.wait_for_message(cancelled)
            messages = self.control.drain_messages()
            answer = parse_answer(MESSAGE_END.join(messages), request) if messages else None
        self.waited_s += self.clock.now() - started
        return answer, "user" if answer is not None else "timeout" if timed_out() else "no_one"

    def _is_attended(self) -> bool:
        return (self.approver is not None or self.supervision.attended) and not self.control.declined


def _clock_offset() -> float:
    """How far the wall clock is ahead of the monotonic clock."""
    return time.time() - time.monotonic()
