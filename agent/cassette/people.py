"""What a replay has in place of people, guards and the program: their recorded answers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from screenwright._text import plain, quote

from ...envs.actions import Action, CallFunction
from ...envs.env import ActionResult, Observation
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ...envs.secrets import Secret, SecretVault
from ..core.answer_format import AnswerMismatch
from ..core.approvals import Scope
from ..core.describe import describe_action
from ..core.functions import FunctionSpec
from ..core.limits import StopReason
from ..core.model import ModelInfo
from ..core.supervision import CompletionClaim, Critique
from ..guard.approval import ApprovalAnswer, ApprovalRequest
from ..guard.guard import Allow, Ask, Deny, GuardDecision, Stop
from ..loop.observer import MESSAGE_END
from ..loop.own_functions import OwnFunctions
from ..record.events import (
    Acted,
    AnswerRejected,
    ApprovalAnswered,
    Critiqued,
    Ended,
    Intended,
    NeedsUser,
    Note,
    ScreenChecked,
    UserActed,
    UserMessage,
)
from .screen import outcome
from .tape import Tape

_SWAPPED = re.compile(r": (\".*\") is now where (\".*\") was$")
_SKIPPED = "so the others were skipped"
_LATER_S = 1e6


class TapeClock:
    """Time that passes only where the recording needs it."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.seconds = 0.0

    def now(self) -> float:
        """See `Clock`: after the time limit, if the recording ended there."""
        ending = self._tape.next
        is_over = isinstance(ending, Ended) and ending.stop is StopReason.TIME_LIMIT
        return self.seconds + (_LATER_S if is_over else 0.0)

    def sleep(self, _seconds: float) -> None:
        """See `Clock`. Does not wait."""


@dataclass(frozen=True, slots=True)
class RecordedGuard:
    """A `Guard` and a `SafetyGuard` that decide as guard, rules and user decided."""

    tape: Tape

    def __call__(self, action: Action, observation: Observation) -> GuardDecision:
        """See `Guard`."""
        match self.tape.ahead[:2]:
            case [NeedsUser(kind="rule") as asked, *_]:
                return Ask(asked.rule, asked.reason, Scope.ONCE, _target(action, asked.question))
            case [ApprovalAnswered(kind="rule") as answered, *_]:
                return Ask(answered.rule, "", Scope.ONCE, _target(action, answered.question))
            case [Acted(by_guard=True, refused=str(reason)), Ended(stop=StopReason.REFUSED) as ended, *_]:
                return Stop(reason) if ended.reason == reason else Deny(reason)
            case [Acted(by_guard=True, refused=str(reason)), *_]:
                return Deny(reason)
            case _:
                return Allow(self._rechecks())

    def answer_safety_check(
        self, question: str, actions: tuple[Action, ...], observation: Observation
    ) -> GuardDecision:
        """See `SafetyGuard`."""
        match self.tape.next:
            case ApprovalAnswered(kind="safety_check", by="guard") as answered:
                return Allow() if answered.allowed else Deny(answered.reason)
            case _:
                return Ask("safety check")

    def _rechecks(self) -> bool:
        """Whether the screen was compared again before the action, as after an approval for the whole run."""
        checks = [event for event in self.tape.ahead[:2] if isinstance(event, ScreenChecked)]
        event = next(self.tape.after(ScreenChecked), None)
        if isinstance(event, Acted) and not event.by_guard:  # refused before it was begun
            return not (event.refused or "").endswith(_SKIPPED)
        index = event.index if isinstance(event, Intended) else 0
        return len(checks) > (index > 0)


@dataclass(frozen=True, slots=True)
class RecordedTexts:
    """Reads the text at a point as it was read: only whether it stayed the same matters."""

    tape: Tape

    def __call__(self, screenshot: Screenshot, point: ScreenPoint) -> str | None:
        """See `TargetText`."""
        event = next(self.tape.after(ScreenChecked), None)
        if not isinstance(event, Acted):
            return "the same"
        swapped = _SWAPPED.search(event.refused or "")
        if swapped is None:
            return None
        return swapped[2 if screenshot.sha256 == self.tape.seen.screenshot.sha256 else 1][1:-1]


@dataclass(frozen=True, slots=True)
class RecordedApprover:
    """An `Approver` that gives the answers of the user."""

    tape: Tape
    clock: TapeClock

    def ask(self, request: ApprovalRequest, cancelled: Callable[[], bool]) -> ApprovalAnswer | None:
        """See `Approver`."""
        match next(self.tape.after(UserActed), None):
            case ApprovalAnswered(by="user") as answered:
                return ApprovalAnswer(answered.allowed, answered.scope, answered.reason)
            case ApprovalAnswered(by="timeout"):
                self.clock.seconds += _LATER_S
                return None
            case UserMessage():
                texts = list[str]()
                for event in self.tape.after(UserActed):
                    if not isinstance(event, UserMessage):
                        break
                    texts.append(event.text)
                return ApprovalAnswer(True, text=MESSAGE_END.join(texts))
            case _:
                return None


@dataclass(frozen=True, slots=True)
class RecordedCritic:
    """A critic with the recorded verdicts."""

    tape: Tape

    def __call__(self, claim: CompletionClaim) -> Critique:
        """See `Critic`."""
        match self.tape.next:
            case Critiqued(holds=holds, reason=reason, usage=usage):
                return Critique(holds, reason, usage)
            case _:
                raise self.tape.diverged("the loop asks the critic, which the recorded one did not")


@dataclass(frozen=True, slots=True)
class RecordedModelCritic(RecordedCritic):
    """The critic of a model, whose tokens are counted under its name."""

    name: str

    @property
    def model(self) -> "RecordedModelCritic":
        """Itself, as the model that is asked."""
        return self

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo(self.name)


@dataclass(frozen=True, slots=True)
class RecordedForm:
    """An `AnswerFormat` that accepts the answers that were accepted; their values are their texts."""

    tape: Tape
    schema: Mapping[str, JsonValue]

    def read(self, answer: str) -> object:
        """See `AnswerFormat`."""
        if isinstance(self.tape.next, AnswerRejected):
            raise AnswerMismatch(*self.tape.next.problems)
        return answer


@dataclass(frozen=True, slots=True)
class RecordedFunctions(OwnFunctions):
    """Functions of the program with the names `recorded`, which return what they returned."""

    tape: Tape | None = None
    recorded: tuple[str, ...] = ()

    @property
    def specs(self) -> tuple[FunctionSpec, ...]:
        """See `OwnFunctions`. Their parameters were not recorded."""
        return tuple(FunctionSpec(name, name, {"type": "object"}) for name in self.recorded)

    def perform(self, call: CallFunction, interrupted: Callable[[], bool]) -> ActionResult:
        """See `OwnFunctions`."""
        assert self.tape is not None
        return outcome(self.tape)


class RecordedVault(SecretVault):
    """The names of the secrets. Their values are not in a recording."""

    def __init__(self, tape: Tape, names: tuple[str, ...]) -> None:
        super().__init__(
            Secret(name, f"\N{LOCK}{name}\N{LOCK}{index:04}", "program:none") for index, name in enumerate(names)
        )
        self._tape = tape

    def unknown_in(self, text: str) -> tuple[str, ...]:
        """See `SecretVault`. A handle may be that of a password which was learned in the run."""
        return ()

    def take_notices(self) -> tuple[str, ...]:
        """See `SecretVault`."""
        texts = list[str]()
        for event in self._tape.ahead:
            if not isinstance(event, Note):
                break
            texts.append(event.text)
        return tuple(texts)


def _target(action: Action, question: str) -> str:
    """The text at the point of `action`, which a question about it ends with."""
    prefix = f"{plain(describe_action(action), len(question))} on "
    rest = question.removeprefix(prefix)
    return rest[1:-1] if question.startswith(prefix) and quote(rest[1:-1]) == rest else ""
