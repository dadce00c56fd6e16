"""Qwen2.5-VL and GUI-Owl 1.0 (absolute coordinates), Qwen3-VL (a grid of 999), GUI-Owl-1.5 (a grid of 1000).

They act through the functions `computer_use` and `mobile_use`. The prompts describe these functions in our own wording.
The syntax allows several calls per reply; the prompts ask for one, so a streamed reply is stopped after the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.decision import ModelMove, Reply
from ..core.model import Sampling
from .parser.reply import read_reply
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.tools import TOOLS, merge_drags, write_tool_reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen25Vl(TemplateDialect):
    """Qwen2.5-VL, and GUI-Owl-7B and -32B, which are trained from it with the same functions."""

    templates: ClassVar = {
        Prompt.COMPUTER: "qwen_computer",
        Prompt.BROWSER: "qwen_computer",
        Prompt.MOBILE: "qwen_mobile",
    }
    closing: ClassVar = "</tool_call>"

    prompt: Prompt = Prompt.COMPUTER
    name: str = "qwen2.5-vl"
    served_as: str = "qwen-?2-?5-?vl|gui-?owl-?(7b|32b)|gui-?owl"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=1500)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`."""
        return merge_drags(read_reply(text, TOOLS, labels=False))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        function = "mobile_use" if self.prompt is Prompt.MOBILE else "computer_use"
        return write_tool_reply(function, thought, moves, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen3Vl(Qwen25Vl):
    """Qwen3-VL: the prompt states a screen of 1000 x 1000; OSWorld's agent divides by 999, the last grid position."""

    name: str = "qwen3-vl"
    served_as: str = "qwen-?3-?(5-)?vl|evocua"
    space: Space = Grid(999)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 16384 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuiOwl(Qwen25Vl):
    """GUI-Owl-1.5: Qwen3-VL's functions on a grid of 1000, plus `answer` and `interact`."""

    name: str = "gui-owl"
    served_as: str = "gui-?owl-?(v?1-?5|2b|4b|8b)|gui-?owl"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 16384 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048)
