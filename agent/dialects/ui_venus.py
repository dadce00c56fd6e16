"""UI-Venus-1.5: tagged sections and calls like `Click(box=(500,500))`, on a grid of 1000. Made for phones.

`Type` presses Enter after the text, as in the official executors.
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
from .prompting.own_prompt import prompt_messages, template_sha256
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import UI_TARS, Moves, Vocabulary, always, direction_of, moves_of
from .vocabulary.writing import number, quoted, unsupported


def _type(args: Arguments) -> Moves:
    return (Type(args.text().removesuffix("\n"), submit=True),)


def _scroll(args: Arguments) -> Moves:
    """A swipe if it has a start and an end, otherwise a scroll in a direction."""
    start, end = args.point_if_any(), args.end_point_if_any()
    if start is not None and end is not None:
        return (Drag((start, end)),)
    return (Scroll(direction_of(args), at=start),)


UI_VENUS: Vocabulary = {
    **UI_TARS,
    "type": _type,
    "scroll": _scroll,
    "longpress": UI_TARS["long_press"],
    "launch": UI_TARS["open_app"],
    "calluser": UI_TARS["call_user"],
    "pressback": always(Back()),
    "presshome": always(Home()),
    "pressenter": always(Hotkey(("enter",))),
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
        """See `Dialect`."""
        return template_sha256("ui_venus")

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """Our description of the actions, the task, earlier screenshots and replies, and the newest screenshot."""
        return prompt_messages("ui_venus", task, turns)

    def parse(self, text: str) -> Reply | ParseFailure:
        """See `Dialect`. The thought is the `<conclusion>`, the reasoning the content of `<think>`."""
        try:
            tagged = read_tagged(text)
            sections = tagged.sections
            moves = moves_of(tagged.calls, UI_VENUS)
            return Reply(moves, sections.get("conclusion") or None, reasoning=sections.get("think") or None)
        except ParseError as error:
            return error.failure

    def is_complete(self, text: str) -> bool:
        """The reply is runaway repetition, or its conclusion, which comes last, is closed."""
        return ends_with("</conclusion>", text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply that asks for `moves`.

        Raises:
            ValueError: the format cannot express one of them.
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
            return f"Type(content={quoted(text + _protect_trailing_newline(text))})"
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
            raise unsupported(move, "UI-Venus")


def _protect_trailing_newline(text: str) -> str:
    """A second line break after a text that ends in one, because parsing removes one."""
    return "\n" if text.endswith("\n") else ""


def _box(point: ModelPoint) -> str:
    return f"({number(point.x)},{number(point.y)})"
