"""Gemini's computer use: the bodies that the real SDK sends, and what its replies mean."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from vendor_play import STOCK, Play, check_own_action, check_reserved_name, ended
from vendor_server import KEY, Answer, Json, gemini_call, gemini_reply, vendor_model, vendor_server

from screenwright import (
    Agent,
    Allow,
    Decided,
    Deny,
    FakeEnv,
    GuardDecision,
    Limits,
    ParseFailed,
    RecoveredError,
    Replied,
    Size,
    StopReason,
    Usage,
)
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import Sampling
from screenwright.agent.vendors.exchange import NOT_EXECUTED

AT = ModelPoint(100, 200)
DONE = gemini_reply({"text": "It says hello."})
SIGNATURE = "c2lnbmVk"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


class GeminiPlay(Play):
    address = "gemini:gemini-3.5-flash"
    variable = "GOOGLE_GEMINI_BASE_URL"
    path = "/v1/models/gemini-3.5-flash:generateContent"

    def click(self, label: str, **more: Any) -> Json:
        where, size = self.env.where(label), self.env.size
        return gemini_call("click", x=round(where.x / size.width * 1000), y=round(where.y / size.height * 1000), **more)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> GeminiPlay:
    return GeminiPlay(monkeypatch)


def without_images(value: Any) -> Any:
    """`value` with each image as `IMAGE`, and names in camel case: the SDK writes some in snake case."""
    if isinstance(value, list):
        return [without_images(one) for one in value]
    if not isinstance(value, dict):
        return value
    camel = {re.sub(r"_([a-z])", lambda found: found[1].upper(), name): one for name, one in value.items()}
    if "inlineData" in camel:
        assert without_images(camel["inlineData"])["mimeType"] == "image/png"
        return "IMAGE"
    return {name: one if name in ("args", "response") else without_images(one) for name, one in camel.items()}


def test_an_episode_sends_the_whole_conversation_with_its_thought_signatures(play: GeminiPlay) -> None:
    call = play.click("Greet", call_id="c1", signature=SIGNATURE, intent="Press the button.")
    events = play(gemini_reply({"text": "I look.", "thought": True}, call), DONE)
    assert (ended(events).stop, ended(events).answer) == (StopReason.FINISHED, "It says hello.")
    assert play.env.state.presses == 1
    first, second = map(without_images, play.requests)
    computer, functions = first["tools"]
    assert computer == {"computerUse": {"environment": "ENVIRONMENT_DESKTOP"}}
    assert [one["name"] for one in functions["functionDeclarations"]] == ["give_up", "open_app"]
    assert first["contents"] == [{"role": "user", "parts": [{"text": "Press Greet"}, "IMAGE"]}]
    assert first["systemInstruction"]["parts"][0]["text"].startswith("You operate a computer")
    assert first["generationConfig"]["thinkingConfig"] == {"includeThoughts": True}
    user, model, results = second["contents"]
    assert user == first["contents"][0]
    assert model == {"role": "model", "parts": [{"text": "I look.", "thought": True}, call]}
    assert results == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "c1", "name": "click", "response": {"output": "Done."}, "parts": ["IMAGE"]}}
        ],
    }
    assert play.headers[0]["x-goog-api-key"] == KEY


def test_usage_thoughts_and_intents_are_recorded_and_no_key_or_image(play: GeminiPlay) -> None:
    call = play.click("Greet", intent="Press the button.")
    events = play(gemini_reply({"text": "I look.", "thought": True}, call), DONE)
    assert ended(events).usage == Usage(2000, 100, 1200)
    decided = next(event for event in events if isinstance(event, Decided))
    assert (decided.thought, decided.reasoning) == ("Press the button.", "I look.")
    for event in events:
        if isinstance(event, Replied):
            assert KEY not in event.text
            assert "inlineData" not in event.text


def test_points_are_on_a_grid_of_1000_whatever_the_size_that_is_sent(play: GeminiPlay) -> None:
    play.env = FakeEnv(Size(2880, 1800))
    events = play(gemini_reply(gemini_call("click", x=500, y=999)), DONE)
    assert next(event for event in events if isinstance(event, Replied)).image == Size(1440, 900)
    (trace,) = next(event for event in events if isinstance(event, Decided)).traces
    assert (trace.screen.x, round(trace.screen.y, 6)) == (1440, 1798.2)


def test_several_calls_are_carried_out_in_order_and_each_is_answered(play: GeminiPlay) -> None:
    play(gemini_reply(play.click("Name"), gemini_call("type", text="Ada")), DONE)
    assert play.env.state.text == "Ada"
    one, other = without_images(play.requests[1])["contents"][2]["parts"]
    assert one == {"functionResponse": {"name": "click", "response": {"output": "Done."}}}
    assert other["functionResponse"]["parts"] == ["IMAGE"]


def test_calls_after_one_that_the_screen_refuses_are_answered_as_not_executed(play: GeminiPlay) -> None:
    play(gemini_reply(play.click("Name"), gemini_call("go_back"), gemini_call("type", text="Ada")), DONE, DONE)
    assert play.env.state.text == ""
    done, refused, skipped, _note = without_images(play.requests[1])["contents"][2]["parts"]
    assert done["functionResponse"]["response"] == {"output": "Done."}
    assert refused["functionResponse"]["response"] == {"error": "this screen has no back action"}
    assert skipped["functionResponse"]["response"] == {"error": NOT_EXECUTED}


# -- safety decisions

CONFIRM = {"decision": "require_confirmation", "explanation": "This accepts the terms."}


class Answering:
    def __init__(self, answer: GuardDecision) -> None:
        self.answer, self.asked = answer, list[str]()

    def __call__(self, *_: object) -> GuardDecision:
        return Allow()

    def answer_safety_check(self, question: str, *_: object) -> GuardDecision:
        self.asked.append(question)
        return self.answer


def test_a_confirmation_without_an_answer_ends_the_episode_with_the_text_of_the_api(play: GeminiPlay) -> None:
    events = play(gemini_reply(play.click("Greet", safety_decision=CONFIRM)))
    assert (ended(events).stop, ended(events).reason) == (StopReason.NEEDS_USER, "This accepts the terms.")
    assert (play.env.state.presses, len(play.requests)) == (0, 1)


def test_an_allowed_action_is_acknowledged(play: GeminiPlay) -> None:
    guard = Answering(Allow())
    play(gemini_reply(play.click("Greet", safety_decision=CONFIRM), gemini_call("wait")), DONE, guard=guard)
    assert (guard.asked, play.env.state.presses) == (["This accepts the terms."], 1)
    first, second = (part["functionResponse"]["response"] for part in play.requests[1]["contents"][2]["parts"])
    assert first == {"output": "Done.", "safety_acknowledgement": True}
    assert second == {"output": "Done."}


def test_a_denied_action_is_answered_as_an_error_without_acknowledgement(play: GeminiPlay) -> None:
    play(
        gemini_reply(play.click("Greet", safety_decision=CONFIRM), gemini_call("wait")),
        DONE,
        DONE,
        guard=Answering(Deny("not these terms")),
    )
    assert play.env.state.presses == 0
    parts = [part for part in play.requests[1]["contents"][2]["parts"] if "functionResponse" in part]
    assert [part["functionResponse"]["response"] for part in parts] == [
        {"error": "The user did not allow this: not these terms"},
        {"error": NOT_EXECUTED},
    ]


def test_a_decision_that_asks_nothing_is_no_question(play: GeminiPlay) -> None:
    play(gemini_reply(play.click("Greet", safety_decision={"decision": "regular"})), DONE)
    assert play.env.state.presses == 1
    assert "safety_acknowledgement" not in json.dumps(play.requests[1])


# -- history, resuming, errors


def test_the_three_newest_screenshots_are_kept(play: GeminiPlay) -> None:
    play(*(gemini_reply(gemini_call("move", x=10 * i, y=5)) for i in range(5)), DONE)
    assert [json.dumps(without_images(request)).count("IMAGE") for request in play.requests] == [1, 2, 3, 3, 3, 3]
    assert len(play.requests[-1]["contents"]) == 11


def test_a_resumed_run_continues_the_conversation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env, run = FakeEnv(), tmp_path / "run"
    call = gemini_call("move", call_id="c1", signature=SIGNATURE, x=10, y=5)
    with vendor_server(gemini_reply(call), DONE) as server:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        first, second = Agent("gemini:gemini-3.5-flash", limits=Limits(steps=1)), Agent("gemini:gemini-3.5-flash")
        first.run("Press Greet", env, out=run)
        first.close()
        assert second.continue_run(run, env).finished
        second.close()
    user, model, results = without_images(server.requests[1])["contents"]
    assert user == without_images(server.requests[0])["contents"][0]
    assert model["parts"] == [call]
    assert "interrupted" in results["parts"][1]["text"]


def test_a_malformed_call_is_asked_for_again(play: GeminiPlay) -> None:
    malformed = {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "index": 0}]}
    events = play(malformed, DONE)
    failure = next(event for event in events if isinstance(event, ParseFailed))
    assert failure.message == "the function call is malformed"
    assert ended(events).stop is StopReason.FINISHED


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "the prompt was blocked (PROHIBITED_CONTENT)"),
        ({"candidates": [{"finishReason": "SAFETY"}]}, "it was stopped (SAFETY)"),
    ],
)
def test_what_the_api_withholds_has_its_reason(play: GeminiPlay, reply: Json, reason: str) -> None:
    end = ended(play(reply))
    assert (end.stop, end.reason) == (StopReason.MODEL_LOST, f"Gemini's API sent no reply: {reason}")


def test_a_cut_off_reply_is_asked_for_again_with_more_tokens(play: GeminiPlay) -> None:
    play(gemini_reply({"text": "so", "thought": True}, finish="MAX_TOKENS"), DONE)
    assert "maxOutputTokens" not in play.requests[0]["generationConfig"]
    assert play.requests[1]["generationConfig"]["maxOutputTokens"] == 16384


def test_rate_limits_are_waited_for_and_recorded(play: GeminiPlay) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.1s"}
    limited = {"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED", "details": [info]}}
    events = play(Answer(limited, 429), DONE)
    assert ended(events).stop is StopReason.FINISHED
    (error,) = [event for event in events if isinstance(event, RecoveredError)]
    assert "rate limiting requests (429)" in error.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer({"error": {"code": 400, "message": f"API key not valid {KEY}"}}, 400), "rejected the request (400)"),
        (Answer({"error": {"code": 403, "message": "denied"}}, 403), "denied access (403)"),
        (Answer({"error": {"code": 404, "message": "no such model"}}, 404), "check the name 'gemini-3.5-flash'"),
        (Answer("<html>a proxy</html>", 200), "Gemini's API at http"),
        (Answer({"modelVersion": "x"}), "a response without candidates"),
    ],
)
def test_permanent_errors_end_the_episode_with_the_cause(play: GeminiPlay, answer: Answer, words: str) -> None:
    end = ended(play(answer))
    assert end.stop is StopReason.MODEL_LOST
    assert words in end.reason
    assert KEY not in end.reason


def test_a_plain_question_has_no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    with vendor_server(gemini_reply({"text": "VERDICT: DONE"})) as server:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.url)
        model = vendor_model("gemini:gemini-3.5-flash")
        completion = model.complete([Message.of("system", "Judge."), Message.of("user", "Done?")], Sampling())
        model.close()
    assert (completion.text, completion.usage.total) == ("VERDICT: DONE", 1050)
    assert server.requests[0]["contents"] == [{"role": "user", "parts": [{"text": "Done?"}]}]
    assert "tools" not in server.requests[0]


def test_a_function_of_the_program_is_a_tool_and_its_result_comes_back_as_data(play: GeminiPlay) -> None:
    check_own_action(play, gemini_reply(gemini_call("stock", **STOCK, intent="why")), gemini_reply({"text": "eight"}))
    check_reserved_name("gemini:gemini-3.5-flash", "click_at")
