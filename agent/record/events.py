"""The events of an episode. Programs receive them as a stream; the log on disk holds the same events.

An episode starts with `Started` or `Resumed` and ends with `Ended`. Each step emits, in order: `Observed`, possibly
`Escalated`, one `Replied` per model call (each possibly followed by `ParseFailed`), `Decided`, possibly
`ApprovalAnswered`, `Intended` and `Acted` for each action, and `Stepped`. `AnswerRejected` and `Critiqued` follow the
step that finishes the task. `UserActed` follows `NeedsUser` or the `Note` that the episode is paused. `Note`,
`ScreenChecked`, `RecoveredError`, `NeedsUser` and `UserMessage` can occur anywhere in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import JsonValue

from ...envs.env import ActionResult, EnvInfo
from ...envs.geometry import Size
from ..core.approvals import AnsweredBy, QuestionKind, Scope
from ..core.change import Change
from ..core.coordinates import PointTrace
from ..core.limits import Limits, StopReason
from ..core.model import ModelInfo, SampledTokens, Sampling, Usage
from ..core.prices import Price
from ..core.supervision import RecoveryAction, SupervisionInfo
from .codec import LoggedAction, LoggedEnding, LoggedObservation

Purpose: TypeAlias = Literal["act", "zoom", "ground", "summarize", "answer"]


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """Identifies the policy and its settings, so that a run can be repeated.

    `max_image_pixels` is a limit below the dialect's own, None if there is none. `language` is that of the thoughts,
    empty if the prompt names none.
    """

    model: ModelInfo
    dialect: str = ""
    prompt_sha256: str = ""
    history: str = ""
    sampling: Sampling | None = None
    prompt_source: str = ""
    grounder: ModelInfo | None = None
    max_image_pixels: int | None = None
    language: str = ""
    image_format: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """The episode started. `time` is UTC in ISO 8601.

    `rules_sha256` identifies its rules, empty without rules. `secrets` are the names of the secrets that can be typed.
    `answer_schema` is the JSON schema of the answer, None if its form is free. `functions` are the names of the
    program's functions that the model may call. `supervision` and `prices` are those that the episode ran with.
    """

    task: str
    env: EnvInfo
    policy: PolicyInfo
    limits: Limits
    time: str
    version: str
    rules_sha256: str = ""
    secrets: tuple[str, ...] = ()
    answer_schema: Mapping[str, JsonValue] | None = None
    functions: tuple[str, ...] = ()
    supervision: SupervisionInfo = SupervisionInfo()
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    event: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class Resumed:
    """An interrupted episode continues after `steps` steps.

    `unconfirmed` is the action that was interrupted: it may already have been carried out. `limits` are those from here
    on; None in logs of earlier versions.
    """

    steps: int
    time: str
    version: str
    unconfirmed: LoggedAction | None = None
    limits: Limits | None = None
    event: Literal["resumed"] = "resumed"


@dataclass(frozen=True, slots=True)
class Observed:
    """A screenshot was taken. `notes` go to the model with it.

    `change` is the difference from the previous screenshot; None in the first step. `capture_s` is the capture time; 0
    if the first step reused the screenshot that opened the environment.
    """

    step: int
    observation: LoggedObservation
    notes: tuple[str, ...]
    change: Change | None
    capture_s: float
    event: Literal["observed"] = "observed"


@dataclass(frozen=True, slots=True)
class ScreenChecked:
    """The screen was observed between the observations of two steps, and that had a consequence.

    Its facts go to the model with the next step; an action was refused because of what it shows; or it is compared
    with the next screenshot, since the user takes over or an animation is suspected.
    """

    step: int
    observation: LoggedObservation
    event: Literal["screen_checked"] = "screen_checked"


@dataclass(frozen=True, slots=True)
class Replied:
    """The model replied. `image` is the size of the screenshots in the prompt, `images` their number.

    `purpose` is `act` for the next action, `zoom` for a more precise point on a magnified part of the screen, `ground`
    for the point of a target that another model named, `summarize` for a summary of the oldest steps, and `answer` for
    the answer in the form that the program wants. `tokens` are the model's own, if the request asked for them.
    """

    step: int
    attempt: int
    text: str
    usage: Usage
    image: Size | None = None
    images: int = 0
    encode_s: float = 0.0
    model_s: float = 0.0
    purpose: Purpose = "act"
    tokens: SampledTokens | None = None
    event: Literal["replied"] = "replied"


@dataclass(frozen=True, slots=True)
class Summarized:
    """The context window was full: from now on `text` replaces the first `steps` steps since the newest plan.

    Without a summary from the model, `text` is empty and the steps are dropped.
    """

    step: int
    steps: int
    text: str
    event: Literal["summarized"] = "summarized"


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """A reply could not be parsed. None of it is executed, and the model is asked again with the error message.

    `position` is an index into the reply.
    """

    step: int
    attempt: int
    kind: str
    position: int
    message: str
    event: Literal["parse_failed"] = "parse_failed"


@dataclass(frozen=True, slots=True)
class Decided:
    """The actions of this step. `traces` follow each of their points, in order, through all coordinate spaces.

    `safety_checks` are questions of the model's API about them: nothing is carried out unless all are allowed.
    """

    step: int
    thought: str | None
    actions: tuple[LoggedAction, ...]
    ending: LoggedEnding | None = None
    traces: tuple[PointTrace, ...] = ()
    reflection: str | None = None
    reasoning: str | None = None
    safety_checks: tuple[str, ...] = ()
    event: Literal["decided"] = "decided"


@dataclass(frozen=True, slots=True)
class ApprovalAnswered:
    """It was answered whether an action is allowed, after a `rule` or a safety check of the model's API asked.

    `scope` is how long an approval holds, `reason` why it was denied, and `seconds` the time until the answer.
    """

    step: int
    kind: QuestionKind
    question: str
    allowed: bool
    reason: str = ""
    scope: Scope = Scope.ONCE
    rule: str = ""
    by: AnsweredBy = "user"
    seconds: float = 0.0
    event: Literal["approval_answered"] = "approval_answered"


@dataclass(frozen=True, slots=True)
class Intended:
    """The action at `index` of the step is allowed and carried out next; the event is on disk before that.

    Without an `Acted` of the same step and index, it is unknown whether the action was carried out.
    """

    step: int
    index: int
    action: LoggedAction
    event: Literal["intended"] = "intended"


@dataclass(frozen=True, slots=True)
class Acted:
    """An action was executed (`result`), or refused with a reason (`refused`), `by_guard` or by the environment."""

    step: int
    index: int
    action: LoggedAction
    result: ActionResult | None = None
    refused: str | None = None
    by_guard: bool = False
    event: Literal["acted"] = "acted"


@dataclass(frozen=True, slots=True)
class Stepped:
    """The step is complete and on disk. `total_s` is its wall time; logging took `log_s` of it."""

    step: int
    total_s: float
    log_s: float = 0.0
    event: Literal["stepped"] = "stepped"


@dataclass(frozen=True, slots=True)
class Note:
    """A message about the episode, such as paused or resumed."""

    text: str
    step: int
    event: Literal["note"] = "note"


@dataclass(frozen=True, slots=True)
class Escalated:
    """The agent repeats itself: `loop` describes how, and `action` is the recovery action of this step."""

    step: int
    action: RecoveryAction
    loop: str
    event: Literal["escalated"] = "escalated"


@dataclass(frozen=True, slots=True)
class NeedsUser:
    """The episode waits for the user: its approver asks, or a program answers with `Control.send_message`.

    After a `question` of the model the user may operate the screen. Otherwise a `rule` or a safety check asks whether
    an action is allowed: an answer such as `yes`, `host` or `run` allows it, all others deny it.
    """

    step: int
    question: str
    kind: QuestionKind = "question"
    rule: str = ""
    reason: str = ""
    event: Literal["needs_user"] = "needs_user"


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A message from the user, which the model receives in the next step; empty if the user only returned control."""

    step: int
    text: str
    event: Literal["user_message"] = "user_message"


@dataclass(frozen=True, slots=True)
class UserActed:
    """The user, who had taken over the screen, carried out `action`; `observation` is the screen just before it.

    `step` is the newest step of the agent, 0 before the first one, and `seconds` the time that the action took. A text
    that was typed at once or with short pauses is one action, and a password is recorded as the handle of a secret.
    """

    step: int
    observation: LoggedObservation
    action: LoggedAction
    seconds: float = 0.0
    event: Literal["user_acted"] = "user_acted"


@dataclass(frozen=True, slots=True)
class AnswerRejected:
    """The answer of a finish does not have the form that the program wants; the model is asked for it again.

    After too many of them the episode ends as `invalid_answer`.
    """

    step: int
    answer: str
    problems: tuple[str, ...]
    event: Literal["answer_rejected"] = "answer_rejected"


@dataclass(frozen=True, slots=True)
class Critiqued:
    """The critic checked whether the task is done: `holds` is its verdict, None if it had none."""

    step: int
    holds: bool | None
    reason: str
    usage: Usage
    seconds: float
    event: Literal["critiqued"] = "critiqued"


@dataclass(frozen=True, slots=True)
class RecoveredError:
    """An infrastructure error was recovered.

    A screenshot was retried, a lost screen restarted, the system clock changed, or a model request retried.
    """

    step: int
    kind: Literal["screenshot", "screen", "clock", "model"]
    message: str
    event: Literal["recovered_error"] = "recovered_error"


@dataclass(frozen=True, slots=True)
class Ended:
    """The episode ended. `answer` is the model's message to the user.

    `parse_failures` counts the `ParseFailed` events. `verified` is the critic's verdict on the finish. `cost` is in the
    currency of the prices that the agent was given; None if it is unknown.
    """

    stop: StopReason
    reason: str
    answer: str
    steps: int
    usage: Usage
    seconds: float
    time: str
    parse_failures: int = 0
    verified: bool | None = None
    cost: float | None = None
    event: Literal["ended"] = "ended"


Event: TypeAlias = (
    Started
    | Resumed
    | Observed
    | ScreenChecked
    | Escalated
    | Replied
    | Summarized
    | ParseFailed
    | Decided
    | ApprovalAnswered
    | Intended
    | Acted
    | Stepped
    | AnswerRejected
    | Critiqued
    | NeedsUser
    | UserMessage
    | UserActed
    | RecoveredError
    | Note
    | Ended
)

ScreenEvent: TypeAlias = Observed | ScreenChecked | UserActed
"""The events that have a screenshot, in `observation`."""
