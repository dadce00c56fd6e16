"""Fara (Microsoft), for web pages: Fara-7B (absolute coordinates) and Fara1.5 (a grid of 1000).

Reasoning in plain text, then one call. Their own agents stop the reply at `</tool_call>`.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

from ...prompts.official import fill
from ...prompts.render import prompt_sha256, render
from ..core.coordinates import Absolute, Grid, ImageRule, Space
from ..core.decision import Finish, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Part, TextPart, Turn
from ..core.model import Sampling
from .function_dialect import FunctionDialect
from .parser.tolerant_json import read_json
from .prompting.function_prompts import FARA_7B, FARA_15, unescaped
from .prompting.functions import COMPUTER, Verb, verbs
from .prompting.prompt_kind import Prompt
from .vocabulary.tools import FARA_7B_TOOLS, NOTHING, WEB_TOOLS

STOP = "</tool_call>"
_FACT = re.compile(r'"fact"\s*+:\s*+(?=")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Fara7b(FunctionDialect):
    """Fara-7B: every reply is shown, and the last three screenshots. Its answer is the reasoning of its last reply."""

    official: ClassVar = {Prompt.BROWSER: (FARA_7B,)}
    templates: ClassVar = {Prompt.BROWSER: "fara"}
    computer: ClassVar = verbs(
        "key mouse_move left_click scroll visit_url web_search history_back pause_and_memorize_fact wait terminate",
        type=Verb(
            "click at `coordinate` and type `text` there", ("coordinate", "text", "delete_existing_text", "press_enter")
        ),
    )
    vocabulary: ClassVar = FARA_7B_TOOLS
    asking: ClassVar = "ask_user_question"
    ending: ClassVar = "give the answer, if the task asks for one, in your reasoning, and terminate with the status"

    window: ClassVar = sys.maxsize

    prompt: Prompt = Prompt.BROWSER
    name: str = "fara-7b"
    served_as: str = "fara(-1)?-?7b|fara"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048, stop=(STOP,))
    history: History = WindowHistory(3)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self._system("$width", "$height"), "$task", self._next_sentence())

    def shape(self, sampling: Sampling) -> Sampling:
        """See `RequestShaping`. Several actions end with the turn, not with the first call."""
        return replace(sampling, stop=()) if self.several_actions and sampling.stop == (STOP,) else sampling

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`."""
        reply = self._read(text)
        if reply.moves[-1] != Finish() or reply.thought is None:
            return reply
        return replace(reply, moves=(*reply.moves[:-1], Finish(reply.thought)))

    def _read(self, text: str) -> Reply:
        """The reply, with the fact that it memorizes as its note."""
        reply = FunctionDialect.read(self, text)
        fact = _FACT.search(text)
        return replace(reply, note=str(read_json(text, fact.end())[0])) if fact and NOTHING in reply.moves else reply

    def _observe(self, turn: Turn) -> tuple[Part, ...]:
        """A screenshot with the notes and a sentence in one text; only notes if the history drops it."""
        text = "\n".join((*turn.notes, *([self._next_sentence()] if turn.image else [])))
        return (*([turn.image] if turn.image else []), *([TextPart(text)] if text else []))

    def _task(self, task: str, older: Sequence[Turn]) -> str:
        return task

    def _next_sentence(self) -> str:
        official = self.official_prompt()
        return official.texts["next"] if official else render("fara_next")

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        return f"{texts['identity']}\n\n" + fill(
            unescaped(texts["system"]), tool_descs=_described(texts, width, height)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fara15(Fara7b):
    """Fara1.5-4B, -9B and -27B, trained from Qwen3.5: more actions, and the answer in `terminate`.

    `read_page_answer_question` is not offered by our prompt, because pages are not read as text. `today` is a part of
    the official prompt.
    """

    official: ClassVar = {Prompt.BROWSER: (FARA_15,)}
    computer: ClassVar = verbs(
        "key type mouse_move left_click left_click_drag right_click double_click triple_click scroll hscroll visit_url "
        "history_back web_search pause_and_memorize_fact wait",
        terminate=Verb("end the task with `answer`", ("answer",)),
    )
    vocabulary: ClassVar = WEB_TOOLS
    ending: ClassVar = "terminate with the answer, or with what you have achieved"

    today: date = field(default_factory=date.today)
    name: str = "fara1.5"
    served_as: str = "fara-?1-?5|fara"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(
        temperature=0.0, max_tokens=2048, stop=(STOP,), chat_template_kwargs={"enable_thinking": False}
    )

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`."""
        return self._read(text)

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        return fill(
            unescaped(texts["system"]),
            identity=texts["identity"],
            tool_descs=_described(texts, width, height),
            today=self.today.strftime("%B %d, %Y"),
        )


def _described(texts: Mapping[str, str], width: str, height: str) -> str:
    """The official function, as JSON."""
    size = {"self.display_width_px": width, "self.display_height_px": height}
    tool = {
        "name": COMPUTER,
        "description": fill(texts["description"], **size),
        "parameters": json.loads(texts["parameters"]),
    }
    return json.dumps({"type": "function", "function": tool}, ensure_ascii=False)
