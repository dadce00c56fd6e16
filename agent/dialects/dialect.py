"""The dialect interface: the prompt layout and the reply format of a model family, as pure functions."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ...envs.geometry import Size
from ..core.coordinates import ImageRule, Space
from ..core.decision import ParseFailure, Reply
from ..core.image_history import History
from ..core.messages import Message, Turn
from ..core.model import Sampling


class Dialect(Protocol):
    """How a model family is prompted and how its replies are parsed. Has no state except settings."""

    @property
    def name(self) -> str:
        """Its name in settings, such as `ui-tars-1.5`."""
        ...

    @property
    def space(self) -> Space:
        """The coordinate space of the model."""
        ...

    @property
    def image_rule(self) -> ImageRule:
        """How the model's processor resizes images."""
        ...

    @property
    def sampling(self) -> Sampling:
        """The recommended sampling parameters of the model."""
        ...

    @property
    def history(self) -> History:
        """Which screenshots the model is sent, as in its training."""
        ...

    @property
    def prompt_source(self) -> str:
        """Where the prompt text comes from: a package and its version, a file, or `screenwright`."""
        ...

    @property
    def prompt_sha256(self) -> str:
        """The hash of the prompt text before the task is filled in."""
        ...

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The messages of the conversation, oldest turn first; the model replies to the last turn."""
        ...

    def parse(self, text: str) -> Reply | ParseFailure:
        """Parse a reply, with points in the model's space. Never raises, whatever the text."""
        ...

    def is_complete(self, text: str) -> bool:
        """Whether `text` is a complete reply, or runaway repetition.

        Called while the reply streams in, to stop the model early.
        """
        ...


@runtime_checkable
class Constrainable(Protocol):
    """A dialect with a grammar for constrained decoding."""

    def grammar(self, image: Size) -> str:
        """The grammar of a reply to an image of that size, as Lark for llguidance."""
        ...


@runtime_checkable
class HasVariants(Protocol):
    """A dialect whose settings differ for some of the models that it is for."""

    def for_model(self, name: str) -> Dialect:
        """The dialect for the model served as `name`, in lower case."""
        ...


@runtime_checkable
class RequestShaping(Protocol):
    """A dialect whose prompt also determines parameters of the request."""

    def shape(self, sampling: Sampling) -> Sampling:
        """`sampling` with those parameters, such as the functions that the model may call."""
        ...
