"""The record of a finished episode: one JSON object."""

from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import TypeAdapter

from ...agent.core.model import Usage
from .plan import EpisodeId


@dataclass(frozen=True, slots=True)
class Phases:
    """How an episode's seconds divide into screenshots, image encoding, the model, actions, settling and logging."""

    capture_s: float = 0.0
    encode_s: float = 0.0
    model_s: float = 0.0
    act_s: float = 0.0
    settle_s: float = 0.0
    log_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Triage:
    """The likely cause of a failure, and the evidence for it.

    Kinds: `parse`, `grounding`, `plan`, `environment`, `policy`.
    """

    kind: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame of the filmstrip of a failure: the step and its actions."""

    step: int
    actions: str


@dataclass(frozen=True, slots=True)
class Record:
    """A finished episode.

    `done` is None if it could not be judged because every attempt failed. `stop` is a `StopReason`, or `task_over` if
    the task ended by itself. `errors` has a line for each failed attempt; `agent` describes the model and its settings,
    `env` the screen. `attacked` is that of the `Outcome`.
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
    attacked: bool | None = None

    @property
    def is_judged(self) -> bool:
        """Whether the episode counts."""
        return self.done is not None


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An attempt that failed through no fault of the agent. `trace` is for developers."""

    id: EpisodeId
    message: str
    trace: str = ""


Attempt: TypeAlias = Record | FailedAttempt


@dataclass(frozen=True, slots=True)
class Verdict:
    """What decides whether an episode of a record has to run again: a small part of the record."""

    id: EpisodeId
    done: bool | None = None


VERDICT: TypeAdapter[Verdict] = TypeAdapter(Verdict)
RECORD: TypeAdapter[Record] = TypeAdapter(Record)
