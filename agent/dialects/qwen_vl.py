"""Qwen2.5-VL (absolute coordinates), and Qwen3-VL and EvoCUA, which is trained from it (a grid of 999)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ...prompts.official import fill
from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.image_history import History, WindowHistory
from ..core.model import Sampling
from .function_dialect import FunctionDialect
from .prompting.function_prompts import EVOCUA, QWEN3_VL, QWEN25_VL, unescaped
from .prompting.functions import verbs
from .prompting.prompt_kind import Prompt

_SENTENCES = ("action:", "step", "i will", "i'll", "now i")
"""How the sentence of a reply starts that OSWorld's agent lists."""

ON_COMPUTERS = (Prompt.COMPUTER, Prompt.BROWSER)
QWEN = verbs(
    "key type mouse_move left_click left_click_drag right_click middle_click double_click triple_click scroll hscroll "
    "wait terminate answer"
)
"""The actions of Qwen2.5-VL, Qwen3-VL, Qwen3.5 and GUI-Owl-1.5 on a computer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen25Vl(FunctionDialect):
    """Qwen2.5-VL. The image limits are those of its processor; OSWorld's agent sends at most 1,003,520 pixels."""

    official: ClassVar = dict.fromkeys(ON_COMPUTERS, (QWEN25_VL,))
    computer: ClassVar = QWEN
    takes_functions: ClassVar = True

    prompt: Prompt = Prompt.COMPUTER
    name: str = "qwen2.5-vl"
    served_as: str = "qwen-?2-?5-?vl"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=1500)
    history: History = WindowHistory(5)

    def _system(self, width: str, height: str) -> str:
        return self._with_functions(FunctionDialect._system(self, width, height))

    def _describe(self, reply: str) -> str:
        """The line as OSWorld's agent lists it, with its label."""
        sentences = (line.strip() for line in reply.partition("<tool_call>")[0].splitlines())
        found = next((line for line in sentences if line.lower().startswith(_SENTENCES)), None)
        return found or FunctionDialect._describe(self, reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen3Vl(FunctionDialect):
    """Qwen3-VL: the prompt states a screen of 1000 x 1000; OSWorld's agent divides by 999, the last grid position."""

    official: ClassVar = dict.fromkeys(ON_COMPUTERS, (QWEN3_VL,))
    computer: ClassVar = QWEN
    takes_functions: ClassVar = True

    prompt: Prompt = Prompt.COMPUTER
    name: str = "qwen3-vl"
    served_as: str = "qwen-?3-?vl"
    space: Space = Grid(999)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 12800 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=32768)
    history: History = WindowHistory(5)

    def _system(self, width: str, height: str) -> str:
        return self._with_functions(FunctionDialect._system(self, width, height))

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        # The source chooses between two lines about the resolution.
        return fill(texts["system"], **{"f-string": texts["resolution"]})


@dataclass(frozen=True, slots=True, kw_only=True)
class EvoCua(Qwen3Vl):
    """EvoCUA-8B and -32B (S2), for computers."""

    official: ClassVar = dict.fromkeys(ON_COMPUTERS, (EVOCUA,))
    computer: ClassVar = verbs(
        "key key_down key_up type mouse_move left_click left_click_drag right_click middle_click double_click "
        "triple_click scroll wait terminate"
    )
    templates: ClassVar = dict.fromkeys(ON_COMPUTERS, "qwen_functions")

    name: str = "evocua"
    served_as: str = "evo-?cua"
    sampling: Sampling = Sampling(temperature=0.01, top_p=0.9, max_tokens=32768)

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        description = fill(texts["description"], resolution_info=texts["resolution"])
        tool = json.loads(fill(texts["function"], description_prompt=json.dumps(description)[1:-1]))
        return fill(unescaped(texts["system"]), tools_xml=json.dumps(tool))
