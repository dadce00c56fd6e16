"""UI-Venus: tagged sections and calls like `Click(box=(500,500))`. Made for phones.

1.5 answers on a grid of 1000, 1.0 (Navi and Ground) in pixels of the resized image. Ground answers with a box only.

`Type` presses Enter after the text, as in the official executors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...envs.actions import Back, Button, Click, Direction, Drag, Home, Hotkey, LongPress, OpenApp, Scroll, Type, Wait
from ..core.coordinates import Absolute, Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, ModelMove, Reply
from ..core.model import Sampling
from .parser.points import is_closed_point, point_of
from .parser.tagged import read_tagged
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import UI_TARS, Moves, Vocabulary, always
from .vocabulary.writing import number, quoted, unsupported


def _type(args: Arguments) -> Moves:
    return (Type(args.text().removesuffix("\n"), submit=True),)


UI_VENUS: Vocabulary = {
    **UI_TARS,
    "type": _type,
    "longpress": UI_TARS["long_press"],
    "launch": UI_TARS["open_app"],
    "calluser": UI_TARS["call_user"],
    "pressback": always(Back()),
    "presshome": always(Home()),
    "pressenter": always(Hotkey(("enter",))),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UiVenus(TemplateDialect):
    """UI-Venus-1.5."""

    templates: ClassVar = dict.fromkeys(Prompt, "ui_venus")
    closing: ClassVar = "</conclusion>"

    name: str = "ui-venus"
    served_as: str = "ui-?venus-?v?1-?5|ui-?venus(?!-?v?2)"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 16384 * 32 * 32)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The thought is the `<conclusion>`, the reasoning the content of `<think>`."""
        if text.strip().startswith("[") and is_closed_point(text.strip()):
            return Reply((Click(point_of(text.strip(), 0)),))
        return read_tagged(text, UI_VENUS, thought="conclusion")

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        conclusion = f"\n<conclusion>{thought}</conclusion>" if thought else ""
        return "<action>" + "\n".join(_write(move) for move in moves) + "</action>" + conclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class UiVenus10(UiVenus):
    """UI-Venus-Navi and -Ground 1.0, trained from Qwen2.5-VL."""

    name: str = "ui-venus-1.0"
    served_as: str = "ui-?venus-?(v?1-?0|navi|ground)|ui-?venus(?!-?v?2)"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 16384 * 28 * 28)


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
