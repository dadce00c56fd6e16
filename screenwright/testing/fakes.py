"""Re-exports of the fakes that are defined next to their interfaces."""

from ..agent.models.scripted import ScriptedModel
from ..agent.policy.baselines import ScriptedPolicy
from ..envs.fake import FakeEnv

__all__ = ["FakeEnv", "ScriptedModel", "ScriptedPolicy"]
