"""Holo: Holo1 (`Click(x, y)`, absolute), Holo1.5 (JSON, absolute), Holo2 (JSON, a grid of 1000).

In localization, the reply is one click. In navigation, which Holo2 was trained for, it is one JSON object:

    {"note": "...", "thought": "...", "action": {"action": "click_element", "element": "...", "x": 1, "y": 2}}
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from ...envs.actions import Back, Button, Click, Direction, Navigate, Scroll, Type, Wait
from ...prompts.official import OfficialPrompt, OfficialText
from ..core.coordinates import Absolute, Grid, ImageRule, ModelPoint, Space
from ..core.decision import Finish, ModelMove, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import Call, ParseError
from .parser.calls import CALL_START, read_call, skip_space
from .parser.completion import SENTINEL, ends_with
from .parser.runaway import is_runaway
from .parser.sections import read_reasoning
from .parser.tolerant_json import read_json
from .parser.tool_calls import flat_call
from .prompting.layout import image_size, single_message
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.arguments import Arguments
from .vocabulary.holo import REFRESH
from .vocabulary.tools import plain_type
from .vocabulary.ui_tars import ACTIONS, Moves, Vocabulary, always, click, moves_of, navigate
from .vocabulary.writing import content, number, unsupported

_BRACE = re.compile(r"[{\uff5b]")


def _write_text(args: Arguments) -> Moves:
    """The text, after a click if it names a position."""
    at = args.point_if_any() if args.has("x", "point") else None
    return (*((Click(at),) if at else ()), *plain_type(args))


HOLO: Vocabulary = {
    **ACTIONS,
    **dict.fromkeys(("click_absolute", "click_element", "click_element_abs"), click()),
    **dict.fromkeys(("write", "write_element", "write_element_abs"), _write_text),
    "go_back": always(Back()),
    "refresh": always(REFRESH),
    "goto": navigate,
    "answer": lambda args: (Finish(args.text("")),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holo(TemplateDialect):
    """Holo1.5; see `Holo1` and `holo2` for the others. `as_call` if a click is written as `Click(x, y)`."""

    templates: ClassVar = {
        Prompt.GROUNDING: "holo_click",
        Prompt.BROWSER: "holo_navigate",
        Prompt.COMPUTER: "holo_navigate",
    }
    closing: ClassVar = r"[)}]"

    prompt: Prompt = Prompt.GROUNDING
    as_call: bool = False
    name: str = "holo1.5"
    served_as: str = "holo-?1-?5"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=1024)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """To locate an element, one message with the screenshot before the text; otherwise a conversation."""
        if self.prompt is not Prompt.GROUNDING:
            return TemplateDialect.render(self, task, turns)
        size = ("1000", "1000") if isinstance(self.space, Grid) else image_size(turns)
        return single_message(turns[-1:], prompt=f"{self._system(*size)}\n{task}", image_first=True)

    def read(self, text: str) -> Reply:
        """Accepts a call or JSON."""
        reasoning, start = read_reasoning(text)
        pos = skip_space(text, start)
        if CALL_START.match(text, pos):
            call, _ = read_call(text, pos)
            return Reply(moves_of((call,), HOLO), reasoning=reasoning)
        opening = _BRACE.search(text, start)
        if opening is None:
            raise ParseError("no_action", len(text), "the reply contains no action")
        data, _ = read_json(text, opening.start())
        call, thought, note = read_navigation(data, opening.start())
        return Reply(moves_of((call,), HOLO), thought, reasoning=reasoning, note=note)

    def is_complete(self, text: str) -> bool:
        """See `Dialect`. Brackets also occur within a reply, so it must be possible to parse it with text behind it."""
        return is_runaway(text) or (ends_with(self.closing, text) and isinstance(self.parse(text + SENTINEL), Reply))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`. Expresses a single move only."""
        if len(moves) != 1:
            raise ValueError("Holo takes one action per reply")
        match moves[0]:
            case Click(at, Button.LEFT, 1, ()) if self.as_call:
                return f"Click({number(at.x)}, {number(at.y)})"
            case move:
                action = _write(move)
        if self.prompt is not Prompt.GROUNDING:
            return json.dumps({"note": "", "thought": thought or "", "action": action}, ensure_ascii=False)
        return json.dumps(action | ({"action": "click_absolute"} if "x" in action else {}), ensure_ascii=False)


_HOLO1 = OfficialText(
    "utils/localization.py",
    "LOCALIZATION_TASK_PROMPT",
    "97ccf0ee55ec1d111c8617d62812a79f916d86908e5035505975d463271cfe59",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holo1(Holo):
    """Holo1-3B and -7B: localization, with images of at most 1,003,520 pixels."""

    official: ClassVar = {Prompt.GROUNDING: (OfficialPrompt("hcompai/hai-cookbook", {"system": _HOLO1}),)}

    as_call: bool = True
    name: str = "holo1"
    served_as: str = "holo-?1(?!-?5)"
    image_rule: ImageRule = ImageRule(28, 56 * 56, 14 * 14 * 4 * 1280)


def holo2() -> Holo:
    """Holo2-4B to -235B: navigation, on a grid of 1000."""
    image_rule = ImageRule(32, 64 * 32 * 32, 16384 * 32 * 32)
    sampling = Sampling(temperature=0.0, max_tokens=1024, chat_template_kwargs={"thinking": False})
    return Holo(
        prompt=Prompt.BROWSER,
        name="holo2",
        served_as=r"holo-?2(?!\d)",
        space=Grid(1000),
        image_rule=image_rule,
        sampling=sampling,
    )


def read_navigation(data: object, at: int) -> tuple[Call, str | None, str | None]:
    """The call, the thought and the note of a JSON object that is either a navigation step or an action.

    Raises:
        ParseError: it is neither.
    """
    fields = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    inner = fields.get("action") or fields.get("tool_call")
    if isinstance(inner, dict):
        key = "tool_name" if "tool_name" in inner else "action"
        return flat_call(cast("object", inner), key, at), _text(fields, "thought"), _text(fields, "note")
    if "action" not in fields and {"x", "y"} <= set(fields):
        fields = {**fields, "action": "click"}
    return flat_call(fields or data, "action", at), None, None


def _text(fields: dict[str, object], name: str) -> str | None:
    """The text of a field; None if it is empty or missing."""
    value = fields.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _write(move: ModelMove) -> dict[str, object]:
    match move:
        case Click(at, Button.LEFT, 1, ()):
            return {"action": "click_element", **_xy(at)}
        case Type():
            return {"action": "write", "content": content(move)}
        case Scroll(direction, 5, None):
            return {"action": "scroll", "direction": str(Direction(direction))}
        case Navigate(url):
            return {"action": "goto", "url": url}
        case Back():
            return {"action": "go_back"}
        case Wait(seconds):
            return {"action": "wait", "seconds": float(number(seconds))}
        case Finish(answer):
            return {"action": "answer", "content": answer}
        case _:
            raise unsupported(move, "Holo")


def _xy(point: ModelPoint) -> dict[str, object]:
    return {"x": float(number(point.x)), "y": float(number(point.y))}
