"""Holo: Holo1 (`Click(x, y)`, absolute), Holo1.5 (JSON, absolute), Holo2 (JSON, a grid of 1000).

In localization, the reply is one click. In navigation, which Holo2 was trained for, it is one JSON object:

    {"note": "...", "thought": "...", "action": {"action": "click_element", "element": "...", "x": 1, "y": 2}}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ...envs.actions import Back, Button, Click, Direction, Hotkey, Navigate, Scroll, Type, Wait
from ..core.coordinates import Absolute, Grid, ImageRule, ModelPoint, Space
from ..core.decision import Finish, ModelMove, ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import Call, ParseError
from .parser.calls import CALL_START, read_call, skip_space
from .parser.runaway import is_runaway
from .parser.sections import read_reasoning
from .parser.tool_calls import object_call, read_json
from .prompting.own_prompt import image_size, prompt_messages, template_sha256
from .prompting.prompt_kind import Prompt, template_for
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import UI_TARS, Moves, Vocabulary, always, click, moves_of, navigate, typed
from .vocabulary.writing import number, unsupported

TEMPLATES = {Prompt.GROUNDING: "holo_click", Prompt.BROWSER: "holo_navigate", Prompt.COMPUTER: "holo_navigate"}
REFRESH = Hotkey(("f5",))


def _write_element(args: Arguments) -> Moves:
    """Click the field, then type."""
    action = typed(args.text())
    point = args.point_if_any()
    return (action,) if point is None else (Click(point), action)


HOLO: Vocabulary = {
    **UI_TARS,
    **dict.fromkeys(("click_absolute", "click_element", "click_element_abs"), click()),
    **dict.fromkeys(("write", "write_element", "write_element_abs"), _write_element),
    "go_back": always(Back()),
    "refresh": always(REFRESH),
    "goto": navigate,
    "answer": lambda args: (Finish(args.text("")),),
}


@dataclass(frozen=True, slots=True)
class Holo:
    """Holo1.5; see `holo1` and `holo2` for the others. `as_call` if a click is written as `Click(x, y)`."""

    prompt: Prompt = Prompt.GROUNDING
    as_call: bool = False
    name: str = "holo1.5"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=1024)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return template_sha256(self._template, "width", "height")

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The reply format, the task, earlier turns (not for localization), and the newest screenshot."""
        width, height = ("1000", "1000") if isinstance(self.space, Grid) else image_size(turns)
        shown = turns[-1:] if self.prompt is Prompt.GROUNDING else turns
        return prompt_messages(self._template, task, shown, width=width, height=height)

    def parse(self, text: str) -> Reply | ParseFailure:
        """See `Dialect`. Accepts a call or JSON."""
        try:
            return _read(text)
        except ParseError as error:
            return error.failure

    def is_complete(self, text: str) -> bool:
        """The reply is runaway repetition, or its call or object is complete."""
        return is_runaway(text) or (text.rstrip()[-1:] in (")", "}") and isinstance(self.parse(text), Reply))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply that asks for the single move in `moves`.

        Raises:
            ValueError: the format cannot express it, or there are several.
        """
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

    @property
    def _template(self) -> str:
        return template_for(self.prompt, TEMPLATES, self.name)


def holo1() -> Holo:
    """Holo1-3B and -7B: localization, with images of at most 1,003,520 pixels."""
    return Holo(as_call=True, name="holo1", image_rule=ImageRule(28, 56 * 56, 14 * 14 * 4 * 1280))


def holo2() -> Holo:
    """Holo2-4B to -235B: navigation, on a grid of 1000."""
    image_rule = ImageRule(32, 64 * 32 * 32, 16384 * 32 * 32)
    return Holo(Prompt.BROWSER, name="holo2", space=Grid(1000), image_rule=image_rule)


def _read(text: str) -> Reply:
    reasoning, start = read_reasoning(text)
    pos = skip_space(text, start)
    if CALL_START.match(text, pos):
        call, _ = read_call(text, pos)
        return Reply(moves_of((call,), HOLO), reasoning=reasoning)
    at = text.find("{", start)
    if at < 0:
        raise ParseError("no_action", len(text), "the reply contains no action")
    data, _ = read_json(text, at)
    call, thought = _navigation(data, at)
    return Reply(moves_of((call,), HOLO), thought, reasoning=reasoning)


def _navigation(data: object, at: int) -> tuple[Call, str | None]:
    """The call and the thought of an object that is either a navigation step or an action."""
    fields = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    inner = fields.get("action") or fields.get("tool_call")
    thought = fields.get("thought")
    if isinstance(inner, dict):
        key = "tool_name" if "tool_name" in inner else "action"
        return object_call(cast("object", inner), key, at), thought if isinstance(thought, str) and thought else None
    return object_call(data, "action", at), None


def _write(move: ModelMove) -> dict[str, object]:
    match move:
        case Click(at, Button.LEFT, 1, ()):
            return {"action": "click_element", **_xy(at)}
        case Type(text, submit):
            return {"action": "write", "content": text + "\n" if submit else text}
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
