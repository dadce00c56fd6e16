"""A double of an OpenAI-compatible server; needs the extra `server`."""

from collections.abc import Iterable
from typing import Self

from ..agent.models.http_server import serve
from ..agent.models.scripted import ScriptedModel, ScriptedReply


class FakeModelServer:
    """Serves scripted replies on a free port of this machine, until it is closed.

    `url` is the address for `ServedModel` or `--model`; `model.asked` holds the messages of each request. A reply that
    is a `ModelLost` becomes an HTTP error.
    """

    def __init__(self, replies: Iterable[ScriptedReply], name: str = "ui-tars-1.5") -> None:
        self.model = ScriptedModel(replies)
        self._server = serve(self.model, name=name)
        self.url = self._server.url

    def close(self) -> None:
        """Stop the server; may be called twice."""
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
