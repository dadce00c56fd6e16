"""Seed-1.6, Seed-1.8 and UI-TARS-2: function calls in XML, on a grid of 1000.

The models may call several functions per reply; a streamed reply is stopped when its tool call closes. The server must
keep special tokens (`skip_special_tokens=False`): the tags are special tokens, and without them only a call with a
single parameter can be parsed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...envs.actions import Button, ButtonDown, ButtonUp, Click, Drag, Hotkey, KeyDown, KeyUp, Move, Scroll, Type, Wait
from ..core.coordinates import Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.completion import ends_with
from .parser.reply import read_reply
from .prompting.own_prompt import prompt_messages, template_sha256
from .prompting.thoughts import Thoughts, without_reasoning
from .vocabulary.ui_tars import UI_TARS
from .vocabulary.writing import CLICKS, combination, content, number, unsupported


@dataclass(frozen=True, slots=True)
class SeedXml:
    """Seed-1.6 and later, and UI-TARS-2."""

    name: str = "seed-xml"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 5120 * 28 * 28)
    thoughts: Thoughts = Thoughts.OFFICIAL
    sampling: Sampling = Sampling(temperature=1.0, top_p=0.7, max_tokens=4096)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return template_sha256("seed_xml", thoughts=self.thoughts)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """Our description of the functions, the task, earlier screenshots and replies, and the newest screenshot."""
        return prompt_messages("seed_xml", task, turns, thoughts=self.thoughts, past=without_reasoning)

    def parse(self, text: str) -> Reply | ParseFailure:
        """See `Dialect`. Accepts every syntax of the UI-TARS family."""
        return read_reply(text, UI_TARS)

    def is_complete(self, text: str) -> bool:
        """The reply is runaway repetition, or its tool call is closed."""
        return ends_with(r"</(?:seed:)?tool_call\w*>", text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply that asks for `moves`.

        Raises:
            ValueError: the format cannot express one of them.
        """
        functions = "".join(_write(move) for move in moves)
        return (f"{thought}\n" if thought else "") + f"<seed:tool_call>{functions}</seed:tool_call>"


def _write(move: ModelMove) -> str:
    match move:
        case Click(at, button, count, ()) if (button, count) in CLICKS:
            return _function(CLICKS[button, count], point=_point(at))
        case Move(to):
            return _function("move_to", point=_point(to))
        case Drag((start, end), Button.LEFT, ()):
            return _function("drag", start_point=_point(start), end_point=_point(end))
        case Scroll(direction, amount, at):
            extra = {} if amount == 5 else {"amount": str(amount)}
            return _function("scroll", direction=str(direction), **_at(at), **extra)
        case ButtonDown(Button.LEFT, at):
            return _function("mouse_down", **_at(at))
        case ButtonUp(Button.LEFT, at):
            return _function("mouse_up", **_at(at))
        case _:
            return _write_other(move)


def _write_other(move: ModelMove) -> str:
    match move:
        case Type():
            return _function("type", content=content(move))
        case Hotkey(keys):
            return _function("hotkey", key=combination(keys))
        case KeyDown(key):
            return _function("press", key=key)
        case KeyUp(key):
            return _function("release", key=key)
        case Wait(seconds):
            return _function("wait", time=number(seconds))
        case Finish(text):
            return _function("finished", content=text)
        case AskUser(text):
            return _function("call_user", content=text)
        case GiveUp(text):
            return _function("infeasible", content=text)
        case _:
            raise unsupported(move, "Seed")


def _function(name: str, **parameters: str) -> str:
    inside = "".join(f"<parameter={key}>{_escape_edges(value)}</parameter>" for key, value in parameters.items())
    return f"<function={name}>{inside}</function>"


def _escape_edges(value: str) -> str:
    """Add a line break at each end of a value that starts with one; parsing removes them."""
    if "</parameter" in value:
        raise ValueError("Seed cannot write a text that contains </parameter")
    return f"\n{value}\n" if value.startswith(("\n", "<list>", "<text")) else value


def _at(point: ModelPoint | None) -> dict[str, str]:
    return {} if point is None else {"point": _point(point)}


def _point(point: ModelPoint) -> str:
    return f"<point>{number(point.x)} {number(point.y)}</point>"
