"""Guards: each action is allowed, asked about, or denied before it is carried out.

A package adds one through an entry point in the group `screenwright.guards`: a function without parameters, such as a
class, that returns a `Guard`. Rules are a guard without code; see `RuleSet`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from ...envs.actions import Action
from ...envs.env import Observation
from ..core.approvals import Scope


@dataclass(frozen=True, slots=True)
class Allow:
    """The action may be carried out.

    With `recheck`, the screen at its point is compared with the observation again just before: if what is there
    changed, the action is refused.
    """

    recheck: bool = False


@dataclass(frozen=True, slots=True)
class Deny:
    """The action is not carried out; `reason` is reported to the model."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The action is carried out if the user approves it.

    `rule` names what asks: an approval for longer holds for all actions that the same rule asks about, at most for
    `scope`. `target` is the text at the point, if it was read.
    """

    rule: str
    reason: str = ""
    scope: Scope = Scope.RUN
    target: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """The action is not carried out, and the episode ends as refused."""

    reason: str


GuardDecision: TypeAlias = Allow | Deny | Ask | Stop
Guard: TypeAlias = Callable[[Action, Observation], GuardDecision]
"""Decides about an action, given the observation it was chosen on. It may block, for example to ask the user."""


@runtime_checkable
class SafetyGuard(Protocol):
    """Optional protocol of a guard: answers the safety checks of a model's API in place of the user."""

    def answer_safety_check(
        self, question: str, actions: tuple[Action, ...], observation: Observation
    ) -> GuardDecision:
        """Decide whether `actions` may be carried out, given the API's question about them. It may block."""
        ...


@dataclass(frozen=True, slots=True)
class AllowAll:
    """A guard that allows every action. It answers no safety checks: those go to the user."""

    def __call__(self, action: Action, observation: Observation) -> GuardDecision:
        """See `Guard`."""
        return Allow()
