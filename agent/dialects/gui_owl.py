"""GUI-Owl: 1.5 (Qwen3-VL's functions on a grid of 1000), and 1.0 (own actions, absolute coordinates)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

from ...prompts.official import fill
from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.decision import ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .function_dialect import FunctionDialect
from .prompting.function_prompts import DATE, GUI_OWL_10, GUI_OWL_15, GUI_OWL_15_PHONE, STEPS, WEEKDAY
from .prompting.functions import Verb, verbs
from .prompting.layout import image_size, single_message, step_lines
from .prompting.prompt_kind import Prompt
from .qwen_vl import ON_COMPUTERS, QWEN

_CONCLUSION = re.compile(r"<conclusion>(.*?)(?:</conclusion>|\Z)", re.DOTALL | re.IGNORECASE)
_OFFICIAL_SIZE = "1932x1092"
"""The size in GUI-Owl 1.0's official prompt, of a screenshot of 1920 x 1080."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuiOwl(FunctionDialect):
    """GUI-Owl-1.5; `today` is a part of its official prompt for phones."""

    official: ClassVar = {**dict.fromkeys(ON_COMPUTERS, (GUI_OWL_15,)), Prompt.MOBILE: (GUI_OWL_15_PHONE,)}
    computer: ClassVar = QWEN
    image_first: ClassVar = False
    keeps_reasoning: ClassVar = True

    prompt: Prompt = Prompt.COMPUTER
    today: date = field(default_factory=date.today)
    name: str = "gui-owl-1.5"
    served_as: str = "gui-?owl-?(v?1-?5|2b|4b|8b)|gui-?owl"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 2645 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=4096, top_k=-1, repetition_penalty=1.05)
    history: History = WindowHistory(5)

    def _official_task(self, texts: Mapping[str, str], task: str, older: Sequence[Turn]) -> str:
        if self.prompt is Prompt.MOBILE:
            today = {DATE: self.today.isoformat(), WEEKDAY: self.today.strftime("%A")}
            return fill(texts["user"], instruction=task, **today, **{STEPS: step_lines(older, self._describe)})
        steps = step_lines(older, _before_call, line="Step{number}: {text}", empty="")
        return fill(texts["user"], instruction=task) + (f"\n\nPrevious actions:\n{steps}" if steps else "")


def _before_call(reply: str) -> str:
    """The text before the call, which the official agent lists with its label if no line stands before it."""
    return reply.partition("<tool_call>")[0].rpartition("\nAction:")[2].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuiOwl10(FunctionDialect):
    """GUI-Owl-7B and -32B: one message with the newest screenshot and the conclusions of all steps."""

    computer: ClassVar = verbs(
        "key mouse_move click drag right_click middle_click double_click scroll wait terminate",
        type=Verb("type `text`", ("text", "clear", "enter")),
    )
    official: ClassVar = dict.fromkeys(ON_COMPUTERS, (GUI_OWL_10,))
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

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        return texts["assistant"] + texts["system"].replace(_OFFICIAL_SIZE, f"{width}x{height}")

    def _official_task(self, texts: Mapping[str, str], task: str, older: Sequence[Turn]) -> str:
        lines = step_lines(older, self._conclusion, empty="")
        return fill(texts["user"], instruction=task, history=f"{lines}\n" if lines else texts["no_steps"])

    def _conclusion(self, reply: str) -> str:
        """The conclusion with its line breaks, as the official agent lists it."""
        found = _CONCLUSION.search(reply)
        return found[1] if found else self._describe(reply)
