"""ScaleCUA: tagged sections and calls like `click(x=100, y=200)`, on the pixels of the resized image.

The model is sent one screenshot, and the `<operation>` of each earlier step as a line. Source: OpenGVLab/ScaleCUA,
evaluation/OSWorld/mm_agents/scalecua_agent.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...envs import actions
from ...envs.actions import Button
from ...prompts.official import OfficialPrompt, OfficialText, fill
from ...prompts.render import prompt_sha256
from ..core.coordinates import Absolute, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.tagged import read_tagged
from .prompting.layout import NO_STEPS, image_size, observation, step_lines, system_message
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.pyautogui import CODE, write_statement
from .vocabulary.tools import merge_drags
from .vocabulary.ui_tars import UI_TARS, Vocabulary, always, drag, long_press, navigate, open_app
from .vocabulary.writing import number, quoted

_FILE = "evaluation/OSWorld/mm_agents/prompts.py"
USER = "user"
"""The key of the official text beside the screenshot."""

TASK = """Choose the next action for this screenshot. The task is:

{instruction}

Operations so far:

{history}
"""

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
    official: ClassVar = {
        Prompt.COMPUTER: (
            OfficialPrompt(
                "OpenGVLab/ScaleCUA",
                {
                    "system": OfficialText(
                        _FILE,
                        "CUA_SYSTEM_PROMPT_THOUGHT",
                        "cf33ac5eadde9da43dc866a77d2b377567c1891d32552e29735e4e6be994d4ac",
                    ),
                    USER: OfficialText(
                        _FILE, "CUA_USER_PROMPT", "8e7cfb3a2600e9eeeced400fd6806d9ba65046060bde748d5a79627a78b2f382"
                    ),
                },
            ),
        )
    }
    closing: ClassVar = "</action>"

    prompt: Prompt = Prompt.COMPUTER
    name: str = "scalecua"
    served_as: str = "scalecua"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 2_109_744)
    sampling: Sampling = Sampling(temperature=1.0, top_p=0.9, max_tokens=1000)
    history: History = WindowHistory(1)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self._system("", ""), self._user)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The system message; the newest screenshot, then the task and the earlier operations, in one message."""
        steps = step_lines(turns[:-1], self._operation)
        shown = observation(turns[-1], fill(self._user, instruction=task, history=steps))
        return (*system_message(self._system(*image_size(turns))), Message("user", shown))

    @property
    def _user(self) -> str:
        official = self.official_prompt()
        return official.texts[USER] if official else TASK

    def _operation(self, reply: str) -> str:
        found = self.parse(reply)
        return (found.thought if isinstance(found, Reply) else None) or NO_STEPS

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
