"""Sends requests to the server under test, and distinguishes rejected requests from a lost server."""

from collections.abc import Sequence
from functools import cached_property, partial

from ...envs.check import Check, CheckStatus
from ..core.messages import Message
from ..core.model import Completion, ModelLost, Sampling
from ..dialects.dialect import Dialect
from ..dialects.registry import dialect_for_model
from ..models.errors import ErrorResponse
from ..models.served.model import ServedModel

ONE_TOKEN = Sampling(max_tokens=1)

# A check without a name, for which `check_endpoint` fills in what was checked.
ok = partial(Check, "", CheckStatus.OK)
warning = partial(Check, "", CheckStatus.WARNING)
failed = partial(Check, "", CheckStatus.FAILED)
skipped = partial(Check, "", CheckStatus.SKIPPED)


class ServerRefused(Exception):
    """The server rejected the request; the message is the server's."""


class Probe:
    """The server under test. `dialect` is the one given, else the one that the model's name selects.

    `measured` if the model will be measured, which chooses a dialect that its name leaves open.
    """

    def __init__(self, model: ServedModel, dialect: Dialect | None, *, measured: bool = False) -> None:
        self.model, self.measured = model, measured
        self._dialect = dialect

    @cached_property
    def dialect(self) -> Dialect | None:
        """The dialect of the model; None if it is unknown.

        Raises:
            ModelLost: the server cannot be reached.
        """
        return self._dialect or dialect_for_model(self.model.facts().model)

    def ask(self, messages: Sequence[Message], sampling: Sampling = ONE_TOKEN) -> Completion:
        """The reply to `messages`.

        Raises:
            ServerRefused: the server rejected them.
            ModelLost: there was no response.
        """
        try:
            return self.model.complete(messages, sampling)
        except ModelLost as lost:
            if isinstance(lost.__cause__, ErrorResponse):
                raise ServerRefused(str(lost)) from lost
            raise

    def has_room(self, tokens: int) -> bool:
        """Whether a prompt of about `tokens` tokens fits into the model's context; True if the limit is unknown."""
        context = self.model.facts().context_tokens
        return context is None or tokens <= context
