"""Qwen3.5 to 3.8: functions in the request, calls in XML, a grid of 1000.

The function is sent as `tools`, so that the model's own chat template describes it. Thinking is switched off, as in
OSWorld's agent; `--request '{"chat_template_kwargs": {"enable_thinking": true}}'` switches it on.

    Action: Open the menu.
    <tool_call>
    <function=computer_use>
    <parameter=action>
    left_click
    </parameter>
    <parameter=coordinate>
    [491, 91]
    </parameter>
    </function>
    </tool_call>
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic import JsonValue

from ...prompts.render import prompt_sha256
from ..core.coordinates import Grid, ImageRule, Space
from ..core.image_history import ChunkedHistory, History
from ..core.messages import Part, TextPart, Turn
from ..core.model import Sampling
from .function_dialect import FunctionDialect
from .prompting.functions import function_name, verbs
from .prompting.layout import observation, wrapped
from .prompting.prompt_kind import Prompt
from .qwen_vl import QWEN
from .vocabulary.tool_writing import with_xml_calls, xml_call

COLLAPSED = "This screenshot is no longer shown."
"""What stands in place of a screenshot that the history drops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen35(FunctionDialect):
    """Qwen3.5 and 3.6. Screenshots after the first are results of the call before them; four are dropped at once."""

    templates: ClassVar = {
        **dict.fromkeys((Prompt.COMPUTER, Prompt.BROWSER, Prompt.MOBILE), "qwen_xml"),
        Prompt.GROUNDING: "qwen_point_xml",
    }
    computer: ClassVar = QWEN
    window: ClassVar = 100
    takes_functions: ClassVar = True

    prompt: Prompt = Prompt.COMPUTER
    name: str = "qwen3.5"
    served_as: str = r"qwen-?3-?[56](?![\db])(-?vl)?"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 12800 * 32 * 32)
    sampling: Sampling = Sampling(
        temperature=0.0, top_p=0.9, max_tokens=2048, chat_template_kwargs={"enable_thinking": False}
    )
    history: History = ChunkedHistory(4, 1)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`. The function is a part of the prompt."""
        functions = "".join(map(json.dumps, self._tools))
        return prompt_sha256(functions, self._system("1000", "1000"), self._task("$task", ()))

    def shape(self, sampling: Sampling) -> Sampling:
        """See `RequestShaping`. Functions that the user has set are kept."""
        return sampling if sampling.tools else replace(sampling, tools=self._tools)

    @property
    def _tools(self) -> tuple[dict[str, JsonValue], ...]:
        own = () if self.prompt is Prompt.GROUNDING else self.functions
        return (self.function("1000", "1000"), *(spec.tool() for spec in own))

    def _observe(self, turn: Turn) -> tuple[Part, ...]:
        """A screenshot as the chat template writes results of calls."""
        parts = observation(turn)
        shown = parts if turn.image else (TextPart(COLLAPSED), *parts)
        return wrapped(shown, "<tool_response>\n", "\n</tool_response>")

    def _call(self, arguments: Mapping[str, object]) -> str:
        return xml_call(function_name(self.prompt), arguments)

    def _past(self, reply: str) -> str:
        return with_xml_calls(FunctionDialect._past(self, reply))


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen38(Qwen35):
    """Qwen3.7 and 3.8: single keys and the mouse button can be held, and `answer` is gone."""

    computer: ClassVar = verbs(
        "key key_down key_up left_mouse_down left_mouse_up type mouse_move left_click left_click_drag right_click "
        "middle_click double_click triple_click scroll hscroll screenshot wait terminate"
    )
    asking: ClassVar = "call_user"

    name: str = "qwen3.8"
    served_as: str = r"qwen-?3-?[78](?![\db])(-?vl)?"
