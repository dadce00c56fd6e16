"""OpenCUA: sections under headings and pyautogui code, on the pixels of the resized image.

The code is parsed as calls and never executed. It may contain several statements, which are carried out in order.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.coordinates import Absolute, ImageRule, Space
from ..core.decision import ModelMove, ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import ParseError
from .parser.code import FENCE, read_code
from .parser.completion import ends_with
from .parser.sections import read_reasoning
from .prompting.own_prompt import prompt_messages, template_sha256
from .prompting.thoughts import Thoughts, without_reasoning
from .vocabulary.pyautogui import CODE, without_module, write_code
from .vocabulary.tools import merge_drags
from .vocabulary.ui_tars import moves_of

_HEADING = re.compile(r"^##[ \t]*(Observation|Thought|Action|Code)[ \t]*:?[ \t]*", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OpenCua:
    """OpenCUA-7B, -32B and -72B (absolute; pass another `space` for a checkpoint trained on a grid)."""

    name: str = "opencua"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    thoughts: Thoughts = Thoughts.OFFICIAL
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=1500)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return template_sha256("opencua", thoughts=self.thoughts)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """Our description of the actions, the task, earlier screenshots and replies, and the newest screenshot."""
        return prompt_messages("opencua", task, turns, thoughts=self.thoughts, past=without_reasoning)

    def parse(self, text: str) -> Reply | ParseFailure:
        """See `Dialect`."""
        try:
            return merge_drags(_read(text))
        except ParseError as error:
            return error.failure

    def is_complete(self, text: str) -> bool:
        """The reply is runaway repetition, or its code block is closed."""
        return ends_with(r"\)\s*\n```", text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply that asks for `moves`.

        Raises:
            ValueError: the format cannot express one of them.
        """
        code = "\n".join(line for move in moves for line in write_code(move))
        head = f"## Thought:\n{thought}\n\n" if thought else ""
        return f"{head}## Code:\n```python\n{code}\n```"


def _read(text: str) -> Reply:
    reasoning, start = read_reasoning(text)
    headings = list(_HEADING.finditer(text, start))
    code = next((heading for heading in headings if heading[1].lower() == "code"), None)
    begin = code.end() if code else start
    fence = FENCE.search(text, begin)
    if fence is None and code is None:
        raise ParseError("no_action", len(text), "the reply contains no code")
    calls, _ = read_code(text, fence.end() if fence else begin)
    end = code.start() if code else (fence.start() if fence else len(text))
    sections = _sections(text, headings, end)
    thought = sections.get("thought") or sections.get("action")
    return Reply(moves_of(tuple(without_module(call) for call in calls), CODE), thought, reasoning=reasoning)


def _sections(text: str, headings: list[re.Match[str]], end: int) -> dict[str, str]:
    before = [heading for heading in headings if heading.start() < end]
    ends = [*(heading.start() for heading in before), end][1:]
    return {heading[1].lower(): text[heading.end() : stop].strip() for heading, stop in zip(before, ends, strict=True)}
