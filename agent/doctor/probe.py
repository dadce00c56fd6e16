"""Whom the checks ask, and how they tell a refusal from a lost server."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ..core.messages import Message
from ..core.model import Completion, ModelLost, Sampling
from ..dialects.dialect import Dialect
from ..dialects.registry import dialect_for_model

if TYPE_CHECKING:
    from ..models.served import ServedModel  # the OpenAI SDK takes half a second to import

ONE_TOKEN = Sampling(max_tokens=1)


class ServerRefused(Exception):
    """The server answered, but not with a reply; the message says what it said."""


class Probe:
    """A server that is asked questions. `dialect` is the one given, else the one that the model's name chooses."""

    def __init__(self, model: "ServedModel", dialect: Dialect | None) -> None:
        self.model = model
        self._dialect = dialect

    @cached_property
    def dialect(self) -> Dialect | None:
        """How the model is spoken to; None if nothing tells.

        Raises:
            ModelLost: the server cannot be reached.
        """
        return self._dialect or dialect_for_model(self.model.facts().model)

    def ask(self, messages: Sequence[Message], sampling: Sampling = ONE_TOKEN) -> Completion:
        """The reply to `messages`.

        Raises:
            Refused: the server refused them.
            ModelLost: there was no answer at all.
        """
        try:
            return self.model.complete(messages, sampling)
        except ModelLost as lost:
            if getattr(lost.__cause__, "status_code", None) is None:  # the SDK's errors that hold an answer have one
                raise
            raise ServerRefused(str(lost)) from lost

    def has_room(self, tokens: int) -> bool:
        """Whether a prompt of about so many tokens fits into the model's context, as far as is known."""
        context = self.model.facts().context_tokens
        return context is None or tokens <= context
