"""UI-Venus-1.5: tagged sections and calls like `Click(box=(500,500))`, on a grid of 1000. Made for phones.

Its `Type` presses Enter after the text: so do its executors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...envs.actions import Back, Button, Click, Direction, Drag, Home, Hotkey, LongPress, OpenApp, Scroll, Type, Wait
from ..core.coordinates import Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, ModelMove, ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import ParseError
from .parser.completion import ends_with
from .parser.tagged import read_tagged
from .prompting.own_prompt import identity, instructed
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import UI_TARS, Moves, Vocabulary, direction_of, moves_of, one
from .vocabulary.writing import number, quoted, unsayable


def _type(given: Arguments) -> Moves:
    return (Type(given.words().removesuffix("\n"), submit=True),)


def _scroll(given: Arguments) -> Moves:
    """A swipe where it says from where to where, otherwise a scroll to one side."""
    start, end = given.point_if_any(), given.end_point_if_any()
    if start is not None and end is not None:
        return (Drag((start, end)),)
    return (Scroll(direction_of(given), at=start),)


UI_VENUS: Vocabulary = {
    **UI_TARS,
    "type": _type,
    "scroll": _scroll,
    "longpress": UI_TARS["long_press"],
    "launch": UI_TARS["open_app"],
    "calluser": UI_TARS["call_user"],
    "pressback": one(Back()),
    "presshome": one(Home()),
    "pressenter": one(Hotkey(("enter",))),
}


@dataclass(frozen=True, slots=True)
class UiVenus:
    """UI-Venus-1.5."""

    name: str = "ui-venus"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 64 * 64, 16384 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048)

    @property
    def prompt_sha256(self) -> str:
        """The identity of the prompt text."""
        return identity("ui_venus")

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The calls in our words, the task, past images and replies, the look to be answered."""
        return instructed("ui_venus", task, turns)

    def parse(self, text: str) -> Reply | ParseFailure:
        """What `text` asks for; the thought is the conclusion, the reasoning what is in `<think>`."""
        try:
            tagged = read_tagged(text)
            said = tagged.sections
            moves = moves_of(tagged.calls, UI_VENUS)
            return Reply(moves, said.get("conclusion") or None, reasoning=said.get("think") or None)
        except ParseError as trouble:
            return trouble.unreadable

    def is_complete(self, text: str) -> bool:
        """The reply runs wild, or its conclusion, which comes last, is closed."""
        return ends_with("</conclusion>", text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply in which the model would ask for `moves`.

        Raises:
            ValueError: it has no words for one of them.
        """
        conclusion = f"\n<conclusion>{thought}</conclusion>" if thought else ""
        return "<action>" + "\n".join(_write(move) for move in moves) + "</action>" + conclusion


def _write(move: ModelMove) -> str:
    match move:
        case Click(at, Button.LEFT, 1, ()):
            return f"Click(box={_box(at)})"
        case Drag((start, end), Button.LEFT, ()):
            return f"Drag(start={_box(start)}, end={_box(end)})"
        case Scroll(direction, 5, at):
            return f"Scroll({f'start={_box(at)}, ' if at else ''}direction='{Direction(direction)}')"
        case LongPress(at, 1.5):
            return f"LongPress(box={_box(at)})"
        case Type(text, True):
            return f"Type(content={quoted(text + _further_break(text))})"
        case Hotkey(("enter",)):
            return "PressEnter()"
        case OpenApp(app):
            return f"Launch(app={quoted(app)})"
        case Wait(5.0):
            return "Wait()"
        case Back():
            return "PressBack()"
        case Home():
            return "PressHome()"
        case Finish(answer):
            return f"Finished(content={quoted(answer)})"
        case AskUser(question):
            return f"CallUser(content={quoted(question)})"
        case _:
            raise unsayable(move, "UI-Venus")


def _further_break(text: str) -> str:
    """What is written after a text that ends in a line break: reading takes one off."""
    return "\n" if text.endswith("\n") else ""


def _box(point: ModelPoint) -> str:
    return f"({number(point.x)},{number(point.y)})"
