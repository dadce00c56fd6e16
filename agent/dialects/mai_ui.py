"""MAI-UI: `<thinking>` and a call of `mobile_use` in JSON, on a grid of 999; grounding as `<answer>`. Made for phones.

    <thinking>...</thinking><tool_call>{"name": "mobile_use", "arguments": {"action": "click", "coordinate": [5, 6]}}
    <grounding_think>...</grounding_think><answer>{"coordinate": [5, 6]}</answer>

Source: Tongyi-MAI/MAI-UI, src/mai_naivigation_agent.py and src/mai_grounding_agent.py.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, cast

from ...envs import actions
from ...envs.actions import Button, Direction
from ...prompts.official import OfficialPrompt, OfficialText
from ..core.coordinates import Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import ParseError
from .parser.points import point_of
from .parser.reply import read_reply
from .parser.sections import read_reasoning
from .parser.tolerant_json import read_json
from .parser.tool_calls import value_of
from .prompting.layout import conversation, observation
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.arguments import END, Arguments
from .vocabulary.tools import TOOLS
from .vocabulary.ui_tars import Moves, Vocabulary, click, direction_of, drag
from .vocabulary.writing import content, number, unsupported

LAST_POSITION = 999
"""The largest coordinate, by which the official agent divides."""

_OPPOSITE = {
    Direction.UP: Direction.DOWN,
    Direction.DOWN: Direction.UP,
    Direction.LEFT: Direction.RIGHT,
    Direction.RIGHT: Direction.LEFT,
}
_TOOLS = re.compile(r"\{% if tools -%\}.*?\{% endif -%\}\s*", re.DOTALL)
_ANSWER = re.compile(r"\s*+(?:<answer>\s*+)?(?=\{\s*+['\"]coordinate['\"])")
_CALL = re.compile(r"<tool_call>\s*+(?=\{)")


WITH_QUESTIONS = "ask_user"
"""The key of the official text that offers `ask_user`."""


def _published(**texts: tuple[str, str]) -> OfficialPrompt:
    declared = {key: OfficialText("src/prompt.py", *text) for key, text in texts.items()}
    return OfficialPrompt("Tongyi-MAI/MAI-UI", declared)


_NAVIGATION = _published(
    system=("MAI_MOBILE_SYS_PROMPT", "86b907c1e936b8c92bde65e943d31a5f92379209b2ce4f31d5f3ceadd1a3edf2"),
    ask_user=("MAI_MOBILE_SYS_PROMPT_ASK_USER_MCP", "7b5caba6380cbac32cae217ca9309a26d6daad12b6ffaad64acc034bd701f6ce"),
)
_GROUNDING = _published(
    system=("MAI_MOBILE_SYS_PROMPT_GROUNDING", "7ceb3d4b0b5c634eec0311b1345288e1bb10904583c397be479329a24a96307c")
)


def swipe(args: Arguments) -> Moves:
    """`swipe(direction, coordinate)`: the finger moves in that direction, so the screen scrolls in the opposite one."""
    if args.has(*END):
        return drag(args)
    at = args.point_if_any() if args.has("coordinate") else None
    return (actions.Scroll(_OPPOSITE[direction_of(args)], at=at),)


MAI_UI: Vocabulary = {
    **TOOLS,
    "double_click": click(Button.LEFT, 2),
    "swipe": swipe,
    "ask_user": lambda args: (AskUser(args.text("")),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MaiUi(TemplateDialect):
    """MAI-UI-2B to -235B. `ask_user` offers questions to the user and the double tap, as in the official prompt."""

    templates: ClassVar = {**dict.fromkeys(Prompt, "mai_ui"), Prompt.GROUNDING: "mai_ui_grounding"}
    official: ClassVar = {**dict.fromkeys(Prompt, (_NAVIGATION,)), Prompt.GROUNDING: (_GROUNDING,)}
    closing: ClassVar = r"</(?:tool_call|answer)>"

    ask_user: bool = False
    name: str = "mai-ui"
    served_as: str = "mai-?ui"
    space: Space = Grid(LAST_POSITION)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 16384 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, top_p=1.0, max_tokens=2048)
    history: History = WindowHistory(3)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The system message, the task, then screenshots and replies; in grounding, the task before the screenshot."""
        system = self._system(str(LAST_POSITION), str(LAST_POSITION))
        if self.prompt is Prompt.GROUNDING:
            shown = observation(turns[-1], f"{task}\n", image_first=False)
            return Message.of("system", system), Message("user", shown)
        return conversation(turns, system=system, prompt=task, past=past_reply)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The thought is the `<thinking>`; `<answer>` holds a point and never finishes."""
        reasoning, start = read_reasoning(text)
        if answer := _ANSWER.match(text, start):
            data, _ = read_json(text, answer.end())
            at = value_of(cast("dict[str, object]", data).get("coordinate"), answer.end())
            return Reply((actions.Click(point_of(at, answer.end())),), reasoning)
        reply = read_reply(text, MAI_UI, labels=False)
        return replace(reply, thought=reasoning or reply.thought, reasoning=None)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        if self.prompt is Prompt.GROUNDING:
            match moves:
                case [actions.Click(at, Button.LEFT, 1, ())]:
                    head = f"<grounding_think>{thought}</grounding_think>\n" if thought else ""
                    return f'{head}<answer>\n{{"coordinate": {json.dumps(_pair(at))}}}\n</answer>'
                case _:
                    raise unsupported(moves[0], "MAI-UI's grounding")
        head = f"<thinking>\n{thought}\n</thinking>\n" if thought else ""
        return head + "\n".join(_tool_call(_arguments(move)) for move in moves)

    def _system(self, width: str, height: str) -> str:
        system = super(MaiUi, self)._system(width, height)
        offers = self.ask_user and self.prompt is not Prompt.GROUNDING and self.official_prompt() is None
        return f"{system}\n{ASK_USER}" if offers else system

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        """The official text; that with `ask_user` is a template with a section about tools, which are not offered."""
        return _TOOLS.sub("", texts[WITH_QUESTIONS]) if self.ask_user and WITH_QUESTIONS in texts else texts["system"]


ASK_USER = """
Two further actions are available:
{"action": "ask_user", "text": "the question"} when you need information from the user
{"action": "double_click", "coordinate": [x, y]}"""


@lru_cache(maxsize=4096)
def past_reply(reply: str) -> str:
    """An earlier reply as the official agent writes it: the thinking, and the call in compact JSON."""
    reasoning, start = read_reasoning(reply)
    opening = _CALL.search(reply, start)
    if opening is None:
        return reply
    try:
        data, _ = read_json(reply, opening.end())
    except ParseError:
        return reply
    arguments = cast("dict[str, object]", data).get("arguments")
    if not isinstance(arguments, dict):
        return reply
    shown = cast("dict[str, object]", arguments)
    match shown.get("coordinate"):
        case [int() | float() as x, int() | float() as y]:
            shown = {**shown, "coordinate": [_whole(x), _whole(y)]}
        case [int() | float() as left, int() | float() as top, int() | float() as right, int() | float() as bottom]:
            shown = {**shown, "coordinate": [_whole((left + right) / 2), _whole((top + bottom) / 2)]}
        case _:
            pass
    return f"<thinking>\n{reasoning}\n</thinking>\n{_tool_call(shown)}"


def _whole(value: float) -> int:
    """The official agent's conversion to a share of the screen and back, which may round down by one."""
    return int(value / LAST_POSITION * LAST_POSITION)


def _tool_call(arguments: dict[str, object]) -> str:
    call = json.dumps({"name": "mobile_use", "arguments": arguments}, separators=(",", ":"))
    return f"<tool_call>\n{call}\n</tool_call>"


def _arguments(move: ModelMove) -> dict[str, object]:
    match move:
        case actions.Click(at, Button.LEFT, 1 | 2 as count, ()):
            return {"action": "click" if count == 1 else "double_click", "coordinate": _pair(at)}
        case actions.LongPress(at, 1.5):
            return {"action": "long_press", "coordinate": _pair(at)}
        case actions.Drag((start, end), Button.LEFT, ()):
            return {"action": "drag", "start_coordinate": _pair(start), "end_coordinate": _pair(end)}
        case actions.Scroll(direction, 5, at):
            where: dict[str, object] = {} if at is None else {"coordinate": _pair(at)}
            return {"action": "swipe", "direction": str(_OPPOSITE[direction]), **where}
        case actions.Type():
            return {"action": "type", "text": content(move)}
        case actions.OpenApp(app):
            return {"action": "open", "text": app}
        case actions.Back():
            return {"action": "system_button", "button": "back"}
        case actions.Home():
            return {"action": "system_button", "button": "home"}
        case actions.Hotkey(("enter" | "menu" as key,)):
            return {"action": "system_button", "button": key}
        case actions.Wait(5.0):
            return {"action": "wait"}
        case Finish(""):
            return {"action": "terminate", "status": "success"}
        case Finish(text):
            return {"action": "answer", "text": text}
        case GiveUp(""):
            return {"action": "terminate", "status": "fail"}
        case AskUser(text):
            return {"action": "ask_user", "text": text}
        case _:
            raise unsupported(move, "MAI-UI")


def _pair(point: ModelPoint) -> list[float]:
    return [_number(point.x), _number(point.y)]


def _number(value: float) -> float:
    return int(value) if value == int(value) else float(number(value))
