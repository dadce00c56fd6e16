"""Whatever a model replies, parsing it does not raise."""

from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.core.decision import Reply
from screenwright.agent.dialects.registry import dialect_named, dialect_names

DIALECTS = [dialect_named(name) for name in dialect_names()]

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
)


@given(text=st.text(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
def test_parsing_never_raises(text: str) -> None:
    for dialect in DIALECTS:
        found = dialect.parse(text)
        assert found.moves if isinstance(found, Reply) else 0 <= found.position <= len(text)
        assert dialect.is_complete(text) in (True, False)
