"""ScaleCUA: tagged sections and calls like `click(x=100, y=200)`, on the pixels of the resized image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...envs import actions
from ...envs.actions import Button
from ..core.coordinates import Absolute, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.model import Sampling
from .parser.tagged import read_tagged
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.pyautogui import CODE, write_statement
from .vocabulary.tools import merge_drags
from .vocabulary.ui_tars import UI_TARS, Vocabulary, always, drag, long_press, navigate, open_app
from .vocabulary.writing import number, quoted

SCALECUA: Vocabulary = {
    **CODE,
    "tap": UI_TARS["click"],
    "swipe": drag,
    **dict.fromkeys(("longpress", "long_press"), long_press),
    **dict.fromkeys(("open_url", "navigate"), navigate),
    **dict.fromkeys(("open_app", "openapp"), open_app),
    **dict.fromkeys(("navigate_back", "back"), always(actions.Back())),
    **dict.fromkeys(("navigate_home", "home"), always(actions.Home())),
    **dict.fromkeys(("response", "answer"), lambda args: (Finish(args.text("")),)),
    **dict.fromkeys(("calluser", "call_user"), lambda args: (AskUser(args.text("")),)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleCua(TemplateDialect):
    """ScaleCUA-3B to -32B."""

    templates: ClassVar = {
        Prompt.COMPUTER: "scalecua_computer",
        Prompt.BROWSER: "scalecua_computer",
        Prompt.MOBILE: "scalecua_mobile",
    }
    closing: ClassVar = "</action>"

    prompt: Prompt = Prompt.COMPUTER
    name: str = "scalecua"
    served_as: str = "scalecua"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 2_109_744)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=1500)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The thought is the `<operation>`, the reasoning the content of `<think>`."""
        return merge_drags(read_tagged(text, SCALECUA, thought="operation"))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        operation = f"<operation>\n{thought}\n</operation>\n" if thought else ""
        return operation + "<action>\n" + "\n".join(_write(move) for move in moves) + "\n</action>"


def _write(move: ModelMove) -> str:
    match move:
        case actions.Drag((start, end), Button.LEFT, ()):
            return f"swipe(from_coord={_pair(start)}, to_coord={_pair(end)})"
        case actions.LongPress(at, seconds):
            return f"long_press(x={number(at.x)}, y={number(at.y)}, duration={number(seconds)})"
        case actions.Hotkey(keys) if len(keys) > 1:
            return f"hotkey({', '.join(quoted(key) for key in keys)})"
        case actions.Wait(seconds):
            return f"wait(seconds={number(seconds)})"
        case actions.Navigate(url):
            return f"open_url(url={quoted(url)})"
        case actions.OpenApp(app):
            return f"open_app(app_name={quoted(app)})"
        case actions.Back():
            return "navigate_back()"
        case actions.Home():
            return "navigate_home()"
        case Finish(answer) if answer:
            return f"response(answer={quoted(answer)})"
        case AskUser(question):
            return f"callUser(content={quoted(question)})"
        case GiveUp(reason):
            return f"terminate(status='failure', info={quoted(reason)})"
        case _:
            return write_statement(move, "ScaleCUA").partition(".")[2]


def _pair(point: ModelPoint) -> str:
    return f"[{number(point.x)}, {number(point.y)}]"
