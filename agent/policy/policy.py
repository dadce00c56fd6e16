"""The policy interface: from a decision context to a decision."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ...envs.env import EnvInfo
from ..core.answer_format import AnswerRequest
from ..core.context import DecisionContext
from ..core.functions import FunctionSpec
from ..core.image_history import History
from ..core.messages import ImageFormat
from ..record.events import Decided, ParseFailed, PolicyInfo, RecoveredError, Replied, Summarized

PolicyEvents: TypeAlias = Iterator[Replied | Summarized | RecoveredError | ParseFailed | Decided]
"""The last event is `Decided`, unless no reply could be parsed."""


class ScreenDiverged(Exception):
    """The screen is not what the policy knows from a recording; the message says where. The episode ends so."""


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
            ScreenDiverged: the policy repeats a recording, and the screen is another one.
        """
        ...


@runtime_checkable
class EpisodeAware(Protocol):
    """A policy that asks differently on different kinds of screens, or if a user attends."""

    def for_episode(self, env: EnvInfo, *, attended: bool) -> "Policy":
        """The policy for an episode on that screen."""
        ...


@runtime_checkable
class AnswersInForm(Protocol):
    """A policy that can ask for the answer of a finished task alone; others are asked to finish again."""

    def answer(
        self, context: DecisionContext, request: AnswerRequest, interrupted: Callable[[], bool]
    ) -> Generator[Replied | RecoveredError, None, str]:
        """The answer to `request`; the last step of `context` holds the reply that finished the task.

        Raises:
            ModelLost: the model does not respond.
        """
        ...


@runtime_checkable
class TakesFunctions(Protocol):
    """A policy whose model can call functions of the program."""

    def with_functions(self, functions: tuple[FunctionSpec, ...]) -> "Policy":
        """The policy that offers `functions` to its model.

        Raises:
            ValueError: the model cannot call them.
        """
        ...


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Settings of a policy that a model brings itself; None leaves a value to the model.

    `sampling` are changes of `Sampling`, and `long_edge` is the largest side of a screenshot that is sent, in pixels.
    """

    history: History | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict[str, Any])
    image_format: ImageFormat = ImageFormat.PNG
    long_edge: int | None = None


@runtime_checkable
class PolicyProvider(Protocol):
    """Optional protocol of a `Model` whose API has a protocol of its own, such as a vendor's computer tool."""

    def policy(self, settings: PolicySettings) -> Policy:
        """The policy that asks this model.

        Raises:
            ValueError: the API does not support a setting.
        """
        ...
