"""UI-Venus 1.0 and 1.5: one user message with the task, the earlier steps as text, and the newest screenshot.

    <think>...</think> <action>Click(box=(500,500))</action> <conclusion>...</conclusion>

1.5 answers on a grid of 1000, 1.0 (Navi and Ground) in pixels of the resized image. For grounding the reply is only a
point or a box. `Type` presses Enter after the text, as in the official executors.

Source: inclusionAI/UI-Venus, branches UI-Venus-1.0 and UI-Venus-1.5, models/navigation and models/grounding.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...envs.actions import Back, Button, Click, Direction, Drag, Home, Hotkey, LongPress, OpenApp, Scroll, Type, Wait
from ...prompts.official import OfficialPrompt, OfficialText
from ...prompts.render import prompt_sha256
from ..core.coordinates import Absolute, Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.image_history import History, WindowHistory
from ..core.messages import Message, Turn
from ..core.model import Sampling
from .parser.completion import ends_with
from .parser.points import is_closed_point, point_of
from .parser.tagged import read_tagged
from .prompting.layout import image_size, single_message
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.arguments import Arguments
from .vocabulary.ui_tars import UI_TARS, Moves, Vocabulary, always
from .vocabulary.writing import number, quoted, unsupported

_SYSTEM = "You are a helpful assistant."
_REPOSITORY = "inclusionAI/UI-Venus"
_NAVIGATION = "models/navigation/utils.py"
NOT_ON_SCREEN = "The model does not find the target on the screen."


def _type(args: Arguments) -> Moves:
    return (Type(args.text().removesuffix("\n"), submit=True),)


UI_VENUS: Vocabulary = {
    **UI_TARS,
    "type": _type,
    "longpress": UI_TARS["long_press"],
    **dict.fromkeys(("launch", "launchapp"), UI_TARS["open_app"]),
    "calluser": UI_TARS["call_user"],
    "pressback": always(Back()),
    "presshome": always(Home()),
    "pressenter": always(Hotkey(("enter",))),
    "pressrecent": always(Hotkey(("recents",))),
}


_SECTIONS = {name: re.compile(rf"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("think", "action")}


def _official(commit: str, path: str, name: str, sha256: str) -> tuple[OfficialPrompt, ...]:
    return (OfficialPrompt(_REPOSITORY, {"prompt": OfficialText(path, name, sha256)}, commit),)


_C15 = "c3a1442c3c4501af18c124458dbbddcbda5c2c6f"
_C10 = "497e2cd9b0c131e4685de23598f51e2da4dd7562"
_WEB = _official(
    _C15, _NAVIGATION, "WEB_USER_PROMPT", "8bd3ca1cfa27dc5c9774c04e021b853bdc72937710e03125033bb2bb3101039f"
)
_NAVI = _official(_C10, _NAVIGATION, "USER_PROMPT", "2779ca1f4a92dfb9d3d6c99a9ae803c9257757a30c54d9b7046c401a4591a866")


@dataclass(frozen=True, slots=True, kw_only=True)
class UiVenus(TemplateDialect):
    """UI-Venus-1.5."""

    templates: ClassVar = {
        Prompt.COMPUTER: "ui_venus_web",
        Prompt.BROWSER: "ui_venus_web",
        Prompt.MOBILE: "ui_venus",
        Prompt.GROUNDING: "ui_venus_point",
    }
    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = {
        Prompt.COMPUTER: _WEB,
        Prompt.BROWSER: _WEB,
        Prompt.MOBILE: _official(
            _C15, _NAVIGATION, "MOBILE_USER_PROMPT", "d4d88aafe0991572c7d03796c0ced528e76251ad8e4614c3906adc81be31b34a"
        ),
        Prompt.GROUNDING: _official(
            _C15,
            "models/grounding/ui_venus1_5_gd.py",
            "UIVenusGroundV15.inference.prompt",
            "c4e0942fc7a20af0321bd1e4a402a2ac56800875a37feff08788a8386546d048",
        ),
    }
    closing: ClassVar = "</conclusion>"
    ends_sentence: ClassVar = True
    """Whether the grounding prompt has the full stop of the instruction."""

    name: str = "ui-venus-1.5"
    served_as: str = "ui-?venus-?v?1[-p]?5|ui-?venus"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 256 * 256, 12_845_056)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048, repetition_penalty=1.05)
    history: History = WindowHistory(1)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(_SYSTEM, self._text("$task", (), "$width", "$height"))

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The text, then the newest screenshot; for grounding, the screenshot comes first, without a system message."""
        size = ("1000", "1000") if isinstance(self.space, Grid) else image_size(turns)
        if self.prompt is Prompt.GROUNDING:
            return single_message(turns[-1:], prompt=self._text(task, (), *size), image_first=True)
        return single_message(turns, prompt=self._text(task, turns[:-1], *size), system=_SYSTEM)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`. The thought is the `<conclusion>`, the reasoning the content of `<think>`."""
        return read_point(text) or read_tagged(text, UI_VENUS, thought="conclusion")

    def is_complete(self, text: str) -> bool:
        """See `Dialect`."""
        closing = r"\]" if self.prompt is Prompt.GROUNDING else self.closing
        return ends_with(closing, text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        conclusion = f"\n<conclusion>{thought}</conclusion>" if thought else ""
        return "<action>" + "\n".join(_write(move) for move in moves) + "</action>" + conclusion

    def _text(self, task: str, past: Sequence[Turn], width: str, height: str) -> str:
        if self.prompt is Prompt.GROUNDING:
            target = task.strip().removesuffix(".") if self.ends_sentence else task
            return self._filled("prompt", **{"instruction": target, "": target})  # the official texts have {}
        values = {"user_task": task, "previous_actions": _steps(past), "width": width, "height": height}
        return self._filled("prompt", **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class UiVenus10(UiVenus):
    """UI-Venus-Navi 1.0, trained from Qwen2.5-VL."""

    templates: ClassVar = dict.fromkeys((Prompt.MOBILE, Prompt.COMPUTER, Prompt.BROWSER), "ui_venus")
    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = dict.fromkeys(templates, _NAVI)

    name: str = "ui-venus-1.0"
    served_as: str = "ui-?venus-?(v?1[-p]?0|navi)|ui-?venus"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 56 * 56, 12_845_056)


@dataclass(frozen=True, slots=True, kw_only=True)
class UiVenusGround(UiVenus):
    """UI-Venus-Ground 1.0, which only locates targets, with the pixel limits of its 7B version."""

    templates: ClassVar = {Prompt.GROUNDING: "ui_venus_box"}
    official: ClassVar[Mapping[Prompt, tuple[OfficialPrompt, ...]]] = {
        Prompt.GROUNDING: _official(
            _C10,
            "models/grounding/ui_venus_ground_7b.py",
            "UI_Venus_Ground_7B.inference.prompt_origin",
            "d098fe4145831d500adffe8867a12e529f579440e766f0fee3c6c9390927131b",
        ),
    }

    ends_sentence: ClassVar = False

    prompt: Prompt = Prompt.GROUNDING
    name: str = "ui-venus-ground"
    served_as: str = "ui-?venus-?ground(-?1[-p]?0)?|ui-?venus"
    space: Space = Absolute()
    image_rule: ImageRule = ImageRule(28, 2_000_000, 4_800_000)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=128)


def read_point(text: str) -> Reply | None:
    """The click in a reply that is only a point or a box; [-1,-1] gives up. None for any other reply."""
    stripped = text.strip()
    if not stripped.startswith("[") or not is_closed_point(stripped):
        return None
    point = point_of(stripped, 0)
    left, top = point.box[:2] if point.box else (point.x, point.y)
    return Reply((GiveUp(NOT_ON_SCREEN) if (left, top) == (-1, -1) else Click(point),))


def _steps(turns: Sequence[Turn]) -> str:
    """The earlier steps, each with its notes before it."""
    lines: list[str] = []
    for index, turn in enumerate(turns):
        lines.extend(turn.notes)
        if turn.reply is not None:
            lines.append(f"Step {index}: {_step(turn.reply)}")
    return "\n".join(lines)


def _step(reply: str) -> str:
    """The reasoning and the action of `reply`, without its conclusion."""
    found = {name: pattern.search(reply) for name, pattern in _SECTIONS.items()}
    shown = [f"<{name}>{section[1].strip(chr(10))}</{name}>" for name, section in found.items() if section]
    return "".join(shown) or " ".join(reply.split())


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
