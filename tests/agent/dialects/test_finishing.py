"""Only the form in which a family finishes ends a task."""

import pytest

from screenwright.agent.core.decision import Finish, Reply
from screenwright.agent.dialects.registry import dialect_named, dialect_names

POINTS = ['do(action="Tap", element=[499,182])', "click(start_box='(1,2)')", "Action: wait()", "WAIT()", "[499,182]"]
PHONES = {
    "autoglm": 'finish(message="done")',
    "step-gui": "explain:it is done\taction:COMPLETE\treturn:done\tsummary:done",
}
FOREIGN = [
    *POINTS,
    *PHONES.values(),
    "DONE()",
    '{"coordinate": [499, 182]}',
    '{"name": "mobile_use", "arguments": {"action": "click", "coordinate": [1, 2]}}',
    '{"name": "mobile_use", "arguments": {"action": "complete"}}',
    "<function=click><parameter=point>1 2</parameter></function>",
    "<function=done></function>",
    "## Code:\n```python\npyautogui.click(x=1, y=2)\n```",
    "task>done>it is done",
]


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name in dialect_names() for text in FOREIGN if PHONES.get(name) != text]
)
def test_another_familys_action_or_finish_does_not_finish(name: str, text: str) -> None:
    for reply in (
        text,
        f"<answer>{text}</answer>",
        f"<answer>\n{text}",
        f"<think>I am done.</think><answer>{text}</answer>",
        f"It is done. </think>\n<answer>{text}</answer>",
        f"I have seen it.\n{text}",
    ):
        assert finishes(name, reply) is None, reply


@pytest.mark.parametrize("name", dialect_names())
@pytest.mark.parametrize(
    "text", ["", "  \n", "<think>It is done.", "<think>It is done.</think>", "Thought: It is done."]
)
def test_reply_without_content_does_not_finish(name: str, text: str) -> None:
    assert finishes(name, text) is None


@pytest.mark.parametrize("name", ["qwen2.5-vl", "qwen3-vl", "qwen3.5", "gui-owl-1.5"])
@pytest.mark.parametrize("text", ["terminate(status='success')", "answer(text='42')", "finished(content='42')"])
def test_tool_caller_does_not_finish_by_a_labelled_call(name: str, text: str) -> None:
    assert finishes(name, f"Action: {text}") is None


@pytest.mark.parametrize("name", ["ui-tars-1.5", "ui-tars-1.0", "doubao"])
@pytest.mark.parametrize(
    "text", ["<function=finished></function>", '{"name": "finished", "arguments": {}}', "finished>content>done"]
)
def test_family_of_labelled_calls_does_not_finish_by_a_function_call(name: str, text: str) -> None:
    assert finishes(name, text) is None
    assert finishes(name, f"<seed:tool_call>{text}</seed:tool_call>") is None
    assert finishes("seed-xml", text) is not None


FORMS = {
    "ui-tars-1.5": "Action: finished(content='42')",
    "doubao": "Action: finished(content='42')",
    "seed-xml": "<function=finished><parameter=content>42</parameter></function>",
    "qwen3-vl": '<tool_call>{"name": "computer_use", "arguments": {"action": "answer", "text": "42"}}</tool_call>',
    "qwen3.5": "<tool_call><function=computer_use><parameter=action>answer</parameter><parameter=text>42</parameter>"
    "</function></tool_call>",
    "fara1.5": '<tool_call>{"name": "computer_use", "arguments": {"action": "terminate", "answer": "42"}}</tool_call>',
    "opencua": "```python\ncomputer.terminate(status='success', answer='42')\n```",
    "scalecua": "<action>response(answer='42')</action>",
    "ui-venus-1.5": "<action>Finished(content='42')</action>",
    "holo2": '{"note": "", "thought": "", "action": {"action": "answer", "content": "42"}}',
    "autoglm": '<answer>finish(message="42")</answer>',
    "mai-ui": '<tool_call>{"name": "mobile_use", "arguments": {"action": "answer", "text": "42"}}</tool_call>',
    "molmoweb": '{"thought": "", "action": {"name": "send_msg_to_user", "msg": "[ANSWER] 42"}}',
    "step-gui": "explain:done\taction:COMPLETE\treturn:42\tsummary:done",
}


@pytest.mark.parametrize(("name", "text"), FORMS.items())
def test_own_form_finishes(name: str, text: str) -> None:
    assert finishes(name, text) == "42"
    assert finishes(name, f"<think>{text}</think>") is None


@pytest.mark.parametrize("name", dialect_names())
@pytest.mark.parametrize("text", ["The total is f(x) = 42 (EUR).", "<answer>The total is f(x) = 42 (EUR).</answer>"])
def test_only_seed_finishes_by_text_without_a_call(name: str, text: str) -> None:
    assert finishes(name, text) == ("The total is f(x) = 42 (EUR)." if name == "seed-xml" else None)


@pytest.mark.parametrize(
    "text", ["It is 42.<|im_end|>", "It is 42. [EOS]\nuser\nNext?", "<seed:think>So.</seed:think>It is 42."]
)
def test_answer_of_seed_is_its_text_only(text: str) -> None:
    assert finishes("seed-xml", text) == "It is 42."


def finishes(name: str, text: str) -> str | None:
    reply = dialect_named(name).parse(text)
    return (
        next((move.answer for move in reply.moves if isinstance(move, Finish)), None)
        if isinstance(reply, Reply)
        else None
    )
