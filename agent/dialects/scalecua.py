"""ScaleCUA: tagged sections and calls like `click(x=100, y=200)`, on the pixels of the resized image."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...envs import actions
from ...envs.actions import Button, Direction
from ..core.coordinates import Absolute, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import ParseError
from .parser.completion import ends_with
from .parser.tagged import read_tagged
from .prompting.own_prompt import prompt_messages, template_sha256
from .prompting.prompt_kind import Prompt, template_for
from .vocabulary.pyautogui import CODE
from .vocabulary.tools import merge_drags
from .vocabulary.ui_tars import UI_TARS, Vocabulary, always, drag, long_press, moves_of, navigate, open_app
from .vocabulary.writing import content, number, quoted, unsupported

TEMPLATES = {
    Prompt.COMPUTER: "scalecua_computer",
    Prompt.BROWSER: "scalecua_computer",
    Prompt.MOBILE: "scalecua_mobile",
}

SCALECUA: Vocabulary = {
    **CODE,
    "tap": UI_TARS["click"],
    "swipe": drag,
    "longpress": long_press,
    "long_press": long_press,
    **dict.fromkeys(("open_url", "navigate"), navigate),
    **dict.fromkeys(("open_app", "openapp"), open_app),
    **dict.fromkeys(("navigate_back", "back"), always(actions.Back())),
    **dict.fromkeys(("navigate_home", "home"), always(actions.Home())),
    **dict.fromkeys(("response", "answer"), lambda args: (Finish(args.text("")),)),
    **dict.fromkeys(("calluser", "call_user"), lambda args: (AskUser(args.text("")),)),
}

_CLICKS = {
    (Button.LEFT, 1): "click",
    (Button.LEFT, 2): "doubleClick",
    (Button.RIGHT, 1): "rightClick",
}


@dataclass(frozen=True, slots=True)
class ScaleCua:
    """ScaleCUA-3B to -32B."""

    prompt: Prompt = Prompt.COMPUTER
    name: str = "scalecua"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 2_109_744)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=1500)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return template_sha256(template_for(self.prompt, TEMPLATES, self.name))

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """Our description of the actions, the task, earlier screenshots and replies, and the newest screenshot."""
        return prompt_messages(template_for(self.prompt, TEMPLATES, self.name), task, turns)

    def parse(self, text: str) -> Reply | ParseFailure:
        """See `Dialect`. The thought is the `<operation>`, the reasoning the content of `<think>`."""
        try:
            tagged = read_tagged(text)
            sections = tagged.sections
            moves = moves_of(tagged.calls, SCALECUA)
            return merge_drags(Reply(moves, sections.get("operation") or None, reasoning=sections.get("think") or None))
        except ParseError as error:
            return error.failure

    def is_complete(self, text: str) -> bool:
        """The reply is runaway repetition, or its actions are closed."""
        return ends_with("</action>", text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """The reply that asks for `moves`.

        Raises:
            ValueError: the format cannot express one of them.
        """
        operation = f"<operation>\n{thought}\n</operation>\n" if thought else ""
        return operation + "<action>\n" + "\n".join(_write(move) for move in moves) + "\n</action>"


def _write(move: ModelMove) -> str:
    match move:
        case actions.Click(at, button, count, ()) if (button, count) in _CLICKS:
            return f"{_CLICKS[button, count]}({_xy(at)})"
        case actions.Click(at, button, count, ()):
            return f"click({_xy(at)}, clicks={count}, button='{button}')"
        case actions.Move(to):
            return f"moveTo({_xy(to)})"
        case actions.Drag((start, end), Button.LEFT, ()):
            return f"swipe(from_coord={_pair(start)}, to_coord={_pair(end)})"
        case actions.LongPress(at, seconds):
            return f"long_press({_xy(at)}, duration={number(seconds)})"
        case actions.Scroll(Direction.UP | Direction.DOWN as direction, amount, at):
            return f"scroll(clicks={amount if direction is Direction.UP else -amount}{', ' + _xy(at) if at else ''})"
        case actions.Scroll(direction, amount, at):
            sign = "-" if direction is Direction.LEFT else ""
            return f"hscroll(clicks={sign}{amount}{', ' + _xy(at) if at else ''})"
        case _:
            return _write_other(move)


def _write_other(move: ModelMove) -> str:
    match move:
        case actions.Type():
            return f"write(message={quoted(content(move))})"
        case actions.Hotkey((key,)):
            return f"press(keys={quoted(key)})"
        case actions.Hotkey(keys):
            return f"hotkey({', '.join(quoted(key) for key in keys)})"
        case actions.KeyDown(key):
            return f"keyDown(key={quoted(key)})"
        case actions.KeyUp(key):
            return f"keyUp(key={quoted(key)})"
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
        case _:
            return _write_ending(move)


def _write_ending(move: ModelMove) -> str:
    match move:
        case Finish(""):
            return "terminate(status='success')"
        case Finish(answer):
            return f"response(answer={quoted(answer)})"
        case AskUser(question):
            return f"callUser(content={quoted(question)})"
        case GiveUp(reason):
            return f"terminate(status='failure', info={quoted(reason)})"
        case _:
            raise unsupported(move, "ScaleCUA")


def _xy(point: ModelPoint) -> str:
    return f"x={number(point.x)}, y={number(point.y)}"


def _pair(point: ModelPoint) -> str:
    return f"[{number(point.x)}, {number(point.y)}]"
