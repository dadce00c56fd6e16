"""The served path against a real vLLM. `scripts/test-vllm` installs and starts one; without it these are skipped.

The model is of UI-TARS's architecture with random weights: it means nothing by what it says, so what is tested is
everything around that.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pydantic import JsonValue

from screenwright import (
    Agent,
    BrowserEnv,
    ChunkedHistory,
    Decided,
    Ended,
    FakeEnv,
    ImagePart,
    Limits,
    Message,
    ModelPolicy,
    ParseFailed,
    Replied,
    Sampling,
    Screenshot,
    ServedModel,
    Size,
    StopReason,
    UiTars15,
    read_run,
)
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.doctor import calibrate, check_endpoint, fitting_dialect
from screenwright.agent.doctor.hypotheses import SpaceHypothesis, hypotheses_for
from screenwright.agent.models.http_server import serve
from screenwright.envs.check import CheckStatus
from screenwright.testing import Aim, PointingModel, aim_in_space

URL = os.environ.get("VLLM_URL", "")
pytestmark = [pytest.mark.vllm, pytest.mark.skipif(not URL, reason="needs a vLLM server: run scripts/test-vllm")]

PAGE = "data:text/html,<body style='font:24px sans-serif'><h1>Page</h1><input><button>Go</button>"
SHORT = Sampling(temperature=0.0, max_tokens=8)


def picture(shade: int, size: Size = Size(644, 476)) -> ImagePart:
    return ImagePart.of(Screenshot(Image.new("RGB", (size.width, size.height), (shade, 90, 160))), size)


def test_the_server_says_what_it_is_and_what_it_takes() -> None:
    with ServedModel(URL) as model:
        facts = model.facts()
    assert (facts.model.rpartition("/")[2], facts.is_vllm, facts.context_tokens) == ("ui-tars-1.5-tiny", True, 8192)
    assert facts.version


@pytest.mark.parametrize("size", [Size(644, 476), Size(1288, 728), Size(1932, 1092)])
def test_an_image_costs_the_tokens_that_we_expect_so_the_server_does_not_resize_it(size: Size) -> None:
    with ServedModel(URL) as model:
        without = model.complete([Message.of("user", "Look.")], SHORT).usage.prompt
        whole = model.complete([Message.of("user", picture(10, size), "Look.")], SHORT).usage.prompt
    assert whole - without == UiTars15().image_rule.tokens(size)


def test_a_prompt_that_goes_on_is_taken_from_the_cache() -> None:
    with ServedModel(URL) as model:
        first = [Message.of("user", "Cache me. " * 40), Message.of("user", picture(20))]
        model.complete(first, SHORT)
        again = model.complete([*first, Message.of("assistant", "Thought: x"), Message.of("user", "Go on.")], SHORT)
    assert again.usage.cached > 300


def test_an_image_is_sent_once_and_then_named() -> None:
    with ServedModel(URL, image_uuids=True) as model:
        messages = [Message.of("user", picture(30), "One.")]
        first = model.complete(messages, SHORT)
        second = model.complete(messages, SHORT)
    assert second.usage.prompt == first.usage.prompt > 300


def test_a_reply_is_ended_early_when_it_has_said_enough() -> None:
    with ServedModel(URL) as model:
        asked = Sampling(temperature=0.0, max_tokens=400)
        reply = model.complete([Message.of("user", "Say much.")], asked, lambda text: len(text) > 20)
    assert 20 < len(reply.text) < 200


def test_without_a_tool_parser_the_model_is_shown_the_functions_all_the_same() -> None:
    tool: dict[str, JsonValue] = {"type": "function", "function": {"name": "computer_use", "parameters": {}}}
    with ServedModel(URL) as model:
        without = model.complete([Message.of("user", "Click.")], SHORT).usage.prompt
        shown = model.complete([Message.of("user", "Click.")], replace(SHORT, tools=(tool,), tool_choice="required"))
    assert shown.usage.prompt > without + 20


def test_meaningless_reply_is_reported_to_the_model_and_nothing_of_it_is_carried_out() -> None:
    with ServedModel(URL) as model:
        policy = ModelPolicy(model, sampling=Sampling(temperature=0.0, max_tokens=60))
        agent = Agent(policy=policy, limits=Limits(steps=3))
        events = list(agent.stream("Press Greet", FakeEnv()))
    assert isinstance(events[-1], Ended)
    assert events[-1].stop is StopReason.STUCK
    assert sum(isinstance(event, ParseFailed) for event in events) == 3


@pytest.mark.browser
def test_an_episode_held_to_the_grammar_acts_in_a_page_with_real_box_tokens(tmp_path: Path) -> None:
    with ServedModel(URL) as model, BrowserEnv(PAGE) as env:
        policy = ModelPolicy(
            model,
            history=ChunkedHistory(4, 2),
            sampling=Sampling(temperature=1.0, max_tokens=3000),
            constrain=True,
        )
        agent = Agent(policy=policy, limits=Limits(steps=12))
        agent.run("Press Go", env, out=tmp_path / "run")
    events = read_run(tmp_path / "run").events
    replies = [event for event in events if isinstance(event, Replied)]
    decided = [event for event in events if isinstance(event, Decided)]
    assert [event.message for event in events if isinstance(event, ParseFailed)] == []
    assert len(decided) == len(replies) >= 1
    assert max(reply.images for reply in replies) <= 4
    traces = [trace for event in decided for trace in event.traces]
    assert not any(trace.clamped for trace in traces)
    if traces:
        assert any("<|box_start|>" in reply.text for reply in replies)


def test_the_doctor_finds_nothing_wrong_with_the_server() -> None:
    with ServedModel(URL) as model:
        found = {check.what: check for check in check_endpoint(model)}
    assert {what: check for what, check in found.items() if check.status is not CheckStatus.OK} == {}
    assert found["model: context"].found.startswith("8192 tokens")
    assert found["model: images per prompt"].found == "5"
    assert "2548x1428" in found["model: image size"].found
    assert "<|box_start|>" in found["model: special tokens"].found


def test_the_doctor_refuses_a_model_that_means_nothing_by_what_it_says(tmp_path: Path) -> None:
    with ServedModel(URL) as model:
        calibration = calibrate(model, UiTars15())
        assert (calibration.lost, calibration.space, calibration.check().status) == ("", None, CheckStatus.FAILED)
        with pytest.raises(ValueError, match=r"does not fit the dialect ui-tars-1\.5"):
            fitting_dialect(model, [UiTars15()], tmp_path, changes={}, report=print)


@pytest.mark.parametrize("hypothesis", hypotheses_for(UiTars15()), ids=lambda hypothesis: str(hypothesis.name))
def test_the_doctor_identifies_every_space_that_a_model_may_answer_in(hypothesis: SpaceHypothesis) -> None:
    calibration = calibrated(aim_in_space(hypothesis, noise_px=2, misses=0.1))
    assert calibration == (hypothesis, hypothesis == hypotheses_for(UiTars15())[0])


def test_the_doctor_refuses_a_model_that_answers_in_none() -> None:
    assert calibrated(lambda _scene, target, _sent: ModelPoint(300, 7 * len(target.name))) == (None, False)


def calibrated(aim: Aim) -> tuple[SpaceHypothesis | None, bool]:
    """The space found of a double that points by `aim`, and whether it is the dialect's."""
    double = PointingModel(UiTars15(), aim)
    with serve(double, name="ui-tars-1.5") as server, ServedModel(server.url) as model:
        calibration = calibrate(model, UiTars15())
    return calibration.space, calibration.fits
