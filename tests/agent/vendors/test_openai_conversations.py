"""OpenAI's computer tool: safety checks, the conversation that the API keeps, and errors."""

import json
from typing import Any

import pytest
from killed_env import Killed, KilledBy
from vendor_play import OpenAiPlay, ended, without_data_urls
from vendor_server import (
    KEY,
    Answer,
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
    Allow,
    Click,
    Deny,
    Event,
    FakeEnv,
    GuardDecision,
    Limits,
    NeedsUser,
    ParseFailed,
    RecoveredError,
    StopReason,
    Supervision,
    history_named,
    open_model,
)
from screenwright.agent.core.describe import POSSIBLY_DONE


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> OpenAiPlay:
    return OpenAiPlay(monkeypatch)


SCREENSHOT = {"type": "computer_screenshot", "image_url": "IMAGE"}


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


def test_a_safety_check_without_an_answer_ends_the_episode_with_the_text_of_the_api(play: OpenAiPlay) -> None:
    events = play(openai_reply(1, computer_call(1, play.greet(), checks=[CHECK])))
    assert (ended(events).stop, ended(events).reason) == (StopReason.NEEDS_USER, "The page contains instructions.")
    assert play.env.state.presses == 0
    assert len(play.requests) == 1
    assert not [event for event in events if isinstance(event, NeedsUser)]


def test_an_allowed_safety_check_is_acknowledged_with_its_id(play: OpenAiPlay) -> None:
    guard = Answering(Allow())
    play(
        openai_reply(1, computer_call(1, play.greet(), checks=[CHECK])),
        openai_reply(2, openai_message("done")),
        guard=guard,
    )
    assert guard.asked == ["The page contains instructions."]
    assert play.env.state.presses == 1
    (output,) = play.requests[1]["input"]
    assert output["acknowledged_safety_checks"] == [CHECK]


def test_a_denied_safety_check_is_not_acknowledged_and_the_actions_become_text(play: OpenAiPlay) -> None:
    play(
        openai_reply(1, openai_reasoning(1), computer_call(1, play.greet(), checks=[CHECK])),
        openai_reply(2, openai_message("done")),
        openai_reply(3, openai_message("done")),
        guard=Answering(Deny("not on this page")),
    )
    second = without_data_urls(play.requests[1])
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


def test_a_lost_conversation_is_sent_again_as_a_whole(play: OpenAiPlay) -> None:
    gone = {
        "error": {"message": "Previous response with id 'resp_1' not found.", "code": "previous_response_not_found"}
    }
    items = openai_reasoning(1), computer_call(1, play.greet())
    events = play(openai_reply(1, *items), Answer(gone, 400), openai_reply(2, openai_message("done")))
    assert ended(events).stop is StopReason.FINISHED
    assert any("whole conversation" in event.message for event in events if isinstance(event, RecoveredError))
    again = without_data_urls(play.requests[2])
    assert "previous_response_id" not in again
    user, reasoning, call, output = again["input"]
    assert user["content"][0]["text"] == "Press Greet"
    assert (reasoning, call) == items
    assert output == {"type": "computer_call_output", "call_id": "call_1", "output": SCREENSHOT}


def test_a_history_limits_the_screenshots_and_sends_the_whole_conversation(play: OpenAiPlay) -> None:
    move = {"type": "move", "x": 5, "y": 5}
    play(
        openai_reply(1, computer_call(1, play.greet())),
        openai_reply(2, computer_call(2, move)),
        openai_reply(3, openai_message("done")),
        history=history_named("window:1"),
    )
    third = without_data_urls(play.requests[2])
    assert "previous_response_id" not in third
    assert json.dumps(third).count("IMAGE") == 1
    assert [item.get("type") or item["role"] for item in third["input"]] == [
        "user",
        "assistant",
        "user",
        "computer_call",
        "computer_call_output",
    ]
    assert json.loads(third["input"][1]["content"]) == [play.greet()]


def test_a_conversation_that_the_api_may_not_keep_is_sent_as_a_whole(play: OpenAiPlay) -> None:
    items = openai_reasoning(1), computer_call(1, play.greet())
    play(openai_reply(1, *items), openai_reply(2, openai_message("done")), request={"store": False})
    second = play.requests[1]
    assert (second["store"], "previous_response_id" in second) == (False, False)
    assert second["input"][1:3] == [*items]


def test_the_answer_of_the_user_is_the_result_of_the_question(play: OpenAiPlay) -> None:
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
    output, message = without_data_urls(server.requests[1])["input"]
    assert output == {"type": "function_call_output", "call_id": "call_1", "output": "Done."}
    assert "The user answers: The first." in [part.get("text") for part in message["content"]]
    assert message["content"][-1]["image_url"] == "IMAGE"


def test_a_resumed_run_continues_the_conversation(
    play: OpenAiPlay, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    env, run = FakeEnv(), tmp_path / "run"
    with vendor_server(
        openai_reply(1, computer_call(1, play.greet())), openai_reply(2, openai_message("done"))
    ) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        first = Agent("openai:gpt-5.4", limits=Limits(steps=1))
        assert first.run("Press Greet", env, out=run).stop is StopReason.STEP_LIMIT
        first.close()
        second = Agent("openai:gpt-5.4")
        assert second.continue_run(run, env).finished
        second.close()
        log = b"".join(path.read_bytes() for path in run.rglob("*.jsonl"))
    request = without_data_urls(server.requests[1])
    assert request["previous_response_id"] == "resp_1"
    output, notes = request["input"]
    assert output["call_id"] == "call_1"
    assert "interrupted" in notes["content"][0]["text"]
    assert log
    assert KEY.encode() not in log
    assert b"base64," not in log


def test_a_run_killed_during_an_action_continues_the_conversation_with_its_reply(
    play: OpenAiPlay, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    env, run = KilledBy(Click), tmp_path / "run"
    with vendor_server(
        openai_reply(1, computer_call(1, play.greet())), openai_reply(2, openai_message("done"))
    ) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        first, second = Agent("openai:gpt-5.4"), Agent("openai:gpt-5.4")
        with pytest.raises(Killed):
            first.run("Press Greet", env, out=run)
        first.close()
        assert second.continue_run(run, env).finished
        second.close()
    request = without_data_urls(server.requests[1])
    assert request["previous_response_id"] == "resp_1"
    output, notes = request["input"]
    assert output["call_id"] == "call_1"
    assert [POSSIBLY_DONE in part.get("text", "") for part in notes["content"]].count(True) == 1
    assert env.state.presses == 1


def test_an_episode_resumed_with_another_model_starts_a_new_conversation(
    play: OpenAiPlay, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
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


def test_a_refusal_is_the_reason_why_there_is_no_reply(play: OpenAiPlay) -> None:
    events = play(openai_reply(1, openai_refusal("I cannot help with that.")))
    assert ended(events).stop is StopReason.MODEL_LOST
    assert ended(events).reason == "OpenAI's API sent no reply: the model refused: I cannot help with that."


def test_a_cut_off_reply_is_asked_for_again_with_more_tokens(play: OpenAiPlay) -> None:
    cut = openai_reply(1, computer_call(1), status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    events = play(cut, openai_reply(2, openai_message("done")))
    failure = next(event for event in events if isinstance(event, ParseFailed))
    assert (failure.kind, failure.message) == ("truncated", "the reply was cut off at the maximum number of tokens")
    assert ended(events).stop is StopReason.FINISHED
    assert play.requests[1]["max_output_tokens"] == 16384
    assert "previous_response_id" not in play.requests[1]


def test_the_content_filter_is_named(play: OpenAiPlay) -> None:
    filtered = openai_reply(1, status="incomplete", incomplete_details={"reason": "content_filter"})
    assert "content filter" in ended(play(filtered)).reason


def test_rate_limits_are_waited_for_and_recorded(play: OpenAiPlay) -> None:
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
def test_permanent_errors_end_the_episode_with_the_cause(play: OpenAiPlay, answer: Answer, words: str) -> None:
    events = play(answer)
    assert ended(events).stop is StopReason.MODEL_LOST
    assert words in ended(events).reason
    assert KEY not in ended(events).reason
    assert "base64" not in ended(events).reason


def test_without_a_key_nothing_is_sent(play: OpenAiPlay, monkeypatch: pytest.MonkeyPatch) -> None:
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
