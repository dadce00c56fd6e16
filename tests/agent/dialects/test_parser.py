"""The tokenizing parser: what it accepts, what it rejects and why."""

import pytest

from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, Finish, ModelMove, ParseFailure, Reply
from screenwright.agent.dialects.ui_tars import UiTars15
from screenwright.envs.actions import Back, Button, Click, Direction, Drag, Hotkey, KeyDown, Scroll, Type, Wait

PARSE = UiTars15().parse
AT = ModelPoint(100, 200)


def read(text: str) -> tuple[ModelMove, ...]:
    reply = PARSE(text)
    assert isinstance(reply, Reply), reply
    return reply.moves


def failure_of(text: str) -> ParseFailure:
    found = PARSE(text)
    assert isinstance(found, ParseFailure), found
    return found


@pytest.mark.parametrize(
    "written",
    [
        "'(100,200)'",
        "'( 100 , 200 )'",
        "'[100, 200]'",
        "'100, 200'",
        "'100 200'",
        '"(100,200)"',
        "'<|box_start|>(100,200)<|box_end|>'",
        "'<point>100 200</point>'",
        "'<point>100, 200</point>'",
        "'<bbox>100 200</bbox>'",
        "'(100.0,200.)'",
        "(100,200)",
        "[100, 200]",
        "<point>100 200</point>",
        "<|box_start|>(100,200)<|box_end|>",
        "'+100 +200'",
        "'x=100, y=200'",
        "\"{'x': 100, 'y': 200}\"",
    ],
)
def test_point_is_parsed_in_every_notation(written: str) -> None:
    assert read(f"Action: click(start_box={written})") == (Click(AT),)
    assert read(f"Action: click(point={written})") == (Click(AT),)


@pytest.mark.parametrize(
    "written",
    [
        "'[90,190,110,210]'",
        "'90 190 110 210'",
        "'(90,190),(110,210)'",
        "'<bbox>90 190 110 210</bbox>'",
        "[[90, 190], [110, 210]]",
        "'<|box_start|>(90,190),(110,210)<|box_end|>'",
    ],
)
def test_box_becomes_its_centre_and_is_kept(written: str) -> None:
    assert read(f"Action: click(start_box={written})") == (Click(ModelPoint(100, 200, (90, 190, 110, 210))),)


@pytest.mark.parametrize(
    "written",
    [
        "''",
        "'()'",
        "'[]'",
        "'='",
        "'(1,2,3)'",
        "'1'",
        "'[1,2,3,4,5]'",
        "'(nan,5)'",
        "'(inf,5)'",
        "'<point></point>'",
        "'(1e400,2)'",
        "'(--1,2)'",
        "'the button'",
        "true",
        "'" + "9" * 400 + ",1'",
        "'1.2.3 4'",
        "'x=1.2.3, y=4'",
        "'y=1, x=2'",
    ],
)
def test_invalid_point_is_rejected(written: str) -> None:
    assert failure_of(f"Action: click(start_box={written})").kind == "bad_point"


@pytest.mark.parametrize("action", ["click()", "click(end_box='(1,2)')", "drag(end_point='(1,2)')", "long_press()"])
def test_action_without_a_required_point_is_rejected(action: str) -> None:
    assert failure_of(f"Action: {action}").kind == "missing_point"


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("fly(point='(1,2)')", "unknown_action"),
        ("eval(content='1')", "unknown_action"),
        ("type()", "missing_argument"),
        ("hotkey()", "missing_argument"),
        ("hotkey(key='ctrl hyperdrive')", "bad_argument"),
        ("scroll(direction='sideways')", "bad_argument"),
        ("scroll(point='(1,2)')", "missing_argument"),
        ("scroll(direction='up', amount='much')", "bad_argument"),
        ("wait(time=-1)", "bad_argument"),
        ("wait(time='nan')", "bad_argument"),
        ("wait(time=1000000)", "bad_argument"),
        ("click(start_box='(1,2)' 'x')", "bad_syntax"),
        ("click(start_box=@)", "bad_syntax"),
        ("click(start_box=" + "[" * 50 + "]" * 50 + ")", "bad_syntax"),
    ],
)
def test_parse_failure_has_the_right_kind(action: str, kind: str) -> None:
    found = failure_of(f"Action: {action}")
    assert found.kind == kind
    assert "\n" not in found.message


@pytest.mark.parametrize(
    "text",
    [
        "Action: type(content='never ends",
        "Action: click(",
        "Action: finished(content='a', ",
        "Action: click(start_box='(1",
        "Action: scroll(direction='do",
        "Action: drag(start_box='(1,2)', end_box='(3",
        "Action: hotkey(key=['ctrl', ",
    ],
)
def test_incomplete_reply_is_truncated(text: str) -> None:
    assert failure_of(text).kind == "truncated"


@pytest.mark.parametrize(
    ("written", "text", "submit"),
    [
        (r"'a\nb'", "a\nb", False),
        (r"'a\n'", "a", True),
        ("'a\n'", "a", True),
        (r"'a\n\n'", "a\n", True),
        (r"'admin\\n'", r"admin\n", False),
        (r"'C:\temp'", "C:\temp", False),
        (r"'\d+\.\w'", r"\d+\.\w", False),
        ("'it's'", "it's", False),
        (r"'it\'s'", "it's", False),
        ('"it\'s"', "it's", False),
        ('"say "hi" now"', 'say "hi" now', False),
        ("'print('hi')'", "print('hi')", False),
        ("'(it's) (so)'", "(it's) (so)", False),
        ("'Action: finished()'", "Action: finished()", False),
        ("'x\nAction: click(start_box='(1,2)')\nAction: wait()'", None, False),
        ("'finished(content=\\'x\\')'", "finished(content='x')", False),
        ("'  two  spaces  '", "  two  spaces  ", False),
        ("'```'", "```", False),
        ("'# no comment'", "# no comment", False),
        ("'</answer><think>'", "</answer><think>", False),
        ("'naïve 你好 🙂'", "naïve 你好 🙂", False),
        ("''", "", False),
        ("'''", "'", False),
    ],
)
def test_typed_text_is_unescaped_correctly(written: str, text: str | None, submit: bool) -> None:
    found = PARSE(f"Action: type(content={written})")
    if text is None:  # unescaped quotes around whole actions are ambiguous and therefore rejected
        assert not (isinstance(found, Reply) and any(isinstance(move, Type) for move in found.moves))
    else:
        assert found == Reply((Type(text, submit),))


@pytest.mark.parametrize(
    "tail",
    [
        "",
        ".",
        " .",
        ";",
        "\n",
        "\n\n\n",
        " # now wait",
        "[EOS]",
        "<|im_end|>",
        "<|im_end|>\nuser\nAction: wait()",
        "\n```",
        "```",
        "\n</Output>",
        "</computer_env>",
        "\nThis opens the menu.",
        " and then we are done",
        "\n\n" + " " * 500,
    ],
)
def test_text_after_an_action_is_ignored(tail: str) -> None:
    assert read(f"Thought: x\nAction: click(start_box='(100,200)'){tail}") == (Click(AT),)


@pytest.mark.parametrize("gap", ["\n\n", "\n", "; ", ";", "\n\n\n", " # first\n", "\n```\n"])
def test_several_actions_are_parsed_with_any_separator(gap: str) -> None:
    assert read(f"Action: click(point='(100,200)'){gap}type(content='a'){gap}wait()") == (Click(AT), Type("a"), Wait())


def test_action_after_other_text_is_not_silently_dropped() -> None:
    assert failure_of("Action: click(start_box='(1,2)')\nNow I type:\ntype(content='x')").kind == "bad_syntax"


def test_last_labelled_action_counts() -> None:
    assert read("Action: wait()\nThought: no\nAction: click(start_box='(100,200)')") == (Click(AT),)


def test_label_followed_by_text_is_no_action() -> None:
    reply = PARSE("Thought: a\nAction: I will wait.\nAction: wait()")
    assert reply == Reply((Wait(),), "a")


def test_thought_may_mention_actions() -> None:
    text = "Thought: I could use click(start_box='(1,2)') or finished().\nAction: wait()"
    assert PARSE(text) == Reply((Wait(),), "I could use click(start_box='(1,2)') or finished().")


@pytest.mark.parametrize("label", ["Action:", "action :", "**Action:**", "Action\uff1a", "### Action:", "> Action:"])
def test_label_may_have_markdown(label: str) -> None:
    assert read(f"Thought: x\n{label} wait()") == (Wait(),)


def test_inline_label_counts_if_there_is_no_other() -> None:
    assert PARSE("Thought: Go there. Action: click(start_box='(100,200)')") == Reply((Click(AT),), "Go there.")


def test_call_without_label_is_an_action() -> None:
    assert read("click(start_box='(100,200)')") == (Click(AT),)
    assert PARSE("I wait.\n\nwait()") == Reply((Wait(),), "I wait.")


def test_swipe_is_a_drag_and_select_is_a_click() -> None:
    there = ModelPoint(300, 400)
    assert read("Action: scroll(start_box='(100,200)', end_box='(300,400)')") == (Drag((AT, there)),)
    assert read("Action: swipe(start_point='(100,200)', end_point='(300,400)')") == (Drag((AT, there)),)
    assert read("Action: select(start_box='(100,200)')") == (Click(AT),)
    assert read("Action: select(start_box='(100,200)', end_box='(300,400)')") == (Drag((AT, there)),)


def test_alternative_action_names_are_known() -> None:
    assert read("Action: left_double(point='(100,200)')") == (Click(AT, count=2),)
    assert read("Action: right_click(point='(100,200)')") == (Click(AT, Button.RIGHT),)
    assert read("Action: press(key='Shift')") == (KeyDown("shift"),)
    assert read("Action: hotkey(key='page down')") == (Hotkey(("pagedown",)),)
    assert read("Action: hotkey(key='back')\n\npress_back()") == (Back(), Back())
    assert read("Action: call_user()\n\nfinished()") == (AskUser(), Finish())


def test_scroll_amount_is_kept() -> None:
    assert read("Action: scroll(direction='left', amount=3)") == (Scroll(Direction.LEFT, 3),)
    assert read("Action: scroll(direction='UP', amount='7', point='(100,200)')") == (Scroll(Direction.UP, 7, AT),)


def test_too_many_actions_are_rejected() -> None:
    assert len(read("Action: " + "wait()\n\n" * 100)) == 100
    assert failure_of("Action: " + "wait()\n\n" * 101).kind == "bad_syntax"


@pytest.mark.parametrize("tag", ["think", "thinking", "thinkt", "gui_think", "seed:think", "think_never_used_51bce0c7"])
def test_reasoning_is_separated_from_the_reply(tag: str) -> None:
    reply = PARSE(f"<{tag}>\nAction: wait() is wrong\n</{tag}>\nThought: go\nAction: click(point='(100,200)')")
    assert reply == Reply((Click(AT),), "go", reasoning="Action: wait() is wrong")


def test_reasoning_without_opening_tag_is_recognized() -> None:
    assert PARSE("I look (again).\n</think>\nAction: wait()") == Reply((Wait(),), reasoning="I look (again).")
    assert PARSE("Action: type(content='</think>')") == Reply((Type("</think>"),))


def test_quoted_action_in_a_thought_is_no_action() -> None:
    assert failure_of("Thought: The page says 'Action: wait()' in red.").kind == "no_action"


def test_unclosed_reasoning_contains_no_action() -> None:
    assert failure_of("<think>Action: wait()").kind == "no_action"


@pytest.mark.parametrize(
    "text",
    [
        "<seed:tool_call><function=click><parameter=point><point>100 200</point></parameter></function>"
        "</seed:tool_call>",
        "<function name=\"click\"><parameter name='point' string='true'>100 200</parameter></function>",
        '<function=click><parameter=point string="false">[100, 200]</parameter></function>',
        "<function_never_used_5b=click>\n<parameter_never_used_5b=point>\n<point>100 200</point>\n"
        "</parameter_never_used_5b>\n</function_never_used_5b>",
        "<tool_call><function=computer><parameter=action>click</parameter><parameter=point>\n100 200\n</parameter>"
        "</function></tool_call>",
        "<function=click><parameter=point><list><item>100</item><item>200</item></list></parameter></function>",
        '{"name": "click", "arguments": {"point": [100, 200]}}',
        '```json\n{"name": "click", "arguments": "{\\"point\\": {\\"x\\": 100, \\"y\\": 200}}"}\n```',
        "click>point>point>100 200",
        "click>point>100 200",
    ],
)
def test_function_call_is_parsed_in_every_serialization(text: str) -> None:
    assert read(text) == (Click(AT),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<seed:tool_call><function=click><parameter=point>1 2", "truncated"),
        ("<function=click><parameter=point>1 2</parameter>", "truncated"),
        ("<function=click>stray text</function>", "bad_syntax"),
        ('<function=wait><parameter=time string="false">[1,</parameter></function>', "bad_json"),
        ('<tool_call>{"name": "computer_use", "arguments": {"action": "wait"', "truncated"),
        ('<tool_call>{"name": "computer_use", "arguments": {}}</tool_call>', "missing_argument"),
        ('<tool_call>{"name": "computer_use" "arguments"}</tool_call>', "bad_json"),
        ("<tool_call>[1]</tool_call>", "bad_json"),
        ('<tool_call>{"name": "click", "arguments": [1]}</tool_call>', "bad_json"),
        ('{"name": "click", "arguments": {"point": {"a": {}}}}', "bad_argument"),
        ('<tool_call>{"name": ' + "[" * 100_000, "bad_json"),
        ('<tool_call>{"name": ' + "9" * 100_000, "bad_json"),
        ("<answer>never closed", "truncated"),
    ],
)
def test_malformed_function_call_reports_the_error(text: str, kind: str) -> None:
    assert failure_of(text).kind == kind


def test_text_in_xml_is_unchanged() -> None:
    code = "if a < b:\n    print('x')\n"
    text = f"<function=type><parameter=content>{code}</parameter></function>"
    assert read(text) == (Type(code.removesuffix("\n"), submit=True),)
