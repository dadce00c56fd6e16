r"""Step-GUI and GELab-Zero: fields separated by tabs, on a grid of 1000. Made for phones.

    <THINK> ... </THINK>
    explain:...\taction:CLICK\tpoint:500,300\tsummary:...

The model is sent the newest screenshot only. The history is its own `summary` of the steps, from its last reply.
Source: stepfun-ai/gelab-zero, copilot_tools/parser_0920_summary.py.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...envs import actions
from ...envs.actions import Button
from ...prompts.official import OfficialPrompt, OfficialText, fill
from ...prompts.render import prompt_sha256
from ..core.coordinates import Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, TextPart, Turn
from ..core.model import Sampling
from .parser.call import Argument, Call, ParseError
from .parser.calls import END_OF_TURN
from .parser.sections import read_reasoning
from .prompting.layout import observation, step_lines
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import Moves, Vocabulary, click, drag, long_press, moves_of, wait
from .vocabulary.writing import number, unsupported

TASK = "\nThe user's task: {task}\nActions so far: {history_display}\nThe current screenshot:\n"
NO_HISTORY = "none yet"
INSTRUCTIONS = """
Review the actions so far and the actions that are available. Think first, then choose one action, and summarize all \
steps including this one:
<THINK> your reasoning </THINK>
explain:the purpose of the action\taction:the action and its fields\tsummary:the new summary of all steps
"""


def _published(**texts: tuple[str, str]) -> OfficialPrompt:
    declared = {key: OfficialText("copilot_tools/parser_0920_summary.py", *text) for key, text in texts.items()}
    return OfficialPrompt("stepfun-ai/gelab-zero", declared)


_PUBLISHED = _published(
    system=("task_define_prompt", "5a98cfa53e5d2b1bbfaec81ed6596dcb5839e284fd901c73645bbffb868fd30e"),
    task=(
        "make_status_prompt.status_conversation[0]['text']",
        "addc6b344e54b44f0fb2ac06809478adeca7d058d36473d6fafc748839bf530e",
    ),
    instructions=(
        "make_status_prompt.status_conversation[2]['text']",
        "7175c07fd0a22ab44f43ca88b7b989254b3f52e5385abe9a3b169f6adfd080d8",
    ),
    no_history=("make_status_prompt.*", "a7c088f49f17b314a7c341d7b94c2c74a84473505878dd089650bed2182a8bab"),
)

_THINK = re.compile(r"\s*+<\s*+TH?INK\s*+>(?:(.*?)<\s*+/\s*+TH?INK\s*+>)?", re.DOTALL | re.IGNORECASE)
"""The tags with the misspellings that the official parser accepts."""

_FIELD = re.compile(r"\s*+(\w++)\s*+[:\uff1a]")
_END = re.compile(END_OF_TURN)
_SECONDS = re.compile(r"\s*+(\d{1,6}(?:\.\d{1,6})?)")
_ARGUMENT = {"point1": "start_point", "point2": "end_point", "return": "content"}
"""Our names of the fields."""


def _type(args: Arguments) -> Moves:
    """Typed text, into the field at `point` if there is one."""
    typed = actions.Type(args.text(names=("value",)))
    return (actions.Click(args.point()), typed) if args.has("point") else (typed,)


def _wait(args: Arguments) -> Moves:
    """A pause; the number of seconds may be followed by a unit."""
    seconds = _SECONDS.match(args.text("5", names=("value",), index=None))
    time = (Argument("time", seconds[1], args.call.position),) if seconds else ()
    return wait(Arguments(Call(args.call.name, time, args.call.position)))


def _says(ending: Callable[[str], ModelMove], *names: str) -> Callable[[Arguments], Moves]:
    return lambda args: (ending(args.text("", names=names, index=None)),)


STEP_GUI: Vocabulary = {
    "click": click(),
    "longpress": long_press,
    "slide": drag,
    "type": _type,
    "wait": _wait,
    "awake": lambda args: (actions.OpenApp(args.text(names=("value",))),),
    "info": _says(AskUser, "value"),
    "complete": _says(Finish, "content", "value"),
    "abort": _says(GiveUp, "value"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepGui(TemplateDialect):
    """Step-GUI-4B and -8B, and GELab-Zero-4B, trained from Qwen3-VL."""

    templates: ClassVar = dict.fromkeys(Prompt, "step_gui")
    official: ClassVar = dict.fromkeys(Prompt, (_PUBLISHED,))
    closing: ClassVar = "(?!)"  # the summary comes last and has no end mark
    takes_several: ClassVar = False

    name: str = "step-gui"
    served_as: str = "step-?gui|gelab-?zero"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 16384 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.1, top_p=0.95, max_tokens=4096)
    history: History = WindowHistory(1)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self._system("", ""), *self._texts())

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """One user message: the actions, the task with the last summary, the newest screenshot, the instructions."""
        about, instructions, no_history = self._texts()
        about = fill(about, task=task, history_display=_history(turns) or no_history)
        parts = (TextPart(self._system("", "")), TextPart(about), *observation(turns[-1], instructions))
        return (Message("user", parts),)

    def _texts(self) -> tuple[str, str, str]:
        """The text before the screenshot, the one after it, and what stands for an empty history."""
        official = self.official_prompt()
        texts = official.texts if official else {}
        return texts.get("task", TASK), texts.get("instructions", INSTRUCTIONS), texts.get("no_history", NO_HISTORY)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The thought is the field `explain`, the reasoning the content of `<THINK>`."""
        reasoning, fields = _fields(text)
        name, position = fields.get("action", ("", 0))
        if not name:
            raise ParseError("no_action", len(text), "the reply contains no field action")
        arguments = tuple(
            Argument(_ARGUMENT.get(field, field), value, at)
            for field, (value, at) in fields.items()
            if field not in ("action", "explain", "summary")
        )
        explain, _ = fields.get("explain", ("", 0))
        return Reply(moves_of((Call(name, arguments, position),), STEP_GUI), explain or None, reasoning=reasoning)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`. Expresses a single move only, without tabs or white space around its text."""
        if len(moves) != 1:
            raise ValueError("Step-GUI takes one action per reply")
        fields = {"explain": thought or "", **_written(moves[0])}
        if any("\t" in value or value != value.strip() or _END.search(value) for value in fields.values()):
            raise unsupported(moves[0], "Step-GUI")
        return "<THINK>  </THINK>\n" + "\t".join(f"{name}:{value}" for name, value in fields.items() if value)


def _history(turns: Sequence[Turn]) -> str:
    """The summary in the last reply; without one, the explanations of all steps."""
    for turn in turns[-2:-1]:
        summary, _ = _fields_or_none(turn.reply or "").get("summary", ("", 0))
        if summary:
            return "\n".join((summary, *turn.notes))
    return step_lines(turns[:-1], lambda reply: _fields_or_none(reply).get("explain", ("", 0))[0], empty="")


def _fields_or_none(text: str) -> dict[str, tuple[str, int]]:
    try:
        return _fields(text)[1]
    except ParseError:
        return {}


def _fields(text: str) -> tuple[str | None, dict[str, tuple[str, int]]]:
    """The reasoning, and each field with its value and its position.

    Raises:
        ParseError: a field has two values.
    """
    if (thinking := _THINK.match(text)) and thinking[1] is not None:
        reasoning, start = thinking[1].strip() or None, thinking.end()
    else:
        reasoning, start = (text[thinking.end() :], len(text)) if thinking else read_reasoning(text)
    end = _END.search(text, start)
    fields: dict[str, tuple[str, int]] = {}
    at = start
    for part in text[start : end.start() if end else len(text)].split("\t"):
        if found := _FIELD.match(part):
            name, value = found[1].lower(), part[found.end() :].strip()
            if fields.setdefault(name, (value, at))[0] != value:
                raise ParseError("bad_argument", at, f"the field {name:.40} has two values")
        at += len(part) + 1
    return reasoning, fields


def _written(move: ModelMove) -> dict[str, str]:
    match move:
        case actions.Click(at, Button.LEFT, 1, ()):
            return {"action": "CLICK", "point": _xy(at)}
        case actions.LongPress(at, 1.5):
            return {"action": "LONGPRESS", "point": _xy(at)}
        case actions.Drag((start, end), Button.LEFT, ()):
            return {"action": "SLIDE", "point1": _xy(start), "point2": _xy(end)}
        case actions.Type(text, False) if text:
            return {"action": "TYPE", "value": text}
        case actions.Wait(seconds):
            return {"action": "WAIT", "value": number(seconds)}
        case actions.OpenApp(app) if app:
            return {"action": "AWAKE", "value": app}
        case AskUser(question):
            return {"action": "INFO", "value": question}
        case Finish(answer):
            return {"action": "COMPLETE", "return": answer}
        case GiveUp(reason):
            return {"action": "ABORT", "value": reason}
        case _:
            raise unsupported(move, "Step-GUI")


def _xy(point: ModelPoint) -> str:
    return f"{number(point.x)},{number(point.y)}"
