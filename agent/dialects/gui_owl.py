"""GUI-Owl: 1.5 (Qwen3-VL's functions on a grid of 1000), and 1.0 (own actions, absolute coordinates)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.decision import ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .function_dialect import FunctionDialect
from .prompting.functions import Verb, verbs
from .prompting.layout import image_size, single_message, windowed_conversation
from .prompting.prompt_kind import Prompt
from .qwen_vl import QWEN

_CONCLUSION = re.compile(r"<conclusion>(.*?)(?:</conclusion>|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuiOwl(FunctionDialect):
    """GUI-Owl-1.5. The lines describe all steps, also those that are shown as the model wrote them."""

    computer: ClassVar = QWEN
    image_first: ClassVar = False

    prompt: Prompt = Prompt.COMPUTER
    name: str = "gui-owl-1.5"
    served_as: str = "gui-?owl-?(v?1-?5|2b|4b|8b)|gui-?owl"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 2645 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=4096, repetition_penalty=1.05)
    history: History = WindowHistory(5)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """See `windowed_conversation`."""
        replied = [replace(turn, notes=()) for turn in turns[:-1]]
        return windowed_conversation(
            turns,
            window=self.window,
            prompt=lambda older: self._task(task, [*older, *replied[len(older) :]]),
            system=self._system("1000", "1000"),
            past=self._past,
            image_first=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GuiOwl10(FunctionDialect):
    """GUI-Owl-7B and -32B: one message with the newest screenshot and the conclusions of all steps."""

    computer: ClassVar = verbs(
        "key mouse_move click drag right_click middle_click double_click scroll wait terminate",
        type=Verb("type `text`", ("text", "clear", "enter")),
    )
    templates: ClassVar = dict.fromkeys((Prompt.COMPUTER, Prompt.BROWSER, Prompt.MOBILE), "gui_owl_1_0")
    closing: ClassVar = "</conclusion>"

    prompt: Prompt = Prompt.COMPUTER
    name: str = "gui-owl-1.0"
    served_as: str = "gui-?owl-?(v?1-?0|7b|32b)|gui-?owl"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 12800 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=2048, top_k=-1, repetition_penalty=1.05)
    history: History = WindowHistory(1)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """See `single_message`."""
        return single_message(
            turns,
            prompt=self._task(task, turns[:-1]),
            system=self._system(*image_size(turns)),
            past_label="Screenshot of step {number}:\n",
            label="Current screenshot:\n",
        )

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The thought is the `<conclusion>`, the reasoning the content of `<thinking>`."""
        reply = FunctionDialect.read(self, text)
        found = _CONCLUSION.search(text, text.rfind("<tool_call>") + 1)
        return replace(reply, thought=found[1].strip() or reply.thought) if found else reply

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        conclusion = f"\n<conclusion>\n{thought}\n</conclusion>" if thought else ""
        return FunctionDialect.format(self, None, moves) + conclusion
