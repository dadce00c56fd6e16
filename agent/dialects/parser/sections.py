"""The text around the actions of a reply: reasoning, labelled sections, code fences.

`<think>...</think>`    reasoning, also as `thinking`, `think_xxx`, `gui_think`, `grounding_think`, `seed:think`
`Thought: ...`          also `<Thought>...</Thought>`, and with a full-width colon
`Reflection: ...`
`Action_Summary: ...`   joined to the thought
`Action: ...`           a description before a tool call: the thought, if there is no other
"""

import re

_OPENING = re.compile(r"(?:\s*+```\w*+)?+\s*+<((?:seed:|gui_|grounding_)?think\w*+)>", re.IGNORECASE)
_LABEL = re.compile(
    r"^[ \t*#>]*+(Thought|Reflection|Action_Summary|Action)\*{0,2}[ \t]*+[:\uff1a]\*{0,2}", re.MULTILINE | re.IGNORECASE
)
_CLOSING = re.compile(r"</(?:seed:|gui_|grounding_)?think\w*+>", re.IGNORECASE)
_STRUCTURE = re.compile(rf"{_LABEL.pattern}|^##|<(?:seed:)?tool_call|<function|<action>|[{{(]['\"]", _LABEL.flags)
_THOUGHT_TAG = re.compile(r"\A\s*+<thought>(.*?)</thought>", re.DOTALL | re.IGNORECASE)
_MARKUP = re.compile(
    r"(?:\s++|```\w*+(?=\s|\Z)|</?(?:computer_env|output|operation|thought|conclusion)>)++", re.IGNORECASE
)
_TAIL = re.compile(r"(?:\s|```\w{0,10}|</?(?:computer_env|output|operation|thought|conclusion)>)+\Z", re.IGNORECASE)


def read_reasoning(text: str) -> tuple[str | None, int]:
    """The reasoning at the start of a reply, and where it ends.

    Unclosed reasoning extends to the end; a `<thinking>` may be closed by `</think>`. If the server puts the opening
    tag into the prompt, the reply has only the closing tag; it counts if nothing before it looks like a section or an
    action.
    """
    if opening := _OPENING.match(text):
        own = re.compile(rf"</{re.escape(opening[1])}>", re.IGNORECASE)
        closing = own.search(text, opening.end()) or _CLOSING.search(text, opening.end())
        end = closing.start() if closing else len(text)
        return text[opening.end() : end].strip() or None, closing.end() if closing else len(text)
    closing = _CLOSING.search(text)
    if closing and not _STRUCTURE.search(text, 0, closing.start()):
        return text[: closing.start()].strip() or None, closing.end()
    return None, 0


def read_sections(text: str) -> tuple[str | None, str | None]:
    """The thought and the reflection in `text`, the part before the actions."""
    tagged = _THOUGHT_TAG.match(text)
    text = text[tagged.end() :] if tagged else text
    sections = [(name, strip_markup(section)) for name, section in split_sections(_LABEL, text)]
    if not sections and not tagged:
        return strip_markup(text), None
    found = [(name, section) for name, section in sections if section]
    thoughts = [tagged[1].strip()] if tagged else []
    thoughts += [section for name, section in found if name in ("thought", "action_summary")]
    thoughts = thoughts or [section for name, section in found if name == "action"]
    reflections = [section for name, section in found if name == "reflection"]
    return ", ".join(thoughts) or None, "\n".join(reflections) or None


def split_sections(label: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """The name of each `label` in `text`, in lower case, with the text up to the next one."""
    labels = list(label.finditer(text))
    ends = [*(found.start() for found in labels), len(text)][1:]
    return [(found[1].lower(), text[found.end() : end].strip()) for found, end in zip(labels, ends, strict=True)]


def strip_markup(text: str) -> str | None:
    """Strip code fences, wrapping tags and white space around `text`; None if nothing is left."""
    start = _MARKUP.match(text)
    text = text[start.end() :] if start else text
    # Only the end is searched, because a pattern anchored at the end tries every position before it.
    tail = _TAIL.search(text, max(0, len(text) - 200))
    return (text[: tail.start()] if tail else text).strip() or None
