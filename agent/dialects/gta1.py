"""GTA1: grounding only. Replies with one point, `(x,y)`, in pixels of the resized image."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...envs.actions import Button, Click
from ...prompts.official import OfficialPrompt, OfficialText, fill
from ..core.coordinates import Absolute, ImageRule, Space
from ..core.decision import ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import ParseError
from .parser.calls import peek, read_call
from .parser.points import point_of
from .prompting.layout import image_size, observation, system_message
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.ui_tars import click, moves_of
from .vocabulary.writing import number, unsupported

_CLICK = re.compile(r"\A(?:```\w*+\s++)?(?:pyautogui\.)?(?=click[(\uff08])", re.IGNORECASE)

_OSWORLD = OfficialPrompt(
    "xlang-ai/OSWorld",
    {
        "system": OfficialText(
            "mm_agents/prompts.py",
            "GTA1_GROUNDING_SYSTEM_PROMPT",
            "b7a49e56bb9cf4f8d5e4689f35f40c091b6d92ec0c4419458f496219a7807993",
        )
    },
    package="desktop-env",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gta1(TemplateDialect):
    """GTA1-7B, -32B and -72B; prompts have no history, as in training."""

    templates: ClassVar = dict.fromkeys(Prompt, "gta1")
    official: ClassVar = dict.fromkeys(Prompt, (_OSWORLD,))
    closing: ClassVar = r"\)"
    takes_several: ClassVar = False
    single_turn: ClassVar = frozenset(Prompt)

    name: str = "gta1"
    served_as: str = "gta-?1"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 4096 * 2160)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=32)
    history: History = WindowHistory(1)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The system message with the size of the screenshot, then the screenshot and the task in one message."""
        system = system_message(self._system(*image_size(turns)))
        return (*system, Message("user", observation(turns[-1], task)))

    def read(self, text: str) -> Reply:
        """A point, or `click(x=1, y=2)`, as a click; `no_action` for anything else."""
        stripped = text.strip().rstrip(".\u3002")
        if call := _CLICK.search(stripped):
            return Reply(moves_of((read_call(stripped, call.end())[0],), {"click": click()}))
        if peek(stripped, 0) != "(":
            raise ParseError("no_action", 0, "a point (x, y) was expected")
        return Reply((Click(point_of(stripped, text.index(stripped))),))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`. Expresses a single click only."""
        match moves:
            case [Click(at, Button.LEFT, 1, ())]:
                return f"({number(at.x)},{number(at.y)})"
            case _:
                raise unsupported(moves[0], "GTA1")

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        return fill(texts["system"], width=width, height=height)
