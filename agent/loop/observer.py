"""Looking, with all that goes with it: what changed, circles, a screen that was handed over, and a look that failed.

`Observer.look` is asked once a step. Everything here is a generator of events, which the episode records.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass, field

from ...envs.actions import Action
from ...envs.env import Env, EnvLost, EnvStopped, Observation, Restartable
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ...prompts import render
from ..core.change import Change, ChangeKind
from ..core.describe import describe_action, indent_continuation, no_effect_message
from ..core.supervision import RecoveryAction, Supervision
from ..monitor.action_loops import ActionLoop
from ..monitor.progress import ProgressMonitor
from ..monitor.screen_diff import difference_of
from ..record.events import Escalated, Event, NeedsUser, Note, RecoveredError, UserMessage
from .control import Control

LOOK_AGAIN_S = 0.5
"""A look that failed is tried once more after so long."""

PROBE_S = 1.1
"""What moves by itself is told by two looks so far apart: a clock that shows seconds moves in this time."""

FIRST_LOOK_S = 0.1
"""How old the look that opened the screen may be and still serve as that of the first step."""

CLOCK_JUMP_S = 5.0
_LISTED = 30
_USERS_QUESTION = "I am going in circles: {seen}. What shall I do?"
LEFT_ALONE = "The user has had the screen in the meantime and left it as it was."
CHANGED_BY_HAND = "The user has had the screen in the meantime and changed it by hand; it is not as you left it."


class Stuck(Exception):
    """The run goes in a circle that nothing has led out of; the message says which."""


@dataclass(frozen=True, slots=True)
class StepObservation:
    """A look with what is to be said about it, and what is done differently at this step."""

    observation: Observation
    notes: tuple[str, ...]
    change: Change | None
    capture_s: float
    reflected: Escalated | None = None
    closer: ScreenPoint | None = None
    hotter: bool = False

    @property
    def fresh(self) -> bool:
        """Whether a new plan begins here."""
        return self.reflected is not None and self.reflected.action is RecoveryAction.PLAN


@dataclass(frozen=True, slots=True)
class _FirstLook:
    """The look that opened the screen, and when it was over, by `time.perf_counter`."""

    observation: Observation
    seen_at: float


@dataclass(slots=True)
class Observer:
    """Sees an environment for an episode.

    `notes` is what the model is told at the next look, `done` the actions carried out so far, in words; `waited_s` is
    the time that the user took.
    """

    env: Env
    control: Control
    supervision: Supervision
    notes: list[str] = field(default_factory=list[str])
    done: list[str] = field(default_factory=list[str])
    waited_s: float = 0.0

    _reflection: ProgressMonitor = field(init=False)
    _first: _FirstLook | None = field(init=False, default=None)
    _handed_over: Screenshot | None = field(init=False, default=None)
    _refused: bool = field(init=False, default=False)
    _clock: float = field(init=False, default=0.0)
    _restarts: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._reflection = ProgressMonitor(self.supervision)
        self._clock = _offset()

    # -- what was done

    def did(self, actions: tuple[Action, ...], *, refused: bool) -> None:
        """Take in what a step did; `refused` says that its last action was not carried out."""
        self._reflection.record_actions(actions)
        self._refused = refused

    def carried_out(self, step: int, action: Action) -> None:
        """Take in one action that was carried out."""
        self.done.append(f"{step}. {describe_action(action)}")

    # -- a look

    def open(self) -> None:
        """Open the screen by looking at it. The first step need not look again where it begins right after.

        Raises:
            EnvUnavailable: it cannot be opened.
            EnvLost: it is gone.
        """
        observation = self.env.observe()
        self.notes.extend(observation.facts)
        self._first = _FirstLook(observation, time.perf_counter())

    def look(self, step: int) -> Generator[Event, None, StepObservation]:
        """Look, as step `step`.

        Raises:
            EnvLost: the screen is gone.
            Stuck: the run goes in circles, and the ladder has no more rungs.
        """
        yield from self._check_clock(step)
        observation, capture_s = yield from self._timed_look(step)
        change = self._reflection.record_observation(observation.screenshot)
        if self._reflection.needs_probe():
            change = yield from self._probe(step)
        circle = self._reflection.detect_loop()
        rung = self._reflection.next_recovery(circle) if circle is not None else None
        if circle is None or rung is None:
            return self._sight(observation, change, capture_s)
        reflected = Escalated(step, rung, str(circle))
        if rung is RecoveryAction.STUCK:
            yield Escalated(step - 1, rung, str(circle))
            raise Stuck(str(circle))
        if rung is RecoveryAction.USER:
            yield Escalated(step - 1, rung, str(circle))
            if not (yield from self.ask_user(step - 1, _USERS_QUESTION.format(seen=circle))):
                raise Stuck(str(circle))
            observation = yield from self._observe(step)
            return self._sight(observation, self._reflection.record_observation(observation.screenshot), capture_s)
        return self._sight(observation, change, capture_s, reflected, circle)

    def _sight(
        self,
        observation: Observation,
        change: Change | None,
        capture_s: float,
        reflected: Escalated | None = None,
        circle: ActionLoop | None = None,
    ) -> StepObservation:
        self._say_who_had_it(observation.screenshot)
        rung = reflected.action if reflected is not None else None
        if rung not in (RecoveryAction.TELL, RecoveryAction.PLAN):
            self._say_what_came_of_it(change)
        self.notes.extend(
            f"The user says: {indent_continuation(text)}" for text in self.control.drain_messages() if text
        )
        if rung is RecoveryAction.TELL:
            self.notes.append(render("circle", seen=str(circle)))
        elif rung is RecoveryAction.PLAN:
            self.notes.append(render("fresh_plan", seen=str(circle), deeds="\n".join(self.done[-_LISTED:])))
        notes = tuple(dict.fromkeys((*self.notes, *observation.facts)))
        self.notes.clear()
        closer = circle.target if circle is not None and rung is RecoveryAction.CLOSER else None
        return StepObservation(
            observation, notes, change, capture_s, reflected, closer, self._reflection.raise_temperature
        )

    def _say_who_had_it(self, screenshot: Screenshot) -> None:
        if self._handed_over is None:
            return
        changed = difference_of(self._handed_over, screenshot).classify().kind is not ChangeKind.NOTHING
        self.notes.append(CHANGED_BY_HAND if changed else LEFT_ALONE)
        self._handed_over = None

    def _say_what_came_of_it(self, change: Change | None) -> None:
        if (
            change is None
            or change.kind is not ChangeKind.NOTHING
            or self._refused
            or not self.supervision.tell_changes
        ):
            return
        said = no_effect_message(self._reflection.last_actions)
        if said:
            self.notes.append(said)

    def _timed_look(self, step: int) -> Generator[Event, None, tuple[Observation, float]]:
        """A look and the seconds that it cost: none for the one that opened the screen, if that was just now."""
        first, self._first = self._first, None
        started = time.perf_counter()
        if first is not None and started - first.seen_at < FIRST_LOOK_S:
            return first.observation, 0.0
        observation = yield from self._observe(step)
        return observation, time.perf_counter() - started

    def _observe(self, step: int) -> Generator[Event, None, Observation]:
        """A look, tried once more if it fails, and then on a screen that was started again, if there may be one."""
        try:
            return self.env.observe()
        except EnvStopped:
            raise
        except EnvLost as lost:
            message = str(lost)
        time.sleep(LOOK_AGAIN_S)
        try:
            observation = self.env.observe()
        except EnvLost:
            if not self.may_restart():
                raise
        else:
            yield RecoveredError(step, "screenshot", f"a look failed and was taken again: {message}")
            return observation
        yield self._restart(step, message)
        return (yield from self._observe(step))

    def may_restart(self) -> bool:
        """Whether a screen that is lost may be started again."""
        return isinstance(self.env, Restartable) and self._restarts < self.supervision.restarts

    def _restart(self, step: int, message: str) -> RecoveredError:
        assert isinstance(self.env, Restartable)
        self._restarts += 1
        said = self.env.restart()
        self._reflection.reset()
        self.notes.append(said)
        return RecoveredError(
            step, "screen", f"{message}; it was started again ({self._restarts} of {self.supervision.restarts})"
        )

    def _probe(self, step: int) -> Generator[Event, None, Change]:
        time.sleep(PROBE_S)
        observation = yield from self._observe(step)
        self.notes.extend(observation.facts)
        change = self._reflection.record_probe(observation.screenshot)
        moves = "what changed moves by itself" if change.kind is ChangeKind.NOTHING else "the change is the action's"
        yield Note(f"looked again without doing anything: {moves}", step)
        return change

    def _check_clock(self, step: int) -> Generator[Event, None, None]:
        """Limits are kept by a clock that nobody sets; that the other one was set is worth a line in the log."""
        offset = _offset()
        jump, self._clock = offset - self._clock, offset
        if abs(jump) >= CLOCK_JUMP_S:
            yield RecoveredError(
                step, "clock", f"the clock was set {'forward' if jump > 0 else 'back'} by {abs(jump):.0f} s"
            )

    # -- the user

    def hand_over(self, step: int) -> Generator[Event, None, None]:
        """Let go of the screen, and keep how it looked, since somebody else will have it.

        A person who has begun to work it already may have changed it before: then the screen's own facts tell.
        """
        self.env.release()
        self._first = None
        observation = yield from self._observe(step)
        self.notes.extend(observation.facts)
        self._handed_over = None if self.control.user_at_work else observation.screenshot
        self._reflection.reset()

    def ask_user(self, step: int, question: str) -> Generator[Event, None, bool]:
        """Ask, and wait until the user answers or hands the screen back; False if nobody will."""
        if not self.supervision.attended or self.control.declined:
            return False
        yield from self.hand_over(step)
        started = time.monotonic()
        yield NeedsUser(step, question)
        self.control.wait_for_message()
        self.waited_s += time.monotonic() - started
        texts = self.control.drain_messages()
        for text in texts:
            yield UserMessage(step, text)
            if text:
                self.notes.append(f"The user answers: {indent_continuation(text)}")
        return bool(texts)


def _offset() -> float:
    """How far the clock on the wall is ahead of the one that only ever goes forward."""
    return time.time() - time.monotonic()
