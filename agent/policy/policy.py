"""The policy interface: from a decision context to a decision."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias, runtime_checkable

from ...envs.env import EnvInfo
from ..core.context import DecisionContext
from ..record.events import Decided, ParseFailed, PolicyInfo, RecoveredError, Replied, Summarized

PolicyEvents: TypeAlias = Iterator[Replied | Summarized | RecoveredError | ParseFailed | Decided]
"""The last event is `Decided`, unless no reply could be parsed."""


class Policy(Protocol):
    """Decides what to do in each step.

    A policy of your own implements these three methods; no base class is needed. `ScriptedPolicy` is an example.
    """

    def info(self) -> PolicyInfo:
        """Identifies the policy in the log. Opens nothing."""
        ...

    def open(self) -> None:
        """Prepare for an episode, for example by contacting the model's server.

        Raises:
            ModelLost: the model is not available.
            ValueError: a required setting is missing.
        """
        ...

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """Decide the next step, yielding events; the last one is `Decided`, unless no reply could be parsed.

        A long wait ends soon after `interrupted` returns True.

        Raises:
            ModelLost: the model does not respond.
        """
        ...


@runtime_checkable
class EpisodeAware(Protocol):
    """A policy that asks differently on different kinds of screens, or if a user attends."""

    def for_episode(self, env: EnvInfo, *, attended: bool) -> "Policy":
        """The policy for an episode on that screen."""
        ...
