"""Mistakes in replies: parsed at once where only one meaning is possible, otherwise a parse failure."""

# ruff: noqa: RUF001 -- full-width punctuation is what is tested

import json

import pytest

from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.dialects.registry import dialect_named
from screenwright.envs.actions import Button, Click, Direction, Drag, Hotkey, Navigate, OpenApp, Scroll, Type, Wait

AT = ModelPoint(450, 565)
CLICK = Click(AT)


def moves(dialect: str, text: str) -> tuple[ModelMove, ...]:
    reply = dialect_named(dialect).parse(text)
    assert isinstance(reply, Reply), reply
    return reply.moves


def kind_of_failure(dialect: str, text: str) -> str:
    found = dialect_named(dialect).parse(text)
    assert isinstance(found, ParseFailure), found
    assert 0 <= found.position <= len(text)
    assert "\n" not in found.message
    return found.kind


@pytest.mark.parametrize(
    ("action", "move"),
    [
        ("click(start_box='（450，565）')", CLICK),
        ("click(start_box='(450，565)')", CLICK),
        ("click(start_box='［450、565］')", CLICK),
        ("click（start_box='(450,565)'）", CLICK),
        ("click（start_box＝'(450,565)'）。", CLICK),
        ("click(start_box=‘(450,565)’)", CLICK),
        ("click(start_box=“(450,565)”)", CLICK),
        ('click(start_box=“(450,565)")', CLICK),
        ("drag(start_box='(1,2)'，end_box='(3,4)')", Drag((ModelPoint(1, 2), ModelPoint(3, 4)))),
        ("type(content=“hello”)", Type("hello")),
        ("type(content=‘it’s’)", Type("it’s")),
        ("type(content='“你好，世界”（1）')", Type("“你好，世界”（1）")),
        ("scroll(direction='[down]', point='<point>450 565</point>')", Scroll(Direction.DOWN, 5, AT)),
        ("scroll(direction=['up'])", None),
        ("hotkey(key=\"['ctrl', 'c']\")", Hotkey(("ctrl", "c"))),
        ('hotkey(key=\'["ctrl", "c"]\')', Hotkey(("ctrl", "c"))),
        ("hotkey(key=['ctrl', 'c'])", Hotkey(("ctrl", "c"))),
        ("hotkey(key='[ctrl, c]')", Hotkey(("ctrl", "c"))),
        ("hotkey(key='ctrl, c')", Hotkey(("ctrl", "c"))),
        ("hotkey(key='ctrl,c')", Hotkey(("ctrl", "c"))),
        ("hotkey(key='ctrl，c')", Hotkey(("ctrl", "c"))),
        ("hotkey(key='ctrl＋c')", Hotkey(("ctrl", "c"))),
        ("hotkey(key='ctrl+,')", Hotkey(("ctrl", ","))),
        ("hotkey(key='ctrl ,')", Hotkey(("ctrl", ","))),
        ("hotkey(key=',')", Hotkey((",",))),
        ("hotkey(text='ctrl c')", Hotkey(("ctrl", "c"))),
        ("hotkey(key=ctrl+c)", Hotkey(("ctrl", "c"))),
        ("type(content='it's', clear=True)", Type("it's")),
        ("type(content='print('a', sep='')')", Type("print('a', sep='')")),
        ("open_app(app_name='McDonald's', package='com.a')", OpenApp("McDonald's")),
        ("click(start_box='(1,2)', start_box='(3,4)')", None),
        ("click(start_box='(1,2)', point='(3,4)')", None),
        ("hotkey(key='enter', text='hello')", None),
        ("hotkey(key='enter', text='')", Hotkey(("enter",))),
        ("click(start_box='(450,565)', button='right')", Click(AT, Button.RIGHT)),
        ("click(start_box='(450,565)', clicks=0)", None),
        ("type(content='\ud800')", None),
        ("finish(message='done')", None),
    ],
)
def test_action_with_a_mistake(action: str, move: ModelMove | None) -> None:
    if move is None:
        assert kind_of_failure("ui-tars-1.5", f"Action: {action}") in ("bad_argument", "no_action", "unknown_action")
    else:
        assert moves("ui-tars-1.5", f"Thought：看\nAction：{action}") == (move,)


JSON_CLICK = '{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [450, 565]}}'


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>{JSON_CLICK.replace(']}', ',],}')}</tool_call>",
        f"<tool_call>\n{JSON_CLICK[:-1]}\n</tool_call>",
        f"<tool_call>{JSON_CLICK[:-2]}</tool_call>",
        f"<tool_call>{JSON_CLICK[:-1]}",
        f"<tool_call>{JSON_CLICK}}}</tool_call>",
        f"<tool_call>{JSON_CLICK.replace(chr(34), chr(39))}</tool_call>",
        f"<tool_call>{JSON_CLICK.replace('[450, 565]', '(450, 565)')}</tool_call>",
        "<tool_call>{name: 'computer_use', arguments: {action: left_click, coordinate: [450, 565]}}</tool_call>",
        "<tool_call>｛“name”：“computer_use”，“arguments”：｛“action”：“left_click”，“coordinate”：［450，565］｝｝</tool_call>",
        f"{JSON_CLICK}\n</tool_call>",
        f"I click it.\n{JSON_CLICK}",
        f"I click it:\n\n```json\n{JSON_CLICK}\n```\nThis opens the menu.",
        f"Action: click it\n{JSON_CLICK}",
        '{"action": "left_click", "coordinate": [450, 565]}',
        '{"name": "computer_use", "action": "left_click", "coordinate": {"x": 450, "y": 565}}',
        '{"type": "function", "function": {"name": "computer_use", "arguments": '
        '"{\\"action\\": \\"left_click\\", \\"coordinate\\": [450, 565]}"}}',
        '{"name": "left_click", "parameters": {"coordinate": "450, 565"}}',
        '{"thought": "There.", "action": "left_click", "coordinate": [450, 565]}',
        f'{{"thought": "There.", "action": {JSON_CLICK}}}',
        f"<tool_call>[{JSON_CLICK}]</tool_call>",
        '✿FUNCTION✿: computer_use\n✿ARGS✿: {"action": "left_click", "coordinate": [450, 565]}',
    ],
)
def test_json_with_a_mistake_is_parsed(text: str) -> None:
    assert moves("qwen2.5-vl", text) == (CLICK,)


def call(action: str, **arguments: object) -> str:
    return json.dumps({"name": "computer_use", "arguments": {"action": action, **arguments}}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (call("key", text="ctrl+c"), Hotkey(("ctrl", "c"))),
        (call("key", keys="['ctrl', 'c']"), Hotkey(("ctrl", "c"))),
        (call("key", keys=[["ctrl", "a"]]), Hotkey(("ctrl", "a"))),
        (call("key", key=["ctrl+a"]), Hotkey(("ctrl", "a"))),
        (call("scroll", direction="down", coordinate=[450, 565]), Scroll(Direction.DOWN, 5, AT)),
        (call("type", text="one\ntwo").replace("\\n", "\n"), Type("one\ntwo")),
        (call("type", text="one\ttwo").replace("\\t", "\t")[:-1], Type("one\ttwo")),
        (call("type", text="a").replace('"a"', '"say "hi" now"'), Type('say "hi" now')),
        (call("type", text="it's").replace('"', "'"), Type("it's")),
        (call("type", text="C:\\users").replace("\\\\", "\\"), Type("C:\\users")),
        (call("type", text="find", press_enter=True), Type("find", submit=True)),
        (call("type", text="x")[:-2] + ', "text": "x"}}', Type("x")),
        (call("wait", time="2"), Wait(2.0)),
        (call("terminate", status="failure", text="no"), GiveUp("no")),
    ],
)
def test_tool_call_with_a_mistake_is_parsed(text: str, expected: ModelMove) -> None:
    assert moves("qwen3-vl", f"<tool_call>\n{text}\n</tool_call>") == (expected,)


@pytest.mark.parametrize(
    "text",
    [
        call("type", text="x")[:-2] + ', "text": "y"}}',  # two texts
        call("type", text="x").replace('"x"', '"x" "y"'),
        call("type", text="x").replace('"x"', ""),
        call("type", text="\ud83d"),
        call("key", keys=["enter"], text="hello"),
        call("terminate"),
        call("terminate", status="in progress"),
        call("answer"),
        call("finished"),
        '{"action": ["left_click"]}',
        f"{JSON_CLICK[:-2]}, 7]}}}}",
        f"I could do {JSON_CLICK}, but rather {JSON_CLICK.replace('450', '9')}",
        "<tool_call>" + "{'a': " * 100,
    ],
)
def test_json_with_two_meanings_or_none_is_a_failure(text: str) -> None:
    for reply in (text, f"<tool_call>{text}</tool_call>"):
        assert kind_of_failure("qwen3-vl", reply)


def test_actions_with_full_width_separators_are_all_carried_out() -> None:
    assert moves("ui-tars-1.5", "Action: click(start_box='(450,565)')；wait()。") == (CLICK, Wait())


def test_json_objects_in_a_row_are_all_actions() -> None:
    assert moves("qwen3-vl", f"{JSON_CLICK}\n{call('wait', time=1)}") == (CLICK, Wait(1.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Launch(app='Maps', url='')", OpenApp("Maps")),
        ("Launch(app='Maps')", OpenApp("Maps")),
        ("Launch(app='McDonald's', url='')", OpenApp("McDonald's")),
        ("Launch(app='', url='https://a.org')", Navigate("https://a.org")),
        ("Launch(url='https://a.org')", Navigate("https://a.org")),
    ],
)
def test_launch_of_ui_venus_names_an_app_or_a_url(text: str, expected: ModelMove) -> None:
    assert moves("ui-venus-1.5", f"<action>{text}</action>") == (expected,)


def test_empty_argument_counts_as_missing() -> None:
    scrolled = (Scroll(Direction.DOWN, 5, AT),)
    assert moves("ui-venus-1.5", "<action>Scroll(start=(450,565), end=(), direction='down')</action>") == scrolled
    assert moves("ui-tars-1.5", "Action: scroll(start_box='(450,565)', end_box='', direction='down')") == scrolled


@pytest.mark.parametrize(
    "text", ["(450,565).", "（450，565）", "click（x=450, y=565）", "```python\npyautogui.click(x=450, y=565)\n```"]
)
def test_gta1_answers_with_a_point_or_a_click(text: str) -> None:
    assert moves("gta1", text) == (CLICK,)


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("seed-xml", "<function=click><parameter=point>（450，565）</parameter></function>"),
        ("seed-xml", "<seed:tool_call><function=click><parameter=point>450 565</function></seed:tool_call>"),
        ("seed-xml", "<function=click><parameter=point>450 565</parameter></seed:tool_call>"),
        ("holo2", "｛“note”：“”，“thought”：“”，“action”：｛“action”：“click_element”，“x”：450，“y”：565｝｝"),
        ("holo1.5", 'Here: {"action": "click_absolute", "x": 450, "y": 565,}'),
        ("holo1", "Click（450，565）"),
        ("holo1.5", '{"x": 450, "y": 565}'),
        ("opencua", "```python\npyautogui.click（x=450，y=565）\n```"),
        ("scalecua", "<action>\nclick（x=450，y=565）\n</action>"),
        ("ui-venus-1.5", "<action>Click(box=（450，565）)</action>"),
    ],
)
def test_other_families_mistakes_are_parsed_too(dialect: str, text: str) -> None:
    assert moves(dialect, text) == (CLICK,)


@pytest.mark.parametrize("end", ["<|im_end|>", "\n</tool_call><|im_end|>\n", "</s>"])
def test_made_up_next_turn_is_ignored(end: str) -> None:
    terminate = call("terminate", status="success")
    assert moves("qwen3-vl", f"<tool_call>{JSON_CLICK}{end}user\n<tool_call>{terminate}</tool_call>") == (CLICK,)
    click = "<function=click><parameter=point>450 565</parameter></function>"
    assert moves("seed-xml", f"{click}{end}user\n<function=finished></function>") == (CLICK,)


def test_ui_venus_ground_answers_with_a_box() -> None:
    assert moves("ui-venus-ground", "[440,560,460,570]") == (Click(ModelPoint(450, 565, (440, 560, 460, 570))),)


@pytest.mark.parametrize("dialect", ["doubao", "seed-xml"])
@pytest.mark.parametrize(
    "form", [r"Action: type(content='{}')", "<function=type><parameter=content>{}</parameter></function>"]
)
def test_literal_line_break_submits_for_seed_models(dialect: str, form: str) -> None:
    escaped = r"hello\\n" if "Action" in form else r"hello\n"
    assert moves(dialect, form.format(escaped)) == (Type("hello", submit=True),)
    assert moves("ui-tars-1.5", form.format(escaped)) == (Type(r"hello\n"),)
