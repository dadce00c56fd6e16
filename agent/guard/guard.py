"""What may be done: a guard sees each action before it is carried out, and allows or denies it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ...envs.actions import Action
from ...envs.env import Observation


@dataclass(frozen=True, slots=True)
class Allow:
    """The action may be carried out."""


@dataclass(frozen=True, slots=True)
class Deny:
    """The action is not carried out; the model is told `reason`."""

    reason: str


GuardDecision: TypeAlias = Allow | Deny
Guard: TypeAlias = Callable[[Action, Observation], GuardDecision]
"""Judges an action by the screen that it was decided on. A guard that asks somebody simply takes that long."""


def allow_all(_action: Action, _observation: Observation) -> GuardDecision:
    """The guard that allows everything."""
    return Allow()
