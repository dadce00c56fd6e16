"""Kimi K2.5, K2.6 and K3 by Moonshot: reasoning, then pyautogui code with coordinates from 0 to 1.

    ## Action:
    Click the field.
    ## Code:
    ```python
    pyautogui.click(x=0.25, y=0.5)
    ```

The instruction follows the newest screenshot. Earlier steps are shown with their thoughts: those with a screenshot as
messages of their own, older ones joined in one message.

Source: xlang-ai/OSWorld, mm_agents/kimi/kimi_agent.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ...prompts.official import OfficialPrompt, OfficialText, fill
from ..core.coordinates import Absolute, ImageRule, Space
from ..core.messages import Message, TextPart
from ..core.model import Sampling
from .opencua import USER, OpenCua, code_sections
from .parser.sections import read_reasoning
from .prompting.prompt_kind import Prompt

_AGENT = "mm_agents/kimi/kimi_agent.py"
_OFFICIAL = OfficialPrompt(
    "xlang-ai/OSWorld",
    {
        "system": OfficialText(
            _AGENT, "SYSTEM_PROMPT_THINKING", "6706d8ec69b012f0bb72d380341e09728eb87bd7f2ac577541ce0f14c63cf271"
        ),
        USER: OfficialText(
            _AGENT, "INSTRUCTION_TEMPLATE", "33008244523aa5aa70ede3bb10ea20f5496e16927380efef15a366f7288438f2"
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kimi(OpenCua):
    """Kimi K2.5 and K2.6 in thinking mode, which is their default.

    `password` is the password of the computer, which the official prompt states.
    """

    templates: ClassVar = dict.fromkeys(Prompt, "kimi")
    official: ClassVar = dict.fromkeys(Prompt, (_OFFICIAL,))

    password: str = ""
    name: str = "kimi"
    served_as: str = "kimi-?k2-?[56]"
    space: Space = Absolute(fractions=True, writes_fractions=True)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=1.0, top_p=0.95, max_tokens=4096)

    def _past(self, reply: str, number: int) -> Message:
        """An earlier step: its thought between Kimi's own marks, and the description of its action."""
        reasoning, sections = code_sections(reply)
        thought = reasoning or sections.get("thought", "")
        action = sections.get("action", "")
        return Message.of(
            "assistant", f"# Step {number}:\n\u25c1think\u25b7{thought}\u25c1/think\u25b7## Action:\n{action}\n"
        )

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        return fill(texts["system"], password=self.password or "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class KimiK3(Kimi):
    """Kimi K3. Its past replies are sent unchanged, with their reasoning in a separate field."""

    name: str = "kimi-k3"
    served_as: str = "kimi-?k3"

    def _past(self, reply: str, number: int) -> Message:
        reasoning, end = read_reasoning(reply)
        return Message("assistant", (TextPart(reply[end:].lstrip()),), reasoning=reasoning or "")
