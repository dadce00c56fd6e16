"""Qwen2.5-VL (absolute coordinates), Qwen3-VL (a grid of 999) and GUI-Owl-1.5 (a grid of 1000).

They act through the functions `computer_use` and `mobile_use`. The prompts describe these functions in our own wording.
The syntax allows several calls per reply; the prompts ask for one, so a streamed reply is stopped after the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.decision import ModelMove, ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.completion import ends_with
from .parser.reply import read_reply
from .prompting.own_prompt import image_size, prompt_messages, template_sha256
from .prompting.prompt_kind import Prompt, template_for
from .vocabulary.tools import TOOLS, merge_drags, write_tool_reply

TEMPLATES = {Prompt.COMPUTER: "qwen_computer", Prompt.BROWSER: "qwen_computer", Prompt.MOBILE: "qwen_mobile"}


@dataclass(frozen=True, slots=True)
class Qwen25Vl:
    """Qwen2.5-VL."""

    prompt: Prompt = Prompt.COMPUTER
    name: str = "qwen2.5-vl"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=1500)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return template_sha256(self._template, "width", "height")

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The functions with the coordinate space, the task, earlier turns, and the newest screenshot."""
        width, height = ("1000", "1000") if isinstance(self.space, Grid) else image_size(turns)
        return prompt_messages(self._template, task, turns, width=width, height=height)

    def parse(self, text: str) -> Reply | ParseFailure:
        """See `Dialect`."""
        return merge_drags(read_reply(text, TOOLS, labels=False))

    def is_complete(self, text: str) -> bool:
        """The reply is runaway repetition, or its first tool call is closed."""
        return ends_with("</tool_call>", text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply that asks for `moves`.

        Raises:
            ValueError: the format cannot express one of them.
        """
        function = "mobile_use" if self.prompt is Prompt.MOBILE else "computer_use"
        return write_tool_reply(function, thought, moves, self.name)

    @property
    def _template(self) -> str:
        return template_for(self.prompt, TEMPLATES, self.name)


@dataclass(frozen=True, slots=True)
class Qwen3Vl(Qwen25Vl):
    """Qwen3-VL: the prompt states a screen of 1000 x 1000; OSWorld's agent divides by 999, the last grid position."""

    name: str = "qwen3-vl"
    space: Space = Grid(999)
    image_rule: ImageRule = ImageRule(32, 64 * 64, 16384 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=4096)


@dataclass(frozen=True, slots=True)
class GuiOwl(Qwen25Vl):
    """GUI-Owl-1.5: Qwen3-VL's functions on a grid of 1000, plus `answer` and `interact`."""

    name: str = "gui-owl"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 64 * 64, 16384 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048)
