"""UI-Venus-2: thinking, then one call, in a grammar for computers, pages or phones.

    ...reasoning...</think>
    <action>Click(box=(500, 300))</action>

The task stands in the system message. All replies stay in the conversation, and two screenshots besides the newest;
where one is dropped, an empty user message remains. The chat template opens `<think>`, so thinking must be on, and a
reply may begin inside it.

Source: the adapters for UI-Venus-2 in cua-lite/cua-lite, which follow the branch UI-Venus-2 of inclusionAI/UI-Venus.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

from ...envs import actions
from ...envs.actions import Button, Direction
from ...envs.bounds import MAX_ACTIONS, check_number
from ...prompts.official import OfficialPrompt, OfficialText
from ...prompts.render import prompt_sha256
from ..core.coordinates import Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Part, TextPart, Turn
from ..core.model import Sampling
from .parser.call import Call, ParseError, add_call
from .parser.calls import peek, read_call, skip_space
from .parser.completion import ends_with
from .parser.labelled import read_run
from .prompting.layout import single_message
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .ui_venus import UI_VENUS, read_point
from .vocabulary.arguments import Arguments
from .vocabulary.tools import MAX_NOTCHES, PIXELS_PER_NOTCH, notches_of_pixels
from .vocabulary.ui_tars import UI_TARS, MoveBuilder, Moves, Vocabulary, always, moves_of, type_text
from .vocabulary.writing import content, number, quoted, unsupported


def _published(name: str, sha256: str, key: str = "system") -> tuple[OfficialPrompt, ...]:
    text = OfficialText("lite/agents/models/ui_venus_2/adapter.py", name, sha256)
    return (OfficialPrompt("cua-lite/cua-lite", {key: text}, "98bf51aac3c5c082e09f712cad5cb43643224dc4"),)


_ACTION = re.compile(r"<action>\s*+", re.IGNORECASE)
_THINK = re.compile(r"\s*+<think>", re.IGNORECASE)
_SEQUENCE = re.compile(r"Sequence\(\s*+actions\s*+=\s*+\[\s*+")
_PAST_LABEL = "History Screenshot:\n"
_LABEL = "Current Screenshot:\n"


def _click(button: Button = Button.LEFT, count: int = 1) -> MoveBuilder:
    """A click, at the pointer if it has no point."""

    def build(args: Arguments) -> Moves:
        at = args.point_if_any()
        if at is not None:
            return (actions.Click(at, button, count),)
        return (actions.ButtonDown(button), actions.ButtonUp(button)) * count

    return build


def _drag(args: Arguments) -> Moves:
    """A drag, from the pointer if it has no start."""
    end = args.end_point()
    if args.has("start"):
        return (actions.Drag((args.point(), end)),)
    return (actions.ButtonDown(), actions.Move(end), actions.ButtonUp(Button.LEFT, end))


def _swipe(args: Arguments) -> Moves:
    """Turns the wheel at the pointer: positive amounts up or right."""
    amount = args.integer(("amount",), 0)
    axis = args.text("vertical", names=("axis",), index=None).lower()
    if amount == 0 or axis not in ("vertical", "horizontal"):
        raise ParseError(
            "bad_argument", args.call.position, "Swipe needs an amount and the axis vertical or horizontal"
        )
    directions = (Direction.UP, Direction.DOWN) if axis == "vertical" else (Direction.RIGHT, Direction.LEFT)
    return (actions.Scroll(directions[amount < 0], notches_of_pixels(amount)),)


def _hotkey(args: Arguments) -> Moves:
    repeat = args.integer(("repeat",), 1)
    check_number(repeat, "repeat", 1, MAX_ACTIONS)
    return (actions.Hotkey(args.key_names()),) * repeat


TOUCH: Vocabulary = {
    **UI_VENUS,
    "type": type_text(),
    "hotkey": _hotkey,
    "answer": UI_TARS["finished"],
    "takenote": lambda args: (actions.Wait(0.0),),
}
PAGE: Vocabulary = {**TOUCH, "presshome": always(actions.Hotkey(("home",)))}
DESKTOP: Vocabulary = {
    **TOUCH,
    "click": _click(),
    "doubleclick": _click(count=2),
    "tripleclick": _click(count=3),
    "rightclick": _click(Button.RIGHT),
    "middleclick": _click(Button.MIDDLE),
    "drag": _drag,
    "swipe": _swipe,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UiVenus2(TemplateDialect):
    """UI-Venus-2-9B. `space` follows from the prompt: the official code divides by 999 on a computer, else by 1000.

    `password` is the password of the computer and `today` the date, which the official prompts state.
    """

    templates: ClassVar = {
        Prompt.COMPUTER: "ui_venus_2_computer",
        Prompt.BROWSER: "ui_venus_2_browser",
        Prompt.MOBILE: "ui_venus_2_mobile",
        Prompt.GROUNDING: "ui_venus_point",
    }
    official: ClassVar = {
        Prompt.COMPUTER: _published(
            "COMPUTER_SYSTEM_PROMPT", "26d6c9f28a1105cb66390292101490fc030fbf1cb882912e4ebfe0d0676c613e"
        ),
        Prompt.BROWSER: _published(
            "BROWSER_SYSTEM_PROMPT", "cfe544481f25a6acb36caac4e69343fc8e360883d768fc7d276dced1b08af18e"
        ),
        Prompt.MOBILE: _published(
            "MOBILE_SYSTEM_PROMPT", "627c1f85167d72994d7d3c9da686456d1e9fd0eb3c8438605a1a8596f6e5efa3"
        ),
        Prompt.GROUNDING: _published(
            "GROUNDING_USER_PROMPT", "996f9d893eb163703550484697ec736b41b77c537165385f25fa0be05e81c3f2", "prompt"
        ),
    }
    closing: ClassVar = "</action>"
    vocabularies: ClassVar = {Prompt.COMPUTER: DESKTOP, Prompt.BROWSER: PAGE, Prompt.MOBILE: TOUCH}

    password: str = ""
    today: date = field(default_factory=date.today)
    name: str = "ui-venus-2"
    served_as: str = "ui-?venus-?v?2(?![0-9b])|ui-?venus"
    space: Space = field(init=False, default=Grid(999))
    image_rule: ImageRule = ImageRule(32, 56 * 56, 12_845_056)
    sampling: Sampling = field(
        default_factory=lambda: Sampling(
            temperature=0.0, top_p=0.7, max_tokens=4096, chat_template_kwargs={"enable_thinking": True}
        )
    )
    history: History = WindowHistory(3)

    def __post_init__(self) -> None:
        object.__setattr__(self, "space", Grid(999 if self.prompt is Prompt.COMPUTER else 1000))

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self._text("$task"))

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The task in the system message; then for each turn its notes, a label and the screenshot, and the reply."""
        if self.prompt is Prompt.GROUNDING:
            return single_message(turns[-1:], prompt=self._text(task), image_first=True)
        messages = [Message.of("system", self._text(task))]
        for index, turn in enumerate(turns, 1):
            parts: list[Part] = [TextPart("\n".join(turn.notes) + "\n")] if turn.notes else []
            if turn.image is not None:
                label = _LABEL if index == len(turns) else _PAST_LABEL
                parts += [*([] if self.prompt is Prompt.BROWSER else [TextPart(label)]), turn.image]
            messages.append(Message("user", tuple(parts)))
            if turn.reply is not None:
                messages.append(Message.of("assistant", _past(turn.reply)))
        return tuple(messages)

    def shape(self, sampling: Sampling) -> Sampling:
        """See `RequestShaping`. A point is given without thinking."""
        if self.prompt is not Prompt.GROUNDING:
            return sampling
        return replace(sampling, chat_template_kwargs={**sampling.chat_template_kwargs, "enable_thinking": False})

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The note of `TakeNote` is the note of the reply."""
        reasoning, start = _split(text)
        if self.prompt is Prompt.GROUNDING:
            if (point := read_point(text[start:])) is None:
                raise ParseError("no_action", start, "a point [x,y] was expected")
            return replace(point, reasoning=reasoning)
        opening = _ACTION.search(text, start)
        if opening is None or (start == 0 and text[: opening.start()].strip()):
            # Without </think>, text before the action is unfinished reasoning.
            raise ParseError("no_action", len(text), "the reply contains no <action> after its reasoning")
        calls, end = _calls(text, opening.end())
        if other := _ACTION.search(text, end):
            raise ParseError("bad_syntax", other.start(), "the reply contains two <action> sections")
        notes = [Arguments(call).text("") for call in calls if call.name.lower() == "takenote"]
        moves = moves_of(calls, self.vocabularies[self.prompt])
        return Reply(moves, reasoning=reasoning, note="; ".join(notes) or None)

    def is_complete(self, text: str) -> bool:
        """See `Dialect`. Reasoning may quote the closing tag, so the reply must be readable as well."""
        closing = r"\]" if self.prompt is Prompt.GROUNDING else self.closing
        return ends_with(closing, text) and (self.closing not in text or isinstance(self.parse(text), Reply))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`. Several moves are a `Sequence`, on a computer."""
        written = [_write(move, self.prompt) for move in moves]
        if len(written) > 1 and self.prompt is not Prompt.COMPUTER:
            raise ValueError("UI-Venus-2 takes one action per reply on a page or a phone")
        action = written[0] if len(written) == 1 else f"Sequence(actions=[{', '.join(written)}])"
        return (f"<think>{thought}</think>\n" if thought else "") + f"<action>{action}</action>"

    def _text(self, task: str) -> str:
        if self.prompt is Prompt.GROUNDING:
            target = task.strip().removesuffix(".")
            return self._filled("prompt", user_task=target, instruction=target)
        facts = {"sudo_password": self.password or "unknown", "current_date": self.today.isoformat()}
        return self._filled("system", user_task=task, **facts)


def _split(text: str) -> tuple[str | None, int]:
    """The reasoning, which may lack its opening tag, and where the rest starts: at the end if it is unfinished."""
    opening = _THINK.match(text)
    begin = opening.end() if opening else 0
    end = text.find("</think>", begin)
    if end < 0:
        return (text[begin:].strip() or None, len(text)) if opening else (None, 0)
    return text[begin:end].strip() or None, end + len("</think>")


def _past(reply: str) -> str:
    """An earlier reply with both tags of its reasoning."""
    reasoning, start = _split(reply)
    return f"<think>{reasoning}</think>\n{reply[start:].strip()}" if reasoning and start < len(reply) else reply


def _calls(text: str, at: int) -> tuple[tuple[Call, ...], int]:
    """The calls of an action, and where they end; those of a `Sequence` are written as in Python."""
    sequence = _SEQUENCE.match(text, at)
    if sequence is None:
        return read_run(text, at)
    calls: list[Call] = []
    pos = sequence.end()
    while peek(text, pos) != "]":
        call, pos = read_call(text, pos, lenient=False)
        add_call(calls, call)
        pos = skip_space(text, pos)
        if peek(text, pos) == ",":
            pos = skip_space(text, pos + 1)
        elif peek(text, pos) != "]":
            kind = "truncated" if pos >= len(text) else "bad_syntax"
            raise ParseError(kind, pos, "',' or ']' was expected in a Sequence")
    if not calls:
        raise ParseError("no_action", pos, "the Sequence is empty")
    return tuple(calls), pos


_CLICKS = {
    (Button.LEFT, 1): "Click",
    (Button.LEFT, 2): "DoubleClick",
    (Button.LEFT, 3): "TripleClick",
    (Button.RIGHT, 1): "RightClick",
    (Button.MIDDLE, 1): "MiddleClick",
}


def _write(move: ModelMove, prompt: Prompt) -> str:
    """The call of `move`.

    Raises:
        ValueError: the grammar for `prompt` has none.
    """
    desktop = prompt is Prompt.COMPUTER
    point = "box" if desktop else "point"
    match move:
        case actions.Click(at, button, count, ()) if (desktop or count < 3) and (button, count) in _CLICKS:
            if desktop or button is Button.LEFT:
                return f"{_CLICKS[button, count]}({point}={_pair(at)})"
        case actions.Drag((start, end), Button.LEFT, ()):
            return f"Drag(start={_pair(start)}, end={_pair(end)})"
        case actions.LongPress(at, 1.5) if not desktop:
            return f"LongPress(point={_pair(at)})"
        case actions.Scroll(direction, 5, at) if prompt is Prompt.BROWSER and at is not None:
            return f"Scroll(point={_pair(at)}, direction='{direction}')"
        case actions.Scroll(direction, amount, None) if desktop:
            return _wheel(direction, amount)
        case actions.Move(to) if prompt is not Prompt.MOBILE:
            return f"Hover({point}={_pair(to)})"
        case actions.Type():
            return f"Type(content={quoted(content(move))})"
        case actions.Hotkey(("enter",)) if not desktop:
            return "PressEnter()"
        case actions.Hotkey(keys) if prompt is not Prompt.MOBILE:
            return f"Hotkey(keys=[{', '.join(quoted('plus' if key == '+' else key) for key in keys)}])"
        case actions.KeyDown(key) | actions.KeyUp(key) if desktop:
            return f"{'KeyDown' if isinstance(move, actions.KeyDown) else 'KeyUp'}(keys=[{quoted(key)}])"
        case actions.ButtonDown(Button.LEFT, at) | actions.ButtonUp(Button.LEFT, at) if desktop:
            name = "MouseDown" if isinstance(move, actions.ButtonDown) else "MouseUp"
            return f"{name}({f'box={_pair(at)}' if at else ''})"
        case actions.Navigate(url) if prompt is Prompt.BROWSER and url:
            return f"Launch(url={quoted(url)})"
        case actions.OpenApp(app) if prompt is Prompt.MOBILE:
            return f"LaunchApp(app={quoted(app)})"
        case actions.Back() if not desktop:
            return "PressBack()"
        case actions.Home() if prompt is Prompt.MOBILE:
            return "PressHome()"
        case actions.Wait(5.0):
            return "Wait()"
        case Finish(answer):
            return f"Finished(content={quoted(answer)})"
        case AskUser(question):
            return f"CallUser(content={quoted(question)})"
        case _:
            pass
    raise unsupported(move, f"UI-Venus-2's {prompt} grammar")


def _wheel(direction: Direction, amount: int) -> str:
    pixels = amount if amount <= MAX_NOTCHES else amount * PIXELS_PER_NOTCH
    sign = "" if direction in (Direction.UP, Direction.RIGHT) else "-"
    axis = "vertical" if direction in (Direction.UP, Direction.DOWN) else "horizontal"
    return f"Swipe(amount={sign}{pixels}, axis='{axis}')"


def _pair(point: ModelPoint) -> str:
    return f"({number(point.x)}, {number(point.y)})"
