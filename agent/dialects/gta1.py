"""GTA1: grounding only. Told what to find, it answers with a point, `(x,y)`, in pixels of the resized image."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...envs.actions import Button, Click
from ..core.coordinates import Absolute, ImageRule, Space
from ..core.decision import ModelMove, ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import ParseError
from .parser.completion import ends_with
from .parser.points import point_of
from .parser.runaway import runs_wild
from .prompting.own_prompt import identity, image_size, instructed
from .vocabulary.writing import number, unsayable


@dataclass(frozen=True, slots=True)
class Gta1:
    """GTA1-7B, -32B and -72B; every turn is asked afresh, since they were trained without a history."""

    name: str = "gta1"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=32)

    @property
    def prompt_sha256(self) -> str:
        """The identity of the prompt text."""
        return identity("gta1", "width", "height")

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """What to answer with, what to find, and the look to be answered; no turns before it."""
        width, height = image_size(turns)
        return instructed("gta1", task, turns[-1:], width=width, height=height)

    def parse(self, text: str) -> Reply | ParseFailure:
        """The point as a click; `no_action` for anything else."""
        written = text.strip()
        if not written.startswith("("):
            return ParseFailure("no_action", 0, "a point (x, y) was expected")
        try:
            return Reply((Click(point_of(written, text.index("("))),))
        except ParseError as trouble:
            return trouble.unreadable

    def is_complete(self, text: str) -> bool:
        """The point is closed, or the reply runs wild."""
        return ends_with(r"\)", text) if text.lstrip().startswith("(") else runs_wild(text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The point of the one click that `moves` holds; the model says nothing else.

        Raises:
            ValueError: `moves` is anything else.
        """
        match moves:
            case [Click(at, Button.LEFT, 1, ())]:
                return f"({number(at.x)},{number(at.y)})"
            case _:
                raise unsayable(moves[0], "GTA1")
