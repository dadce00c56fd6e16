"""Streamed replies end when they are complete, and when they are runaway repetition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.core.decision import ParseFailure, Reply
from screenwright.agent.dialects.registry import dialect_named, dialect_names
from screenwright.agent.dialects.ui_tars import Doubao, UiTars15
from screenwright.envs.actions import Type

RUNAWAYS = {
    "counting": "Action: click(start_box='[" + ",".join(map(str, range(2, 20_000))),
    "blank lines": "Thought: x\n" + "\n" * 100_000,
    "one passage": "Thought: " + "I will click the button. " * 4_000,
    "one character": "Action: type(content='" + "a" * 100_000,
    "labels": "Action: " * 12_000,
    "quotes": "Action: type(content='" + "')\nx" * 25_000,
    "word": "a" * 100_000,
    "quotes in JSON": '{"name": "' + '", b' * 25_000,
    "objects": '{"name": ' * 10_000,
}


@pytest.mark.parametrize("text", RUNAWAYS.values(), ids=RUNAWAYS.keys())
@pytest.mark.parametrize("name", dialect_names())
def test_runaway_reply_is_stopped_and_never_executed(name: str, text: str) -> None:
    dialect = dialect_named(name)
    assert isinstance(dialect.parse(text), ParseFailure)
    assert dialect.is_complete(text)
    assert any(dialect.is_complete(text[:length]) for length in range(100, 4_000, 100))


@pytest.mark.parametrize(
    "text",
    [
        "Thought: " + " ".join(f"word{number}" for number in range(2_000)),
        "Action: type(content='" + "\n".join(f"{number}, {number * 7 % 1000}" for number in range(90)),
        "Action: type(content='" + "-" * 80 + "\n" + "=" * 80,
        "Thought: (a) first (b) second\nAction: click(start_box='(100,",
    ],
)
def test_long_reply_is_not_runaway(text: str) -> None:
    assert not UiTars15().is_complete(text)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("Thought: x (so)", False),
        ("Thought: x\nAction: click(start_box='(1,2)'", False),
        ("Thought: x\nAction: click(start_box='(1,2)')", True),
        ("Thought: use click(start_box='(1,2)')", False),
        ("Action: type(content='f(x)", False),
        ("Action: type(content='f(x)')", False),
        ("Action: type(content='f(x)')\n\nw", False),
        ("Action: type(content='f(x)')\n\nThought:", True),
        ("Action: type(content='f(x)')\nwait(", False),
        ("Action: type(content='f(x)')\nwait()", True),
        ("Action: wait()", True),
        ("<think>\nAction: wait()", False),
        ("<think>\nAction: wait()\n</think>\nAction: click(", False),
        ("<think>\nAction: wait()\n</think>\nAction: finished()", True),
        ("Action: finished()", True),
    ],
)
def test_streamed_reply_ends_after_its_first_complete_action(text: str, complete: bool) -> None:
    assert UiTars15().is_complete(text) is complete


@pytest.mark.parametrize(
    ("name", "start", "closing"),
    [
        ("seed-xml", "Go.<seed:tool_call><function=wait></function>", "</seed:tool_call>"),
        ("qwen3-vl", '<tool_call>\n{"name": "computer_use", "arguments": {"action": "wait"}}', "\n</tool_call>"),
        (
            "qwen3.5",
            "<tool_call>\n<function=computer_use>\n<parameter=action>\nwait\n</parameter>\n</function>",
            "\n</tool_call>",
        ),
        ("opencua", "## Code:\n```python\ncomputer.wait()", "\n```"),
        ("scalecua", "<think>\n(so)\n</think>\n<action>\nwait()", "\n</action>"),
        ("ui-venus-1.5", "<think>(so)</think><action>Wait()</action><conclusion>waited", "</conclusion>"),
        ("holo1", "Click(352, 348", ")"),
        ("holo2", '{"note": "(a) {b}", "thought": "", "action": {"action": "go_back"}', "}"),
        ("gta1", "(100,200", ")"),
        ("gelato", "(100,200", ")"),
        ("autoglm", '<think>(so)</think><answer>do(action="Tap", element=[1,2])', "</answer>"),
        ("mai-ui", '<thinking>\nso\n</thinking>\n<tool_call>\n{"name":"mobile_use","arguments":{}}', "\n</tool_call>"),
        ("molmoweb", '{"thought": "{a}", "action": {"name": "goto", "url": "b"}', "}"),
    ],
)
def test_other_families_end_at_their_closing_tag(name: str, start: str, closing: str) -> None:
    dialect = dialect_named(name)
    assert not any(dialect.is_complete(start[:length]) for length in range(len(start) + 1))
    assert dialect.is_complete(start + closing)


def test_family_with_several_actions_is_not_stopped_early() -> None:
    assert not Doubao().is_complete("Action: click(point='<point>1 2</point>')")
    assert not UiTars15(one_action=False).is_complete("Action: click(start_box='(1,2)')")


@given(
    text=st.text(alphabet="ab'\"()\\\n,=:{} ", max_size=30),
    then=st.sampled_from(["", "\n", "\n\nThought: b", "\n\nwait()", "[EOS]"]),
)
def test_early_stop_never_changes_the_first_action(text: str, then: str) -> None:
    dialect = UiTars15()
    whole = dialect.format("a", [Type(text)]) + then
    complete = dialect.parse(whole)
    assert isinstance(complete, Reply)
    for end in range(len(whole)):
        if dialect.is_complete(whole[:end]):
            early = dialect.parse(whole[:end])
            assert isinstance(early, Reply)
            assert early.moves[0] == complete.moves[0]


@pytest.mark.parametrize(
    "call",
    [
        "click(start_box='<|box_start|>(12,33)<|box_end|>')",
        "drag(start_box='<|box_start|>(12,33)<|box_end|>', end_box='<|box_start|>(44,5)<|box_end|>')",
        "drag(start_box='(12,33)', end_box='(44,5)')",
        "scroll(start_box='<|box_start|>(1,2)<|box_end|>', direction='down')",
        "click(point='<point>10 20</point>')",
        "drag(start_point='<point>1 2</point>', end_point='<point>3 4</point>')",
        "hotkey(key='ctrl c')",
        "wait()",
    ],
)
def test_call_is_complete_at_its_closing_parenthesis(call: str) -> None:
    text = f"Thought: There it is (at last).\nAction: {call}"
    whole = [end for end in range(len(text) + 1) if UiTars15().is_complete(text[:end])]
    assert whole == [len(text)]
