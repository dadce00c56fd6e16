"""Qwen2.5-VL to Qwen3.8, and EvoCUA: what they are asked, and the forms of their replies."""

import json

import pytest

from screenwright.agent.core.coordinates import Absolute, Grid, ModelPoint
from screenwright.agent.core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.core.messages import ImagePart, TextPart, Turn
from screenwright.agent.core.model import Sampling
from screenwright.agent.dialects.dialect import RequestShaping
from screenwright.agent.dialects.function_dialect import FunctionDialect
from screenwright.agent.dialects.gui_owl import GuiOwl
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.qwen35 import COLLAPSED, Qwen35, Qwen38
from screenwright.agent.dialects.qwen_vl import EvoCua, Qwen3Vl, Qwen25Vl
from screenwright.agent.dialects.registry import with_prompt
from screenwright.envs import actions
from screenwright.envs.actions import Button, Direction
from screenwright.envs.geometry import Size

SIZE = Size(1280, 736)
AT = ModelPoint(491, 91)


def xml(**arguments: str) -> str:
    """A reply as Qwen3.5 writes it."""
    values = "".join(f"<parameter={name}>\n{value}\n</parameter>\n" for name, value in arguments.items())
    return f"Action: Do it.\n<tool_call>\n<function=computer_use>\n{values}</function>\n</tool_call>"


def call(**arguments: object) -> str:
    """A reply as Qwen3-VL writes it, and as native tool calls arrive."""
    written = json.dumps({"name": "computer_use", "arguments": arguments})
    return f"Action: Do it.\n<tool_call>\n{written}\n</tool_call>"


def moves(text: str, dialect: FunctionDialect | None = None) -> tuple[ModelMove, ...]:
    reply = (dialect or Qwen35()).parse(text)
    assert isinstance(reply, Reply), reply
    assert reply.thought == "Do it."
    return reply.moves


# -- replies


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"action": "left_click"}, actions.Click(AT)),
        ({"action": "right_click"}, actions.Click(AT, Button.RIGHT)),
        ({"action": "middle_click"}, actions.Click(AT, Button.MIDDLE)),
        ({"action": "double_click"}, actions.Click(AT, count=2)),
        ({"action": "triple_click"}, actions.Click(AT, count=3)),
        ({"action": "mouse_move"}, actions.Move(AT)),
        ({"action": "scroll", "pixels": "-5"}, actions.Scroll(Direction.DOWN, 5, AT)),
        ({"action": "scroll", "pixels": "300"}, actions.Scroll(Direction.UP, 3, AT)),
        ({"action": "hscroll", "pixels": "5"}, actions.Scroll(Direction.RIGHT, 5, AT)),
        ({"action": "left_click", "keys": '["ctrl"]'}, actions.Click(AT, modifiers=("ctrl",))),
        ({"action": "left_click", "text": "ctrl+shift"}, actions.Click(AT, modifiers=("ctrl", "shift"))),
        ({"action": "left_click", "text": "the Save button"}, actions.Click(AT)),
    ],
)
def test_action_at_a_point(arguments: dict[str, str], expected: ModelMove) -> None:
    assert moves(xml(**arguments, coordinate="[491, 91]")) == (expected,)
    assert moves(call(**arguments, coordinate=[491, 91])) == (expected,)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"action": "type", "text": "a [b] <c>\nd"}, actions.Type("a [b] <c>\nd")),
        ({"action": "type", "text": "42"}, actions.Type("42")),
        ({"action": "wait", "time": "2"}, actions.Wait(2.0)),
        ({"action": "terminate", "status": "success"}, Finish()),
        ({"action": "terminate", "status": "failure"}, GiveUp()),
        ({"action": "answer", "text": "42"}, Finish("42")),
        ({"action": "key_down", "keys": '["shift"]'}, actions.KeyDown("shift")),
        ({"action": "key_up", "keys": "shift"}, actions.KeyUp("shift")),
        ({"action": "left_mouse_down"}, actions.ButtonDown()),
        ({"action": "left_mouse_up", "coordinate": "[491, 91]"}, actions.ButtonUp(Button.LEFT, AT)),
        ({"action": "screenshot"}, actions.Wait(0.0)),
        ({"action": "call_user", "text": "Which one?"}, AskUser("Which one?")),
    ],
)
def test_action_without_a_point(arguments: dict[str, str], expected: ModelMove) -> None:
    for dialect in (Qwen35(), Qwen38()):
        assert moves(xml(**arguments), dialect) == (expected,)


@pytest.mark.parametrize(
    "keys",
    [
        '["ctrl", "a"]',
        "['ctrl', 'a']",
        '[["ctrl", "a"]]',
        "\"['ctrl', 'a']\"",
        '\'["ctrl", "a"]\'',
        '["[\'ctrl", "a\']"]',
        '["ctrl+a"]',
        "ctrl+a",
        "ctrl a",
    ],
)
def test_keys_are_a_list_in_json_or_python_wrapped_twice_or_plain(keys: str) -> None:
    assert moves(xml(action="key", keys=keys)) == (actions.Hotkey(("ctrl", "a")),)


@pytest.mark.parametrize(("keys", "last"), [('["ctrl", "["]', "["), ('["ctrl", "\'"]', "'"), ("ctrl+]", "]")])
def test_brackets_and_quotes_can_be_keys(keys: str, last: str) -> None:
    assert moves(xml(action="key", keys=keys)) == (actions.Hotkey(("ctrl", last)),)


def test_modifiers_are_held_while_scrolling() -> None:
    assert moves(call(action="scroll", pixels=3, keys=["ctrl"])) == (
        actions.KeyDown("ctrl"),
        actions.Scroll(Direction.UP, 3),
        actions.KeyUp("ctrl"),
    )


def test_move_and_drag_from_the_pointer_are_one_drag() -> None:
    text = f"{xml(action='mouse_move', coordinate='[1, 2]')}\n{xml(action='left_click_drag', coordinate='[3, 4]')}"
    assert moves(text) == (actions.Drag((ModelPoint(1, 2), ModelPoint(3, 4))),)


def test_name_of_the_function_as_an_unclosed_parameter_is_ignored() -> None:
    text = xml(action="wait", time="1").replace("<parameter=action>", "<parameter=computer_use>\n<parameter=action>")
    assert moves(text) == (actions.Wait(1.0),)


def test_typed_text_may_contain_tags() -> None:
    assert moves(xml(action="type", text="<parameter=action>")) == (actions.Type("<parameter=action>"),)


def test_left_click_on_a_phone_is_a_tap() -> None:
    text = call(action="left_click", coordinate=[491, 91]).replace("computer_use", "mobile_use")
    assert moves(text, Qwen35(prompt=Prompt.MOBILE)) == (actions.Click(AT),)


def test_reasoning_before_the_reply_is_separated() -> None:
    reply = Qwen35().parse(f"I see it.</think>\n\n{xml(action='wait', time='1')}")
    assert isinstance(reply, Reply)
    assert (reply.reasoning, reply.thought) == ("I see it.", "Do it.")


def test_reply_cut_off_inside_a_call_fails() -> None:
    failure = Qwen35().parse(xml(action="left_click", coordinate="[491, 91]")[:-40])
    assert isinstance(failure, ParseFailure)
    assert failure.kind == "truncated"


# -- requests

IMAGES = [ImagePart(f"{number}".encode(), SIZE) for number in range(8)]


def turns(count: int, reply: str = "", shown: int = 8) -> tuple[Turn, ...]:
    """`count` turns, of which the last `shown` have a screenshot."""
    return tuple(
        Turn(
            IMAGES[index] if index >= count - shown else None,
            reply=None
            if index == count - 1
            else reply or call(action="wait", time=index).replace("Do it", f"Do {index}"),
        )
        for index in range(count)
    )


@pytest.mark.parametrize("dialect", [Qwen25Vl(), Qwen3Vl(), EvoCua()], ids=lambda dialect: dialect.name)
def test_last_four_replies_are_shown_and_older_ones_are_lines(dialect: FunctionDialect) -> None:
    messages = dialect.render("Save it.", turns(7))
    assert [message.role for message in messages] == ["system", *("user", "assistant") * 4, "user"]
    first = messages[1]
    assert first.parts[0] is IMAGES[2]
    label = "Action: " if isinstance(dialect, Qwen25Vl) else ""
    lines = f"Step 1: {label}Do 0.\nStep 2: {label}Do 1."
    assert f"Instruction: Save it.\n\nPrevious actions:\n{lines}" in first.text
    assert [message.parts for message in messages[3::2]] == [(image,) for image in IMAGES[3:7]]
    assert list(dialect.history.images(7)) == [2, 3, 4, 5, 6]


def test_first_request_has_no_previous_actions() -> None:
    [system, user] = Qwen3Vl().render("Save it.", turns(1))
    assert "1000 x 1000" in system.text
    assert user.parts[0] is IMAGES[0]
    assert user.text.endswith("Previous actions:\nNone")


def test_step_without_a_sentence_is_listed_by_its_actions() -> None:
    reply = '<tool_call>\n{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [5, 6]}}'
    assert "Step 1: click at 5, 6\nStep 2:" in Qwen3Vl().render("x", turns(7, reply))[1].text


def test_qwen35_is_sent_the_function_and_no_thinking() -> None:
    dialect = Qwen35()
    assert isinstance(dialect, RequestShaping)
    shaped = dialect.shape(dialect.sampling)
    assert shaped.chat_template_kwargs == {"enable_thinking": False}
    [tool] = shaped.tools
    assert "1000 x 1000" in json.dumps(tool)
    assert "<tools>" not in dialect.render("x", turns(1))[0].text
    assert dialect.prompt_sha256 != Qwen35(ask_user=True).prompt_sha256
    own = Sampling(tools=({"type": "function"},))
    assert dialect.shape(own) == own


@pytest.mark.parametrize(
    ("dialect", "offered", "missing"),
    [
        (Qwen35(), {"answer", "hscroll"}, {"key_down", "call_user"}),
        (Qwen38(ask_user=True), {"key_down", "left_mouse_up", "screenshot", "call_user"}, {"answer"}),
        (Qwen35(prompt=Prompt.MOBILE), {"click", "system_button", "open"}, {"left_click"}),
        (EvoCua(), {"key_down", "key_up"}, {"hscroll", "answer"}),
    ],
)
def test_function_offers_the_actions_of_the_family(
    dialect: FunctionDialect, offered: set[str], missing: set[str]
) -> None:
    assert offered <= set(dialect.actions)
    assert not missing & set(dialect.actions)


@pytest.mark.parametrize("dialect", [Qwen25Vl(), Qwen3Vl(), Qwen35(), GuiOwl()], ids=lambda dialect: dialect.name)
def test_element_is_located_by_a_click_on_the_newest_screenshot(dialect: FunctionDialect) -> None:
    locating = with_prompt(dialect, Prompt.GROUNDING)
    assert isinstance(locating, FunctionDialect)
    assert list(locating.actions) == ["left_click"]
    [_, user] = locating.render("the Save button", turns(3))
    assert user.parts == (IMAGES[2], TextPart("the Save button"))
    reply = locating.parse(locating.format(None, [actions.Click(AT)]))
    assert reply == Reply((actions.Click(AT),))


def test_later_screenshots_of_qwen35_are_results_and_four_are_folded_at_once() -> None:
    dialect = Qwen35()
    assert [len(dialect.history.images(steps)) for steps in range(1, 10)] == [1, 2, 3, 4, 1, 2, 3, 4, 1]
    messages = dialect.render("Save it.", turns(6, shown=2))
    assert [message.role for message in messages] == ["system", *("user", "assistant") * 5, "user"]
    assert messages[1].text.startswith("Choose the next action")
    folded = TextPart(f"<tool_response>\n{COLLAPSED}\n</tool_response>").text
    assert [message.text for message in messages[3:9:2]] == [folded] * 3
    assert messages[-1].parts == (TextPart("<tool_response>\n"), IMAGES[5], TextPart("\n</tool_response>"))


def test_past_calls_of_qwen35_are_in_xml_whatever_the_server_returned() -> None:
    expected = xml(action="left_click", coordinate="[491, 91]")
    for reply in (expected, call(action="left_click", coordinate=[491, 91]), f"<think>So.</think>\n\n{expected}"):
        shown = Qwen35().render("x", turns(2, reply))
        assert [message.text for message in shown if message.role == "assistant"] == [expected]


@pytest.mark.parametrize("reply", ["no call", "<tool_call>\n{broken", '<tool_call>\n["a"]\n</tool_call>'])
def test_past_reply_without_a_valid_call_is_unchanged(reply: str) -> None:
    assert Qwen35().render("x", turns(2, reply))[2].text == reply


def test_spaces_and_sampling_are_those_of_the_official_agents() -> None:
    assert [dialect.space for dialect in (Qwen25Vl(), Qwen3Vl(), EvoCua(), Qwen35(), Qwen38())] == [
        Absolute(),
        *[Grid(999)] * 2,
        *[Grid(1000)] * 2,
    ]
    assert [dialect.sampling.max_tokens for dialect in (Qwen25Vl(), Qwen3Vl(), EvoCua(), Qwen35())] == [
        1500,
        32768,
        32768,
        2048,
    ]
    assert Qwen35().image_rule.max_pixels == 16 * 16 * 4 * 12_800
