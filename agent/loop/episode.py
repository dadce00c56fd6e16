"""One episode: look, decide, act, until one named reason to stop.

    for event in Episode("Press Greet", env, policy).run():
        print(event)

Read `Episode.run` first; it is the loop. Every event is recorded before it is handed on, so the log of a killed run
is short of the step in flight at most.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TypeVar

from ...envs.env import ActionRefused, Env, EnvLost, EnvStopped, InputMonitored, Observation
from ...prompts import render
from ..core.context import DecisionContext, HistoryStep
from ..core.decision import AskUser, Finish
from ..core.limits import Limits, StopReason
from ..core.model import ModelLost, Usage
from ..core.supervision import CompletionClaim, Critic, Critique, Supervision
from ..guard.guard import Deny, Guard, allow_all
from ..policy.model_policy import Policy
from ..record.events import (
    Acted,
    Critiqued,
    Decided,
    Ended,
    Event,
    Note,
    Observed,
    ParseFailed,
    Replied,
    Resumed,
    Started,
    Stepped,
)
from ..record.past import ResumePoint
from .control import Control
from .observer import Observer, StepObservation, Stuck

T = TypeVar("T")

MOST_DENIALS = 3
"""An episode ends as refused once the guard has denied an action in this many steps in a row."""

INTERRUPTED = "The work was interrupted after your last action and goes on now; the screen may have changed."


class _EpisodeEnded(Exception):
    """The one way out of the loop: the episode is over, for this reason."""

    def __init__(self, stop: StopReason, reason: str = "", answer: str = "", *, verified: bool | None = None) -> None:
        self.stop, self.reason, self.answer, self.verified = stop, reason, answer, verified


@dataclass(slots=True)
class Episode:
    """An episode in progress. `Agent` makes one, with a log on disk behind `record`; tests and researchers may too."""

    task: str
    env: Env
    policy: Policy
    limits: Limits = Limits()
    guard: Guard = allow_all
    control: Control = field(default_factory=Control)
    record: Callable[[Event], None] = lambda event: None
    past: ResumePoint | None = None
    supervision: Supervision = Supervision()

    _looks: list[HistoryStep] = field(init=False, default_factory=list[HistoryStep])
    _watch: Observer = field(init=False)
    _refuted: bool = field(init=False, default=False)
    _usage: Usage = field(init=False, default=Usage())
    _misread: int = field(init=False, default=0)
    _denials: int = field(init=False, default=0)
    _begun: float = field(init=False, default=0.0)
    _log_s: float = field(init=False, default=0.0)
    _unready: ModelLost | None = field(init=False, default=None)

    def run(self) -> Iterator[Event]:
        """Look, decide, act, until it is over; the last event is `Ended`.

        Raises:
            EnvUnavailable: the screen cannot be opened; no episode has begun and nothing was recorded.
            ValueError: it cannot be told how the model speaks; likewise.
        """
        self._open()
        yield self._recorded(self._opening())
        over = yield from self._steps()
        yield self._recorded(self._ended(over))

    def _steps(self) -> Generator[Event, None, "_EpisodeEnded"]:
        """Step by step until it is over; whatever ends it, no key or button stays held."""
        try:
            if self._unready is not None:
                raise self._unready
            while True:
                yield from self._hold_while_paused()
                self._check_limits()
                started, self._log_s = time.perf_counter(), 0.0
                sight = yield from self._look()
                decided = yield from self._decide(sight)
                yield from self._act(decided, sight.observation)
                yield self._recorded(Stepped(self._step, time.perf_counter() - started, self._log_s))
                yield from self._judge(decided)
        except _EpisodeEnded as over:
            return over
        except Stuck as stuck:
            if self.control.stopped:
                return _EpisodeEnded(StopReason.CANCELLED, self.control.reason)
            return _EpisodeEnded(StopReason.STUCK, str(stuck))
        except EnvStopped as stopped:
            return _EpisodeEnded(StopReason.CANCELLED, str(stopped))
        except EnvLost as lost:
            return _EpisodeEnded(StopReason.ENV_LOST, str(lost))
        except ModelLost as lost:
            return _EpisodeEnded(StopReason.MODEL_LOST, str(lost))
        finally:
            self.env.release()
            self._attend(None)

    # -- beginning

    def _attend(self, control: Control | None) -> None:
        """Be told from now on, or no more, what the person at the screen does, where there may be one."""
        if isinstance(self.env, InputMonitored):
            self.env.set_input_listener(control)

    def _open(self) -> None:
        """Open the screen by a first look, which step 1 may take for its own, and the policy.

        A screen that cannot be opened is no episode; a model that cannot be had ends this one.
        """
        past = self.past or ResumePoint()
        self._watch = Observer(self.env, self.control, self.supervision, done=list(past.actions_done))
        self._looks, self._usage, self._misread = list(past.history), past.usage, past.parse_failures
        with suppress(EnvLost):  # the first step meets it again, and ends the episode for it
            self._watch.open()
        self._attend(self.control)
        try:
            self.policy.open()
        except ModelLost as lost:
            self._unready = lost
        self._begun = time.monotonic() - past.seconds

    def _opening(self) -> Started | Resumed:
        if self.past is None:
            return Started(self.task, self.env.info(), self.policy.info(), self.limits, _now(), version("screenwright"))
        self._watch.notes.append(INTERRUPTED)
        return Resumed(len(self.past.history), _now(), version("screenwright"))

    # -- look

    def _look(self) -> Generator[Event, None, StepObservation]:
        step = self._step + 1
        sight = yield from self._recording(self._watch.look(step))
        change = sight.change.share if sight.change is not None else 0.0
        shot = sight.observation.screenshot
        self._looks.append(HistoryStep(shot, sight.notes, change=change, fresh=sight.fresh))
        yield self._recorded(Observed(step, sight.observation, sight.notes, sight.change, sight.capture_s))
        if sight.reflected is not None:
            yield self._recorded(sight.reflected)
        return sight

    # -- decide

    def _decide(self, sight: StepObservation) -> Generator[Event, None, Decided]:
        device = sight.observation.device
        context = DecisionContext(self.task, self._step, tuple(self._looks), device, sight.hotter, sight.closer)
        reply = ""
        for event in self.policy.decide(context, self._interrupted):
            yield self._recorded(event)
            if isinstance(event, Replied):
                reply = event.text if event.purpose == "act" else reply
                self._usage += event.usage
                self._check_limits(steps=False)
            elif isinstance(event, ParseFailed):
                self._misread += 1
            elif isinstance(event, Decided):
                self._looks[-1] = replace(self._looks[-1], reply=reply)
                return event
        raise _EpisodeEnded(
            StopReason.STUCK, "the model's replies could not be read; the log has them, and what was wrong"
        )

    def _interrupted(self) -> bool:
        return self.control.stopped or self._out_of_time()

    # -- act

    def _act(self, decided: Decided, observation: Observation) -> Iterator[Event]:
        """Carry out the actions in order; one that is refused drops those after it."""
        refused = yield from self._carry_out(decided, observation)
        self._watch.did(decided.actions, refused=refused)

    def _carry_out(self, decided: Decided, observation: Observation) -> Generator[Event, None, bool]:
        """Whether an action was refused."""
        for index, action in enumerate(decided.actions):
            if self._interrupted():
                self._check_limits(steps=False)
            verdict = self.guard(action, observation)
            if isinstance(verdict, Deny):
                self._denials += 1
                self._watch.notes.append(f"Your last action was not allowed: {verdict.reason}. Find another way.")
                yield self._recorded(Acted(self._step, index, action, refused=verdict.reason, by_guard=True))
                return True
            try:
                done = self.env.execute(action)
            except EnvStopped:
                raise
            except EnvLost as lost:
                if not self._watch.may_restart():
                    raise
                yield self._recorded(Acted(self._step, index, action, refused=str(lost)))
                return True
            except ActionRefused as refusal:
                self._watch.notes.append(f"Your last action could not be done: {refusal}.")
                yield self._recorded(Acted(self._step, index, action, refused=str(refusal)))
                return True
            self._watch.carried_out(self._step, action)
            yield self._recorded(Acted(self._step, index, action, done))
        self._denials = 0
        return False

    # -- go on or end

    def _judge(self, decided: Decided) -> Iterator[Event]:
        """Raise `_EpisodeEnded` if the step just done was the last."""
        if isinstance(decided.ending, Finish):
            yield from self._conclude(decided.ending)
        elif isinstance(decided.ending, AskUser):
            yield from self._converse(decided.ending.question or "the model asks for the user")
        elif decided.ending is not None:
            raise _EpisodeEnded(StopReason.INFEASIBLE, decided.ending.reason or "the model says that it cannot be done")
        if self._denials >= MOST_DENIALS:
            raise _EpisodeEnded(StopReason.REFUSED, f"{MOST_DENIALS} steps in a row asked for what is not allowed")

    def _conclude(self, finish: Finish) -> Iterator[Event]:
        """Believe a finish, or have it checked; a refuted one is told to the model once, and then stands."""
        check = self.supervision.check
        if check is None:
            raise _EpisodeEnded(StopReason.FINISHED, "", finish.answer)
        started = time.perf_counter()
        verdict = self._verdict(check, finish)
        self._usage += verdict.usage
        seconds = time.perf_counter() - started
        yield self._recorded(Critiqued(self._step, verdict.holds, verdict.reason, verdict.usage, seconds))
        last = self._refuted or (self.limits.steps is not None and self._step >= self.limits.steps)
        if verdict.holds is not False or last:
            reason = "" if verdict.holds else f"the second look: {verdict.reason}"
            raise _EpisodeEnded(StopReason.FINISHED, reason, finish.answer, verified=verdict.holds)
        self._refuted = True
        self._watch.notes.append(render("refuted", reason=verdict.reason))

    def _verdict(self, check: Critic, finish: Finish) -> Critique:
        shots = (*(look.screenshot for look in self._looks[-2:]), self.env.observe().screenshot)
        try:
            return check(CompletionClaim(self.task, finish.answer, shots, tuple(self._watch.done)))
        except ModelLost as lost:
            return Critique(None, f"the model that checks is lost: {lost}")

    def _converse(self, question: str) -> Iterator[Event]:
        """Ask the user, if one attends; the time that it takes does not count."""
        answered = yield from self._recording(self._watch.ask_user(self._step, question))
        if not answered and not self.control.stopped:
            raise _EpisodeEnded(StopReason.NEEDS_USER, question)

    def _check_limits(self, *, steps: bool = True) -> None:
        """Raise `_EpisodeEnded` if a limit is reached or the episode was stopped from outside."""
        limits = self.limits
        if self.control.stopped:
            raise _EpisodeEnded(StopReason.CANCELLED, self.control.reason)
        if self._out_of_time():
            raise _EpisodeEnded(StopReason.TIME_LIMIT, f"{limits.seconds:g} seconds are over")
        if limits.tokens is not None and self._usage.total >= limits.tokens:
            raise _EpisodeEnded(StopReason.TOKEN_LIMIT, f"{self._usage.total} tokens used of {limits.tokens}")
        if steps and limits.steps is not None and self._step >= limits.steps:
            raise _EpisodeEnded(StopReason.STEP_LIMIT, f"{limits.steps} steps are over")

    def _hold_while_paused(self) -> Iterator[Event]:
        if not self.control.paused:
            return
        started = time.monotonic()
        yield from self._recording(self._watch.hand_over(self._step))
        who = ": the user works the screen" if self.control.user_at_work else ""
        yield self._recorded(Note(f"paused{who}", self._step))
        self.control.wait_while_paused()
        self._begun += time.monotonic() - started
        yield self._recorded(Note("resumed", self._step))

    def _out_of_time(self) -> bool:
        return self.limits.seconds is not None and self._seconds >= self.limits.seconds

    # -- what the events say

    @property
    def _step(self) -> int:
        """The number of the newest look, from 1; steps and looks are counted alike."""
        return len(self._looks)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._begun - self._watch.waited_s

    def _ended(self, over: _EpisodeEnded) -> Ended:
        return Ended(
            over.stop,
            over.reason,
            over.answer,
            self._step,
            self._usage,
            self._seconds,
            _now(),
            self._misread,
            over.verified,
        )

    def _recording(self, events: Generator[Event, None, T]) -> Generator[Event, None, T]:
        """The same events, each recorded before it is handed on."""
        while True:
            try:
                event = next(events)
            except StopIteration as done:
                result: T = done.value
                return result
            yield self._recorded(event)

    def _recorded(self, event: Event) -> Event:
        started = time.perf_counter()
        self.record(event)
        self._log_s += time.perf_counter() - started
        return event


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
