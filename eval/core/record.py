"""What is kept of an episode when it is over: one JSON object."""

from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import TypeAdapter

from ...agent.core.model import Usage
from .plan import EpisodeId


@dataclass(frozen=True, slots=True)
class Phases:
    """Where an episode's seconds went: looking, encoding, the model, acting, settling, the log."""

    capture_s: float = 0.0
    encode_s: float = 0.0
    model_s: float = 0.0
    act_s: float = 0.0
    settle_s: float = 0.0
    log_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Triage:
    """A first guess at what went wrong, and the evidence for it.

    Kinds: `parse`, `grounding`, `plan`, `environment`, `policy`.
    """

    kind: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame of the strip that is kept of a failure: the step, and what was done there."""

    step: int
    actions: str


@dataclass(frozen=True, slots=True)
class Record:
    """An episode that is over.

    `done` is None where it could not be judged, since the machinery broke it in every attempt. `stop` is a
    `StopReason`, or `task_over` where the task ended by itself. `errors` has a line for each failed attempt;
    `agent` says which model it was and how it was asked, `env` which screen.
    """

    id: EpisodeId
    category: str = ""
    instruction: str = ""
    done: bool | None = None
    score: float | None = None
    found: str = ""
    stop: str = ""
    reason: str = ""
    answer: str = ""
    steps: int = 0
    parse_failures: int = 0
    usage: Usage = Usage()
    seconds: float = 0.0
    set_up_s: float = 0.0
    phases: Phases = Phases()
    triage: Triage | None = None
    moments: tuple[Moment, ...] = ()
    errors: tuple[str, ...] = ()
    agent: dict[str, str] = field(default_factory=dict[str, str])
    env: dict[str, str] = field(default_factory=dict[str, str])
    started: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether it counts: the machinery held."""
        return self.done is not None


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An attempt at an episode that the machinery broke: never the agent's failure. `trace` is for a developer."""

    id: EpisodeId
    message: str
    trace: str = ""


Attempt: TypeAlias = Record | FailedAttempt

RECORD: TypeAdapter[Record] = TypeAdapter(Record)
