"""Anthropic's computer toolset: the bodies that the real SDK sends, and what its replies mean."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from killed_env import Killed, KilledBy
from PIL import Image
from vendor_play import STOCK, Play, check_own_action, check_reserved_name, ended
from vendor_server import (
    KEY,
    Answer,
    Json,
    anthropic_function,
    anthropic_reply,
    member,
    thinking,
    vendor_model,
    vendor_server,
)

from screenwright import (
    Agent,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Decided,
    Direction,
    Drag,
    FakeEnv,
    Hotkey,
    KeyDown,
    KeyUp,
    Limits,
    Move,
    ParseFailed,
    RecoveredError,
    Replied,
    Scroll,
    Size,
    StopReason,
    Type,
    Usage,
    Wait,
    history_named,
)
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.describe import POSSIBLY_DONE
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Sampling
from screenwright.agent.vendors.exchange import NOT_EXECUTED, Exchange, ScreenKind, VendorConversation

MODEL = "anthropic:claude-opus-5"
AT = ModelPoint(1, 2)


def text(words: str) -> Json:
    return {"type": "text", "text": words}


DONE = anthropic_reply(text("It says hello."), stop="end_turn")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


class AnthropicPlay(Play):
    address = "anthropic:claude-opus-5"
    variable = "ANTHROPIC_BASE_URL"
    path = "/v1/messages"


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    return AnthropicPlay(monkeypatch)


def without_images(value: Any) -> Any:
    """`value` with each image as `IMAGE`, for comparisons."""
    if isinstance(value, dict):
        if value.get("type") == "image":
            assert value["source"]["media_type"] == "image/png"
            return "IMAGE"
        return {name: without_images(one) for name, one in value.items()}
    return [without_images(one) for one in value] if isinstance(value, list) else value


def test_an_episode_sends_the_whole_conversation_with_thinking_unchanged(play: Play) -> None:
    thought, call = thinking("Find the button."), member(1, "left_click", coordinate=play.place("Greet"))
    events = play(anthropic_reply(thought, text("I click Greet."), call), DONE)
    assert (ended(events).stop, ended(events).answer) == (StopReason.FINISHED, "It says hello.")
    assert play.env.state.presses == 1
    first, second = map(without_images, play.requests)
    assert (first["model"], first["max_tokens"]) == ("claude-opus-5", 8192)
    toolset, *functions = first["tools"]
    assert toolset == {"type": "computer_toolset_20260801", "configs": {"cursor_position": {"enabled": False}}}
    assert [tool["name"] for tool in functions] == ["give_up", "open_app"]
    assert "temperature" not in first
    assert "tool_choice" not in first
    assert first["messages"] == [{"role": "user", "content": [text("Press Greet"), "IMAGE"]}]
    user, assistant, results = second["messages"]
    assert user == first["messages"][0]
    assert assistant == {"role": "assistant", "content": [thought, text("I click Greet."), call]}
    assert results["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "toolu_1",
            "toolset_name": "computer",
            "content": [text("Done."), "IMAGE"],
        }
    ]
    assert KEY in play.headers[0]["authorization"]
    assert "anthropic-beta" not in play.headers[0]


def test_usage_and_thinking_are_recorded_and_no_key_or_image(play: Play) -> None:
    call = member(1, "left_click", coordinate=play.place("Greet"))
    events = play(anthropic_reply(thinking("Find the button."), text("I click."), call), DONE)
    assert ended(events).usage == Usage(2000, 100, 1000)
    decided = next(event for event in events if isinstance(event, Decided))
    assert (decided.thought, decided.reasoning) == ("I click.", "Find the button.")
    for event in events:
        if isinstance(event, Replied):
            assert KEY not in event.text
            assert "base64" not in event.text


def test_several_calls_are_carried_out_in_order_and_the_last_result_has_the_screenshot(play: Play) -> None:
    play(
        anthropic_reply(member(1, "left_click", coordinate=play.place("Name")), member(2, "type", text="Ada")),
        DONE,
    )
    assert play.env.state.text == "Ada"
    one, other = without_images(play.requests[1])["messages"][2]["content"]
    assert (one["tool_use_id"], one["content"]) == ("toolu_1", [text("Done.")])
    assert (other["tool_use_id"], other["content"]) == ("toolu_2", [text("Done."), "IMAGE"])


def test_calls_after_one_that_the_screen_refuses_are_answered_as_not_executed(play: Play) -> None:
    play(
        anthropic_reply(
            member(1, "left_click", coordinate=play.place("Name")),
            anthropic_function(2, "open_app", app_name="calculator"),
            member(3, "type", text="Ada"),
        ),
        DONE,
        DONE,
    )
    assert play.env.state.text == ""
    done, refused, skipped, note = without_images(play.requests[1])["messages"][2]["content"]
    assert "is_error" not in done
    assert (refused["is_error"], refused["content"]) == (True, [text("this screen has no openapp action")])
    assert "toolset_name" not in refused
    assert (skipped["is_error"], skipped["content"]) == (True, [text(NOT_EXECUTED), "IMAGE"])
    assert note["text"].startswith("Your last action could not be executed: this screen has no openapp action")


def test_a_call_that_cannot_be_read_is_answered_with_the_reason_in_the_same_step(play: Play) -> None:
    events = play(
        anthropic_reply(member(1, "left_click", coordinate=[1])),
        anthropic_reply(member(2, "left_click", coordinate=play.place("Greet"))),
        DONE,
    )
    assert (ended(events).steps, ended(events).parse_failures, play.env.state.presses) == (2, 1, 1)
    (result,) = without_images(play.requests[1])["messages"][2]["content"]
    assert result["is_error"] is True
    assert result["content"] == [text("coordinate is not a list of x and y"), "IMAGE"]
    assert len(play.requests[2]["messages"]) == 3  # the failed attempt is not part of the conversation


def test_a_large_screen_is_sent_with_1280_pixels_and_points_map_back_exactly(play: Play) -> None:
    play.env = FakeEnv(Size(2560, 1600))
    events = play(anthropic_reply(member(1, "left_click", coordinate=[640, 399])), DONE)
    assert next(event for event in events if isinstance(event, Replied)).image == Size(1280, 800)
    (trace,) = next(event for event in events if isinstance(event, Decided)).traces
    assert (trace.screen.x, trace.screen.y) == (1280, 798)


def test_zoom_shows_a_part_of_the_screen_at_its_full_resolution(play: Play) -> None:
    play.env = FakeEnv(Size(2560, 1600))
    events = play(anthropic_reply(member(1, "zoom", region=[0, 0, 320, 200])), DONE)
    assert next(event for event in events if isinstance(event, Decided)).actions == (Wait(0),)
    (result,) = play.requests[1]["messages"][2]["content"]
    (image,) = result["content"]
    shown = Image.open(io.BytesIO(base64.b64decode(image["source"]["data"])))
    assert shown.size == (1280, 800)
    whole = play.env.observe().screenshot.image
    expected = whole.crop((0, 0, 640, 400)).resize((1280, 800), Image.Resampling.BICUBIC)
    assert shown.convert("RGB").tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("call", "moves"),
    [
        (member(1, "key", text="ctrl+s"), (Hotkey(("ctrl", "s")),)),
        (member(1, "key", text="Page_Down", repeat=2), (Hotkey(("pagedown",)), Hotkey(("pagedown",)))),
        (
            member(1, "hold_key", text="ctrl+shift", duration=2),
            (KeyDown("ctrl"), KeyDown("shift"), Wait(2), KeyUp("shift"), KeyUp("ctrl")),
        ),
        (member(1, "type", text="hällo\n"), (Type("hällo\n"),)),
        (member(1, "mouse_move", coordinate=[1, 2]), (Move(AT),)),
        (member(1, "left_mouse_down"), (ButtonDown(),)),
        (member(1, "left_mouse_up"), (ButtonUp(),)),
        (member(1, "left_click", coordinate=[1, 2]), (Click(AT),)),
        (member(1, "left_click", coordinate=[1, 2], text="ctrl"), (Click(AT, modifiers=("ctrl",)),)),
        (member(1, "left_click"), (ButtonDown(), ButtonUp())),
        (member(1, "left_click", text="shift"), (KeyDown("shift"), ButtonDown(), ButtonUp(), KeyUp("shift"))),
        (
            member(1, "left_click_drag", start_coordinate=[1, 2], coordinate=[3, 4], text="alt"),
            (Drag((AT, ModelPoint(3, 4)), modifiers=("alt",)),),
        ),
        (member(1, "right_click", coordinate=[1, 2]), (Click(AT, Button.RIGHT),)),
        (member(1, "middle_click", coordinate=[1, 2]), (Click(AT, Button.MIDDLE),)),
        (member(1, "double_click", coordinate=[1, 2]), (Click(AT, count=2),)),
        (member(1, "double_click"), (ButtonDown(), ButtonUp(), ButtonDown(), ButtonUp())),
        (member(1, "triple_click", coordinate=[1, 2]), (Click(AT, count=3),)),
        (member(1, "scroll", scroll_direction="down", scroll_amount=3), (Scroll(Direction.DOWN, 3),)),
        (
            member(1, "scroll", scroll_direction="left", scroll_amount=2, coordinate=[1, 2], text="shift"),
            (KeyDown("shift"), Scroll(Direction.LEFT, 2, AT), KeyUp("shift")),
        ),
        (member(1, "wait", duration=3), (Wait(3),)),
        (member(1, "screenshot"), (Wait(0),)),
    ],
)
def test_every_member_of_the_toolset(call: Json, moves: tuple[object, ...]) -> None:
    reply = vendor_model(MODEL).read(anthropic_reply(call))
    assert not reply.problem
    assert reply.parsed().moves == moves


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (member(1, "cursor_position"), "'cursor_position' is not available on this screen"),
        (member(1, "key", text="any"), "there is no key named 'any'"),
        (member(1, "key", text="a", repeat=1000), "repeat must be 1 to 100, not 1000"),
        (member(1, "left_click_drag", coordinate=[3, 4]), "start_coordinate is missing"),
        (member(1, "scroll", scroll_direction="in", scroll_amount=1), "there is no direction 'in': use up, down, left"),
        (member(1, "wait"), "duration is missing"),
        (member(1, "zoom", region=[1, 2, 3]), "region is not a list of x0, y0, x1 and y1"),
        (anthropic_function(1, "left_click", coordinate=[1, 2]), "there is no tool 'left_click'"),
        ({**member(1, "type"), "input": "text"}, "the input is not an object"),
    ],
)
def test_what_cannot_be_carried_out_says_why(call: Json, problem: str) -> None:
    assert vendor_model(MODEL).read(anthropic_reply(call)).problem.startswith(problem)


def test_members_that_a_screen_does_not_support_are_disabled() -> None:
    shot = FakeEnv().observe().screenshot
    phone = vendor_model(MODEL).request(
        VendorConversation("a task", "system", ScreenKind.PHONE, (Exchange(shot, None),))
    )
    toolset, *functions = phone["tools"]
    assert all(config == {"enabled": False} for config in toolset["configs"].values())
    assert {"right_click", "hold_key", "mouse_move", "cursor_position"} <= toolset["configs"].keys()
    assert [tool["name"] for tool in functions] == ["give_up", "open_app", "go_back", "go_home", "long_press"]
    page = vendor_model(MODEL).request(
        VendorConversation("a task", "system", ScreenKind.PAGE, (Exchange(shot, None),), attended=True)
    )
    assert [tool["name"] for tool in page["tools"][1:]] == ["ask_user", "give_up", "navigate", "go_back"]


def test_a_history_drops_screenshots_but_no_replies(play: Play) -> None:
    move = member(2, "mouse_move", coordinate=[5, 5])
    play(
        anthropic_reply(member(1, "left_click", coordinate=play.place("Greet"))),
        anthropic_reply(move),
        DONE,
        history=history_named("window:1"),
    )
    third = without_images(play.requests[2])
    assert json.dumps(third).count("IMAGE") == 1
    assert third["messages"][-1]["content"][0]["content"][-1] == "IMAGE"
    assert third["messages"][2]["content"][0]["content"] == [text("Done.")]
    assert len(third["messages"]) == 5


def test_a_resumed_run_continues_the_conversation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env, run = FakeEnv(), tmp_path / "run"
    at = env.where("Greet")
    call = member(1, "left_click", coordinate=[round(at.x), round(at.y)])
    with vendor_server(anthropic_reply(thinking("t"), call), DONE) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        first, second = Agent("anthropic:claude-opus-5", limits=Limits(steps=1)), Agent("anthropic:claude-opus-5")
        first.run("Press Greet", env, out=run)
        first.close()
        assert second.continue_run(run, env).finished
        second.close()
    user, assistant, results = without_images(server.requests[1])["messages"]
    assert user == without_images(server.requests[0])["messages"][0]
    assert assistant["content"] == [thinking("t"), call]
    assert results["content"][0]["content"] == [text("Done."), "IMAGE"]
    assert "interrupted" in results["content"][1]["text"]


def test_a_run_killed_in_the_middle_of_a_reply_says_what_was_not_carried_out_for_certain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env, run = KilledBy(Click), tmp_path / "run"
    at = env.where("Greet")
    calls = [member(number, "left_click", coordinate=[round(at.x), round(at.y)]) for number in (1, 2)]
    with vendor_server(anthropic_reply(*calls), DONE) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        first, second = Agent("anthropic:claude-opus-5"), Agent("anthropic:claude-opus-5")
        with pytest.raises(Killed):
            first.run("Press Greet", env, out=run)
        first.close()
        assert second.continue_run(run, env).finished
        second.close()
    _, assistant, results = without_images(server.requests[1])["messages"]
    assert assistant["content"] == calls
    unknown, skipped, *notes = results["content"]
    assert unknown["is_error"]
    assert POSSIBLY_DONE in unknown["content"][0]["text"]
    assert skipped["content"][0] == text(NOT_EXECUTED)
    assert "The last action of your reply was not carried out." in [note["text"] for note in notes]


def test_a_prompt_that_is_too_long_is_sent_with_fewer_screenshots(play: Play) -> None:
    long = Answer({"type": "error", "error": {"message": "prompt is too long: 210000 tokens > 200000 maximum"}}, 400)
    moves = [anthropic_reply(member(i, "mouse_move", coordinate=[5 + i, 5])) for i in range(3)]
    events = play(*moves, long, DONE)
    assert ended(events).stop is StopReason.FINISHED
    counts = [json.dumps(without_images(request)).count("IMAGE") for request in play.requests]
    assert counts == [1, 2, 3, 4, 2]
    assert any("too long" in event.message for event in events if isinstance(event, RecoveredError))


def test_a_refusal_is_the_reason_why_there_is_no_reply(play: Play) -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "This looks like an attack."}
    events = play(anthropic_reply(stop="refusal", stop_details=details))
    assert ended(events).stop is StopReason.MODEL_LOST
    assert ended(events).reason == "Anthropic's API sent no reply: the model refused: This looks like an attack."


def test_a_cut_off_reply_is_asked_for_again_with_more_tokens(play: Play) -> None:
    events = play(anthropic_reply(thinking("so long"), stop="max_tokens"), DONE)
    failure = next(event for event in events if isinstance(event, ParseFailed))
    assert failure.kind == "truncated"
    assert [request["max_tokens"] for request in play.requests] == [8192, 16384]
    assert len(play.requests[1]["messages"]) == 1


def test_an_overloaded_api_is_asked_again(play: Play) -> None:
    busy = Answer({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, 529)
    events = play(busy, DONE)
    assert ended(events).stop is StopReason.FINISHED
    (error,) = [event for event in events if isinstance(event, RecoveredError)]
    assert "failed (529): Overloaded" in error.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer({"error": {"message": f"invalid x-api-key {KEY}"}}, 401), "denied access (401)"),
        (Answer({"error": {"message": "model: claude-opus-5"}}, 404), "check the name 'claude-opus-5'"),
        (Answer("<html>a proxy</html>", 200), "something other than a message"),
        (Answer({"type": "message"}), "a message without content"),
    ],
)
def test_permanent_errors_end_the_episode_with_the_cause(play: Play, answer: Answer, words: str) -> None:
    reason = ended(play(answer)).reason
    assert words in reason
    assert KEY not in reason


def test_a_plain_question_has_no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    with vendor_server(anthropic_reply(text("VERDICT: DONE"), stop="end_turn")) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        model = vendor_model(MODEL)
        completion = model.complete([Message.of("system", "Judge."), Message.of("user", "Done?")], Sampling())
        model.close()
    assert (completion.text, completion.usage.total) == ("VERDICT: DONE", 1050)
    assert server.requests[0]["system"] == "Judge."
    assert server.requests[0]["messages"] == [{"role": "user", "content": [text("Done?")]}]
    assert "tools" not in server.requests[0]


def test_a_function_of_the_program_is_a_tool_and_its_result_comes_back_as_data(play: Play) -> None:
    check_own_action(
        play,
        anthropic_reply(anthropic_function(1, "stock", **STOCK)),
        anthropic_reply({"type": "text", "text": "eight"}, stop="end_turn"),
    )
    check_reserved_name("anthropic:claude-opus-5", "computer")
