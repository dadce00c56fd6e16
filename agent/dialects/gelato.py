"""Gelato-30B-A3B: grounding only. Replies with one point, `(x,y)`, on a grid of 1000.

Layout and parameters: mlfoundations/Gelato, evaluation/run_grounding_eval.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...prompts.official import OfficialPrompt, OfficialText
from ..core.coordinates import Grid, ImageRule, Space
from ..core.decision import GiveUp, Reply
from ..core.messages import Message, TextPart, Turn
from .gta1 import Gta1
from .prompting.layout import observation
from .prompting.prompt_kind import Prompt

_REFUSAL = "refusal"
_PUBLISHED = OfficialPrompt(
    "mlfoundations/Gelato",
    {
        "system": OfficialText(
            "evaluation/run_grounding_eval.py",
            "evaluate_batch.gelato_prompt",
            "d80759228277df5892f3c5f49a5a9e54fec6cf825e8354363037006ac08c6f9e",
        )
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gelato(Gta1):
    """Gelato-30B-A3B, trained from Qwen3-VL-30B-A3B in the form of GTA1."""

    templates: ClassVar = dict.fromkeys(Prompt, "gelato")
    official: ClassVar = dict.fromkeys(Prompt, (_PUBLISHED,))

    name: str = "gelato"
    served_as: str = "gelato"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 16384 * 32 * 32)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """One user message: the prompt, the newest screenshot, the task."""
        prompt = TextPart(f"{self._system('1000', '1000')}\n\n")
        return (Message("user", (prompt, *observation(turns[-1], f"\n{task}"))),)

    def read(self, text: str) -> Reply:
        """A point as a click; `refusal` gives up, because the element is not on the screen."""
        if text.strip().strip("'\".").lower() == _REFUSAL:
            return Reply((GiveUp("the element is not on the screen"),))
        return super(Gelato, self).read(text)

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        return texts["system"]
