"""What happens in an episode, as typed events: the stream that programs watch and the log on disk are the same thing.

Order in an episode: `Started` or `Resumed`; then, step by step, `Observed`, perhaps `Escalated`, one `Replied` a model
call (each possibly followed by `ParseFailed`), `Decided`, one `Acted` an action, `Stepped`; last `Ended`. `Note`,
`RecoveredError`, `NeedsUser` and `UserMessage` may come anywhere between, `Critiqued` after the step that says
finished.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...envs.env import ActionResult, EnvInfo
from ...envs.geometry import Size
from ..core.change import Change
from ..core.coordinates import PointTrace
from ..core.limits import Limits, StopReason
from ..core.model import ModelInfo, Sampling, Usage
from ..core.supervision import RecoveryAction
from .codec import LoggedAction, LoggedEnding, LoggedObservation


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """What decides, for the log: enough to run it again."""

    model: ModelInfo
    dialect: str = ""
    prompt_sha256: str = ""
    history: str = ""
    sampling: Sampling | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The episode begins. `time` is UTC in ISO 8601."""

    task: str
    env: EnvInfo
    policy: PolicyInfo
    limits: Limits
    time: str
    version: str
    event: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class Resumed:
    """An interrupted episode goes on; `steps` were complete when it broke off."""

    steps: int
    time: str
    version: str
    event: Literal["resumed"] = "resumed"


@dataclass(frozen=True, slots=True)
class Observed:
    """A look at the screen. `change` compares it with the look before; None at the first.

    `capture_s` is what it cost the step: nothing where the look that opened the screen served the first step.
    """

    step: int
    observation: LoggedObservation
    notes: tuple[str, ...]
    change: Change | None
    capture_s: float
    event: Literal["observed"] = "observed"


@dataclass(frozen=True, slots=True)
class Replied:
    """The model answered. `image` is the size that the screenshot was sent in, `images` how many were sent.

    `purpose` is `act`, or `closer` where only the place was asked for again, on an enlarged part of the screen, or
    `condense` where the oldest steps were told again in few words.
    """

    step: int
    attempt: int
    text: str
    usage: Usage
    image: Size | None = None
    images: int = 0
    encode_s: float = 0.0
    model_s: float = 0.0
    purpose: Literal["act", "closer", "condense"] = "act"
    event: Literal["replied"] = "replied"


@dataclass(frozen=True, slots=True)
class Summarized:
    """The context was full: from now on `text` stands for the first `steps` steps since the newest plan.

    Without a text, the model had no words for them, and they are left out.
    """

    step: int
    steps: int
    text: str
    event: Literal["summarized"] = "summarized"


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """A reply could not be read; nothing of it is carried out, and the model is told why."""

    step: int
    attempt: int
    kind: str
    position: int
    message: str
    event: Literal["parse_failed"] = "parse_failed"


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be done now. `traces` follow the points of `actions`, in order, through every space."""

    step: int
    thought: str | None
    actions: tuple[LoggedAction, ...]
    ending: LoggedEnding | None = None
    traces: tuple[PointTrace, ...] = ()
    reflection: str | None = None
    reasoning: str | None = None
    event: Literal["decided"] = "decided"


@dataclass(frozen=True, slots=True)
class Acted:
    """One action was carried out (`done`), or it was refused, with the reason (`refused`)."""

    step: int
    index: int
    action: LoggedAction
    done: ActionResult | None = None
    refused: str | None = None
    by_guard: bool = False
    event: Literal["acted"] = "acted"


@dataclass(frozen=True, slots=True)
class Stepped:
    """The step is over and durable. `total_s` is its wall time, `log_s` what the log took of it."""

    step: int
    total_s: float
    log_s: float = 0.0
    event: Literal["stepped"] = "stepped"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that belongs to no step: paused, resumed, trouble that was overcome."""

    text: str
    step: int
    event: Literal["note"] = "note"


@dataclass(frozen=True, slots=True)
class Escalated:
    """The run goes in a circle; `seen` says what was seen, `rung` what is done about it at this step."""

    step: int
    rung: RecoveryAction
    seen: str
    event: Literal["escalated"] = "escalated"


@dataclass(frozen=True, slots=True)
class NeedsUser:
    """The episode waits for the user, who answers by `Control.tell` and may work on the screen before."""

    step: int
    question: str
    event: Literal["needs_user"] = "needs_user"


@dataclass(frozen=True, slots=True)
class UserMessage:
    """The user said something, told to the model at the next look; empty where the screen was only handed back."""

    step: int
    text: str
    event: Literal["user_message"] = "user_message"


@dataclass(frozen=True, slots=True)
class Critiqued:
    """A finish was checked: whether it holds (None if that could not be told), why, what it took."""

    step: int
    holds: bool | None
    reason: str
    usage: Usage
    seconds: float
    event: Literal["critiqued"] = "critiqued"


@dataclass(frozen=True, slots=True)
class RecoveredError:
    """Trouble of the machinery that was overcome.

    A look that failed, a screen that was lost and started again, a clock that was set, a server asked again.
    """

    step: int
    kind: Literal["screenshot", "screen", "clock", "model"]
    message: str
    event: Literal["recovered_error"] = "recovered_error"


@dataclass(frozen=True, slots=True)
class Ended:
    """The episode is over, for one reason. `answer` is what the model says to the user.

    `parse_failures` counts the replies that could not be parsed; each has its own `ParseFailed`. `verified` is the
    critic's verdict on the finish.
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
    event: Literal["ended"] = "ended"


Event: TypeAlias = (
    Started
    | Resumed
    | Observed
    | Escalated
    | Replied
    | Summarized
    | ParseFailed
    | Decided
    | Acted
    | Stepped
    | Critiqued
    | NeedsUser
    | UserMessage
    | RecoveredError
    | Note
    | Ended
)
