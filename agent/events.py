"""What happens in an episode, as typed events: the stream that programs watch and the log on disk are the same thing.

Order in an episode: `Started` or `Resumed`; then, step by step, `Observed`, one `Replied` a model call (each possibly
followed by `Misread`), `Decided`, one `Acted` an action, `Stepped`; last `Ended`. `Noted` may come anywhere.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..envs.env import Done, EnvInfo
from ..envs.geometry import Box, Size
from .coordinates import PointTrace
from .limits import Limits, StopReason
from .logged import LoggedAction, LoggedEnding, LoggedObservation
from .models.model import ModelInfo, Sampling, Usage


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """What decides, for the log: enough to run it again."""

    model: ModelInfo
    dialect: str = ""
    prompt_sha256: str = ""
    history: str = ""
    sampling: Sampling | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two looks: the share of pixels, from 0 to 1, and the regions, largest first."""

    share: float
    regions: tuple[Box, ...] = ()


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
    """A look at the screen. `change` compares it with the look before; None at the first."""

    step: int
    observation: LoggedObservation
    notes: tuple[str, ...]
    change: Change | None
    capture_s: float
    event: Literal["observed"] = "observed"


@dataclass(frozen=True, slots=True)
class Replied:
    """The model answered. `image` is the size that the screenshot was sent in, `images` how many were sent."""

    step: int
    attempt: int
    text: str
    usage: Usage
    image: Size | None = None
    images: int = 0
    encode_s: float = 0.0
    model_s: float = 0.0
    event: Literal["replied"] = "replied"


@dataclass(frozen=True, slots=True)
class Misread:
    """A reply could not be read; nothing of it is carried out, and the model is told why."""

    step: int
    attempt: int
    kind: str
    position: int
    message: str
    event: Literal["misread"] = "misread"


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
    done: Done | None = None
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
class Noted:
    """Something that belongs to no step: paused, resumed, trouble that was overcome."""

    text: str
    step: int
    event: Literal["noted"] = "noted"


@dataclass(frozen=True, slots=True)
class Ended:
    """The episode is over, for one reason. `answer` is what the model says to the user.

    `misread` counts the replies that could not be read, each of which has a `Misread` of its own.
    """

    stop: StopReason
    reason: str
    answer: str
    steps: int
    usage: Usage
    seconds: float
    time: str
    misread: int = 0
    event: Literal["ended"] = "ended"


Event: TypeAlias = Started | Resumed | Observed | Replied | Misread | Decided | Acted | Stepped | Noted | Ended
