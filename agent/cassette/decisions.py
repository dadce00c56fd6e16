"""What a replay has in place of a model: its recorded replies, parsed again, or else its recorded decisions."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

from ..core.answer_format import AnswerRequest
from ..core.context import DecisionContext
from ..core.image_history import history_named
from ..core.limits import StopReason
from ..core.messages import ImagePart, Message
from ..core.model import Completion, ModelInfo, ModelLost, PromptRefused, Sampling, never
from ..dialects.dialect import Dialect
from ..dialects.prompting.prompt_kind import Prompt, prompt_for
from ..dialects.registry import dialect_for_model, dialect_named, has_prompt, with_other_prompts
from ..models.errors import TOO_LONG
from ..models.served.prompt_limits import image_limit, token_limit
from ..policy.grounded_policy import GroundedPolicy
from ..policy.model_policy import CUT_OFF, ModelPolicy
from ..policy.policy import Policy, PolicyEvents, ScreenDiverged
from ..record.events import (
    AnswerRejected,
    Decided,
    Ended,
    Observed,
    ParseFailed,
    PolicyInfo,
    RecoveredError,
    Replied,
    ScreenChecked,
    Started,
    Summarized,
)
from .people import RecordedFunctions, TapeClock
from .tape import Tape

_OF_POLICIES = (Replied, Summarized, RecoveredError, ParseFailed, Decided)


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """A `Model` that gives the recorded replies, of whichever purpose."""

    tape: Tape
    identity: ModelInfo

    def info(self) -> ModelInfo:
        """See `Model`."""
        return self.identity

    def connect(self) -> None:
        """See `Model`."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`."""
        errors = list[str]()
        for index, event in enumerate(self.tape.ahead):
            match event:
                case RecoveredError(kind="model", message=message) if not errors and TOO_LONG.search(message):
                    raise PromptRefused(message, image_limit(message), token_limit(message))
                case RecoveredError(kind="model", message=message):
                    errors.append(message)
                case Replied():
                    complete = not self._is_cut_off(index + 1)
                    return Completion(event.text, event.usage, complete, tuple(errors), tokens=event.tokens)
                case Ended(stop=StopReason.MODEL_LOST, reason=reason):
                    raise ModelLost(reason)
                case _:
                    break
        after = f", which has {self.tape.next.event!r}" if self.tape.next is not None else ""
        raise self.tape.diverged(f"the loop asks the model once more than the recording{after}")

    def _is_cut_off(self, index: int) -> bool:
        """Whether the reply before the event at `index` ahead was cut off at the maximum number of tokens."""
        event = self.tape.at(self.tape.position + index)
        return isinstance(event, ParseFailed) and (event.kind == "truncated" or CUT_OFF in event.message)


@dataclass
class ReplayedPolicy:
    """Asks the recorded model through `policy`, the policy of that time as far as it is known."""

    policy: ModelPolicy | GroundedPolicy
    recorded: PolicyInfo
    tape: Tape
    clock: TapeClock

    def info(self) -> PolicyInfo:
        """See `Policy`: as it was recorded."""
        return self.recorded

    def open(self) -> None:
        """See `Policy`."""
        _check_start(self.tape, self.clock)
        self.policy.open()

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`."""
        return self.policy.decide(context, interrupted)

    def answer(
        self, context: DecisionContext, request: AnswerRequest, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError, None, str]:
        """See `AnswersInForm`."""
        return self.policy.answer(context, request, interrupted)


@dataclass
class RecordedDecisions:
    """A `Policy` that decides as recorded, for policies whose replies cannot be parsed again."""

    recorded: PolicyInfo
    tape: Tape
    clock: TapeClock

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        return self.recorded

    def open(self) -> None:
        """See `Policy`."""
        _check_start(self.tape, self.clock)

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`."""
        while isinstance(event := self.tape.next, _OF_POLICIES):
            yield event
            if isinstance(event, Decided):
                return
        match event:
            case Ended(stop=StopReason.MODEL_LOST, reason=reason):
                raise ModelLost(reason)
            case Ended(stop=StopReason.DIVERGED, reason=reason):
                raise ScreenDiverged(reason)
            case _:
                return


@dataclass
class RecordedAnswers(RecordedDecisions):
    """`RecordedDecisions` of a policy that was asked for its answer alone."""

    def answer(
        self, context: DecisionContext, request: AnswerRequest, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError, None, str]:
        """See `AnswersInForm`."""
        while isinstance(event := self.tape.next, Replied | RecoveredError):
            yield event
        match event:
            case Ended(stop=StopReason.MODEL_LOST, reason=reason):
                raise ModelLost(reason)
            case AnswerRejected(answer=answer) | Ended(answer=answer):
                return answer
            case _:
                found = next((one.answer for one in self.tape.ahead if isinstance(one, Ended)), "")
                return found


def recorded_policy(started: Started, tape: Tape, clock: TapeClock, dialect: Dialect | None = None) -> Policy:
    """The policy of the run. `dialect` replaces the recorded one, such as one that is being developed."""
    info = started.policy
    with suppress(ValueError):  # it is of another package, or of a vendor's API
        return ReplayedPolicy(_policy(started, tape, dialect), info, tape, clock)
    is_asked = any(isinstance(event, Replied) and event.purpose == "answer" for event in tape.events)
    return (RecordedAnswers if is_asked else RecordedDecisions)(info, tape, clock)


def _policy(started: Started, tape: Tape, dialect: Dialect | None) -> ModelPolicy | GroundedPolicy:
    info = started.policy
    if dialect is None and not info.dialect:
        raise ValueError("the run has no dialect")
    base = dialect or _dialect(info, tape)
    functions = RecordedFunctions(recorded=started.functions).specs
    candidates = (_candidate(started, tape, *choice) for choice in _variants(base, prompt_for(started.env)))
    policies = [replace(policy, functions=functions) for policy in candidates if policy is not None]
    if not policies:
        raise ValueError(f"the dialect {base.name} has no prompt for this screen")
    found = next((one for one in policies if one.info().prompt_sha256 == info.prompt_sha256), policies[0])
    if info.grounder is None:
        return found
    grounding = dialect_for_model(info.grounder.name)
    if grounding is None:
        raise ValueError(f"the dialect of {info.grounder.name} was not recorded")
    return GroundedPolicy(found, RecordedModel(tape, info.grounder), grounding)


def _dialect(info: PolicyInfo, tape: Tape) -> Dialect:
    """The recorded dialect, in the variant for the model if its screenshots had that size."""
    named, variant = dialect_named(info.dialect), dialect_for_model(info.model.name)
    observed = next((event for event in tape.events if isinstance(event, Observed)), None)
    replied = next((event for event in tape.events if isinstance(event, Replied) and event.image), None)
    if variant is None or variant.name != named.name or observed is None or replied is None:
        return named
    return variant if variant.image_rule.resize(observed.observation.screenshot.size) == replied.image else named


def _candidate(started: Started, tape: Tape, dialect: Dialect, prompt: Prompt, ask_user: bool) -> ModelPolicy | None:
    info = started.policy
    with suppress(ValueError):
        return ModelPolicy(
            RecordedModel(tape, info.model),
            dialect,
            history=history_named(info.history) if info.history else None,
            sampling=info.sampling,
            prompt=prompt if has_prompt(dialect, prompt) else None,
            summarize=started.supervision.summarize,
            ask_user=ask_user,
            max_image_pixels=info.max_image_pixels,
            encode=ImagePart.later,
        )
    return None


def _variants(dialect: Dialect, prompt: Prompt) -> Iterator[tuple[Dialect, Prompt, bool]]:
    """The dialect with the settings of which the recorded hash is one; the likely ones first."""
    yield from product(with_other_prompts(dialect), dict.fromkeys((prompt, *Prompt)), (False, True))


def _check_start(tape: Tape, clock: TapeClock) -> None:
    """Raise the error of a model that was lost before the first step; let the first screenshot grow old, if it did."""
    after = tape.at(tape.position + 1)
    if isinstance(after, ScreenChecked):
        clock.seconds += 1.0
    if isinstance(after, Ended) and after.stop is StopReason.MODEL_LOST:
        raise ModelLost(after.reason)
