"""Holo3, Holo3.1 and Holo4: requests, layout, replies in both forms, and durable notes."""

import json
from dataclasses import replace
from typing import cast

import pytest
from scripted_http import http, scripted_server

from screenwright import FakeEnv, ModelPolicy
from screenwright.agent.core.context import DecisionContext, HistoryStep
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.core.messages import FunctionCall, ImagePart, TextPart, Turn
from screenwright.agent.dialects.holo import holo2
from screenwright.agent.dialects.holo3 import Holo3, holo4, holo31
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.registry import dialect_for_model
from screenwright.agent.dialects.vocabulary.holo import HOLO3, TOOLS_FOR
from screenwright.agent.policy.summary import NOTED, HistorySummary, apply_summary
from screenwright.agent.record.events import Decided
from screenwright.envs import actions
from screenwright.envs.actions import Button, Direction
from screenwright.envs.geometry import Size

SHOTS = tuple(ImagePart(name, Size(1280, 800)) for name in (b"one", b"two", b"three"))
AT = ModelPoint(932, 880)


def step(note: str | None = None, **call: object) -> str:
    return json.dumps({"note": note, "thought": "Next.", "tool_call": call})


CLICK = step("The total is 42.", tool_name="click_desktop", element="Continue", x=932, y=880)
NATIVE_CLICK = (
    '<tool_call>\n{"name": "click_desktop", "arguments": {"element": "OK", "x": 932, "y": 880}}\n</tool_call>'
)


def moves(text: str) -> tuple[ModelMove, ...]:
    reply = Holo3().parse(text)
    assert isinstance(reply, Reply), reply
    return reply.moves


def test_structured_reply_has_a_thought_a_note_and_reasoning() -> None:
    reply = Holo3().parse(f"<think>Where is it?</think>{CLICK}")
    assert reply == Reply((actions.Click(AT),), "Next.", reasoning="Where is it?", note="The total is 42.")
    assert Holo3().parse(step(tool_name="answer", content="42")) == Reply((Finish("42"),), "Next.")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"tool_name": "click", "element": "e", "x": 932, "y": 880}, actions.Click(AT)),
        ({"tool_name": "click_desktop", "x": 932, "y": 880, "button": "right"}, actions.Click(AT, Button.RIGHT)),
        ({"tool_name": "double_click_desktop", "x": 932, "y": 880}, actions.Click(AT, count=2)),
        ({"tool_name": "write", "content": "a"}, actions.Type("a")),
        ({"tool_name": "write_desktop", "content": "a", "press_enter": True}, actions.Type("a", submit=True)),
        ({"tool_name": "write", "content": "a", "press_enter": False}, actions.Type("a")),
        ({"tool_name": "scroll", "x": 932, "y": 880, "direction": "down"}, actions.Scroll(Direction.DOWN, 10, AT)),
        (
            {"tool_name": "scroll_desktop", "x": 932, "y": 880, "direction": "left", "scroll_size": 3},
            actions.Scroll(Direction.LEFT, 3, AT),
        ),
        ({"tool_name": "move_to_desktop", "x": 932, "y": 880}, actions.Move(AT)),
        (
            {"tool_name": "drag_and_drop", "description": "d", "x1": 932, "y1": 880, "x2": 1, "y2": 2},
            actions.Drag((AT, ModelPoint(1, 2))),
        ),
        ({"tool_name": "hotkey_desktop", "keys": ["ctrl", "c"]}, actions.Hotkey(("ctrl", "c"))),
        ({"tool_name": "key_down_desktop", "key": "shift"}, actions.KeyDown("shift")),
        ({"tool_name": "key_up_desktop", "key": "shift"}, actions.KeyUp("shift")),
        ({"tool_name": "mouse_down_desktop", "button": "left"}, actions.ButtonDown()),
        ({"tool_name": "mouse_up_desktop", "button": "left"}, actions.ButtonUp()),
        ({"tool_name": "long_press", "x": 932, "y": 880}, actions.LongPress(AT)),
        ({"tool_name": "goto", "url": "https://a.org"}, actions.Navigate("https://a.org")),
        ({"tool_name": "open_app", "app": "Maps"}, actions.OpenApp("Maps")),
        ({"tool_name": "go_back"}, actions.Back()),
        ({"tool_name": "go_home"}, actions.Home()),
        ({"tool_name": "refresh"}, actions.Hotkey(("f5",))),
        ({"tool_name": "wait_desktop", "seconds": 2}, actions.Wait(2.0)),
        ({"tool_name": "answer", "content": "No.", "status": "failure"}, GiveUp("No.")),
    ],
    ids=lambda value: str(cast("dict[str, object]", value).get("tool_name")) if isinstance(value, dict) else "",
)
def test_tool_in_either_form_is_one_action(call: dict[str, object], expected: ModelMove) -> None:
    arguments = {name: value for name, value in call.items() if name != "tool_name"}
    native = json.dumps({"name": call["tool_name"], "arguments": arguments})
    assert moves(step(None, **call)) == moves(f"<tool_call>{native}</tool_call>") == (expected,)


def test_writing_at_a_position_clicks_and_overwriting_deletes_first() -> None:
    text = step(tool_name="write_at_desktop", content="new", x=932, y=880, overwrite=True, press_enter=True)
    assert moves(text) == (
        actions.Click(AT),
        actions.Hotkey(("ctrl", "a")),
        actions.Hotkey(("backspace",)),
        actions.Type("new", submit=True),
    )


def test_key_is_repeated() -> None:
    text = step(tool_name="hotkey_desktop", keys=["down"], repeat_count=3)
    assert moves(text) == (actions.Hotkey(("down",)),) * 3


def test_calls_in_the_xml_of_qwen_are_read() -> None:
    parameters = "<parameter=x>\n932\n</parameter>\n<parameter=y>\n880\n</parameter>\n"
    call = f"<tool_call>\n<function=click>\n{parameters}</function>\n</tool_call>"
    reply = holo4().parse(f"<think>Hm.</think>I click it.\n{call}")
    assert reply == Reply((actions.Click(AT),), "I click it.", reasoning="Hm.")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"I could answer {CLICK}", "no_action"),
        (f"<think>I could answer {CLICK}", "no_action"),
        (step(tool_name="dance"), "unknown_action"),
        (step(tool_name="click", element="e"), "missing_point"),
        (step(tool_name="drag_and_drop", x1=1, y1=2, x2=3), "missing_point"),
        (step(tool_name="hotkey", keys=["a"], repeat_count=999), "bad_argument"),
        (step(tool_name="scroll", direction="down", scroll_size=0), "bad_argument"),
        (CLICK[:-20], "truncated"),
    ],
)
def test_reply_that_asks_for_no_tool_is_refused(text: str, kind: str) -> None:
    reply = Holo3().parse(text)
    assert isinstance(reply, ParseFailure)
    assert reply.kind == kind


def test_streamed_reply_ends_with_its_object_or_call() -> None:
    for dialect, text in ((Holo3(), CLICK), (holo4(), NATIVE_CLICK)):
        assert not any(dialect.is_complete(text[:length]) for length in range(len(text)))
        assert dialect.is_complete(text)


# -- requests


def test_structured_request_has_the_schema_twice_and_thinking_on() -> None:
    dialect = Holo3()
    sampling = dialect.shape(dialect.sampling)
    system = dialect.render("Find it.", (Turn(SHOTS[0]),))[0]
    shown = system.text.partition("<output_format>\n```json\n")[2].partition("\n```\n</output_format>")[0]
    assert json.loads(shown) == sampling.json_schema
    assert sampling.tools == ()
    assert sampling.chat_template_kwargs == {"enable_thinking": True}
    assert (sampling.reasoning_effort, sampling.temperature) == ("medium", 0.8)


@pytest.mark.parametrize("dialect", [holo31(), holo4()])
def test_native_request_requires_a_call(dialect: Holo3) -> None:
    sampling = dialect.shape(dialect.sampling)
    assert (sampling.tool_choice, sampling.json_schema) == ("required", None)
    assert {json.dumps(tool["type"]) for tool in sampling.tools} == {'"function"'}
    assert "<output_format>" not in dialect.render("Find it.", (Turn(SHOTS[0]),))[0].text


def test_localization_is_one_user_message_without_thinking() -> None:
    dialect = Holo3(prompt=Prompt.GROUNDING)
    (message,) = dialect.render("the OK button", (Turn(SHOTS[0], reply=CLICK), Turn(SHOTS[1])))
    image, text = message.parts
    assert (message.role, image) == ("user", SHOTS[1])
    assert isinstance(text, TextPart)
    assert "the OK button" in text.text
    sampling = dialect.shape(dialect.sampling)
    assert sampling.json_schema is not None
    assert (sampling.temperature, sampling.reasoning_effort) == (0.0, None)
    assert sampling.chat_template_kwargs == {"enable_thinking": False}
    assert dialect.parse('{"x": 932, "y": 880}') == Reply((actions.Click(AT),))


@pytest.mark.parametrize("prompt", list(TOOLS_FOR))
def test_every_tool_that_is_offered_can_be_parsed(prompt: Prompt) -> None:
    names = [tool.name for tool in TOOLS_FOR[prompt]]
    assert set(names) <= set(HOLO3)
    assert len(set(names)) == len(names)
    assert names[-1] == "answer"


def test_user_who_attends_can_be_asked() -> None:
    for dialect in (Holo3(), holo4()):
        alone, attended = (each.shape(each.sampling) for each in (dialect, replace(dialect, ask_user=True)))
        assert "ask_user" not in f"{alone.tools} {alone.json_schema}"
        assert "ask_user" in f"{attended.tools} {attended.json_schema}"
        asked = dialect.parse(dialect.format(None, [AskUser("Which one?")]))
        assert isinstance(asked, Reply)
        assert asked.moves == (AskUser("Which one?"),)


def test_holo2_is_asked_without_thinking() -> None:
    assert holo2().sampling.chat_template_kwargs == {"thinking": False}
    reply = holo2().parse(
        '{"note": "n", "thought": "", "action": {"action": "write", "content": "a", "press_enter": true}}'
    )
    assert reply == Reply((actions.Type("a", submit=True),), note="n")


# -- layout

PAST = (Turn(None, ("It is Monday.",), f"<think>Hm.</think>{CLICK}"), Turn(SHOTS[1], ("A page opened.",)))


def test_structured_layout_matches_the_documentation() -> None:
    system, first, reply, result, second = Holo3().render("Find it.", PAST)
    assert "<task>\nFind it.\n</task>" in system.text
    assert first.text == "<observation>\n[screenshot evicted]\nIt is Monday.\n</observation>"
    assert (reply.role, reply.text) == ("assistant", CLICK)
    assert result.role == "user"
    assert result.text == '<tool_output tool="click_desktop">\nA page opened.\n</tool_output>'
    assert second.parts == (TextPart("<observation>\n"), SHOTS[1], TextPart("\n</observation>"))


def test_native_layout_sends_calls_and_their_results() -> None:
    past = (Turn(SHOTS[0], (), f"<think>Hm.</think>\nI click.\n{NATIVE_CLICK}"), Turn(SHOTS[1]))
    _, _, reply, result, _ = holo4().render("Find it.", past)
    assert reply.text == "I click."
    assert reply.reasoning == ""
    assert reply.calls == (FunctionCall("click_desktop", {"element": "OK", "x": 932, "y": 880}, "call_1"),)
    assert (result.role, result.call_id, result.text) == ("tool", "call_1", "Done.")


def test_unreadable_reply_of_the_past_is_shown_without_a_result() -> None:
    for dialect in (Holo3(), holo4()):
        messages = dialect.render("x", (Turn(SHOTS[0], (), "I do not know."), Turn(SHOTS[1], ("Try again.",))))
        assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
        assert messages[-1].text.endswith("Try again.\n</observation>")


def call_of(number: int) -> dict[str, object]:
    arguments = json.dumps({"element": "OK", "x": number, "y": 2})
    return {"id": f"server_{number}", "type": "function", "function": {"name": "click_desktop", "arguments": arguments}}


def test_native_calls_go_back_to_the_server_as_calls() -> None:
    answers = [
        http(200, {"choices": [{"message": {"content": None, "reasoning": "Hm.", "tool_calls": [call_of(number)]}}]})
        for number in (1, 2)
    ]
    screenshot = FakeEnv().observe().screenshot
    with scripted_server(*answers) as (model, server):
        policy = ModelPolicy(model, holo4())
        policy.open()
        *_, decided = policy.decide(DecisionContext("Find it.", 1, (HistoryStep(screenshot),)), lambda: False)
        assert isinstance(decided, Decided)
        reply = f"<think>Hm.</think>{NATIVE_CLICK}"
        past = (HistoryStep(screenshot, reply=reply), HistoryStep(screenshot))
        list(policy.decide(DecisionContext("Find it.", 2, past), lambda: False))
    first, second = server.calls
    assert (first["tool_choice"], first["tools"][0]["function"]["name"]) == ("required", "click_desktop")
    assert first["chat_template_kwargs"] == {"enable_thinking": True}
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "tool", "user"]
    sent = second["messages"][2]
    assert sent["tool_calls"][0]["id"] == second["messages"][3]["tool_call_id"] == "call_1"
    assert json.loads(sent["tool_calls"][0]["function"]["arguments"]) == {"element": "OK", "x": 932, "y": 880}
    assert "reasoning_content" not in sent


def test_three_screenshots_are_kept() -> None:
    assert list(Holo3().history.images(7)) == [4, 5, 6]


def test_note_outlives_its_step() -> None:
    screenshot = FakeEnv().observe().screenshot
    steps = [HistoryStep(screenshot, reply=CLICK)] * 2 + [HistoryStep(screenshot, reply=step(tool_name="go_back"))] * 2

    def note_of(reply: str) -> str:
        parsed = Holo3().parse(reply)
        return parsed.note or "" if isinstance(parsed, Reply) else ""

    first, *_ = apply_summary(steps, HistorySummary(0, 3, "Two clicks."), note_of)
    assert first.notes[1] == f"{NOTED}The total is 42."
    replanned, *_ = apply_summary(steps[2:], HistorySummary(), note_of, steps[:2])
    assert replanned.notes == (f"{NOTED}The total is 42.",)


# -- names


@pytest.mark.parametrize(
    ("served", "name"),
    [
        ("Hcompany/Holo3-35B-A3B", "holo3"),
        ("holo3-122b-a10b", "holo3"),
        ("Hcompany/Holo3.1-4B-GGUF", "holo3"),
        ("holo3-1-35b-a3b", "holo3.1"),
        ("Hcompany/Holo3.1-35B-A3B-FP8", "holo3.1"),
        ("Hcompany/Holo4-27B-GGUF", "holo4"),
        ("holo4-35b-a3b", "holo4"),
        ("Hcompany/Holo2-8B-AWQ", "holo2"),
    ],
)
def test_served_name_chooses_the_form(served: str, name: str) -> None:
    dialect = dialect_for_model(served)
    assert dialect is not None
    assert dialect.name == name
