"""Whatever a model replies, parsing it does not raise, and finishes only if the reply holds the family's own form.

`FUZZ_REPLIES=1000000 pytest tests/agent/dialects/test_fuzz.py` tries that many mutated replies.
"""

import json
import os
import random
import re
from collections.abc import Callable
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import DATA

from screenwright.agent.core.decision import Finish, Reply
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.registry import dialect_named, dialect_names

DIALECTS = [dialect_named(name) for name in dialect_names()]
REPLIES = int(os.environ.get("FUZZ_REPLIES", "1500"))

FRAGMENTS = (
    "Thought: ",
    "Action: ",
    "Action_Summary:",
    "click(",
    "type(content=",
    "wait()",
    "finished(",
    "start_box=",
    "'",
    '"',
    "(",
    ")",
    "[",
    "]",
    ",",
    "\n",
    "\n\n",
    "\\",
    "1",
    "-2.5",
    "<point>",
    "</point>",
    "<think>",
    "</think>",
    "```",
    "{",
    "}",
    '"name"',
    ":",
    "<tool_call>",
    "</tool_call>",
    "<function=click>",
    "<parameter=point>",
    "</parameter>",
    "</function>",
    "<action>",
    "</action>",
    "## Code:",
    "```python\n",
    "pyautogui.click(",
    "computer.terminate(",
    "x=",
    "=",
    "nan",
    "[EOS]",
    "<|im_end|>",
    "<|box_start|>",
    "<answer>",
    "\uff1a",
    "\x00",
    "é",
    "#",
    ";",
    ".",
    " ",
    "true",
    '{"action": ',
    "Click(",
    "<answer>",
    "</answer>",
    "finished()",
    "finish(message='x')",
    "computer.terminate(status='success')",
    '{"name": "computer_use", "arguments": {"action": "terminate", "status": "success"}}',
    '{"action": "answer", "content": "x"}',
    "\u201c",
    "\u201d",
    "\u2018",
    "\uff08",
    "\uff09",
    "\uff0c",
    "\\n",
    "\\ud83d",
    "\u273fFUNCTION\u273f: ",
    "\u273fARGS\u273f: ",
    "clicks=0",
    "<THINK>",
    "</THINK>",
    "</thinking>",
    "explain:",
    "\taction:",
    "\taction:COMPLETE\treturn:x",
    "do(action=",
    '{"name": "send_msg_to_user", "msg": "[EXIT]"}',
    '{"coordinate": [1, 2]}',
)


@given(text=st.text(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
def test_parsing_never_raises(text: str) -> None:
    for dialect in DIALECTS:
        check(dialect, text)


RECORDED: list[str] = [
    json.loads(line)["text"] for line in (DATA / "uitars_cases.jsonl").read_text(encoding="utf-8").splitlines()
]
Mutation = Callable[[random.Random, str], str]


def delete(choice: random.Random, text: str) -> str:
    start, end = span(choice, text)
    return text[:start] + text[end:]


def duplicate(choice: random.Random, text: str) -> str:
    start, end = span(choice, text)
    return text[:end] + text[start:]


def move(choice: random.Random, text: str) -> str:
    start, end = span(choice, text)
    return insert(choice, text[:start] + text[end:], text[start:end])


def truncate(choice: random.Random, text: str) -> str:
    return text[: choice.randrange(len(text) + 1)]


def add_fragment(choice: random.Random, text: str) -> str:
    return insert(choice, text, choice.choice(FRAGMENTS))


def replace_character(choice: random.Random, text: str) -> str:
    at = choice.randrange(len(text) + 1)
    return text[:at] + choice.choice("'\"()[]{}<>=:;,.\\\n0aZ\u201c\u2019\uff08\uff1a\0") + text[at + 1 :]


def join(choice: random.Random, text: str) -> str:
    return text + choice.choice(("", "\n", "\n\n", " ")) + choice.choice(RECORDED)


def wrap(choice: random.Random, text: str) -> str:
    tag = choice.choice(("answer", "think", "action", "tool_call", "conclusion"))
    return f"<{tag}>{text}</{tag}>"


MUTATIONS: tuple[Mutation, ...] = (
    delete,
    duplicate,
    move,
    truncate,
    add_fragment,
    add_fragment,
    replace_character,
    replace_character,
    join,
    wrap,
)


def span(choice: random.Random, text: str) -> tuple[int, int]:
    start = choice.randrange(len(text) + 1)
    return start, min(len(text), start + choice.choice((1, 1, 2, 5, 20, 80)))


def insert(choice: random.Random, text: str, part: str) -> str:
    at = choice.randrange(len(text) + 1)
    return text[:at] + part + text[at:]


def mutated(choice: random.Random) -> str:
    if choice.random() < 0.15:
        return "".join(choice.choices(FRAGMENTS, k=choice.randrange(1, 25)))
    text = choice.choice(RECORDED)
    for mutation in choice.choices(MUTATIONS, k=choice.randrange(1, 5)):
        text = mutation(choice, text)
    return text[:3000]


@pytest.mark.timeout(max(300, REPLIES // 100))
def test_mutated_reply_is_parsed_or_refused() -> None:
    choice = random.Random(1)
    for _ in range(REPLIES):
        text = mutated(choice)
        for dialect in DIALECTS:
            check(dialect, text)


def check(dialect: Dialect, text: str) -> None:
    try:
        found = dialect.parse(text)
        assert dialect.is_complete(text) in (True, False)
        if isinstance(found, Reply):
            assert found.moves
            json.dumps([asdict(move) for move in found.moves], ensure_ascii=False).encode()
            if any(isinstance(move, Finish) for move in found.moves):
                assert may_finish(dialect.name, text), "no finish in the reply"
        else:
            assert 0 <= found.position <= len(text)
            assert found.message.splitlines() == [found.message]
    except Exception as error:
        raise AssertionError(f"{dialect.name}: {text!r}") from error


CALL = r"\b(?:{})\s*[(\uff08]"
FUNCTION = r"[\"'\u2018\u201c>=:\uff1a]\s*(?:{})\b"
FORMS = {
    "ui-tars": CALL.format("finished"),
    "doubao": CALL.format("finished"),
    "seed-xml": "finished",
    "ui-venus": CALL.format("finished"),
    "qwen": FUNCTION.format("terminate|answer"),
    "gui-owl": FUNCTION.format("terminate|answer"),
    "evocua": FUNCTION.format("terminate|answer"),
    "fara": FUNCTION.format("terminate|answer"),
    "opencua": CALL.format("terminate"),
    "scalecua": CALL.format("terminate|response|answer"),
    "holo": f"{CALL}|{FUNCTION}".format("answer", "answer"),
    "kimi": CALL.format("terminate"),
    "glm-v": CALL.format("done"),
    "gta1": "(?!)",
    "planner": CALL.format("finished"),
    "autoglm": r"finish\s*[(\uff08]",
    "gelato": "(?!)",
    "mai-ui": FUNCTION.format("terminate|answer"),
    "molmoweb": FUNCTION.format("send_msg_to_user"),
    "step-gui": r"\baction\s*[:\uff1a]\s*complete",
}
THINK = r"(?:seed:|gui_|grounding_)?think\w*>"
REASONING = re.compile(rf"\A\s*(?:```\w*\s*)?<{THINK}.*?(?:</{THINK}|\Z)", re.DOTALL | re.IGNORECASE)
OTHER_CALL = re.compile(r"</?(?:function|parameter|action)|[{}]|\b[a-z_]+\([\"'\[)]|^\W*action\s*:", re.M | re.I)


def may_finish(name: str, text: str) -> bool:
    """Whether the reply, without its reasoning, holds a finish of the family, found without parsing it."""
    rest = text if name == "step-gui" else REASONING.sub("", text)  # which also reads <TINK> and < THINK >
    reply = re.split(f"</{THINK}", text, flags=re.IGNORECASE)[-1]
    if name == "seed-xml" and re.search(r"\w", reply) and not OTHER_CALL.search(reply):
        return True
    form = next(form for family, form in FORMS.items() if name.startswith(family))
    return re.search(form, rest, re.IGNORECASE) is not None
