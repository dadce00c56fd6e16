"""What the families have in common that act through the functions `computer_use` and `mobile_use`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import JsonValue

from ...envs.actions import map_points
from ...envs.geometry import ScreenPoint
from ...prompts.official import fill
from ...prompts.render import prompt_sha256, render, template_text
from ..core.coordinates import Grid
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.describe import describe_action, describe_ending
from ..core.functions import FunctionSpec
from ..core.messages import Message, Part, Turn
from .parser.reply import read_reply
from .prompting.function_prompts import STEPS
from .prompting.functions import COMPUTER, MOBILE, Verb, function, function_name, verbs
from .prompting.layout import image_size, observation, single_message, step_lines, windowed_conversation
from .prompting.prompt_kind import Prompt
from .prompting.thoughts import without_reasoning
from .template_dialect import TemplateDialect
from .vocabulary.own_functions import check_names, function_calls
from .vocabulary.tool_writing import arguments_of, json_call, write_tool_reply
from .vocabulary.tools import TOOLS, merge_drags
from .vocabulary.ui_tars import Vocabulary

PHONE = verbs("click long_press swipe type system_button open wait answer terminate")
"""The actions of `mobile_use`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDialect(TemplateDialect):
    """The prompt describes one function; the newest replies are a conversation, and older ones are lines of text.

    The task comes with the first screenshot of the conversation, with those lines. `ask_user` offers the model an
    action to ask the user. The syntax allows several calls per reply; the prompts ask for one, so a streamed reply is
    stopped after the first.
    """

    templates: ClassVar[Mapping[Prompt, str]] = {
        **dict.fromkeys((Prompt.COMPUTER, Prompt.BROWSER, Prompt.MOBILE), "qwen_functions"),
        Prompt.GROUNDING: "qwen_point",
    }
    closing: ClassVar[str] = "</tool_call>"
    keeps_reasoning: ClassVar[bool] = False

    computer: ClassVar[Mapping[str, Verb]]
    """The actions on a computer."""

    phone: ClassVar[Mapping[str, Verb]] = PHONE
    vocabulary: ClassVar[Vocabulary] = TOOLS
    asking: ClassVar[str] = "interact"
    """The action that asks the user."""

    ending: ClassVar[str] = ""
    """How the model ends the task, in prompts that say it."""

    window: ClassVar[int] = 4
    """How many of the newest replies are shown as the model wrote them."""

    image_first: ClassVar[bool] = True

    takes_functions: ClassVar[bool] = False
    """Whether checkpoints call functions in addition to their own, as Qwen's are trained to."""

    ask_user: bool = False
    functions: tuple[FunctionSpec, ...] = ()

    def __post_init__(self) -> None:
        check_names(self.functions, {COMPUTER, MOBILE, *self.vocabulary}, self.name)

    @property
    def actions(self) -> Mapping[str, Verb]:
        """The actions that the prompt offers."""
        if self.prompt is Prompt.GROUNDING:
            return verbs("left_click")
        offered = self.phone if self.prompt is Prompt.MOBILE else self.computer
        return {**offered, **verbs(self.asking)} if self.ask_user else offered

    def function(self, width: str, height: str) -> dict[str, JsonValue]:
        """The function of the prompt, for a screen of that size."""
        return function(self.prompt, self.actions, width, height)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        return prompt_sha256(self._system("$width", "$height"), self._task("$task", ()))

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """See `windowed_conversation`; to locate an element, the newest screenshot and its description."""
        width, height = ("1000", "1000") if isinstance(self.space, Grid) else image_size(turns)
        system = self._system(width, height)
        if self.prompt in self.single_turn:
            return single_message(turns[-1:], prompt=task, system=system, image_first=True)
        return windowed_conversation(
            turns,
            window=self.window,
            prompt=lambda older: self._task(task, older),
            system=system,
            past=self._past,
            image_first=self.image_first,
            observe=self._observe,
        )

    def _observe(self, turn: Turn) -> tuple[Part, ...]:
        """What a user message after the first shows."""
        return observation(turn)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`."""
        vocabulary = {**self.vocabulary, **function_calls(self.functions)} if self.functions else self.vocabulary
        return merge_drags(read_reply(text, vocabulary, labels=False))

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        offered = {name: verb.parameters for name, verb in {**self.actions, **verbs(self.asking)}.items()}
        calls = [arguments for move in moves for arguments in arguments_of(move, offered, self.name)]
        return write_tool_reply(thought, [self._call(arguments) for arguments in calls])

    def _call(self, arguments: Mapping[str, object]) -> str:
        return json_call(function_name(self.prompt), arguments)

    def _past(self, reply: str) -> str:
        return reply if self.keeps_reasoning else without_reasoning(reply)

    def _describe(self, reply: str) -> str:
        """The line for an earlier reply: its sentence, or its actions if it has none."""
        found = self.parse(reply)
        if not isinstance(found, Reply):
            return ""
        return " ".join((found.thought or "; ".join(map(_description, found.moves))).split())

    def _task(self, task: str, older: Sequence[Turn]) -> str:
        """The text in the message of the first screenshot, with the steps before the conversation."""
        official = self.official_prompt()
        if official and "user" in official.texts:
            return self._official_task(official.texts, task, older)
        return render("qwen_steps", task=task, steps=step_lines(older, self._describe))

    def _official_task(self, texts: Mapping[str, str], task: str, older: Sequence[Turn]) -> str:
        return fill(texts["user"], instruction=task, **{STEPS: step_lines(older, self._describe)})

    def _with_functions(self, system: str) -> str:
        """The system message with a line for each function, after the family's own."""
        before, end, after = system.rpartition("</tools>")
        if not self.functions or self.prompt is Prompt.GROUNDING:
            return system
        if not end:
            raise ValueError(f"the prompt of {self.name} has no list of tools")
        lines = "".join(f"{json.dumps(spec.tool(), ensure_ascii=False)}\n" for spec in self.functions)
        return f"{before}{lines}{end}{after}"

    def _own_system(self, template: str, width: str, height: str) -> str:
        values = {
            "device": "phone" if self.prompt is Prompt.MOBILE else "computer",
            "tool": function_name(self.prompt),
            "function": json.dumps(self.function(width, height), ensure_ascii=False),
            "click": "click" if "left_click" not in self.actions else "left_click",
            "end": self.ending,
            "answer": ", or use answer if the task asks a question" if "answer" in self.actions else "",
        }
        return render(template, **{key: value for key, value in values.items() if f"${key}" in template_text(template)})


def _description(move: ModelMove) -> str:
    """A move as text, with points in the model's own coordinates."""
    match move:
        case Finish() | AskUser() | GiveUp():
            return describe_ending(move)
        case action:
            return describe_action(map_points(action, lambda point: ScreenPoint(point.x, point.y)))
