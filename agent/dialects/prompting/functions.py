"""The functions `computer_use` and `mobile_use` of Qwen and the families trained from it, as JSON schemas.

The families share the functions and differ in their actions. The descriptions are in our own wording.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from .prompt_kind import Prompt


@dataclass(frozen=True, slots=True)
class Verb:
    """An action of a function: what it does, and the parameters that it takes."""

    text: str
    parameters: tuple[str, ...] = ()


_AT = ("coordinate",)
_VERBS = {
    "key": Verb("press `keys` together", ("keys",)),
    "key_down": Verb("hold `keys` down until key_up", ("keys",)),
    "key_up": Verb("release `keys`", ("keys",)),
    "type": Verb("type `text`; a line break at its end presses Enter", ("text",)),
    "mouse_move": Verb("move the pointer", _AT),
    "left_click": Verb("click with the left button", _AT),
    "right_click": Verb("click with the right button", _AT),
    "middle_click": Verb("click with the middle button", _AT),
    "double_click": Verb("click twice", _AT),
    "triple_click": Verb("click three times, which selects a line or paragraph", _AT),
    "left_click_drag": Verb("drag from the position of the pointer to `coordinate`", _AT),
    "left_mouse_down": Verb("hold the left button down"),
    "left_mouse_up": Verb("release the left button"),
    "click": Verb("click, or tap", _AT),
    "drag": Verb("drag from `coordinate` to `coordinate2`", ("coordinate", "coordinate2")),
    "long_press": Verb("press and hold for `time` seconds", ("coordinate", "time")),
    "swipe": Verb("swipe from `coordinate` to `coordinate2`", ("coordinate", "coordinate2")),
    "scroll": Verb("scroll by `pixels`: up if positive, down if negative", ("coordinate", "pixels")),
    "hscroll": Verb("scroll by `pixels`: right if positive, left if negative", ("coordinate", "pixels")),
    "system_button": Verb("press a button of the phone", ("button",)),
    "open": Verb("open the app named `text`", ("text",)),
    "screenshot": Verb("look at the screen again"),
    "wait": Verb("wait `time` seconds", ("time",)),
    "answer": Verb("finish the task with `text` as the answer", ("text",)),
    "terminate": Verb("end the task", ("status",)),
    "interact": Verb("ask the user `text`", ("text",)),
    "call_user": Verb("ask the user `text`", ("text",)),
    "visit_url": Verb("open the page `url`", ("url",)),
    "web_search": Verb("search the web for `query`", ("query",)),
    "history_back": Verb("go back to the page before"),
    "pause_and_memorize_fact": Verb("write down `fact` for later steps", ("fact",)),
    "ask_user_question": Verb("ask the user `question`", ("question",)),
}
_PARAMETERS: dict[str, tuple[dict[str, JsonValue], str]] = {
    "keys": ({"type": "array", "items": {"type": "string"}}, "names of keys"),
    "text": ({"type": "string"}, "the text"),
    "coordinate": ({"type": "array", "items": {"type": "number"}}, "[x, y], from the top left corner"),
    "coordinate2": ({"type": "array", "items": {"type": "number"}}, "[x, y] of the end"),
    "pixels": ({"type": "number"}, "the distance"),
    "time": ({"type": "number"}, "seconds"),
    "button": ({"type": "string", "enum": ["Back", "Home", "Menu", "Enter"]}, "the button"),
    "status": ({"type": "string", "enum": ["success", "failure"]}, "whether the task is done, or impossible"),
    "answer": ({"type": "string"}, "the answer to the user"),
    "question": ({"type": "string"}, "the question"),
    "url": ({"type": "string"}, "the address"),
    "query": ({"type": "string"}, "the words to search for"),
    "fact": ({"type": "string"}, "the fact"),
    "clear": ({"type": "number"}, "1 to replace the text in the field"),
    "enter": ({"type": "number"}, "1 to press Enter after the text"),
    "delete_existing_text": ({"type": "boolean"}, "whether to replace the text in the field"),
    "press_enter": ({"type": "boolean"}, "whether to press Enter after the text"),
}

COMPUTER = "computer_use"
MOBILE = "mobile_use"


def function_name(prompt: Prompt) -> str:
    """The function for that kind of screen."""
    return MOBILE if prompt is Prompt.MOBILE else COMPUTER


def verbs(names: str, **changed: Verb) -> dict[str, Verb]:
    """The actions called `names`, separated by spaces, and `changed` ones of the family's own."""
    return {name: changed.get(name) or _VERBS[name] for name in (*names.split(), *changed)}


def function(prompt: Prompt, actions: Mapping[str, Verb], width: str, height: str) -> dict[str, JsonValue]:
    """The function with these actions for a screen of that size, as in OpenAI's `tools`."""
    device = "a phone by touch" if prompt is Prompt.MOBILE else "a computer by mouse and keyboard"
    used = {name: [action for action, verb in actions.items() if name in verb.parameters] for name in _PARAMETERS}
    parameters: dict[str, JsonValue] = {
        "action": {
            "type": "string",
            "enum": list(actions),
            "description": "\n".join(f"`{name}`: {verb.text}" for name, verb in actions.items()),
        },
        **{
            name: {**schema, "description": f"{text}; for {', '.join(used[name])}"}
            for name, (schema, text) in _PARAMETERS.items()
            if used[name]
        },
    }
    return {
        "type": "function",
        "function": {
            "name": function_name(prompt),
            "description": f"Operate {device}, or end the task. The screen has a size of {width} x {height}; "
            "aim at the center of an element.",
            "parameters": {"type": "object", "required": ["action"], "properties": parameters},
        },
    }
