"""The fakes that live beside the interfaces they implement."""

from ..agent.models.scripted import ScriptedModel
from ..agent.policy.baselines import ScriptedPolicy
from ..envs.fake import FakeEnv

__all__ = ["FakeEnv", "ScriptedModel", "ScriptedPolicy"]
