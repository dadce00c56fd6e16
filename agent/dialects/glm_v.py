"""GLM-4.5V, GLM-4.6V and GLM-5V by Zhipu, on a grid of 999.

On a computer, one user message holds the task, the steps so far with the last four screenshots at half their size, the
memory, and the newest screenshot. The reply rewrites the memory:

    The field is empty. <|begin_of_box|>left_click(start_box='[5,6]', element_info='field')<|end_of_box|>
    Memory:
    [{"price": "5 EUR"}]

On a phone, the message holds the newest screenshot and the earlier replies, and the action is JSON with boxes.

Source: zai-org/GLM-V, examples/gui-agent/glm-45v.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

from PIL import Image

from ...envs import actions
from ...envs.actions import Button, Direction
from ...envs.geometry import Size
from ...envs.screenshot import Screenshot
from ...prompts.official import OfficialPrompt, OfficialText, fill
from ...prompts.render import prompt_sha256, render
from ..core.coordinates import Grid, ImageRule, Space
from ..core.decision import Finish, GiveUp, ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import ImagePart, Message, Part, TextPart, Turn
from ..core.model import Sampling
from .parser.call import Call, ParseError
from .parser.calls import read_call
from .parser.runaway import is_runaway
from .parser.sections import read_reasoning
from .parser.tolerant_json import read_json
from .parser.tool_calls import flat_call
from .prompting.layout import observation, single_message
from .prompting.prompt_kind import Prompt, template_for
from .prompting.thoughts import without_reasoning
from .template_dialect import TemplateDialect
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import ACTIONS, Moves, Vocabulary, always, click, direction_of, hotkey, moves_of, type_text
from .vocabulary.writing import PointForm, content, quoted, unsupported

_EXAMPLE = "examples/gui-agent/glm-45v/gui_agent_45v.py"
_OFFICIAL = OfficialPrompt(
    "zai-org/GLM-V",
    {
        "head": OfficialText(
            _EXAMPLE,
            "get_pc_prompt.USER_TEMPLATE_HEAD",
            "015d2005bb6be722840a36c9a1ddb44f4ed4c3b31e8b7903e79202a6e34291c7",
        ),
        "actions": OfficialText(
            _EXAMPLE, "get_pc_prompt.action_space", "233f7a73359e746dde51772895010c4ea026f3553343b11811daaf70ba65f1e8"
        ),
        "tail": OfficialText(
            _EXAMPLE,
            "get_pc_prompt.USER_TEMPLATE_TAIL",
            "ef91106e15c39d2a8d522b2e405ff9d8f5074667d7c0f23969922fbdf74dc236",
        ),
    },
)

_BOX = re.compile(r"<\|begin_of_box\|>\s*+")
_BOX_TOKENS = re.compile(r"\s?<\|(?:begin|end)_of_box\|>\s?")
_MEMORY = re.compile(r"^[ \t*#]*+Memory\*{0,2}\s*+:", re.MULTILINE)
_ACTION = re.compile(r"^[ \t*#]*+Action\*{0,2}\s*+:", re.MULTILINE)
_REASON = re.compile(r"^[ \t*#]*+Reason\*{0,2}\s*+:(.*?)(?=^[ \t*#]*+Action\*{0,2}\s*+:)", re.MULTILINE | re.DOTALL)
_BRACE = re.compile(r"[{\uff5b]")
_NO_MEMORY = "[]"


def _scroll(args: Arguments) -> Moves:
    step = args.integer(("step",), 5)
    if step == 0:
        raise ParseError("bad_argument", args.call.position, "step must not be 0")
    return (actions.Scroll(direction_of(args), abs(step), args.point_if_any()),)


GLM_V: Vocabulary = {
    "left_click": click(Button.LEFT),
    "right_click": click(Button.RIGHT),
    "middle_click": click(Button.MIDDLE),
    "left_double_click": click(Button.LEFT, 2),
    "hover": ACTIONS["hover"],
    "left_drag": ACTIONS["drag"],
    "scroll": _scroll,
    "key": hotkey,
    "type": type_text(),
    "wait": always(actions.Wait()),
    "done": always(Finish()),
    "fail": always(GiveUp()),
}
_CALL = re.compile(rf"\b(?:{'|'.join(GLM_V)})(?=[(\uff08])", re.IGNORECASE)


def _input_text(args: Arguments) -> Moves:
    override = args.text("", names=("override",), index=None).lower() in ("true", "1")
    cleared: Moves = (actions.Hotkey(("ctrl", "a")), actions.Hotkey(("backspace",))) if override else ()
    return (actions.Click(args.point()), *cleared, actions.Type(args.text(), submit=True))


_OPPOSITE = {
    Direction.UP: Direction.DOWN,
    Direction.DOWN: Direction.UP,
    Direction.LEFT: Direction.RIGHT,
    Direction.RIGHT: Direction.LEFT,
}


def _swipe(args: Arguments) -> Moves:
    """The direction is that of the finger."""
    return (actions.Scroll(_OPPOSITE[direction_of(args)], at=args.point_if_any()),)


def _status(args: Arguments) -> Moves:
    status = args.text(names=("goal_status",)).strip().lower()
    if status not in ("complete", "infeasible"):
        raise ParseError("bad_argument", args.call.position, f"there is no goal_status {status!r:.40}")
    return (Finish() if status == "complete" else GiveUp(),)


GLM_V_PHONE: Vocabulary = {
    "click": click(),
    "long_press": ACTIONS["long_press"],
    "input_text": _input_text,
    "swipe": _swipe,
    "open_app": ACTIONS["open_app"],
    "keyboard_enter": always(actions.Hotkey(("enter",))),
    "navigate_back": always(actions.Back()),
    "navigate_home": always(actions.Home()),
    "wait": always(actions.Wait()),
    "answer": lambda args: (Finish(args.text(names=("text",))),),
    "status": _status,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GlmV(TemplateDialect):
    """GLM-4.5V and later."""

    templates: ClassVar = {
        Prompt.COMPUTER: "glm_v_head",
        Prompt.BROWSER: "glm_v_head",
        Prompt.MOBILE: "glm_v_mobile",
    }
    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = {
        Prompt.COMPUTER: (_OFFICIAL,),
        Prompt.BROWSER: (_OFFICIAL,),
    }
    closing: ClassVar = r"[\]}]"

    name: str = "glm-v"
    served_as: str = r"glm-?(4-?[5-9]|5(-?\d)?)-?v"
    space: Space = Grid(999)
    image_rule: ImageRule = ImageRule(28, 112 * 112, 9_633_792)
    sampling: Sampling = Sampling(temperature=0.001, max_tokens=8192)
    history: History = WindowHistory(5)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self._head("$task"), "" if self.prompt is Prompt.MOBILE else self._tail("$memory"))

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """One user message; see the description of this module."""
        if self.prompt is Prompt.MOBILE:
            newest = turns[-1:]
            return single_message(newest, prompt=self._phone_text(task, turns[:-1]), image_first=True)
        memory, text = _NO_MEMORY, self._head(task)
        parts: list[Part] = []
        for number, turn in enumerate(turns[:-1], 1):
            notes = "".join(f"\n{note}" for note in turn.notes)
            thought, action, memory = _step(turn.reply or "", memory)
            written = f" Thought: {thought}\nAction: {action}"
            if turn.image is None:
                text += f"{notes}\nstep {number}: Screenshot:(Omitted in context.){written}"
            else:
                parts += [TextPart(f"{text}{notes}\nstep {number}: Screenshot:"), _halved(turn.image)]
                text = written
        parts.append(TextPart(text + self._tail(memory)))
        return (Message("user", (*parts, *observation(turns[-1]))),)

    def read(self, text: str) -> Reply:
        """The thought is the text before the action, or the reason on a phone."""
        reasoning, start = read_reasoning(text)
        if self.prompt is Prompt.MOBILE:
            call = _phone_call(text, start)
            reason = _REASON.search(text, start)
            thought = reason[1].strip() if reason else None
            return Reply(moves_of((call,), GLM_V_PHONE), thought or None, reasoning=reasoning)
        call, at, sure = _computer_call(text, start)
        moves = moves_of((call,), GLM_V)
        if not sure and isinstance(moves[0], Finish | GiveUp):
            raise ParseError("no_action", at, "the reply ends without an action in a box, and without a memory")
        return Reply(moves, _BOX_TOKENS.sub("", text[start:at]).strip() or None, reasoning=reasoning)

    def is_complete(self, text: str) -> bool:
        """See `Dialect`. On a computer the memory comes last, on a phone the action."""
        if is_runaway(text):
            return True
        last = text.rstrip().removesuffix("<|end_of_box|>").rstrip()
        if not last.endswith(("]", "}")) or not isinstance(self.parse(text), Reply):
            return False
        found = list((_ACTION if self.prompt is Prompt.MOBILE else _MEMORY).finditer(last))
        return bool(found) and _is_json(_BOX_TOKENS.sub("", last[found[-1].end() :]))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`. Expresses a single move on a computer."""
        if len(moves) != 1 or self.prompt is Prompt.MOBILE:
            raise ValueError("GLM-V takes one action per reply, and is not written for phones")
        return f"{f'{thought} ' if thought else ''}<|begin_of_box|>{_write(moves[0])}<|end_of_box|>\nMemory:\n[]"

    def _head(self, task: str) -> str:
        official = self.official_prompt()
        if official:
            return fill(_plain_braces(official.texts["head"]), task=task, action_space=official.texts["actions"])
        if self.prompt is Prompt.MOBILE:
            return self._phone_text(task, ())
        return render(template_for(self.prompt, self.templates, self.name), task=task)

    def _tail(self, memory: str) -> str:
        official = self.official_prompt()
        return (
            fill(_plain_braces(official.texts["tail"]), memory=memory)
            if official
            else render("glm_v_tail", memory=memory)
        )

    def _phone_text(self, task: str, past: Sequence[Turn]) -> str:
        steps: list[str] = []
        for index, turn in enumerate(past):
            steps += turn.notes
            steps.append(f"Step {index}:\n{_BOX_TOKENS.sub('', without_reasoning(turn.reply or '')).strip()}\n")
        history = "\n".join(steps) or "No action has been carried out yet."
        return render("glm_v_mobile", task=task, history=history)


def _plain_braces(template: str) -> str:
    """A template of `str.format` in the form that `fill` takes."""
    return template.replace("{{", "{").replace("}}", "}")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _computer_call(text: str, start: int) -> tuple[Call, int, bool]:
    """The call, where it starts, and whether it stands in a box or before a memory, as in every whole reply.

    Raises:
        ParseError: there is no call.
    """
    if box := _BOX.search(text, start):
        end = text.find("<|end_of_box|>", box.end())
        return read_call(text[:end] if end >= 0 else text, box.end())[0], box.start(), True
    memory = list(_MEMORY.finditer(text, start))
    written = text[: memory[-1].start()] if memory else text
    found = _CALL.search(written, start)
    if found is None:
        raise ParseError("no_action", len(text), "the reply contains no action")
    return read_call(written, found.start())[0], found.start(), bool(memory)


def _phone_call(text: str, start: int) -> Call:
    labels = list(_ACTION.finditer(text, start))
    opening = _BRACE.search(text, labels[-1].end()) if labels else None
    if opening is None:
        raise ParseError("no_action", len(text), "the reply contains no action")
    call = flat_call(read_json(text, opening.start())[0], "action_type", opening.start())
    box = tuple(replace(each, name="box") if each.name == "box_2d" else each for each in call.arguments)
    return replace(call, arguments=box)


def _step(reply: str, memory: str) -> tuple[str, str, str]:
    """The thought and the action of an earlier reply, and the memory after it."""
    _, start = read_reasoning(reply)
    labels = list(_MEMORY.finditer(reply, start))
    shown = reply[start : labels[0].start()] if labels else reply[start:]
    remembered = reply[labels[-1].end() :].strip() if labels else memory
    try:
        _, at, _ = _computer_call(reply, start)
    except ParseError:
        return _BOX_TOKENS.sub("", shown).strip(), "", remembered
    thought, action = (_BOX_TOKENS.sub("", part).strip() for part in (reply[start:at], shown[at - start :]))
    return thought, action, remembered


@lru_cache(maxsize=16)
def _halved(image: ImagePart) -> ImagePart:
    """`image` at half its width and height; the same bytes in each step, because servers cache by them."""
    size = Size(image.size.width // 2, image.size.height // 2)
    small = image.load().resize((size.width, size.height), Image.Resampling.BICUBIC)
    return ImagePart.of(Screenshot(small), size, image.image_format)


FORM = PointForm(template="[{x},{y}]")
_CLICKS = {
    (Button.LEFT, 1): "left_click",
    (Button.LEFT, 2): "left_double_click",
    (Button.RIGHT, 1): "right_click",
    (Button.MIDDLE, 1): "middle_click",
}


def _write(move: ModelMove) -> str:
    match move:
        case actions.Click(at, button, count, ()) if (button, count) in _CLICKS:
            return f"{_CLICKS[button, count]}(start_box='{FORM.write(at)}', element_info='')"
        case actions.Move(to):
            return f"hover(start_box='{FORM.write(to)}', element_info='')"
        case actions.Drag((start, end), Button.LEFT, ()):
            return f"left_drag(start_box='{FORM.write(start)}', end_box='{FORM.write(end)}', element_info='')"
        case actions.Scroll(direction, amount, at) if at is not None:
            return f"scroll(start_box='{FORM.write(at)}', direction='{direction}', step={amount}, element_info='')"
        case actions.Type():
            return f"type(content={quoted(content(move))})"
        case actions.Hotkey(keys):
            return f"key(keys={quoted(' '.join('plus' if key == '+' else key for key in keys))})"
        case actions.Wait(5.0):
            return "WAIT()"
        case Finish(""):
            return "DONE()"
        case GiveUp(""):
            return "FAIL()"
        case _:
            raise unsupported(move, "GLM-V")
