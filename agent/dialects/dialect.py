"""What a dialect is: a model family's way of being asked and of answering, as a pair of pure functions."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ...envs.geometry import Size
from ..core.coordinates import ImageRule, Space
from ..core.decision import ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling


class Dialect(Protocol):
    """A model family's way of speaking. Holds settings at most, never state."""

    @property
    def name(self) -> str:
        """The name it is chosen by, such as `ui-tars-1.5`."""
        ...

    @property
    def space(self) -> Space:
        """The space of the model's coordinates."""
        ...

    @property
    def image_rule(self) -> ImageRule:
        """How the model's own processor sizes an image."""
        ...

    @property
    def sampling(self) -> Sampling:
        """The sampling that the model is meant to be used with."""
        ...

    @property
    def prompt_sha256(self) -> str:
        """The identity of the prompt text, before the task is filled in."""
        ...

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The conversation so far, oldest turn first; the last turn is the look to be answered."""
        ...

    def parse(self, text: str) -> Reply | ParseFailure:
        """What `text` asks for, points in the model's space. Never raises, whatever the text."""
        ...

    def is_complete(self, text: str) -> bool:
        """Whether a reply that begins with `text` needs nothing more: its last action is whole, or it runs wild.

        Called while the reply streams in, to stop the model early.
        """
        ...


@runtime_checkable
class Constrainable(Protocol):
    """A dialect whose replies a server can be held to."""

    def grammar(self, image: Size) -> str:
        """The form of a whole reply to an image of that size, as Lark for llguidance."""
        ...
