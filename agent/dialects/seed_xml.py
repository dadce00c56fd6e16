"""Seed-1.6, Seed-1.8 and UI-TARS-2: function calls in XML, on a grid of 1000.

The models may call several functions per reply; a streamed reply is stopped when its tool call closes. The server must
keep special tokens (`skip_special_tokens=False`): the tags are special tokens, and without them only a call with a
single parameter can be parsed.

Screenshots are sent as results of a tool, and the reasoning of earlier replies as a field of its own. Source: OSWorld,
mm_agents/seed_agent.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...prompts.official import OfficialPrompt, OfficialText
from ...prompts.render import prompt_sha256
from ..core.coordinates import Grid, ImageRule, Space
from ..core.decision import ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, TextPart, Turn
from ..core.model import Sampling
from .parser.reply import read_reply
from .parser.sections import read_reasoning
from .prompting.layout import observation
from .prompting.prompt_kind import Prompt
from .prompting.thoughts import Thoughts, thinking_instructions
from .template_dialect import TemplateDialect
from .vocabulary.ui_tars import SEED
from .vocabulary.writing import PointForm, call_of

FORM = PointForm("point", "end_point", "start_point", "<point>{x} {y}</point>", move="move_to")

FUNCTIONS = "functions"
_FILE = "mm_agents/seed_agent.py"
_OSWORLD = OfficialPrompt(
    "xlang-ai/OSWorld",
    {
        "system": OfficialText(
            _FILE,
            "SeedAgent.__init__.self.system_prompt",
            "1a1d72d9fb816f1bce57c21b469fd49e74291c0bd5a540401612e815f81ae844",
        ),
        FUNCTIONS: OfficialText(
            _FILE,
            "SeedAgent.predict.messages[1]['content']",
            "df97375302f870c4b58d66b7c9867fd201526ae2a2cfc2b7f13d9ce4d6ab97f6",
        ),
    },
)

CALL_ID = "1"
"""The id of every tool result, as in the official agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedXml(TemplateDialect):
    """Seed-1.6 and later, and UI-TARS-2."""

    templates: ClassVar = dict.fromkeys(Prompt, "seed_xml")
    official: ClassVar = dict.fromkeys(Prompt, (_OSWORLD,))
    closing: ClassVar = r"</(?:seed:)?tool_call\w*>"
    thoughts: Thoughts = Thoughts.OFFICIAL
    name: str = "seed-xml"
    served_as: str = r"ui-?tars-?2(?![0-9b])|(doubao-)?seed-?(oss-)?1-?[68]|doubao-seed"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 5120 * 28 * 28)
    sampling: Sampling = Sampling(temperature=1.0, top_p=0.7, max_tokens=4096, reasoning_effort="high")
    history: History = WindowHistory(5)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(*self._systems())

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The system messages, the task, then each screenshot as the result of a tool, and each reply."""
        messages = [*(Message.of("system", text) for text in self._systems()), Message.of("user", task)]
        for turn in turns:
            if parts := observation(turn):
                messages.append(Message("tool", parts, call_id=CALL_ID))
            if turn.reply is not None:
                messages.append(_past(turn.reply))
        return tuple(messages)

    def _systems(self) -> tuple[str, ...]:
        """The texts of the system messages; officially the functions have one of their own."""
        official = self.official_prompt()
        return (self._system("", ""), *([official.texts[FUNCTIONS]] if official else []))

    def read(self, text: str) -> Reply:
        """Accepts every syntax of the UI-TARS family. As in the official agent, a reply without a call finishes."""
        return read_reply(text, SEED, plain_finish=True)

    def _thinking_instructions(self) -> str:
        return thinking_instructions(self.thoughts)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        functions = "".join(_function(*call_of(move, FORM, "Seed")) for move in moves)
        return (f"{thought}\n" if thought else "") + f"<seed:tool_call>{functions}</seed:tool_call>"


def _past(reply: str) -> Message:
    """An earlier reply, with its reasoning separated."""
    reasoning, end = read_reasoning(reply)
    return Message("assistant", (TextPart(reply[end:]),), reasoning or "")


def _function(name: str, parameters: dict[str, str]) -> str:
    inside = "".join(f"<parameter={key}>{_escape_edges(value)}</parameter>" for key, value in parameters.items())
    return f"<function={name}>{inside}</function>"


def _escape_edges(value: str) -> str:
    """Add a line break at each end of a value that starts with one; parsing removes them."""
    if "</parameter" in value:
        raise ValueError("Seed cannot write a text that contains </parameter")
    return f"\n{value}\n" if value.startswith(("\n", "<list>", "<text")) else value
