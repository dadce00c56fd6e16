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

from ..envs.env import ActionRefused, Env, EnvLost, Observation
from .control import Control
from .decision import AskUser, Ending, Finish
from .events import Acted, Decided, Ended, Event, Misread, Noted, Observed, Replied, Resumed, Started, Stepped
from .guard import Deny, Guard, allow_all
from .limits import Limits, StopReason
from .models.model import ModelLost, Usage
from .policy import Look, Policy, Situation
from .reflection import Deed, compare, idle_repeats

MOST_IDLE_REPEATS = 6
"""The same actions this many times in a row, with nothing changed on the screen, end the episode as stuck."""

MOST_DENIALS = 3
"""An episode ends as refused once the guard has denied an action in this many steps in a row."""

HANDED_BACK = "The user has had the screen in the meantime and may have changed it."
INTERRUPTED = "The work was interrupted after your last action and goes on now; the screen may have changed."


@dataclass(frozen=True, slots=True)
class Past:
    """What a resumed episode already has behind it: only whole steps."""

    looks: tuple[Look, ...] = ()
    usage: Usage = Usage()
    seconds: float = 0.0
    misread: int = 0


class _Over(Exception):
    """The one way out of the loop: the episode is over, for this reason."""

    def __init__(self, stop: StopReason, reason: str = "", answer: str = "") -> None:
        self.stop, self.reason, self.answer = stop, reason, answer


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
    past: Past | None = None

    _looks: list[Look] = field(init=False, default_factory=list[Look])
    _deeds: list[Deed] = field(init=False, default_factory=list[Deed])
    _notes: list[str] = field(init=False, default_factory=list[str])
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

    def _steps(self) -> Generator[Event, None, "_Over"]:
        """Step by step until it is over; whatever ends it, no key or button stays held."""
        try:
            if self._unready is not None:
                raise self._unready
            while True:
                yield from self._hold_while_paused()
                self._check_limits()
                started, self._log_s = time.perf_counter(), 0.0
                observed = yield from self._look()
                decided = yield from self._decide(observed)
                yield from self._act(decided, observed.observation)
                yield self._recorded(Stepped(self._step, time.perf_counter() - started, self._log_s))
                self._judge(decided, observed)
        except _Over as over:
            return over
        except EnvLost as lost:
            return _Over(StopReason.ENV_LOST, str(lost))
        except ModelLost as lost:
            return _Over(StopReason.MODEL_LOST, str(lost))
        finally:
            self.env.release()

    # -- beginning

    def _open(self) -> None:
        """Open the screen by a first look, which is kept out of the record, and the policy.

        A screen that cannot be opened is no episode; a model that cannot be had ends this one.
        """
        past = self.past or Past()
        self._looks, self._usage, self._misread = list(past.looks), past.usage, past.misread
        with suppress(EnvLost):  # the first step meets it again, and ends the episode for it
            self._notes.extend(self.env.observe().facts)
        try:
            self.policy.open()
        except ModelLost as lost:
            self._unready = lost
        self._begun = time.monotonic() - past.seconds

    def _opening(self) -> Started | Resumed:
        if self.past is None:
            return Started(self.task, self.env.info(), self.policy.info(), self.limits, _now(), version("screenwright"))
        self._notes.append(INTERRUPTED)
        return Resumed(len(self.past.looks), _now(), version("screenwright"))

    # -- look

    def _look(self) -> Generator[Event, None, Observed]:
        started = time.perf_counter()
        observation = self.env.observe()
        capture_s = time.perf_counter() - started
        notes = (*self._notes, *observation.facts)
        self._notes.clear()
        change = compare(self._looks[-1].screenshot, observation.screenshot) if self._looks else None
        self._looks.append(Look(observation.screenshot, notes))
        observed = Observed(self._step, observation, notes, change, capture_s)
        yield self._recorded(observed)
        return observed

    # -- decide

    def _decide(self, observed: Observed) -> Generator[Event, None, Decided]:
        situation = Situation(self.task, self._step, tuple(self._looks), observed.observation.device)
        reply = ""
        for event in self.policy.decide(situation, self._interrupted):
            yield self._recorded(event)
            if isinstance(event, Replied):
                reply = event.text
                self._usage += event.usage
                self._check_limits(steps=False)
            elif isinstance(event, Misread):
                self._misread += 1
            else:
                self._looks[-1] = replace(self._looks[-1], reply=reply)
                return event
        raise _Over(StopReason.STUCK, "the model's replies could not be read; the log has them, and what was wrong")

    def _interrupted(self) -> bool:
        return self.control.stopped or self._out_of_time()

    # -- act

    def _act(self, decided: Decided, observation: Observation) -> Iterator[Event]:
        """Carry out the actions in order; one that is refused drops those after it."""
        for index, action in enumerate(decided.actions):
            if self._interrupted():
                self._check_limits(steps=False)
            verdict = self.guard(action, observation)
            if isinstance(verdict, Deny):
                self._denials += 1
                self._notes.append(f"Your last action was not allowed: {verdict.reason}. Find another way.")
                yield self._recorded(Acted(self._step, index, action, refused=verdict.reason, by_guard=True))
                return
            try:
                done = self.env.execute(action)
            except ActionRefused as refusal:
                self._notes.append(f"Your last action could not be done: {refusal}.")
                yield self._recorded(Acted(self._step, index, action, refused=str(refusal)))
                return
            yield self._recorded(Acted(self._step, index, action, done))
        self._denials = 0

    # -- go on or end

    def _judge(self, decided: Decided, observed: Observed) -> None:
        """Raise `_Over` if the step just done was the last."""
        self._looks[-1].screenshot.drop_pixels()
        if decided.ending is not None:
            raise _over_by(decided.ending)
        if self._denials >= MOST_DENIALS:
            raise _Over(StopReason.REFUSED, f"{MOST_DENIALS} steps in a row asked for what is not allowed")
        self._deeds.append(Deed(decided.actions, observed.change is None or observed.change.share > 0))
        repeats = idle_repeats(self._deeds)
        if repeats >= MOST_IDLE_REPEATS:
            raise _Over(StopReason.STUCK, f"the same action {repeats} times in a row changed nothing on the screen")

    def _check_limits(self, *, steps: bool = True) -> None:
        """Raise `_Over` if a limit is reached or the episode was stopped from outside."""
        limits = self.limits
        if self.control.stopped:
            raise _Over(StopReason.CANCELLED, "stopped by the user")
        if self._out_of_time():
            raise _Over(StopReason.TIME_LIMIT, f"{limits.seconds:g} seconds are over")
        if limits.tokens is not None and self._usage.total >= limits.tokens:
            raise _Over(StopReason.TOKEN_LIMIT, f"{self._usage.total} tokens used of {limits.tokens}")
        if steps and limits.steps is not None and self._step >= limits.steps:
            raise _Over(StopReason.STEP_LIMIT, f"{limits.steps} steps are over")

    def _hold_while_paused(self) -> Iterator[Event]:
        if not self.control.paused:
            return
        self.env.release()
        yield self._recorded(Noted("paused", self._step))
        started = time.monotonic()
        self.control.wait_while_paused()
        self._begun += time.monotonic() - started
        self._notes.append(HANDED_BACK)
        yield self._recorded(Noted("resumed", self._step))

    def _out_of_time(self) -> bool:
        return self.limits.seconds is not None and self._seconds >= self.limits.seconds

    # -- what the events say

    @property
    def _step(self) -> int:
        """The number of the newest look, from 1; steps and looks are counted alike."""
        return len(self._looks)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._begun

    def _ended(self, over: _Over) -> Ended:
        return Ended(over.stop, over.reason, over.answer, self._step, self._usage, self._seconds, _now(), self._misread)

    def _recorded(self, event: Event) -> Event:
        started = time.perf_counter()
        self.record(event)
        self._log_s += time.perf_counter() - started
        return event


def _over_by(ending: Ending) -> _Over:
    if isinstance(ending, Finish):
        return _Over(StopReason.FINISHED, "", ending.answer)
    if isinstance(ending, AskUser):
        return _Over(StopReason.NEEDS_USER, ending.question or "the model asks for the user", "")
    return _Over(StopReason.INFEASIBLE, ending.reason or "the model says that it cannot be done", "")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
