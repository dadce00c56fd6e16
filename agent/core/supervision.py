"""Settings of the supervisor: feedback to the model, recovery from loops, the user, and the completion critic.

Agent(model, supervision=Supervision(attended=True, critic=ModelCritic(model)))
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeAlias

from ...envs.screenshot import Screenshot
from .model import Usage


class RecoveryAction(StrEnum):
    """What to do about a loop, in the order of escalation.

    `MESSAGE` describes the loop to the model and asks for another approach; `TEMPERATURE` samples at a higher
    temperature; `ZOOM` refines the target point on a magnified crop; `REPLAN` restarts from the task and the list of
    actions; `ASK_USER` asks the user, if one is available; `STUCK` ends the episode.
    """

    MESSAGE = "message"
    TEMPERATURE = "temperature"
    ZOOM = "zoom"
    REPLAN = "replan"
    ASK_USER = "ask_user"
    STUCK = "stuck"


ESCALATION = tuple(action for action in RecoveryAction if action is not RecoveryAction.STUCK)


@dataclass(frozen=True, slots=True)
class CompletionClaim:
    """A finish to verify: the task, the answer, the newest screenshots, and the actions as text."""

    task: str
    answer: str
    screenshots: tuple[Screenshot, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Critique:
    """Whether the task is done, and why; `holds` is None if that could not be determined. `usage` is the cost."""

    holds: bool | None
    reason: str = ""
    usage: Usage = Usage()


Critic: TypeAlias = Callable[[CompletionClaim], Critique]
"""Verifies a finish: any function, or a `ModelCritic`."""


@dataclass(frozen=True, slots=True)
class Supervision:
    """What the loop does in addition to observing, deciding and acting.

    `report_no_effect` informs the model when its last action changed nothing, and rejects a finish right after an
    action that was not carried out; a second finish ends the episode as refused. A loop is reported at its third
    repetition (`loop_threshold`); each further repetition takes the next of the `recovery` actions, and after the last
    one the episode ends as stuck. `attended` means that a user can answer (`Control.send_message`). `critic` verifies a
    finish. `restarts` limits how often a lost screen, such as a crashed browser, is restarted: unsaved work in it is
    lost, and actions may be repeated. `summarize` has the model summarize its oldest steps when its context is full;
    otherwise they are dropped. A question about an action that is not answered within `approval_timeout_s` is denied;
    None waits without limit, as the model's own questions do.
    """

    report_no_effect: bool = True
    recovery: tuple[RecoveryAction, ...] = ESCALATION
    loop_threshold: int = 3
    attended: bool = False
    critic: Critic | None = None
    restarts: int = 0
    summarize: bool = True
    approval_timeout_s: float | None = 300.0

    def __post_init__(self) -> None:
        if self.loop_threshold < 2:
            raise ValueError(f"loop_threshold is at least 2 repetitions, not {self.loop_threshold}")
        if self.restarts < 0:
            raise ValueError(f"restarts is 0 or more, not {self.restarts}")

    def info(self) -> "SupervisionInfo":
        """These settings as a run records them."""
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "critic"}
        model = getattr(self.critic, "model", None)
        return SupervisionInfo(**values, critic=None if self.critic is None else model.info().name if model else "")


@dataclass(frozen=True, slots=True)
class SupervisionInfo:
    """A `Supervision` as it is recorded. `critic` is the name of the critic's model, None without a critic."""

    report_no_effect: bool = True
    recovery: tuple[RecoveryAction, ...] = ESCALATION
    loop_threshold: int = 3
    attended: bool = False
    critic: str | None = None
    restarts: int = 0
    summarize: bool = True
    approval_timeout_s: float | None = 300.0


NO_INTERVENTION = Supervision(report_no_effect=False, recovery=(), summarize=False)
"""Only ends an endless loop as stuck; for measuring a model exactly as its own agent would run it."""
