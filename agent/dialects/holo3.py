"""Holo3 to Holo4 by H Company, on a grid of 1000, in the two forms that they are trained for.

structured      Holo3, Holo3.1     {"note": ..., "thought": ..., "tool_call": {"tool_name": "click", "x": 1, "y": 2}}
native          Holo3.1, Holo4     function calls

Structured, the schema of the reply is part of the system prompt and of the request, and the result of a tool follows as
a user message. Native, it follows as a message of the role `tool`. In both, a screenshot stands in an `<observation>`,
which remains when the screenshot is dropped, and reasoning is never sent back.

Source: https://hub.hcompany.ai/agent-loop and /element-localization.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, cast

from pydantic import JsonValue

from ...prompts.render import prompt_sha256, render
from ..core.coordinates import Grid, ImageRule, Space
from ..core.decision import Finish, GiveUp, ModelMove, Reply
from ..core.functions import FunctionSpec
from ..core.image_history import History, WindowHistory
from ..core.messages import FunctionCall, Message, Part, TextPart, Turn
from ..core.model import Sampling
from .holo import read_navigation
from .parser.call import Call, ParseError
from .parser.completion import SENTINEL, ends_with
from .parser.reply import read_tools
from .parser.runaway import is_runaway
from .parser.sections import read_reasoning, strip_markup
from .parser.tolerant_json import read_json
from .prompting.prompt_kind import Prompt, template_for
from .prompting.thoughts import without_reasoning
from .template_dialect import TemplateDialect
from .vocabulary.holo import ASK_USER, HOLO3, POINT_SCHEMA, TOOLS_FOR, HoloTool, step_schema, write_tool
from .vocabulary.own_functions import check_names, function_calls, json_value
from .vocabulary.ui_tars import Vocabulary, moves_of

_DEVICES = {
    Prompt.COMPUTER: "a desktop computer",
    Prompt.BROWSER: "a page in a web browser",
    Prompt.MOBILE: "a phone",
}
_CALLS = re.compile(r"<tool_call>|<function=")
_OBJECT = re.compile(r"\s*+(?:```(?:json)?\s*+)?(?=[{\uff5b])")
_OMITTED = "[screenshot evicted]"
_DONE = "Done."


@dataclass(frozen=True, slots=True, kw_only=True)
class Holo3(TemplateDialect):
    """Holo3, and the sizes of Holo3.1 that are trained for structured replies only; `ask_user` offers a tool for it."""

    templates: ClassVar = {**dict.fromkeys(_DEVICES, "holo3"), Prompt.GROUNDING: "holo3_point"}
    closing: ClassVar = r"\}(?:\s*```)?"

    prompt: Prompt = Prompt.COMPUTER
    native: bool = False
    takes_functions: ClassVar[bool] = True

    ask_user: bool = False
    functions: tuple[FunctionSpec, ...] = ()
    name: str = "holo3"
    served_as: str = r"holo-?3(-?1)?(?!\d)"
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(32, 64 * 32 * 32, 16384 * 32 * 32)
    sampling: Sampling = field(
        default_factory=lambda: Sampling(
            temperature=0.8,
            max_tokens=4096,
            chat_template_kwargs={"enable_thinking": True},
            reasoning_effort="medium",
        )
    )
    history: History = WindowHistory(3)

    def __post_init__(self) -> None:
        check_names(self.functions, HOLO3, self.name)

    @property
    def prompt_sha256(self) -> str:
        """See `Dialect`."""
        functions = "" if self.prompt is Prompt.GROUNDING else json.dumps(self._functions)
        return prompt_sha256(self._system_text("$task"), functions)

    def render(self, task: str, turns: Sequence[Turn]) -> tuple[Message, ...]:
        """The task in the system message, then an observation, a reply and its result for each turn."""
        if self.prompt is Prompt.GROUNDING:
            image = turns[-1].image
            return (Message.of("user", *([image] if image else []), self._system_text(task)),)
        messages = [Message.of("system", self._system_text(task))]
        called: tuple[FunctionCall, ...] = ()
        for index, turn in enumerate(turns):
            notes = "\n".join(turn.notes)
            messages += [self._result(call, notes or _DONE) for call in called]
            messages.append(_observation(turn, "" if called else notes))
            called = ()
            if turn.reply is not None:
                past, called = self._past(turn.reply, f"call_{index + 1}")
                messages.append(past)
        return tuple(messages)

    def shape(self, sampling: Sampling) -> Sampling:
        """See `RequestShaping`. Localization is a single request without thinking."""
        if self.prompt is Prompt.GROUNDING:
            variables = {**sampling.chat_template_kwargs, "enable_thinking": False}
            sampling = replace(sampling, temperature=0.0, reasoning_effort=None, chat_template_kwargs=variables)
            return replace(sampling, json_schema=sampling.json_schema or POINT_SCHEMA)
        if self.native:
            tools = sampling.tools or self._functions
            return replace(sampling, tools=tools, tool_choice=sampling.tool_choice or "required")
        return replace(sampling, json_schema=sampling.json_schema or step_schema(self._tools))

    def read(self, text: str) -> Reply:
        """Accepts both forms, and the position of a localization."""
        reasoning, start = read_reasoning(text)
        if (opening := _OBJECT.match(text, start)) is None:
            # Text before JSON is reasoning that is not closed.
            if (calls := _CALLS.search(text, start)) is None:
                raise ParseError("no_action", len(text), "the reply contains no action")
            thought = strip_markup(text[start : calls.start()])
            return Reply(moves_of(read_tools(text, calls.start()), self._vocabulary), thought, reasoning=reasoning)
        data, _ = read_json(text, opening.end())
        call, thought, note = read_navigation(data, opening.end())
        return Reply(moves_of((call,), self._vocabulary), thought, reasoning=reasoning, note=note)

    def is_complete(self, text: str) -> bool:
        """See `Dialect`. Brackets also occur within a reply, so it must be possible to parse it with text behind it."""
        if is_runaway(text):
            return True
        closing = "</tool_call>" if "<tool_call>" in text else self.closing
        return ends_with(closing, text) and isinstance(self.parse(text + SENTINEL), Reply)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`. Expresses a single move only."""
        if len(moves) != 1:
            raise ValueError("Holo takes one action per reply")
        call = write_tool(moves[0], self.prompt)
        if not self.native:
            return json.dumps({"note": None, "thought": thought or "", "tool_call": call}, ensure_ascii=False)
        written = json.dumps({"name": call.pop("tool_name"), "arguments": call}, ensure_ascii=False)
        return (f"{thought}\n\n" if thought else "") + f"<tool_call>\n{written}\n</tool_call>"

    @property
    def _tools(self) -> tuple[HoloTool, ...]:
        *tools, answer = TOOLS_FOR[self.prompt]
        own = [HoloTool(spec.name, spec.description, spec.parameters) for spec in self.functions]
        return (*tools, *own, *([ASK_USER] if self.ask_user else []), answer)

    @property
    def _vocabulary(self) -> Vocabulary:
        return {**HOLO3, **function_calls(self.functions)}

    @property
    def _functions(self) -> tuple[dict[str, JsonValue], ...]:
        return tuple(tool.function() for tool in self._tools)

    def _system_text(self, task: str) -> str:
        template = template_for(self.prompt, self.templates, self.name)
        if self.prompt is Prompt.GROUNDING:
            return render(template, task=task, schema=json.dumps(POINT_SCHEMA))
        text = render(template, device=_DEVICES[self.prompt], task=task)
        if self.native:
            return text
        schema = json.dumps(step_schema(self._tools))
        return f"{text}\n\n{render('holo3_structured', schema=schema)}"

    def _past(self, reply: str, call_id: str) -> tuple[Message, tuple[FunctionCall, ...]]:
        """An earlier reply without its reasoning, and its calls, whose results follow."""
        shown = without_reasoning(reply)
        parsed = self.parse(reply)
        ended = not isinstance(parsed, Reply) or any(isinstance(move, Finish | GiveUp) for move in parsed.moves)
        calls = () if ended else _calls_in(shown, call_id)
        if not self.native or not calls:
            return Message.of("assistant", shown), calls
        content = shown[: found.start()].strip() if (found := _CALLS.search(shown)) else ""
        return Message("assistant", (TextPart(content),), calls=calls), calls

    def _result(self, call: FunctionCall, result: str) -> Message:
        if self.native:
            return Message("tool", (TextPart(result),), call_id=call.call_id)
        return Message.of("user", f'<tool_output tool="{call.name}">\n{result}\n</tool_output>')


def holo31() -> Holo3:
    """Holo3.1-35B-A3B."""
    return Holo3(native=True, name="holo3.1", served_as=r"holo-?3-?1-?35b")


def holo4() -> Holo3:
    """Holo4-27B and -35B-A3B."""
    return Holo3(native=True, name="holo4", served_as=r"holo-?4(?!\d)")


def _observation(turn: Turn, notes: str) -> Message:
    """The screenshot of `turn`, or a placeholder, in the wrapper that the models are trained with."""
    after = f"\n{notes}\n</observation>" if notes else "\n</observation>"
    if turn.image is None:
        return Message.of("user", f"<observation>\n{_OMITTED}{after}")
    parts: tuple[Part, ...] = (TextPart("<observation>\n"), turn.image, TextPart(after))
    return Message("user", parts)


def _calls_in(reply: str, call_id: str) -> tuple[FunctionCall, ...]:
    """The calls of a reply that can be parsed, in either form."""
    if (opening := _OBJECT.match(reply)) is not None:
        data, _ = read_json(reply, opening.end())
        calls: tuple[Call, ...] = (read_navigation(data, 0)[0],)
    else:
        calls = read_tools(reply, cast("re.Match[str]", _CALLS.search(reply)).start())
    numbered = [call_id, *(f"{call_id}_{number}" for number in range(2, len(calls) + 1))]
    return tuple(
        FunctionCall(call.name, {arg.name or "": json_value(arg.value) for arg in call.arguments}, each)
        for call, each in zip(calls, numbered, strict=True)
    )
