"""How an episode is watched over: what the model is told, what is done when it goes in circles, who checks its finish.

Agent(model, oversight=Oversight(attended=True, check=ModelCheck(model)))
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ...envs.screenshot import Screenshot
from .model import Usage


class RecoveryAction(StrEnum):
    """What is done about a run that goes in circles, in the order in which it is tried.

    `TELL` says what was seen and asks for another way; `HOTTER` samples at a higher temperature; `CLOSER` shows a crop
    around the target and asks for the place again; `PLAN` begins afresh from the task and what has been done; `USER`
    asks the user, if one attends; `STUCK` ends the episode.
    """

    TELL = "tell"
    HOTTER = "hotter"
    CLOSER = "closer"
    PLAN = "plan"
    USER = "user"
    STUCK = "stuck"


ESCALATION = (
    RecoveryAction.TELL,
    RecoveryAction.HOTTER,
    RecoveryAction.CLOSER,
    RecoveryAction.PLAN,
    RecoveryAction.USER,
)


@dataclass(frozen=True, slots=True)
class CompletionClaim:
    """A finish that is to be checked: the task, the answer, the newest screenshots, and the actions in words."""

    task: str
    answer: str
    screenshots: tuple[Screenshot, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Critique:
    """Whether a finish holds, and why; None where that could not be told. `usage` is what it cost."""

    holds: bool | None
    reason: str = ""
    usage: Usage = Usage()


Critic: TypeAlias = Callable[[CompletionClaim], Critique]
"""A second look at a finish: a function of the embedding program, or a `ModelCheck`."""


@dataclass(frozen=True, slots=True)
class Supervision:
    """What the loop does beside looking, deciding and acting.

    `tell_changes` says to the model when its last action changed nothing. A circle is noticed at its third turn
    (`notice_after`); then one of `rungs` is climbed a turn, and when they are used up the episode ends as stuck.
    `attended` says that somebody watches who answers (`Control.tell`). `check` takes a second look at a finish.
    `restarts` is how often a screen that was lost may be started again, where it can be (a browser that crashed): what
    was not saved in it is gone, and what was done may be done twice. `condense` has the model tell its oldest steps
    again in few words where its context has no room for them any more; without it they are only left out.
    """

    tell_changes: bool = True
    rungs: tuple[RecoveryAction, ...] = ESCALATION
    notice_after: int = 3
    attended: bool = False
    check: Critic | None = None
    restarts: int = 0
    condense: bool = True

    def __post_init__(self) -> None:
        if self.notice_after < 2:
            raise ValueError(f"a circle is noticed after 2 turns at the earliest, not {self.notice_after}")
        if self.restarts < 0:
            raise ValueError(f"restarts are 0 or more, not {self.restarts}")


NO_INTERVENTION = Supervision(tell_changes=False, rungs=(), condense=False)
"""Nothing is said or done that the model's own loop would not do; only an endless circle is still ended as stuck."""
