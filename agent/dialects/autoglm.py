"""AutoGLM-Phone: `do(action="Tap", element=[x,y])` and `finish(message="...")`, on a grid of 1000. Made for phones.

    <think>...</think><answer>do(action="Tap", element=[500,300])</answer>

The tags are special tokens, which servers strip: then the call follows the thought directly. The prompt names the date,
and the model is sent the newest screenshot only, with all earlier replies. Source: zai-org/Open-AutoGLM, phone_agent/.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

from ...envs import actions
from ...envs.actions import Button
from ...prompts.official import LoadedPrompt, OfficialPrompt, OfficialText, fill, load_official
from ...prompts.render import prompt_sha256
from ..core.coordinates import Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.call import Argument, Call, ParseError
from .parser.calls import TURN_END, read_call, skip_space
from .parser.sections import read_reasoning
from .prompting.layout import alternating, observation
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import Moves, Vocabulary, always, click, drag, long_press, moves_of, open_app, type_text, wait
from .vocabulary.writing import number, quoted, unsupported

DATE = "Today is {date:%A, %Y-%m-%d}.\n\n"
_WEEKDAYS = "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u65e5"


def _published(file: str, sha256: str) -> OfficialPrompt:
    text = OfficialText(f"phone_agent/config/{file}", "SYSTEM_PROMPT", sha256)
    return OfficialPrompt("zai-org/Open-AutoGLM", {"system": text})


_ENGLISH = _published("prompts_en.py", "aa2847c17e604f879688ffc7f8343e696f58eeafd399df05e4de1586aa8fbbdc")
_CHINESE = _published("prompts_zh.py", "0f6aa3c45d931e9b6bcccb2587941c8603cc775910d638a96e83edc5b7cff223")

SCREEN_INFO = "{}"
"""The official client names the open app here, in JSON, which we do not know."""

_CALL = re.compile(r"(?:(?<!\w)|(?<=[^\W_a-zA-Z0-9]))(?:do|finish)(?=\()")
MAX_MENTIONED = 10
"""More calls in a thought are runaway repetition."""

_AFTER_CALL = re.compile(r"\s*+(?:```)?+\s*+(?:</answer>)?+\s*+\Z")
_BEFORE_CALL = re.compile(r"\s*+(?:<answer>)?+\s*+(?:```\w*+)?+\s*+\Z")
_SECONDS = re.compile(r"\s*+(\d{1,6}(?:\.\d{1,6})?)")


def _wait(args: Arguments) -> Moves:
    """`duration` is written like `5 seconds`; one second if it is missing."""
    seconds = _SECONDS.match(args.text("1", names=("duration",), index=None))
    time = Argument("time", seconds[1] if seconds else 1, args.call.position)
    return wait(Arguments(Call(args.call.name, (time,), args.call.position)))


def _ask_user(args: Arguments) -> Moves:
    return (AskUser(args.text("", names=("message",), index=None)),)


AUTOGLM: Vocabulary = {
    "tap": click(),
    "double tap": click(count=2),
    "long press": long_press,
    "swipe": drag,
    **dict.fromkeys(("type", "type_name"), type_text(actions.Type)),
    "launch": open_app,
    "back": always(actions.Back()),
    "home": always(actions.Home()),
    "wait": _wait,
    **dict.fromkeys(("take_over", "interact"), _ask_user),
    **dict.fromkeys(("note", "call_api"), always(actions.Wait(0.0))),  # the official executor does nothing
    "finish": lambda args: (Finish(args.text("", names=("message",), index=0)),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoGlm(TemplateDialect):
    """AutoGLM-Phone-9B and -9B-Multilingual, of GLM-4.1V's class.

    `language` is that of the official prompt, `English` or `Chinese`; the Chinese one has more actions and rules.
    `today` is the date in the prompt.
    """

    templates: ClassVar = dict.fromkeys(Prompt, "autoglm")
    official: ClassVar = dict.fromkeys(Prompt, (_ENGLISH, _CHINESE))
    closing: ClassVar = "</answer>"
    takes_several: ClassVar = False

    language: str = "English"
    today: date = field(default_factory=date.today)
    name: str = "autoglm"
    served_as: str = "auto-?glm"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(28, 112 * 112, 5_000_000)
    sampling: Sampling = Sampling(temperature=0.0, top_p=0.85, max_tokens=3000, frequency_penalty=0.2)
    history: History = WindowHistory(1)

    def __post_init__(self) -> None:
        if self.language not in ("English", "Chinese"):
            raise ValueError(f"the prompt of autoglm is in English or Chinese, not in {self.language}")

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`; the same on every day."""
        official = self.official_prompt()
        return prompt_sha256(official.texts["system"] if official else self._system("", ""))

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The system message with the date, then screenshots with the task or a heading, and replies."""
        own = "" if self.official_prompt() else DATE.format(date=self.today)
        system = Message.of("system", own + self._system("", ""))
        headings = (task, *("** Screen Info **" for _ in turns[1:]))
        shown = [
            observation(turn, f"{heading}\n\n{SCREEN_INFO}") for heading, turn in zip(headings, turns, strict=True)
        ]
        return (system, *alternating(list(zip(shown, turns, strict=True)), past_reply))

    def official_prompt(self) -> LoadedPrompt | None:
        """See `TemplateDialect`."""
        return load_official((_CHINESE if self.language == "Chinese" else _ENGLISH,))

    def _official_system(self, texts: Mapping[str, str], width: str, height: str) -> str:
        """The official text with the date, as its module formats it."""
        dates = {
            "today.strftime('%Y-%m-%d, %A')": f"{self.today:%Y-%m-%d, %A}",
            "today.strftime('%Y\u5e74%m\u6708%d\u65e5')": f"{self.today:%Y\u5e74%m\u6708%d\u65e5}",
            "weekday_names[today.weekday()]": f"\u661f\u671f{_WEEKDAYS[self.today.weekday()]}",
        }
        text = texts["system"]
        return fill(text, **{name: value for name, value in dates.items() if f"{{{name}}}" in text})

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The thought is the text before the call."""
        thought, call, _ = _split(text)
        return Reply(moves_of((call,), AUTOGLM), thought)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`. Expresses a single move only."""
        if len(moves) != 1:
            raise ValueError("AutoGLM takes one action per reply")
        return f"<think>{thought or ''}</think><answer>{_written(moves[0])}</answer>"


def past_reply(reply: str) -> str:
    """An earlier reply with its tags, which servers strip."""
    try:
        thought, _, written = _split(reply)
    except ParseError:
        return reply
    return f"<think>{thought or ''}</think><answer>{written}</answer>"


def _split(text: str) -> tuple[str | None, Call, str]:
    """The thought, the call as `name(arguments)`, and its text.

    The call is the last one with which the reply ends: a thought may mention others.

    Raises:
        ParseError: there is no call, or it is invalid.
    """
    reasoning, start = read_reasoning(text)
    first: ParseError | None = None
    for found in reversed([*_CALL.finditer(text, start)][-MAX_MENTIONED:]):
        try:
            call, end = read_call(text, found.start())
        except ParseError as error:
            first = first or error
            continue
        if _AFTER_CALL.match(text, end) or TURN_END.match(text, end):
            before = text[start : _opening(text, start, found.start())].strip()
            thought = "\n".join(part for part in (reasoning, before) if part)
            return thought or None, _named(call), text[found.start() : end]
    raise first or ParseError("no_action", len(text), "the reply does not end with do(...) or finish(...)")


def _opening(text: str, start: int, call: int) -> int:
    """Where the tag before the call starts."""
    at = text.rfind("<answer>", start, call)
    return at if at >= 0 and skip_space(text, at + len("<answer>")) == call else call


def _named(call: Call) -> Call:
    """`do(action="Tap", element=...)` as `tap(point=...)`.

    Raises:
        ParseError: the action is missing.
    """
    if call.name == "finish":
        return call
    named = [argument for argument in call.arguments if argument.name == "action"]
    if len(named) != 1 or not isinstance(named[0].value, str):
        raise ParseError("missing_argument", call.position, "do needs the argument action")
    others = (argument for argument in call.arguments if argument is not named[0])
    renamed = tuple(replace(each, name="point") if each.name == "element" else each for each in others)
    return Call(named[0].value, renamed, call.position)


def _written(move: ModelMove) -> str:
    match move:
        case actions.Click(at, Button.LEFT, 1 | 2 as count, ()):
            return f'do(action="{"Tap" if count == 1 else "Double Tap"}", element={_pair(at)})'
        case actions.LongPress(at, 1.5):
            return f'do(action="Long Press", element={_pair(at)})'
        case actions.Drag((start, end), Button.LEFT, ()):
            return f'do(action="Swipe", start={_pair(start)}, end={_pair(end)})'
        case actions.Type(text, False):
            return f'do(action="Type", text={quoted(text)})'
        case actions.OpenApp(app):
            return f'do(action="Launch", app={quoted(app)})'
        case actions.Back():
            return 'do(action="Back")'
        case actions.Home():
            return 'do(action="Home")'
        case actions.Wait(seconds):
            return f'do(action="Wait", duration="{number(seconds)} seconds")'
        case AskUser(question):
            return f'do(action="Take_over", message={quoted(question)})'
        case Finish(answer):
            return f"finish(message={quoted(answer)})"
        case _:
            raise unsupported(move, "AutoGLM")


def _pair(point: ModelPoint) -> str:
    return f"[{number(point.x)},{number(point.y)}]"
