"""A held session: one screen, operated by the calls of an outside agent.

    with HeldSession(env, Path("runs/1")) as session:
        session.look()
        session.act(Click(ScreenPoint(640, 120)))

Each call is a step of a recorded run. The guard and the rules decide about each action, secrets are typed by their
handles, and screenshots are masked, as in an episode of our own agent.
"""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self, TypeVar

from ..agent.core.describe import CUT_SHORT, UNCONFIRMED
from ..agent.core.limits import Limits, StopReason
from ..agent.core.model import ModelInfo, ModelLost, Usage
from ..agent.core.supervision import NO_INTERVENTION, Supervision
from ..agent.guard.guard import AllowAll, Deny, Guard, Stop
from ..agent.guard.rule_guard import TargetText
from ..agent.guard.rules import RuleSet
from ..agent.loop.agent import Agent
from ..agent.loop.control import Control
from ..agent.loop.observer import Observer, StepObservation
from ..agent.loop.permission import Permissions
from ..agent.loop.secret_env import SecretEnv, secret_env
from ..agent.loop.target_text import target_text
from ..agent.record.events import Acted, Decided, Ended, Event, Intended, Note, Observed, PolicyInfo, Started, Stepped
from ..agent.record.trajectory import RunLog
from ..envs.actions import Action, map_points
from ..envs.env import ActionRefused, Env, EnvLost, EnvStopped, InputListener, InputMonitored
from ..envs.interrupt import Interrupted, call, interruptible
from ..envs.secrets import Secret, SecretVault
from .caller import CallApprover, CallCancelled, Caller, CallRefused, SessionEnded
from .picture import ActReply, Look, Picture
from .task import TaskReply, TaskRunner

UNLIMITED = Limits(steps=None)
TASK_STEPS = 50
"""The most steps of one task, if the session has no limit below."""

_POLL_S = 0.02
_R = TypeVar("_R")


@dataclass(slots=True)
class HeldSession:
    """One environment with its guard, secrets, recording and limits. Its methods may be called from any thread.

    Calls run one at a time; a call waits for the one before it, and is refused while a task runs. The screen opens with
    the first call. `limits` hold for the session as a whole. `open_agent` creates the agent for tasks and for `ground`,
    when it is needed.
    """

    env: Env
    folder: Path
    guard: Guard = AllowAll()
    rules: RuleSet | None = None
    secrets: tuple[Secret, ...] = ()
    limits: Limits = UNLIMITED
    supervision: Supervision = NO_INTERVENTION
    open_agent: Callable[[], Agent] = lambda: Agent("reader")
    picture_edge: int | None = None
    read_target: TargetText = target_text

    control: Control = field(init=False, default_factory=Control)
    tasks: list[Path] = field(init=False, default_factory=list[Path])
    """The recordings of the tasks."""

    _vault: SecretVault = field(init=False)
    _screen: SecretEnv = field(init=False)
    _observer: Observer = field(init=False)
    _permissions: Permissions = field(init=False)
    _runner: TaskRunner = field(init=False)
    _log: RunLog | None = field(init=False, default=None)
    _approver: CallApprover = field(init=False, default_factory=CallApprover)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _ending: tuple[StopReason, SessionEnded] | None = field(init=False, default=None)
    _agent: Agent | None = field(init=False, default=None)
    _step: int = field(init=False, default=0)
    _task_steps: int = field(init=False, default=0)
    _usage: Usage = field(init=False, default=Usage())
    _started_at: float = field(init=False, default_factory=time.monotonic)
    _last_used: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._vault = SecretVault(self.secrets, learns=True)
        self._screen = secret_env(self.env, self._vault)
        self._observer = Observer(self._screen, self.control, self.supervision, self._approver)
        self._permissions = Permissions(self.guard, self.rules, self._observer, self.read_target, vault=self._vault)
        self._runner = TaskRunner(self._screen, self._vault, self.guard, self.rules, self.control)

    # -- calls

    def look(self, caller: Caller = Caller()) -> Look:
        """The screen as it is now.

        Raises:
            CallRefused: it cannot be seen; the message is the reason.
            EnvUnavailable: the screen cannot be opened.
        """
        with self._turn(caller):
            return self._look()

    def act(self, action: Action, caller: Caller = Caller(), *, look: bool = False) -> ActReply:
        """Carry out `action`, whose points are in pixels of the picture; with `look`, look at the screen afterwards.

        A refusal is part of the reply. Raises as `look`.
        """
        with self._turn(caller):
            with self._one_step() as seen:
                picture = self._picture(seen)
                action = map_points(action, picture.to_screen)
                self._record(Decided(self._step, None, (action,)))
                refused = self._perform(action, seen)
            if caller.cancelled():
                raise CallCancelled(CUT_SHORT)
            return ActReply(refused, seen.notes, self._look() if look else None)

    def ground(self, text: str, caller: Caller = Caller()) -> tuple[tuple[float, float] | None, Look]:
        """Where the element is that `text` describes, in pixels of the picture; None if it is not found.

        Raises as `look`.
        """
        with self._turn(caller):
            look = self._look()
            with self._model_errors():
                agent, text = self._opened_agent(), self._vault.redact(text)
                point = call(lambda: agent.ground(look.picture.screenshot, text))
            return None if point is None else look.picture.from_screen(point.x, point.y), look

    def run_task(self, task: str, caller: Caller = Caller()) -> TaskReply:
        """Have our own agent perform `task` on this screen, recorded in a run of its own. Raises as `look`."""
        if not task.strip():
            raise CallRefused("the task is empty")
        with self._turn(caller):
            with self._model_errors():
                agent = self._opened_agent()
            agent.limits = self._limits_left()
            folder = self.folder.with_name(f"{self.folder.name}-task-{len(self.tasks) + 1}")
            self.tasks.append(folder)
            self._record(Note(f"a task runs, recorded in {folder.name}", self._step))
            with interruptible(by=None), self._model_errors():  # its episode has its own interruptions
                reply = self._runner.run(agent, task, folder, caller)
            self._task_steps += reply.result.steps
            self._usage += reply.result.usage
            return reply

    @contextmanager
    def cancellable(self, caller: Caller) -> Generator[None]:
        """In this block, waits end as `CallCancelled` when `caller` is gone or the session is closing."""
        try:
            with interruptible(by=lambda: caller.cancelled() or self.control.stopped):
                yield
        except Interrupted as interrupted:
            raise CallCancelled(CUT_SHORT) from interrupted

    # -- the session

    @property
    def idle_s(self) -> float:
        """Seconds since the last call ended; zero during a call."""
        return 0.0 if self._lock.locked() else time.monotonic() - self._last_used

    @property
    def ended(self) -> SessionEnded | None:
        """Why no further call is possible; None if one is."""
        return None if self._ending is None else self._ending[1]

    def close(self, reason: str = "it was closed", *, reopens: bool = False) -> None:
        """End the call in progress and the recording, and close the screen; may be called twice."""
        self._end(StopReason.FINISHED, reason, reopens=reopens)
        self.control.stop(reason)
        with self._lock:
            self._listen(None)
            self.env.close()
            if self._log is not None:
                self._record(self._ended_event())
                self._log.close()
                self._log = None
            if self._agent is not None:
                self._agent.close()
                self._agent = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- turns

    @contextmanager
    def _turn(self, caller: Caller) -> Generator[None]:
        """Run one call: alone, while `caller` waits for it."""
        self._acquire(caller)
        try:
            self._approver.begin(caller)
            self._check_possible()
            self._wait_for_user(caller)
            with self.cancellable(caller):
                self._open()
                yield
        except CallCancelled:
            self._screen.release()
            raise
        except EnvStopped as stopped:
            raise self._end(StopReason.CANCELLED, str(stopped)) from stopped
        except EnvLost as lost:
            raise self._end(StopReason.ENV_LOST, str(lost), reopens=True) from lost
        finally:
            self._last_used = time.monotonic()
            self._lock.release()

    def _acquire(self, caller: Caller) -> None:
        while not self._lock.acquire(timeout=_POLL_S):
            if self._runner.is_running:
                raise CallRefused("a task is running on this screen: wait for it, or cancel it")
            if caller.cancelled():
                raise CallCancelled("the call was cancelled before it began")

    def _check_possible(self) -> None:
        if self.ended is None and self.control.stopped:  # a user at the screen has stopped it
            self._end(StopReason.CANCELLED, self.control.reason)
        if self.ended is None:
            limits, steps = self.limits, self._step + self._task_steps
            if limits.steps is not None and steps >= limits.steps:
                self._end(StopReason.STEP_LIMIT, f"reached the limit of {limits.steps} steps")
            elif limits.seconds is not None and time.monotonic() - self._started_at >= limits.seconds:
                self._end(StopReason.TIME_LIMIT, f"reached the limit of {limits.seconds:g} seconds")
        if (ended := self.ended) is not None:
            raise ended

    def _end(self, stop: StopReason, reason: str, *, reopens: bool = False) -> SessionEnded:
        """End the session, which `close` completes, unless it has ended already; the error to raise."""
        self._ending = self._ending or (stop, SessionEnded(self._vault.redact(reason), reopens=reopens))
        return self._ending[1]

    def _wait_for_user(self, caller: Caller) -> None:
        """While a user operates the same screen, nothing is done."""
        while self.control.paused:
            if caller.cancelled():
                raise CallCancelled("the user is using the screen")
            time.sleep(_POLL_S)

    def _open(self) -> None:
        """Open the screen and the recording with the first call."""
        if self._log is not None:
            return
        self._observer.open()
        self._log = RunLog(self.folder)
        rules = self.rules.sha256 if self.rules is not None else ""
        agent = PolicyInfo(ModelInfo("outside agent"))
        env = self._screen.info()
        self._record(
            Started("held session", env, agent, self.limits, _now(), version("screenwright"), rules, self._vault.names)
        )
        self._listen(self._runner)

    def _listen(self, listener: InputListener | None) -> None:
        if isinstance(self.env, InputMonitored):
            self.env.set_input_listener(listener)

    # -- steps

    def _look(self) -> Look:
        with self._one_step() as seen:
            self._record(Decided(self._step, None, ()))
        location = seen.observation.location
        return Look(self._picture(seen), seen.notes, location)

    def _picture(self, seen: StepObservation) -> Picture:
        return Picture(seen.observation.screenshot, self.picture_edge)

    @contextmanager
    def _one_step(self) -> Generator[StepObservation]:
        """A step of the recording, which begins with an observation."""
        started = time.perf_counter()
        step = self._step + 1
        seen = self._vault.redact(self._recorded(self._observer.observe_only(step)))
        self._step = step
        self._record(Observed(step, seen.observation, seen.notes, seen.change, seen.capture_s))
        try:
            yield seen
        finally:
            self._record(Stepped(step, time.perf_counter() - started))

    def _perform(self, action: Action, seen: StepObservation) -> str | None:
        """Carry out `action` if it is permitted; the reason if it was not carried out."""
        permission = self._recorded(self._permissions.permit(self._step, action, seen.observation))
        if isinstance(permission, Deny | Stop):
            reason = self._reason(permission)
            self._record(Acted(self._step, 0, action, refused=reason, by_guard=True))
            if isinstance(permission, Stop):
                raise self._end(StopReason.REFUSED, reason)
            return reason
        intended = False
        try:
            decided = Decided(self._step, None, (action,))
            self._recorded(self._permissions.check_screen(decided, 0, seen.observation, permission))
            self._record(Intended(self._step, 0, action))
            intended = True
            result = self._screen.execute(action)
        except EnvStopped:
            raise
        except EnvLost:
            if not self._observer.may_restart():
                raise
            return self._refused(action, UNCONFIRMED if intended else "the screen was lost")
        except ActionRefused as refusal:
            return self._refused(action, str(refusal))
        except Interrupted:
            self._refused(action, CUT_SHORT)
            raise
        self._permissions.performed(action)
        self._record(Acted(self._step, 0, action, result))
        for notice in self._vault.take_notices():
            self._record(Note(notice, self._step))
        return None

    def _refused(self, action: Action, reason: str) -> str:
        self._record(Acted(self._step, 0, action, refused=reason))
        return self._vault.redact(reason)

    def _reason(self, denied: Deny | Stop) -> str:
        """Why an action was denied; if no one could be asked, what asked."""
        asked = self._approver.unanswered
        if asked is None:
            return self._vault.redact(denied.reason)
        caller = self._approver.caller
        why = "no one answered" if caller.can_ask else caller.unattended
        asks = f"{asked.rule!r}: {asked.reason}" if asked.reason else repr(asked.rule)
        return f"it needs an approval ({asks}), and {why}"

    # -- the agent

    def _opened_agent(self) -> Agent:
        self._agent = self._agent or self.open_agent()
        return self._agent

    def _limits_left(self) -> Limits:
        """What is left of the limits, for a task."""
        limits, passed = self.limits, time.monotonic() - self._started_at
        steps = TASK_STEPS if limits.steps is None else min(TASK_STEPS, limits.steps - self._step - self._task_steps)
        seconds = None if limits.seconds is None else max(limits.seconds - passed, 1.0)
        tokens = None if limits.tokens is None else limits.tokens - self._usage.total
        if tokens is not None and tokens <= 0:
            raise CallRefused(f"the session has used its {limits.tokens} tokens")
        return replace(limits, steps=steps, seconds=seconds, tokens=tokens)

    @contextmanager
    def _model_errors(self) -> Generator[None]:
        """Errors of the model and of its settings refuse the call."""
        try:
            yield
        except (ModelLost, ValueError, ImportError) as error:
            raise CallRefused(self._vault.redact(str(error))) from error

    # -- the recording

    def _recorded(self, events: Generator[Event, None, _R]) -> _R:
        """Record all `events`; returns what the generator returns."""
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                result: _R = end.value
                return result
            self._record(event)

    def _record(self, event: Event) -> None:
        assert self._log is not None
        self._log(self._vault.redact(event))

    def _ended_event(self) -> Ended:
        assert self._ending is not None
        stop, ended = self._ending
        seconds = time.monotonic() - self._started_at
        return Ended(stop, ended.reason, "", self._step, self._usage, seconds, _now())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
