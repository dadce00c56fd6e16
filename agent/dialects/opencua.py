"""OpenCUA: sections under headings and pyautogui code, on the pixels of the resized image.

The code is parsed as calls and never executed. It may contain several statements, which are carried out in order.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..core.coordinates import Absolute, ImageRule, Space
from ..core.decision import ModelMove, Reply
from ..core.model import Sampling
from .parser.call import ParseError
from .parser.code import FENCE, read_code
from .parser.sections import read_reasoning, split_sections
from .prompting.prompt_kind import Prompt
from .prompting.thoughts import Thoughts, thinking_instructions
from .template_dialect import TemplateDialect
from .vocabulary.pyautogui import CODE, write_code
from .vocabulary.tools import merge_drags
from .vocabulary.ui_tars import moves_of

_HEADING = re.compile(r"^##[ \t]*(Observation|Thought|Action|Code)[ \t]*:?[ \t]*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCua(TemplateDialect):
    """OpenCUA-7B, -32B and -72B (absolute; pass another `space` for a checkpoint trained on a grid)."""

    templates: ClassVar = dict.fromkeys(Prompt, "opencua")
    closing: ClassVar = r"\)\s*\n```"
    keeps_reasoning: ClassVar = False

    thoughts: Thoughts = Thoughts.OFFICIAL
    name: str = "opencua"
    served_as: str = "opencua(?!-?(qwen2|a3b))"  # those two answer on a grid
    space: Space = Absolute(fractions=True)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=1500)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The description of the action is the thought if there is no other."""
        reasoning, start = read_reasoning(text)
        code = next((found for found in _HEADING.finditer(text, start) if found[1].lower() == "code"), None)
        fence = FENCE.search(text, code.end() if code else start)
        opening, first = code or fence, fence or code
        if opening is None or first is None:
            raise ParseError("no_action", len(text), "the reply contains no code")
        moves = moves_of(read_code(text, first.end()), CODE)
        sections = dict(split_sections(_HEADING, text[start : opening.start()]))
        return merge_drags(Reply(moves, sections.get("thought") or sections.get("action"), reasoning=reasoning))

    def _thinking_instructions(self) -> str:
        return thinking_instructions(self.thoughts)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        code = "\n".join(line for move in moves for line in write_code(move))
        head = f"## Thought:\n{thought}\n\n" if thought else ""
        return f"{head}## Code:\n```python\n{code}\n```"
