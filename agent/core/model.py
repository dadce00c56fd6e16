"""What a model is: messages in, text out.

Errors:
    ModelLost   the model cannot be reached or does not answer; the episode ends as `model_lost`, never scored
                as the model's failure
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .messages import Message


class ModelLost(Exception):
    """The model cannot be reached, refuses the request, or broke off; the message is the cause in one line."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model this is, for the log: its name, where it is served, and its version as far as it is known.

    `context_tokens` is how much prompt and reply may come to together; None if nothing is known of a limit.
    """

    name: str
    endpoint: str = ""
    version: str = ""
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to draw the reply's tokens; `None` leaves it to the server.

    `grammar` admits only replies of that form (Lark, as llguidance has it), on servers that can: vLLM.
    """

    temperature: float = 0.0
    top_p: float | None = None
    max_tokens: int = 1000
    frequency_penalty: float | None = None
    grammar: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or several calls; `cached` of the prompt's came from the server's prefix cache, where it says."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0

    @property
    def total(self) -> int:
        """All tokens, in and out."""
        return self.prompt + self.completion

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.prompt + other.prompt, self.completion + other.completion, self.cached + other.cached)


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer. `complete` is False where it was cut off at `max_tokens`.

    `overcome` says, a line each, what trouble had to be waited out before it came.
    """

    text: str
    usage: Usage = Usage()
    complete: bool = True
    overcome: tuple[str, ...] = ()


def never(_text: str) -> bool:
    """A `stop` that lets the model finish."""
    return False


class Model(Protocol):
    """Anything that answers messages with text."""

    def info(self) -> ModelInfo:
        """Which model this is, as far as is known without contacting it."""
        ...

    def connect(self) -> None:
        """Get ready: contact the server, or load the weights. May be called again, and then does nothing.

        Raises:
            ModelLost: the model cannot be had.
        """
        ...

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """The model's reply to `messages`.

        `stop` is called with the text so far, as often as the model can, also before the first token; once it returns
        True the reply ends there.

        Raises:
            ModelLost: there is no reply.
        """
        ...
