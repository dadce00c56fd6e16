"""OpenAI's computer tool: the bodies that the real SDK sends, and what its replies mean."""

import json
from typing import Any

import pytest
from vendor_server import (
    KEY,
    Answer,
    Json,
    computer_call,
    openai_function,
    openai_message,
    openai_reasoning,
    openai_refusal,
    openai_reply,
    vendor_server,
)

from screenwright import (
    Agent,
    AgentConfig,
    Allow,
    Back,
    Button,
    Click,
    Decided,
    Deny,
    Direction,
    Drag,
    Ended,
    Event,
    FakeEnv,
    GuardDecision,
    Hotkey,
    KeyDown,
    KeyUp,
    Limits,
    Move,
    NeedsUser,
    ParseFailed,
    RecoveredError,
    Replied,
    Scroll,
    Size,
    StopReason,
    Supervision,
    Type,
    Usage,
    Wait,
    history_named,
    open_model,
)
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, GiveUp
from screenwright.agent.vendors.openai_api import OpenAiModel

MODEL = OpenAiModel("gpt-5.4")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def click_at(x: int, y: int, **more: Any) -> Json:
    return {"type": "click", "button": "left", "x": x, "y": y, **more}


def greet(env: FakeEnv) -> Json:
    at = env.where("Greet")
    return click_at(round(at.x), round(at.y))


class Play:
    """Runs episodes with the model `gpt-5.4` against a scripted server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.env = FakeEnv()
        self.requests: list[Json] = []
        self.headers: list[dict[str, str]] = []

    def at(self, url: str) -> None:
        self._monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")

    def __call__(
        self, *answers: Json | Answer, model: str = "openai:gpt-5.4", request: Json | None = None, **agent: Any
    ) -> list[Event]:
        with vendor_server(*answers) as server:
            self.at(server.url)
            if request is not None:
                agent["policy"] = AgentConfig.of(model=model, request=request).build_policy()
            acting = Agent(None if "policy" in agent else model, limits=Limits(steps=10), **agent)
            try:
                events = list(acting.stream("Press Greet", self.env))
            finally:
                acting.close()
            self.requests, self.headers = server.requests, server.headers
            assert set(server.paths) <= {"/v1/responses"}
        return events


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    return Play(monkeypatch)


def ended(events: list[Event]) -> Ended:
    assert isinstance(events[-1], Ended)
    return events[-1]


def without_images(value: Any) -> Any:
    """`value` with each image as `IMAGE`, for comparisons."""
    if isinstance(value, dict):
        return {name: without_images(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_images(one) for one in value]
    return "IMAGE" if isinstance(value, str) and value.startswith("data:image/png;base64,") else value


SCREENSHOT = {"type": "computer_screenshot", "image_url": "IMAGE"}


def test_an_episode_sends_the_task_then_only_the_newest_screenshot(play: Play) -> None:
    events = play(
        openai_reply(1, openai_reasoning(1, "Find the button."), computer_call(1, greet(play.env))),
        openai_reply(2, openai_message("It says hello.")),
    )
    assert (ended(events).stop, ended(events).answer) == (StopReason.FINISHED, "It says hello.")
    assert play.env.state.presses == 1
    first, second = map(without_images, play.requests)
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


def test_usage_and_reasoning_are_recorded_and_no_key_or_image(play: Play) -> None:
    events = play(
        openai_reply(1, openai_reasoning(1, "Find the button."), computer_call(1, greet(play.env))),
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


def test_a_batch_is_carried_out_in_order_and_answered_by_one_screenshot(play: Play) -> None:
    at = play.env.where("Name")
    batch = (click_at(round(at.x), round(at.y)), {"type": "type", "text": "Ada"}, {"type": "screenshot"})
    events = play(openai_reply(1, computer_call(1, *batch)), openai_reply(2, openai_message("done")))
    assert ended(events).stop is StopReason.FINISHED
    assert play.env.state.text == "Ada"
    decided = next(event for event in events if isinstance(event, Decided))
    assert [type(action) for action in decided.actions] == [Click, Type]
    assert len(play.requests[1]["input"]) == 1


def test_a_large_screen_is_sent_smaller_and_points_map_back_exactly(play: Play) -> None:
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
        (click_at(1, 2, button="back"), (Back(),)),
        (click_at(1, 2, button="forward"), (Hotkey(("alt", "right")),)),
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
    reply = MODEL.read(openai_reply(1, computer_call(1, action)))
    assert not reply.problem
    assert reply.parsed().moves == moves


def test_the_single_action_of_the_preview_model_is_read() -> None:
    call = {**computer_call(1), "action": click_at(1, 2)}
    assert MODEL.read(openai_reply(1, call)).parsed().moves == (Click(ModelPoint(1, 2)),)


def test_the_preview_model_is_told_the_size_and_kind_of_the_screen(play: Play) -> None:
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
    reply = MODEL.read(openai_reply(1, computer_call(1, click_at(1, 2), action)))
    assert reply.problem == problem
    assert reply.calls[0].moves == ()


def test_such_a_batch_is_answered_with_the_reason_in_the_same_step(play: Play) -> None:
    events = play(
        openai_reply(1, computer_call(1, {"type": "keypress", "keys": ["ANY"]})),
        openai_reply(2, computer_call(2, greet(play.env))),
        openai_reply(3, openai_message("done")),
    )
    assert (ended(events).steps, ended(events).parse_failures, play.env.state.presses) == (2, 1, 1)
    second = without_images(play.requests[1])
    assert second["previous_response_id"] == "resp_1"
    assert second["input"] == [
        {"type": "computer_call_output", "call_id": "call_1", "output": SCREENSHOT},
        {"role": "user", "content": [{"type": "input_text", "text": "there is no key named 'ANY'"}]},
    ]
    assert without_images(play.requests[2])["previous_response_id"] == "resp_2"


def test_function_calls_ask_the_user_and_give_up(play: Play) -> None:
    events = play(openai_reply(1, openai_function(1, "ask_user", question="Which account?")))
    assert (ended(events).stop, ended(events).reason) == (StopReason.NEEDS_USER, "Which account?")
    events = play(openai_reply(1, openai_function(1, "give_up", reason="There is no such page.")))
    assert (ended(events).stop, ended(events).reason) == (StopReason.INFEASIBLE, "There is no such page.")


def test_calls_of_functions_are_read() -> None:
    reply = MODEL.read(openai_reply(1, openai_function(1, "ask_user", question="Why?"), openai_function(2, "rm")))
    assert reply.parsed().moves == (AskUser("Why?"),)
    assert reply.calls[1].error == "there is no tool 'rm'"
    broken = {**openai_function(1, "give_up"), "arguments": "{"}
    assert MODEL.read(openai_reply(1, broken)).problem == "the arguments are not a JSON object"
    assert MODEL.read(openai_reply(1, openai_function(1, "give_up", reason="no"))).parsed().moves == (GiveUp("no"),)


# -- safety checks

CHECK = {"id": "sc_1", "code": "malicious_instructions", "message": "The page contains instructions."}


class Answering:
    def __init__(self, answer: GuardDecision) -> None:
        self.answer, self.asked = answer, list[str]()

    def __call__(self, *_: object) -> GuardDecision:
        return Allow()

    def answer_safety_check(self, question: str, *_: object) -> GuardDecision:
        self.asked.append(question)
        return self.answer


def test_a_safety_check_without_an_answer_ends_the_episode_with_the_text_of_the_api(play: Play) -> None:
    events = play(openai_reply(1, computer_call(1, greet(play.env), checks=[CHECK])))
    assert (ended(events).stop, ended(events).reason) == (StopReason.NEEDS_USER, "The page contains instructions.")
    assert play.env.state.presses == 0
    assert len(play.requests) == 1
    assert not [event for event in events if isinstance(event, NeedsUser)]


def test_an_allowed_safety_check_is_acknowledged_with_its_id(play: Play) -> None:
    guard = Answering(Allow())
    play(
        openai_reply(1, computer_call(1, greet(play.env), checks=[CHECK])),
        openai_reply(2, openai_message("done")),
        guard=guard,
    )
    assert guard.asked == ["The page contains instructions."]
    assert play.env.state.presses == 1
    (output,) = play.requests[1]["input"]
    assert output["acknowledged_safety_checks"] == [CHECK]


def test_a_denied_safety_check_is_not_acknowledged_and_the_actions_are_told_as_text(play: Play) -> None:
    play(
        openai_reply(1, openai_reasoning(1), computer_call(1, greet(play.env), checks=[CHECK])),
        openai_reply(2, openai_message("done")),
        openai_reply(3, openai_message("done")),
        guard=Answering(Deny("not on this page")),
    )
    second = without_images(play.requests[1])
    assert "previous_response_id" not in second
    assert "acknowledged_safety_checks" not in json.dumps(second)
    assert [item.get("type") or item["role"] for item in second["input"]] == [
        "user",
        "assistant",
        "user",
    ]
    texts = [part["text"] for part in second["input"][2]["content"] if part["type"] == "input_text"]
    assert texts[0] == "The user did not allow this: not on this page"
    assert second["input"][2]["content"][-1]["image_url"] == "IMAGE"
    assert play.requests[2]["previous_response_id"] == "resp_2"


# -- history, resuming, errors


def test_a_lost_conversation_is_sent_again_as_a_whole(play: Play) -> None:
    gone = {
        "error": {"message": "Previous response with id 'resp_1' not found.", "code": "previous_response_not_found"}
    }
    items = openai_reasoning(1), computer_call(1, greet(play.env))
    events = play(openai_reply(1, *items), Answer(gone, 400), openai_reply(2, openai_message("done")))
    assert ended(events).stop is StopReason.FINISHED
    assert any("whole conversation" in event.message for event in events if isinstance(event, RecoveredError))
    again = without_images(play.requests[2])
    assert "previous_response_id" not in again
    user, reasoning, call, output = again["input"]
    assert user["content"][0]["text"] == "Press Greet"
    assert (reasoning, call) == items
    assert output == {"type": "computer_call_output", "call_id": "call_1", "output": SCREENSHOT}


def test_a_history_limits_the_screenshots_and_sends_the_whole_conversation(play: Play) -> None:
    move = {"type": "move", "x": 5, "y": 5}
    play(
        openai_reply(1, computer_call(1, greet(play.env))),
        openai_reply(2, computer_call(2, move)),
        openai_reply(3, openai_message("done")),
        history=history_named("window:1"),
    )
    third = without_images(play.requests[2])
    assert "previous_response_id" not in third
    assert json.dumps(third).count("IMAGE") == 1
    assert [item.get("type") or item["role"] for item in third["input"]] == [
        "user",
        "assistant",
        "user",
        "computer_call",
        "computer_call_output",
    ]
    assert json.loads(third["input"][1]["content"]) == [greet(play.env)]


def test_a_conversation_that_the_api_may_not_keep_is_sent_as_a_whole(play: Play) -> None:
    items = openai_reasoning(1), computer_call(1, greet(play.env))
    play(openai_reply(1, *items), openai_reply(2, openai_message("done")), request={"store": False})
    second = play.requests[1]
    assert (second["store"], "previous_response_id" in second) == (False, False)
    assert second["input"][1:3] == [*items]


def test_the_answer_of_the_user_is_the_result_of_the_question(play: Play) -> None:
    events = list[Event]()
    with vendor_server(
        openai_reply(1, openai_function(1, "ask_user", question="Which?")), openai_reply(2, openai_message("done"))
    ) as server:
        play.at(server.url)
        agent = Agent("openai:gpt-5.4", supervision=Supervision(attended=True))
        for event in agent.stream("Press Greet", play.env):
            events.append(event)
            if isinstance(event, NeedsUser):
                agent.send_message("The first.")
        agent.close()
    assert "ask_user" in [tool.get("name") for tool in server.requests[0]["tools"]]
    output, message = without_images(server.requests[1])["input"]
    assert output == {"type": "function_call_output", "call_id": "call_1", "output": "Done."}
    assert "The user answers: The first." in [part.get("text") for part in message["content"]]
    assert message["content"][-1]["image_url"] == "IMAGE"


def test_a_resumed_run_continues_the_conversation(play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    env, run = FakeEnv(), tmp_path / "run"
    with vendor_server(
        openai_reply(1, computer_call(1, greet(env))), openai_reply(2, openai_message("done"))
    ) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        first = Agent("openai:gpt-5.4", limits=Limits(steps=1))
        assert first.run("Press Greet", env, out=run).stop is StopReason.STEP_LIMIT
        first.close()
        second = Agent("openai:gpt-5.4")
        assert second.continue_run(run, env).finished
        second.close()
        log = b"".join(path.read_bytes() for path in run.rglob("*.jsonl"))
    request = without_images(server.requests[1])
    assert request["previous_response_id"] == "resp_1"
    output, notes = request["input"]
    assert output["call_id"] == "call_1"
    assert "interrupted" in notes["content"][0]["text"]
    assert log
    assert KEY.encode() not in log
    assert b"base64," not in log


def test_an_episode_resumed_with_another_model_starts_a_new_conversation(
    play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    env, run = FakeEnv(), tmp_path / "run"
    from screenwright import ModelPolicy, ScriptedModel, UiTars15

    other = ModelPolicy(ScriptedModel(["Thought: t\nAction: wait()"]), UiTars15())
    Agent(policy=other, limits=Limits(steps=1)).run("Press Greet", env, out=run)
    with vendor_server(openai_reply(1, openai_message("done"))) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        agent = Agent("openai:gpt-5.4")
        assert agent.continue_run(run, env).finished
        agent.close()
    assert [item["role"] for item in server.requests[0]["input"]] == ["user"]


def test_a_refusal_is_the_reason_why_there_is_no_reply(play: Play) -> None:
    events = play(openai_reply(1, openai_refusal("I cannot help with that.")))
    assert ended(events).stop is StopReason.MODEL_LOST
    assert ended(events).reason == "OpenAI's API sent no reply: the model refused: I cannot help with that."


def test_a_cut_off_reply_is_asked_for_again_with_more_tokens(play: Play) -> None:
    cut = openai_reply(1, computer_call(1), status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    events = play(cut, openai_reply(2, openai_message("done")))
    failure = next(event for event in events if isinstance(event, ParseFailed))
    assert (failure.kind, failure.message) == ("truncated", "the reply was cut off at the maximum number of tokens")
    assert ended(events).stop is StopReason.FINISHED
    assert play.requests[1]["max_output_tokens"] == 16384
    assert "previous_response_id" not in play.requests[1]


def test_the_content_filter_is_named(play: Play) -> None:
    filtered = openai_reply(1, status="incomplete", incomplete_details={"reason": "content_filter"})
    assert "content filter" in ended(play(filtered)).reason


def test_rate_limits_are_waited_for_and_recorded(play: Play) -> None:
    limited = Answer({"error": {"message": "Rate limit reached"}}, 429, {"Retry-After": "0.1"})
    events = play(limited, openai_reply(1, openai_message("done")))
    assert ended(events).stop is StopReason.FINISHED
    (error,) = [event for event in events if isinstance(event, RecoveredError)]
    assert "rate limiting requests (429): Rate limit reached" in error.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer({"error": {"message": f"Incorrect API key {KEY}"}}, 401), "denied access (401)"),
        (Answer({"error": {"message": "The model does not exist"}}, 404), "check the name 'gpt-5.4'"),
        (Answer({"error": {"message": "quota", "code": "insufficient_quota"}}, 429), "quota is used up"),
        (Answer("<html>a proxy</html>", 200), "something other than a response"),
        (Answer({"id": "resp_1", "object": "response"}), "a response without output"),
        (
            Answer(openai_reply(1, status="failed", error={"code": "invalid_prompt", "message": "not this"})),
            "rejected the request (400): not this",
        ),
        (Answer({"error": {"message": "too long: context_length_exceeded"}}, 400), "rejected the request as too long"),
    ],
)
def test_permanent_errors_end_the_episode_with_the_cause(play: Play, answer: Answer, words: str) -> None:
    events = play(answer)
    assert ended(events).stop is StopReason.MODEL_LOST
    assert words in ended(events).reason
    assert KEY not in ended(events).reason
    assert "base64" not in ended(events).reason


def test_without_a_key_nothing_is_sent(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert ended(play(openai_reply(1))).reason == "OpenAI's API needs a key: set OPENAI_API_KEY"
    assert play.requests == []


def test_the_key_is_in_no_repr() -> None:
    model = open_model("openai:gpt-5.4")
    model.connect()
    assert KEY not in repr(model)
    assert KEY not in repr(model.info())
    model.close()  # type: ignore[attr-defined]


def test_the_name_of_the_model_is_required() -> None:
    with pytest.raises(ValueError, match=r"name a model of OpenAI's API, such as openai:gpt-5\.4"):
        open_model("openai")
    assert open_model("openai", "gpt-6").info().name == "gpt-6"
