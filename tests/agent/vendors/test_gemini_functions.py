"""Gemini's computer use: what each function of the tool means, and what each kind of screen is offered."""

import pytest
from vendor_server import Json, gemini_call, gemini_reply, vendor_model

from screenwright import (
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Drag,
    FakeEnv,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.vendors.exchange import Exchange, ScreenKind, VendorConversation

MODEL = "gemini:gemini-3.5-flash"
AT = ModelPoint(100, 200)


@pytest.mark.parametrize(
    ("call", "moves"),
    [
        (gemini_call("click", x=100, y=200, intent="why"), (Click(AT),)),
        (gemini_call("double_click", x=100, y=200), (Click(AT, count=2),)),
        (gemini_call("triple_click", x=100, y=200), (Click(AT, count=3),)),
        (gemini_call("middle_click", x=100, y=200), (Click(AT, Button.MIDDLE),)),
        (gemini_call("right_click", x=100, y=200), (Click(AT, Button.RIGHT),)),
        (gemini_call("mouse_down", x=100, y=200), (ButtonDown(at=AT),)),
        (gemini_call("mouse_up", x=100, y=200), (ButtonUp(at=AT),)),
        (gemini_call("move", x=100, y=200), (Move(AT),)),
        (gemini_call("type", text="hällo"), (Type("hällo"),)),
        (gemini_call("type", text="hällo", press_enter=True), (Type("hällo", submit=True),)),
        (
            gemini_call("drag_and_drop", start_x=100, start_y=200, end_x=300, end_y=400),
            (Drag((AT, ModelPoint(300, 400))),),
        ),
        (
            gemini_call("drag_and_drop", x=100, y=200, destination_x=300, destination_y=400),
            (Drag((AT, ModelPoint(300, 400))),),
        ),
        (gemini_call("wait"), (Wait(1),)),
        (gemini_call("wait", seconds=7), (Wait(7),)),
        (gemini_call("press_key", key="Enter"), (Hotkey(("enter",)),)),
        (gemini_call("key_down", key="Shift"), (KeyDown("shift"),)),
        (gemini_call("key_up", key="Shift"), (KeyUp("shift"),)),
        (gemini_call("hotkey", keys=["Control", "A"]), (Hotkey(("ctrl", "a")),)),
        (gemini_call("take_screenshot"), (Wait(0),)),
        (gemini_call("scroll", x=100, y=200, direction="down"), (Scroll(Direction.DOWN, 3, AT),)),
        (
            gemini_call("scroll", x=100, y=200, direction="left", magnitude_in_pixels=999),
            (Scroll(Direction.LEFT, 10, AT),),
        ),
        (gemini_call("navigate", url="https://example.org"), (Navigate("https://example.org"),)),
        (gemini_call("go_back"), (Back(),)),
        (gemini_call("go_forward"), (Hotkey(("alt", "right")),)),
        (gemini_call("open_app", app_name="Clock"), (OpenApp("Clock"),)),
        (gemini_call("long_press", x=100, y=200), (LongPress(AT, 2),)),
        (gemini_call("open_web_browser"), (Wait(0),)),
        (gemini_call("click_at", x=100, y=200), (Click(AT),)),
        (gemini_call("hover_at", x=100, y=200), (Move(AT),)),
        (
            gemini_call("type_text_at", x=100, y=200, text="Ada"),
            (Click(AT), Hotkey(("ctrl", "a")), Hotkey(("backspace",)), Type("Ada", submit=True)),
        ),
        (
            gemini_call("type_text_at", x=100, y=200, text="Ada", press_enter=False, clear_before_typing=False),
            (Click(AT), Type("Ada")),
        ),
        (gemini_call("wait_5_seconds"), (Wait(5),)),
        (gemini_call("key_combination", keys="Control+A"), (Hotkey(("ctrl", "a")),)),
        (gemini_call("scroll_document", direction="up"), (Scroll(Direction.UP, 8),)),
        (gemini_call("scroll_at", x=100, y=200, direction="down", magnitude=250), (Scroll(Direction.DOWN, 2, AT),)),
    ],
)
def test_every_function_of_the_tool(call: Json, moves: tuple[object, ...]) -> None:
    reply = vendor_model(MODEL).read(gemini_reply(call))
    assert not reply.problem
    assert reply.parsed().moves == moves


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (gemini_call("levitate"), "there is no tool 'levitate'"),
        (gemini_call("click", x=1), "y is missing"),
        (gemini_call("hotkey", keys=[]), "no key is named"),
        (gemini_call("key_down", key="ctrl+a"), "key names one key: use hotkey for a combination"),
        (gemini_call("drag_and_drop", x=1, y=2), "destination_x is missing"),
        (
            gemini_call("click", x=1, y=2, safety_decision={"decision": "block", "explanation": "A payment."}),
            "blocked by the API: A payment.",
        ),
    ],
)
def test_what_cannot_be_carried_out_says_why(call: Json, problem: str) -> None:
    assert vendor_model(MODEL).read(gemini_reply(call)).problem == problem


@pytest.mark.parametrize(
    ("model", "screen", "tool", "functions"),
    [
        ("gemini-3.5-flash", ScreenKind.PAGE, {"environment": "ENVIRONMENT_BROWSER"}, ["give_up"]),
        ("gemini-3.5-flash", ScreenKind.BROWSER_WINDOW, {"environment": "ENVIRONMENT_BROWSER"}, ["give_up"]),
        (
            "gemini-3.5-flash",
            ScreenKind.PHONE,
            {"environment": "ENVIRONMENT_MOBILE", "excludedPredefinedFunctions": ["list_apps"]},
            ["give_up", "go_home"],
        ),
        (
            "gemini-2.5-computer-use-preview-10-2025",
            ScreenKind.PAGE,
            {"environment": "ENVIRONMENT_BROWSER", "excludedPredefinedFunctions": ["open_web_browser", "search"]},
            ["give_up"],
        ),
    ],
)
def test_the_environment_is_that_of_the_screen(
    model: str, screen: ScreenKind, tool: Json, functions: list[str]
) -> None:
    shot = FakeEnv().observe().screenshot
    request = vendor_model(f"gemini:{model}").request(
        VendorConversation("a task", "system", screen, (Exchange(shot, None),))
    )
    computer, own = request["config"]["tools"]
    assert computer == {"computerUse": tool}
    assert [one["name"] for one in own["functionDeclarations"]] == functions


def test_in_a_browser_each_result_has_the_address_of_the_page() -> None:
    shot, reply = FakeEnv().observe().screenshot, gemini_reply(gemini_call("click", x=1, y=2))
    exchanges = Exchange(shot, None, reply=reply), Exchange(shot, None, location="https://example.org/page")
    request = vendor_model(MODEL).request(VendorConversation("a task", "system", ScreenKind.PAGE, exchanges))
    result = request["contents"][-1]["parts"][0]["functionResponse"]
    assert result["response"] == {"output": "Done.", "url": "https://example.org/page"}
