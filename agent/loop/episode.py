"""The episode loop: observe, decide, act, until one of the stop reasons.

    for event in Episode("Press Greet", env, policy).run():
        print(event)

Read `Episode.run` first. Every event is recorded before it is yielded, so a killed run loses at most the step in
progress.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

from ...envs.actions import Action, CallFunction
from ...envs.env import ActionRefused, ActionResult, Env, EnvLost, EnvStopped, Observation
from ...envs.interrupt import Interrupted, interruptible
from ...envs.secrets import SecretVault
from ..core.answer_format import AnswerFormat, AnswerRequest
from ..core.context import DecisionContext, HistoryStep
from ..core.decision import AskUser, Finish
from ..core.describe import (
    CUT_SHORT,
    INTERRUPTED,
    UNCONFIRMED,
    denied_message,
    refused_message,
    unconfirmed_message,
)
from ..core.limits import Limits, StopReason
from ..core.model import ModelLost
from ..core.prices import Price
from ..core.supervision import Supervision
from ..guard.approval import Approver
from ..guard.guard import Allow, AllowAll, Deny, Guard, Stop
from ..guard.rule_guard import TargetText
from ..guard.rules import RuleSet
from ..policy.policy import AnswersInForm, EpisodeAware, Policy, ScreenDiverged
from ..record.events import (
    Acted,
    Decided,
    Ended,
    Event,
    Intended,
    Note,
    Observed,
    ParseFailed,
    PolicyInfo,
    Replied,
    Resumed,
    Started,
    Stepped,
)
from ..record.steps import ResumePoint
from ..record.tally import Tally
from .control import Clock, Control, listen_to_input
from .ending import EpisodeEnded, ending_of
from .finishing import Finishing, answer_note
from .observer import Observer, StepObservation, Stuck
from .own_functions import OwnFunctions
from .permission import Permissions
from .secret_env import SecretEnv, secret_env, secrets_note
from .target_text import target_text
from .tracing import traced

MAX_DENIED_STEPS = 3
"""The episode ends as refused after this many consecutive steps with a denied action."""


@dataclass(slots=True)
class Episode:
    """One run of a task. `Agent` creates it and passes a log on disk as `record`; it can also be used directly."""

    task: str
    env: Env
    policy: Policy
    limits: Limits = Limits()
    guard: Guard = AllowAll()
    control: Control = field(default_factory=Control)
    record: Callable[[Event], None] = lambda event: None
    past: ResumePoint | None = None
    supervision: Supervision = Supervision()
    rules: RuleSet | None = None
    approver: Approver | None = None
    read_target: TargetText = target_text
    vault: SecretVault = field(default_factory=SecretVault)
    answer_form: AnswerFormat[object] | None = None
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    functions: OwnFunctions = OwnFunctions()
    clock: Clock = Clock()

    _screen: SecretEnv = field(init=False)
    _history: list[HistoryStep] = field(init=False, default_factory=list[HistoryStep])
    _observer: Observer = field(init=False)
    _permissions: Permissions = field(init=False)
    _finishing: Finishing = field(init=False)
    _tally: Tally = field(init=False, default_factory=Tally)
    _denied_steps: int = field(init=False, default=0)
    _refusal: str = field(init=False, default="")
    _started_at: float = field(init=False, default=0.0)
    _log_s: float = field(init=False, default=0.0)
    _policy_error: ModelLost | None = field(init=False, default=None)
    _instruction: str = field(init=False, default="")
    """The task as the model gets it, with the handles of the secrets."""

    def run(self) -> Generator[Event]:
        """Observe, decide, act; the last event is `Ended`.

        Raises:
            EnvUnavailable: the screen cannot be opened; nothing was recorded.
            ValueError: a setting of the policy is missing, or it cannot continue the run; nothing was recorded.
        """
        with closing(self._events()) as events, closing(traced(map(self.vault.redact, events), self._info)) as seen:
            for event in seen:
                self._tally.count(event)
                started = time.perf_counter()
                self.record(event)
                self._log_s += time.perf_counter() - started
                yield event

    def _info(self) -> PolicyInfo:
        return self.policy.info()  # of the policy for this screen, once it is open

    def _events(self) -> Generator[Event]:
        self._open()
        yield self._first_event()
        end = yield from self._steps()
        yield self._ended(end)

    def _steps(self) -> Generator[Event, None, EpisodeEnded]:
        """Run all steps; held keys and buttons are released however the episode ends."""
        try:
            if self._policy_error is not None:
                raise self._policy_error
            while True:
                yield from self._wait_while_paused()
                self._check_limits()
                started, self._log_s = time.perf_counter(), 0.0
                seen = yield from self._observe()
                decided = yield from self._decide(seen)
                yield from self._act(decided, seen.observation)
                yield Stepped(self._step, time.perf_counter() - started, self._log_s)
                yield from self._check_ending(decided)
        except (EpisodeEnded, Stuck, ScreenDiverged, EnvLost, ModelLost) as error:
            return ending_of(error, self.control)
        finally:
            self._screen.release()
            listen_to_input(self.env, None)

    # -- start

    def _open(self) -> None:
        """Open the screen, by observing it, and the policy.

        If the screen cannot be opened, no episode starts; if the model is not available, the episode ends.
        """
        past = self.past or ResumePoint()
        self._screen = secret_env(self.env, self.vault)
        self._observer = Observer(self._screen, self.control, self.supervision, self.approver, clock=self.clock)
        self._observer.actions_done += past.actions_done
        self._permissions = Permissions(self.guard, self.rules, self._observer, self.read_target, self.task, self.vault)
        self._history = list(self.vault.redact(past.history))
        with suppress(EnvLost):  # raised again in the first step, which ends the episode
            self._observer.open()
        listen_to_input(self.env, self.control)
        if isinstance(self.policy, EpisodeAware):
            self.policy = self.policy.for_episode(self._screen.info(), attended=self.supervision.attended)
        try:
            self.policy.open()
        except ModelLost as lost:
            self._policy_error = lost
        self._tally = Tally.of(
            past.continued_by(self.policy.info()), self.supervision.info().critic, self.prices, past.counted
        )
        if self.limits.cost is not None and self._policy_error is None:
            self._tally.require_prices()
        task, form = self.vault.redact(self.task), self.answer_form
        self._instruction = task + secrets_note(self.vault) + answer_note(form)
        self._finishing = Finishing(task, self.supervision, self._observer, form, self._ask_again)
        self._started_at = self.clock.now() - past.seconds

    def _first_event(self) -> Started | Resumed:
        if self.past is None:
            rules, info = self.rules.sha256 if self.rules is not None else "", self.policy.info()
            names, schema = self.vault.names, self.answer_form.schema if self.answer_form is not None else None
            more = (rules, names, schema, self.functions.names, self.supervision.info(), self.prices)
            return Started(self.task, self._screen.info(), info, self.limits, _now(), version("screenwright"), *more)
        self._observer.notes += [INTERRUPTED, *self.past.notes]
        return Resumed(len(self.past.history), _now(), version("screenwright"), self.past.unconfirmed, self.limits)

    # -- observe

    def _observe(self) -> Generator[Event, None, StepObservation]:
        step = self._step + 1
        seen = self.vault.redact((yield from self._observer.observe(step)))
        self._history.append(seen.history_step())
        yield Observed(step, seen.observation, seen.notes, seen.change, seen.capture_s)
        if seen.escalated is not None:
            yield seen.escalated
        return seen

    # -- decide

    def _decide(self, seen: StepObservation) -> Generator[Event, None, Decided]:
        device, history = seen.observation.device, tuple(self._history)
        context = DecisionContext(self._instruction, self._step, history, device, seen.raise_temperature, seen.zoom_at)
        reply = failure = ""
        for event in map(self.vault.redact, self.policy.decide(context, self._interrupted)):
            yield event
            if isinstance(event, Replied):
                reply = event.text if event.purpose == "act" else reply
                self._check_limits(steps=False)
            elif isinstance(event, ParseFailed):
                failure = event.message
            elif isinstance(event, Decided):
                self._history[-1] = replace(self._history[-1], reply=reply)
                return event
        raise EpisodeEnded(StopReason.STUCK, f"the model's replies could not be parsed ({failure}); the log has them")

    def _interrupted(self) -> bool:
        return self.control.stopped or self._out_of_time()

    # -- act

    def _act(self, decided: Decided, observation: Observation) -> Iterator[Event]:
        """Execute the actions in order; after a refused one, the remaining ones are skipped."""
        refused = yield from self._execute(decided, observation)
        self._history[-1] = replace(self._history[-1], refused=refused)
        self._observer.record_step(decided.actions, refused=refused is not None)

    def _execute(self, decided: Decided, observation: Observation) -> Generator[Event, None, tuple[int, str] | None]:
        """The index of the action that was refused, and why; None if all were carried out."""
        if decided.safety_checks:
            denial = yield from self._safety_answer(decided, observation)
            if denial is not None:
                yield from self._denied(0, decided.actions, denial.reason)
                return 0, denial.reason
        for index, action in enumerate(decided.actions):
            if self._interrupted():
                self._check_limits(steps=False)
            permission, intended = (yield from self._permitted(index, decided, observation)), False
            if isinstance(permission, Deny):
                return index, permission.reason
            try:
                yield from self._permissions.check_screen(decided, index, observation, permission)
                yield Intended(self._step, index, action)
                intended = True
                result = self._perform(action)
            except EnvStopped:
                raise
            except EnvLost as lost:
                if not self._observer.may_restart():
                    raise
                self._refusal = str(lost)
                if intended:
                    self._observer.notes.append(unconfirmed_message(action))
                    return index, UNCONFIRMED
                yield Acted(self._step, index, action, refused=str(lost))
                return index, str(lost)
            except (ActionRefused, Interrupted) as refusal:
                is_cut_short = isinstance(refusal, Interrupted)
                self._refusal = reason = CUT_SHORT if is_cut_short else str(refusal)
                self._observer.notes.append(refused_message(reason))
                yield Acted(self._step, index, action, refused=reason)
                if is_cut_short:
                    self._check_limits(steps=False)
                return index, reason
            self._refusal = ""
            self._observer.record_action(self._step, action)
            self._permissions.performed(action)
            if isinstance(action, CallFunction):
                self._observer.add_result(action.name, result.output)
            yield Acted(self._step, index, action, result)
            for notice in self.vault.take_notices():
                yield Note(notice, self._step)
        self._denied_steps = 0
        return None

    def _permitted(self, index: int, decided: Decided, seen: Observation) -> Generator[Event, None, Allow | Deny]:
        """Whether the action at `index` may be carried out; a denial is reported, and ends the episode if it stops."""
        permission = yield from self._permissions.permit(self._step, decided.actions[index], seen)
        if self.control.stopped:
            raise EpisodeEnded(StopReason.CANCELLED, self.control.reason)
        if isinstance(permission, Allow):
            return permission
        yield from self._denied(index, decided.actions, permission.reason)
        if isinstance(permission, Stop):
            raise EpisodeEnded(StopReason.REFUSED, permission.reason)
        return permission

    def _denied(self, index: int, actions: tuple[Action, ...], reason: str) -> Iterator[Event]:
        """Report that the guard, or the user's answer to a safety check, denied the action at `index`."""
        self._denied_steps += 1
        self._refusal = reason
        self._observer.notes.append(denied_message(reason))
        if actions:
            yield Acted(self._step, index, actions[index], refused=reason, by_guard=True)

    def _safety_answer(self, decided: Decided, observation: Observation) -> Generator[Event, None, Deny | None]:
        """Have the safety checks answered; the denial, if any. If no one answers them, the episode ends."""
        answer = yield from self._permissions.answer_safety_checks(decided, observation)
        self._check_limits(steps=False)
        if answer is None:
            raise EpisodeEnded(StopReason.NEEDS_USER, "\n".join(decided.safety_checks))
        self._history[-1] = replace(self._history[-1], acknowledged=not isinstance(answer, Deny))
        return answer if isinstance(answer, Deny) else None

    def _perform(self, action: Action) -> ActionResult:
        """Execute `action`; a stop, a pause or the time limit interrupts it, but a pause no function."""
        if isinstance(action, CallFunction):
            return self.vault.redact(self.functions.perform(action, self._interrupted))
        with interruptible(by=lambda: self._interrupted() or self.control.paused):
            return self._screen.execute(action)

    # -- continue or end

    def _check_ending(self, decided: Decided) -> Iterator[Event]:
        """Raise `EpisodeEnded` if this step was the last."""
        if isinstance(decided.ending, Finish):
            shots = [step.screenshot for step in self._history[-2:]]
            is_last = self.limits.steps is not None and self._step >= self.limits.steps
            yield from self._finishing.judge(self._step, decided.ending.answer, shots, self._refusal, is_last=is_last)
        elif isinstance(decided.ending, AskUser):
            yield from self._ask_user(decided.ending.question or "the model asks for help")
        elif decided.ending is not None:
            reason = decided.ending.reason or "the model reports that the task cannot be done"
            raise EpisodeEnded(StopReason.INFEASIBLE, reason)
        if self._denied_steps >= MAX_DENIED_STEPS:
            raise EpisodeEnded(StopReason.REFUSED, f"actions of {MAX_DENIED_STEPS} consecutive steps were not allowed")

    def _ask_again(self, request: AnswerRequest) -> Generator[Event, None, str | None]:
        """The policy's answer to `request`; None if it can only be asked in a step."""
        if not isinstance(self.policy, AnswersInForm):
            return None
        context = DecisionContext(self._instruction, self._step, tuple(self._history))
        answer = yield from self.policy.answer(context, request, self._interrupted)
        self._check_limits(steps=False)
        return self.vault.redact(answer)

    def _ask_user(self, question: str) -> Iterator[Event]:
        """Ask the user, if one is available; waiting does not count towards the time limit."""
        answered = yield from self._observer.ask_user(self._step, question)
        if not answered and not self.control.stopped:
            raise EpisodeEnded(StopReason.NEEDS_USER, question)

    def _check_limits(self, *, steps: bool = True) -> None:
        """Raise `EpisodeEnded` if a limit is reached or `stop` was called."""
        limits = self.limits
        if self.control.stopped:
            raise EpisodeEnded(StopReason.CANCELLED, self.control.reason)
        if self._out_of_time():
            raise EpisodeEnded(StopReason.TIME_LIMIT, f"reached the limit of {limits.seconds:g} seconds")
        used = self._tally.usage.total
        if limits.tokens is not None and used >= limits.tokens:
            raise EpisodeEnded(StopReason.TOKEN_LIMIT, f"used {used} of {limits.tokens} tokens")
        if limits.cost is not None and (problem := self._tally.cost_problem(limits.cost)):
            raise EpisodeEnded(StopReason.COST_LIMIT, problem)
        if steps and limits.steps is not None and self._step >= limits.steps:
            raise EpisodeEnded(StopReason.STEP_LIMIT, f"reached the limit of {limits.steps} steps")

    def _wait_while_paused(self) -> Iterator[Event]:
        if not self.control.paused:
            return
        started = self.clock.now()
        yield from self._observer.hand_over(self._step)
        cause = ": the user is using the screen" if self.control.user_active else ""
        yield Note(f"paused{cause}", self._step)
        while self.control.wait_while_paused():
            yield from self._observer.user_actions(self._step)
        yield from self._observer.user_actions(self._step)
        self._started_at += self.clock.now() - started
        yield Note("resumed", self._step)

    def _out_of_time(self) -> bool:
        return self.limits.seconds is not None and self._seconds >= self.limits.seconds

    # -- events

    @property
    def _step(self) -> int:
        """The number of the newest step, from 1."""
        return len(self._history)

    @property
    def _seconds(self) -> float:
        return self.clock.now() - self._started_at - self._observer.waited_s

    def _ended(self, end: EpisodeEnded) -> Ended:
        tally, stop, seconds = self._tally, end.stop, self._seconds
        counts = (tally.parse_failures, end.verified, tally.cost)
        return Ended(stop, end.reason, end.answer, self._step, tally.usage, seconds, _now(), *counts)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
