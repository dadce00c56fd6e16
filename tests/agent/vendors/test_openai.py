"""OpenAI's computer tool: the bodies that the real SDK sends, and what its replies mean."""

import pytest
from vendor_play import STOCK, OpenAiPlay, check_own_action, check_reserved_name, click_at, ended, without_data_urls
from vendor_server import (
    KEY,
    Json,
    computer_call,
    openai_function,
    openai_message,
    openai_reasoning,
    openai_reply,
    vendor_model,
)

from screenwright import (
    Button,
    Click,
    Decided,
    Direction,
    Drag,
    FakeEnv,
    Hotkey,
    KeyDown,
    KeyUp,
    Move,
    Replied,
    Scroll,
    Size,
    StopReason,
    Type,
    Usage,
    Wait,
)
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, GiveUp

MODEL = "openai:gpt-5.4"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> OpenAiPlay:
    return OpenAiPlay(monkeypatch)


SCREENSHOT = {"type": "computer_screenshot", "image_url": "IMAGE"}


def test_an_episode_sends_the_task_then_only_the_newest_screenshot(play: OpenAiPlay) -> None:
    events = play(
        openai_reply(1, openai_reasoning(1, "Find the button."), computer_call(1, play.greet())),
        openai_reply(2, openai_message("It says hello.")),
    )
    assert (ended(events).stop, ended(events).answer) == (StopReason.FINISHED, "It says hello.")
    assert play.env.state.presses == 1
    first, second = map(without_data_urls, play.requests)
    assert first["model"] == "gpt-5.4"
    assert first["truncation"] == "auto"
    assert first["tools"][0] == {"type": "computer"}
    assert [tool["name"] for tool in first["tools"][1:]] == ["give_up", "open_app"]
    assert "previous_response_id" not in first
    assert first["input"] == [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Press Greet"},
                {"type": "input_image", "image_url": "IMAGE", "detail": "original"},
            ],
        }
    ]
    assert second["previous_response_id"] == "resp_1"
    assert second["instructions"] == first["instructions"]
    assert second["input"] == [{"type": "computer_call_output", "call_id": "call_1", "output": SCREENSHOT}]
    assert play.headers[0]["authorization"] == f"Bearer {KEY}"


def test_usage_and_reasoning_are_recorded_and_no_key_or_image(play: OpenAiPlay) -> None:
    events = play(
        openai_reply(1, openai_reasoning(1, "Find the button."), computer_call(1, play.greet())),
        openai_reply(2, openai_message("done")),
    )
    assert ended(events).usage == Usage(2000, 100, 1200)
    decided = next(event for event in events if isinstance(event, Decided))
    assert decided.reasoning == "Find the button."
    replied = [event for event in events if isinstance(event, Replied)]
    assert [event.images for event in replied] == [1, 1]
    assert replied[0].image == Size(640, 480)
    for event in replied:
        assert KEY not in event.text
        assert "base64" not in event.text


def test_a_batch_is_carried_out_in_order_and_answered_by_one_screenshot(play: OpenAiPlay) -> None:
    at = play.env.where("Name")
    batch = (click_at(round(at.x), round(at.y)), {"type": "type", "text": "Ada"}, {"type": "screenshot"})
    events = play(openai_reply(1, computer_call(1, *batch)), openai_reply(2, openai_message("done")))
    assert ended(events).stop is StopReason.FINISHED
    assert play.env.state.text == "Ada"
    decided = next(event for event in events if isinstance(event, Decided))
    assert [type(action) for action in decided.actions] == [Click, Type]
    assert len(play.requests[1]["input"]) == 1


def test_a_large_screen_is_sent_smaller_and_points_map_back_exactly(play: OpenAiPlay) -> None:
    play.env = FakeEnv(Size(3200, 2000))
    events = play(openai_reply(1, computer_call(1, click_at(801, 333))), openai_reply(2, openai_message("done")))
    replied = next(event for event in events if isinstance(event, Replied))
    assert replied.image == Size(1600, 1000)
    decided = next(event for event in events if isinstance(event, Decided))
    (trace,) = decided.traces
    assert (trace.screen.x, trace.screen.y) == (1602, 666)


@pytest.mark.parametrize(
    ("action", "moves"),
    [
        (click_at(1, 2), (Click(ModelPoint(1, 2)),)),
        (click_at(1, 2, button="right"), (Click(ModelPoint(1, 2), Button.RIGHT),)),
        (click_at(1, 2, button="wheel"), (Click(ModelPoint(1, 2), Button.MIDDLE),)),
        (click_at(1, 2, button="back"), (Click(ModelPoint(1, 2), Button.BACK),)),
        (click_at(1, 2, button="forward"), (Click(ModelPoint(1, 2), Button.FORWARD),)),
        (click_at(1, 2, keys=["CTRL", "SHIFT"]), (Click(ModelPoint(1, 2), modifiers=("ctrl", "shift")),)),
        (click_at(1, 2, keys=None), (Click(ModelPoint(1, 2)),)),
        ({"type": "double_click", "x": 1, "y": 2}, (Click(ModelPoint(1, 2), count=2),)),
        (
            {"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 5, "y": 6}], "keys": ["ALT"]},
            (Drag((ModelPoint(1, 2), ModelPoint(3, 4), ModelPoint(5, 6)), modifiers=("alt",)),),
        ),
        ({"type": "keypress", "keys": ["CTRL", "A"]}, (Hotkey(("ctrl", "a")),)),
        ({"type": "keypress", "keys": ["ENTER"]}, (Hotkey(("enter",)),)),
        ({"type": "keypress", "keys": ["ARROWDOWN"]}, (Hotkey(("down",)),)),
        ({"type": "move", "x": 1, "y": 2}, (Move(ModelPoint(1, 2)),)),
        (
            {"type": "move", "x": 1, "y": 2, "keys": ["SHIFT"]},
            (KeyDown("shift"), Move(ModelPoint(1, 2)), KeyUp("shift")),
        ),
        ({"type": "screenshot"}, (Wait(0),)),
        (
            {"type": "scroll", "x": 1, "y": 2, "scroll_x": 0, "scroll_y": 500},
            (Scroll(Direction.DOWN, 5, ModelPoint(1, 2)),),
        ),
        (
            {"type": "scroll", "x": 1, "y": 2, "scroll_x": -120, "scroll_y": -20},
            (Scroll(Direction.UP, 1, ModelPoint(1, 2)), Scroll(Direction.LEFT, 1, ModelPoint(1, 2))),
        ),
        (
            {"type": "scroll", "x": 1, "y": 2, "scroll_x": 300, "scroll_y": 0, "keys": ["CTRL"]},
            (KeyDown("ctrl"), Scroll(Direction.RIGHT, 3, ModelPoint(1, 2)), KeyUp("ctrl")),
        ),
        ({"type": "type", "text": "hällo\n"}, (Type("hällo\n"),)),
        ({"type": "wait"}, (Wait(2),)),
    ],
)
def test_every_action_of_the_tool(action: Json, moves: tuple[object, ...]) -> None:
    reply = vendor_model(MODEL).read(openai_reply(1, computer_call(1, action)))
    assert not reply.problem
    assert reply.parsed().moves == moves


def test_the_single_action_of_the_preview_model_is_read() -> None:
    call = {**computer_call(1), "action": click_at(1, 2)}
    assert vendor_model(MODEL).read(openai_reply(1, call)).parsed().moves == (Click(ModelPoint(1, 2)),)


def test_the_preview_model_gets_the_size_and_kind_of_the_screen(play: OpenAiPlay) -> None:
    play(openai_reply(1, openai_message("done")), model="openai:computer-use-preview")
    assert play.requests[0]["tools"][0] == {
        "type": "computer_use_preview",
        "display_width": 640,
        "display_height": 480,
        "environment": "linux",
    }


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ({"type": "levitate"}, "there is no action 'levitate'"),
        ({"type": "click", "button": "left", "x": 3}, "y is missing"),
        ({"type": "click", "button": "left", "x": "3", "y": 4}, "x is not a number"),
        ({"type": "click", "button": "left", "x": float("nan"), "y": 4}, "x is not a number"),
        (click_at(1, 2, button="fourth"), "there is no button 'fourth'"),
        ({"type": "keypress", "keys": []}, "no key is named"),
        ({"type": "keypress", "keys": ["ANY"]}, "there is no key named 'ANY'"),
        ({"type": "drag", "path": [{"x": 1, "y": 2}]}, "the path of a drag needs two points"),
        ({"type": "type"}, "text is missing"),
    ],
)
def test_a_batch_with_an_action_that_cannot_be_carried_out_does_nothing(action: Json, problem: str) -> None:
    reply = vendor_model(MODEL).read(openai_reply(1, computer_call(1, click_at(1, 2), action)))
    assert reply.problem == problem
    assert reply.calls[0].moves == ()


def test_such_a_batch_is_answered_with_the_reason_in_the_same_step(play: OpenAiPlay) -> None:
    events = play(
        openai_reply(1, computer_call(1, {"type": "keypress", "keys": ["ANY"]})),
        openai_reply(2, computer_call(2, play.greet())),
        openai_reply(3, openai_message("done")),
    )
    assert (ended(events).steps, ended(events).parse_failures, play.env.state.presses) == (2, 1, 1)
    second = without_data_urls(play.requests[1])
    assert second["previous_response_id"] == "resp_1"
    assert second["input"] == [
        {"type": "computer_call_output", "call_id": "call_1", "output": SCREENSHOT},
        {"role": "user", "content": [{"type": "input_text", "text": "there is no key named 'ANY'"}]},
    ]
    assert without_data_urls(play.requests[2])["previous_response_id"] == "resp_2"


def test_function_calls_ask_the_user_and_give_up(play: OpenAiPlay) -> None:
    events = play(openai_reply(1, openai_function(1, "ask_user", question="Which account?")))
    assert (ended(events).stop, ended(events).reason) == (StopReason.NEEDS_USER, "Which account?")
    events = play(openai_reply(1, openai_function(1, "give_up", reason="There is no such page.")))
    assert (ended(events).stop, ended(events).reason) == (StopReason.INFEASIBLE, "There is no such page.")


def test_calls_of_functions_are_read() -> None:
    reply = vendor_model(MODEL).read(
        openai_reply(1, openai_function(1, "ask_user", question="Why?"), openai_function(2, "rm"))
    )
    assert reply.parsed().moves == (AskUser("Why?"),)
    assert reply.calls[1].error == "there is no tool 'rm'"
    broken = {**openai_function(1, "give_up"), "arguments": "{"}
    assert vendor_model(MODEL).read(openai_reply(1, broken)).problem == "the arguments are not a JSON object"
    assert vendor_model(MODEL).read(openai_reply(1, openai_function(1, "give_up", reason="no"))).parsed().moves == (
        GiveUp("no"),
    )


def test_a_function_of_the_program_is_a_tool_and_its_result_comes_back_as_data(play: OpenAiPlay) -> None:
    check_own_action(
        play, openai_reply(1, openai_function(1, "stock", **STOCK)), openai_reply(2, openai_message("eight"))
    )
    check_reserved_name("openai:gpt-5.4", "navigate")
