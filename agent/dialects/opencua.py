"""OpenCUA: sections under headings and pyautogui code, on the pixels of the resized image or in shares of it.

The code is parsed as calls and never executed. It may contain several statements, which are carried out in order. The
model is sent the last three screenshots, of each earlier step its `## Action:` only, and the task with the newest
screenshot. Source: OSWorld, mm_agents/opencua/opencua_agent.py with `action_history`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...prompts.official import OfficialPrompt, OfficialText, fill
from ...prompts.render import prompt_sha256
from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.decision import ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import ParseError
from .parser.code import FENCE, read_code
from .parser.sections import read_reasoning, split_sections
from .prompting.layout import NO_STEPS, observation, system_message
from .prompting.prompt_kind import Prompt
from .prompting.thoughts import Thoughts, thinking_instructions
from .template_dialect import TemplateDialect
from .vocabulary.pyautogui import CODE, write_code
from .vocabulary.tools import merge_drags
from .vocabulary.ui_tars import moves_of

_HEADING = re.compile(r"^##[ \t]*(Observation|Thought|Action|Code)[ \t]*:?[ \t]*", re.MULTILINE | re.IGNORECASE)

USER = "user"
"""The key of the official text beside the newest screenshot."""

_FILE = "mm_agents/opencua/prompts.py"
_INSTRUCTION = OfficialText(
    _FILE, "INSTRUTION_TEMPLATE", "33008244523aa5aa70ede3bb10ea20f5496e16927380efef15a366f7288438f2"
)


def _osworld(name: str, sha256: str) -> OfficialPrompt:
    texts = {"system": OfficialText(_FILE, name, sha256), USER: _INSTRUCTION}
    return OfficialPrompt("xlang-ai/OSWorld", texts, package="desktop-env")


# Of two texts with this name, the one without the password of OSWorld's machine.
_V1 = _osworld("SYSTEM_PROMPT_V1_L2", "193560de50599b7925e7b978c2ed56c66d3b7d00e9f0da15961aba3c4145a055")
_V2 = _osworld("build_sys_prompt.return", "b311f22e60b52b009a58956a85bcfa2b00619b3e869284994ff9e072f9f8632c")

TASK = "Task: {instruction}\n\nGive the next action for this screenshot, after the steps above.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCua(TemplateDialect):
    """OpenCUA-7B and -32B, trained from Qwen2.5-VL."""

    templates: ClassVar = dict.fromkeys(Prompt, "opencua")
    official: ClassVar = dict.fromkeys(Prompt, (_V1,))
    closing: ClassVar = r"\)\s*\n```"
    thoughts: Thoughts = Thoughts.OFFICIAL
    name: str = "opencua"
    served_as: str = "opencua-?(7b|32b)|opencua(?!-?(72b|qwen2|a3b))"
    space: Space = Absolute(fractions=True)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=2048)
    history: History = WindowHistory(3)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self._system("", ""), self._user)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The actions of old steps as one reply, then screenshots and actions, then the newest one with the task."""
        *past, newest = turns
        first = next((index for index, turn in enumerate(past) if turn.image is not None), len(past))
        messages = system_message(self._system("", ""))
        steps = [self._past(turn.reply or "", number) for number, turn in enumerate(past, 1)]
        if first:
            lines = [line for turn, step in zip(past[:first], steps, strict=False) for line in (*turn.notes, step.text)]
            messages.append(Message.of("assistant", "\n".join(lines)))
        for turn, step in zip(past[first:], steps[first:], strict=True):
            if parts := observation(turn):
                messages.append(Message("user", parts))
            messages.append(step)
        shown = observation(newest, fill(self._user, instruction=task))
        return (*messages, Message("user", shown))

    def _past(self, reply: str, number: int) -> Message:
        """An earlier step: the description of its action."""
        action = code_sections(reply)[1].get("action") or NO_STEPS
        return Message.of("assistant", f"# Step {number}:\n## Action:\n{action}\n")

    @property
    def _user(self) -> str:
        official = self.official_prompt()
        return official.texts[USER] if official else TASK

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCua72B(OpenCua):
    """OpenCUA-72B, whose official prompt states the `password` of the computer."""

    official: ClassVar = dict.fromkeys(Prompt, (_V2,))

    password: str = "password"  # noqa: S105 -- the default of the official prompt
    name: str = "opencua-72b"
    served_as: str = "opencua-?72b|opencua(?!-?(7b|32b|qwen2|a3b))"

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        return fill(texts["system"], password=self.password)


def opencua_relative() -> OpenCua:
    """OpenCUA-Qwen2-7B and OpenCUA-A3B: points as shares of the width and height."""
    return OpenCua(
        name="opencua-relative", served_as="opencua-?(qwen2-?7b|qwen2|a3b)|opencua(?!-?(7b|32b|72b))", space=Grid(1)
    )


def code_sections(text: str) -> tuple[str | None, dict[str, str]]:
    """The reasoning of a reply, and its sections by their names in lower case."""
    reasoning, start = read_reasoning(text)
    return reasoning, dict(split_sections(_HEADING, text[start:]))
