"""MolmoWeb: one JSON object with a thought and an action, in percent of the screenshot. Made for web pages.

    {"thought": "...", "action": {"name": "click", "x": 45.2, "y": 12.8}}

The model is sent one user message: the style it was trained with, the task and the last steps as text, then the newest
screenshot. Source: allenai/molmoweb, agent/multimodal_agent.py.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from ...envs import actions
from ...envs.actions import Button, Direction
from ...envs.keys import split_keys
from ...prompts.official import OfficialPrompt, OfficialText
from ...prompts.render import prompt_sha256, render, template_text
from ..core.coordinates import Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import Argument, Call, ParseError
from .parser.completion import SENTINEL, ends_with
from .parser.points import point_of
from .parser.runaway import is_runaway
from .parser.sections import read_reasoning
from .parser.tolerant_json import read_json
from .parser.tool_calls import flat_call
from .prompting.layout import observation, step_lines
from .prompting.prompt_kind import Prompt, template_for
from .template_dialect import TemplateDialect
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import Moves, Vocabulary, always, click, moves_of, type_text
from .vocabulary.writing import content, number, unsupported

MAX_PAST_STEPS = 10
"""The steps in the prompt, as in the official client."""

ANSWER, EXIT = "[ANSWER]", "[EXIT]"
"""The marks of a message that ends the task; other messages ask the user."""

VIEWPORT_PX = {"delta_x": 1280, "delta_y": 720}
"""The official viewport, to which the percentages of a scroll refer."""

PIXELS_PER_NOTCH = 100

STYLE, USER = "style", "user"
"""The official texts: the style that the model was trained with, and the template of the message."""

_PUBLISHED = OfficialPrompt(
    "allenai/molmoweb",
    {
        STYLE: OfficialText(
            "benchmarks/evaluate.py",
            "SYSTEM_MESSAGE",
            "14682f916f11ad93f08cb872a15ab5bd536a60839e165b6cf66cfb94c16565ed",
        ),
        USER: OfficialText(
            "agent/multimodal_agent.py",
            "USER_MSG_TEMPLATE",
            "f8c953880974e960f700b7e5ffc8e717608f206e8e127e7dec4a0f9f63320920",
        ),
    },
)
_LOOP = re.compile(r"\{% for .*? -%\}\s*(.*?)\{% endfor %\}", re.DOTALL)
_VALUE = re.compile(r"\{\{ (?:action\[')?(\w+)(?:'\])? \}\}")
_BRACE = re.compile(r"[{\uff5b]")
_KEYS = (
    "Enter", "Escape", "Backspace", "Tab", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "ControlOrMeta+a",
    "ControlOrMeta+c", "ControlOrMeta+v", "F5",
)  # fmt: skip
"""The keys that the official agent accepts; others are parsed as well."""


def _corner(args: Arguments, x: str, y: str) -> ModelPoint:
    values = (args.number((x,), math.nan), args.number((y,), math.nan))
    if any(map(math.isnan, values)):
        raise ParseError("missing_point", args.call.position, f"{args.call.name} needs {x} and {y}")
    return point_of(values, args.call.position)


def _drag(args: Arguments) -> Moves:
    return (actions.Drag((_corner(args, "from_x", "from_y"), _corner(args, "to_x", "to_y"))),)


def _scroll(args: Arguments) -> Moves:
    """`scroll(delta_x, delta_y)` at the pointer, `scroll_at(x, y, ...)` at a point; plus is right and down."""
    at = args.point_if_any() if args.has("x", "y") else None
    found: list[ModelMove] = []
    for name, plus, minus in (("delta_x", Direction.RIGHT, Direction.LEFT), ("delta_y", Direction.DOWN, Direction.UP)):
        if percent := args.number((name,), 0):
            notches = round(abs(percent) / 100 * VIEWPORT_PX[name] / PIXELS_PER_NOTCH)
            found.append(actions.Scroll(plus if percent > 0 else minus, max(1, notches), at))
    if not found:
        raise ParseError("missing_argument", args.call.position, f"{args.call.name} needs delta_x or delta_y")
    return tuple(found)


def _press(args: Arguments) -> Moves:
    key = re.sub("ControlOrMeta", "ctrl", args.text(names=("key",)), flags=re.IGNORECASE)
    return (
        actions.Hotkey(
            Arguments(Call(args.call.name, (Argument("key", key, args.call.position),), args.call.position)).key_names()
        ),
    )


def _type_at(args: Arguments) -> Moves:
    """`gemini_type_text_at`: its coordinates are in thousandths."""
    at = args.point()
    clears = args.text("true", names=("clear_before_typing",), index=None).lower() != "false"
    submits = args.text("true", names=("press_enter",), index=None).lower() != "false"
    clear = (actions.Hotkey(("ctrl", "a")), actions.Hotkey(("backspace",))) if clears else ()
    return (
        actions.Click(ModelPoint(at.x / 10, at.y / 10)),
        *clear,
        actions.Type(args.text(names=("text",)), submits),
    )


def _navigate(args: Arguments) -> Moves:
    """`browser_nav`: back, a new tab, or the tab of an index from 0."""
    match args.text("go_back", names=("nav_type",)).lower():
        case "go_back":
            return (actions.Back(),)
        case "new_tab":
            return (actions.Hotkey(("ctrl", "t")),)
        case "tab_focus" if 0 <= (index := args.integer(("index",), -1)) < 8:
            return (actions.Hotkey(("ctrl", str(index + 1))),)
        case other:
            raise ParseError("bad_argument", args.call.position, f"there is no navigation {other:.40}")


def _message(args: Arguments) -> Moves:
    text = args.text("", names=("msg",))
    if text.startswith(ANSWER):
        return (Finish(text.removeprefix(ANSWER).removeprefix(" ")),)
    return (Finish(),) if text.startswith(EXIT) else (AskUser(text),)


MOLMOWEB: Vocabulary = {
    **dict.fromkeys(("click", "mouse_click"), click()),
    **dict.fromkeys(("dblclick", "mouse_dblclick"), click(count=2)),
    "hover_at": lambda args: (actions.Move(args.point()),),
    **dict.fromkeys(("drag_and_drop", "mouse_drag_and_drop"), _drag),
    **dict.fromkeys(("scroll", "scroll_at"), _scroll),
    **dict.fromkeys(("type", "keyboard_type"), type_text()),
    **dict.fromkeys(("keypress", "keyboard_press"), _press),
    "gemini_type_text_at": _type_at,
    "goto": lambda args: (actions.Navigate(args.text(names=("url",))),),
    "browser_nav": _navigate,
    "noop": always(actions.Wait(5.0)),
    "send_msg_to_user": _message,
    "report_infeasible": lambda args: (GiveUp(args.text("", names=("infeasibility_reason",))),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MolmoWeb(TemplateDialect):
    """MolmoWeb-4B and -8B, of Molmo2's class."""

    templates: ClassVar = dict.fromkeys(Prompt, "molmoweb")
    official: ClassVar = dict.fromkeys(Prompt, (_PUBLISHED,))
    closing: ClassVar = r"\}"

    name: str = "molmoweb"
    served_as: str = "molmo-?web"
    space: Space = Grid(100)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.7, top_p=0.8, max_tokens=1024)
    history: History = WindowHistory(1)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        official = self.official_prompt()
        own = template_text(template_for(self.prompt, self.templates, self.name))
        return prompt_sha256(*(official.texts.values() if official else (own,)))

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """One user message: the task, the last steps and the page as text, then the newest screenshot."""
        first = max(0, len(turns) - 1 - MAX_PAST_STEPS)
        official = self.official_prompt()
        if official:
            text = f"{official.texts[STYLE]}: {_official_text(official.texts[USER], task, turns[first:-1], first + 1)}"
        else:
            steps = step_lines(turns[first:-1], _line, first=first + 1)
            text = render(template_for(self.prompt, self.templates, self.name), task=task, steps=steps)
        return (Message("user", observation(turns[-1], text, image_first=False)),)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`."""
        reasoning, start = read_reasoning(text)
        thought, action, at = _object(text, start)
        return Reply(moves_of((flat_call(action, "name", at),), MOLMOWEB), thought or None, reasoning=reasoning)

    def is_complete(self, text: str) -> bool:
        """See `Dialect`. Brackets also occur within a reply, so it must be possible to parse it with text behind it."""
        return is_runaway(text) or (ends_with(self.closing, text) and isinstance(self.parse(text + SENTINEL), Reply))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`. Expresses a single move only."""
        if len(moves) != 1:
            raise ValueError("MolmoWeb takes one action per reply")
        return json.dumps({"thought": thought or "", "action": _written(moves[0])}, ensure_ascii=False)


def _official_text(template: str, task: str, turns: Sequence[Turn], first: int) -> str:
    """What Jinja makes of the official text: a loop over the steps, and values in double braces.

    Raises:
        ValueError: it has no loop, in another version.
    """
    loop = _LOOP.search(template)
    if loop is None:
        raise ValueError("the official prompt of molmoweb has another form than the one that is known")
    steps = ""
    for index, turn in enumerate(turns, first):
        steps += "".join(f"{note}\n" for note in turn.notes)
        thought, action = _past(turn.reply or "")
        steps += _filled(loop[1], index=str(index), thought=thought, action=str(action))
    page = _filled(template[loop.end() :], page_index="0")  # its title and its address are not known
    return _filled(template[: loop.start()], task_description=task) + steps + page.removesuffix("\n")


def _filled(template: str, **values: str) -> str:
    return _VALUE.sub(lambda found: values.get(found[1], ""), template)


def _line(reply: str) -> str:
    thought, action = _past(reply)
    return f"{thought} {action}".strip()


def _past(reply: str) -> tuple[str, dict[str, object]]:
    """The thought and the action of an earlier reply; empty if it cannot be parsed."""
    try:
        thought, action, _ = _object(reply, read_reasoning(reply)[1])
    except ParseError:
        return "", {}
    if action.get("name") == "gemini_type_text_at":  # shown in percent
        for axis in ("x", "y"):
            if isinstance(value := action.get(axis), int | float):
                action = {**action, axis: value / 10}
    return thought, action


def _object(text: str, start: int) -> tuple[str, dict[str, object], int]:
    """The thought, the action, and where the JSON starts.

    Raises:
        ParseError: there is no action.
    """
    opening = _BRACE.search(text, start)
    if opening is None:
        raise ParseError("no_action", len(text), "the reply contains no JSON")
    data, _ = read_json(text, opening.start())
    fields = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    thought, action = fields.get("thought"), fields.get("action", fields)
    if not isinstance(action, dict) or "name" not in action:
        raise ParseError("no_action", opening.start(), "the JSON contains no action with a name")
    return thought if isinstance(thought, str) else "", cast("dict[str, object]", action), opening.start()


def _written(move: ModelMove) -> dict[str, object]:
    match move:
        case actions.Click(at, button, 1, ()):
            return {"name": "mouse_click", **_xy(at), "button": str(button)}
        case actions.Click(at, Button.LEFT, 2, ()):
            return {"name": "dblclick", **_xy(at)}
        case actions.Move(to):
            return {"name": "hover_at", **_xy(to)}
        case actions.Drag((start, end), Button.LEFT, ()):
            return {"name": "mouse_drag_and_drop", **_xy(start, "from_"), **_xy(end, "to_")}
        case actions.Scroll(direction, amount, at):
            name = "delta_x" if direction in (Direction.LEFT, Direction.RIGHT) else "delta_y"
            sign = 1 if direction in (Direction.RIGHT, Direction.DOWN) else -1
            percent = round(sign * amount * PIXELS_PER_NOTCH / VIEWPORT_PX[name] * 100, 1)
            return {"name": "scroll_at" if at else "scroll", **(_xy(at) if at else {}), name: percent}
        case actions.Type():
            return {"name": "keyboard_type", "text": content(move)}
        case actions.Hotkey(keys) if keys in _NAMED_KEYS:
            return {"name": "keyboard_press", "key": _NAMED_KEYS[keys]}
        case actions.Navigate(url):
            return {"name": "goto", "url": url}
        case actions.Back():
            return {"name": "browser_nav", "nav_type": "go_back", "index": -1}
        case actions.Wait(5.0):
            return {"name": "noop", "noop_reason": "loading"}
        case Finish(answer):
            return {"name": "send_msg_to_user", "msg": f"{ANSWER} {answer}" if answer else EXIT}
        case AskUser(question) if not question.startswith((ANSWER, EXIT)):
            return {"name": "send_msg_to_user", "msg": question}
        case GiveUp(reason):
            return {"name": "report_infeasible", "infeasibility_reason": reason}
        case _:
            raise unsupported(move, "MolmoWeb")


_NAMED_KEYS = {split_keys(key.replace("ControlOrMeta", "ctrl")): key for key in _KEYS}


def _xy(point: ModelPoint, prefix: str = "") -> dict[str, object]:
    return {f"{prefix}x": float(number(point.x)), f"{prefix}y": float(number(point.y))}
