"""GTA1: grounding only. Replies with one point, `(x,y)`, in pixels of the resized image."""

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
from .parser.runaway import is_runaway
from .prompting.own_prompt import image_size, prompt_messages, template_sha256
from .vocabulary.writing import number, unsupported


@dataclass(frozen=True, slots=True)
class Gta1:
    """GTA1-7B, -32B and -72B; prompts have no history, as in training."""

    name: str = "gta1"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=32)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return template_sha256("gta1", "width", "height")

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The reply format, the target description and the newest screenshot; no earlier turns."""
        width, height = image_size(turns)
        return prompt_messages("gta1", task, turns[-1:], width=width, height=height)

    def parse(self, text: str) -> Reply | ParseFailure:
        """The point as a click; `no_action` for anything else."""
        stripped = text.strip()
        if not stripped.startswith("("):
            return ParseFailure("no_action", 0, "a point (x, y) was expected")
        try:
            return Reply((Click(point_of(stripped, text.index("("))),))
        except ParseError as error:
            return error.failure

    def is_complete(self, text: str) -> bool:
        """The point is closed, or the reply is runaway repetition."""
        return ends_with(r"\)", text) if text.lstrip().startswith("(") else is_runaway(text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The point of the single click in `moves`.

        Raises:
            ValueError: `moves` is anything else.
        """
        match moves:
            case [Click(at, Button.LEFT, 1, ())]:
                return f"({number(at.x)},{number(at.y)})"
            case _:
                raise unsupported(moves[0], "GTA1")
