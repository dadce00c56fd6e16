"""Asks before a secret is typed that is bound to no host and no program."""

from dataclasses import dataclass

from ...envs.actions import Action, Type
from ...envs.env import Observation
from ...envs.secrets import SecretVault
from .guard import Allow, Ask, GuardDecision


@dataclass(frozen=True, slots=True)
class SecretGuard:
    """A `Guard` for the secrets of `vault`. It never sees their values."""

    vault: SecretVault

    def __call__(self, action: Action, observation: Observation) -> GuardDecision:
        """See `Guard`. A page refuses such a secret without a question."""
        if not isinstance(action, Type) or "://" in observation.location:
            return Allow()
        unbound = [secret for secret in self.vault.named_in(action.text) if not secret.bound_to]
        if not unbound:
            return Allow()
        return Ask(f"secret {unbound[0].name}", f"{unbound[0].handle} may be typed anywhere: it is bound to no program")
