"""A planner that names targets in words, and a grounder that locates them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from scripted_http import FINE, http, scripted_server

from screenwright import (
    Agent,
    Click,
    Decided,
    DecisionContext,
    Drag,
    FakeEnv,
    HistoryStep,
    ImagePart,
    Message,
    ModelPolicy,
    ParseFailed,
    Replied,
    ScreenPoint,
    ScriptedModel,
    StopReason,
    UiTars15,
    dialect_named,
)
from screenwright.agent.core.coordinates import Grid
from screenwright.agent.core.decision import ParseFailure, Reply
from screenwright.agent.dialects.planner import Planner
from screenwright.agent.dialects.ui_tars import UiTars10
from screenwright.agent.doctor import SpaceHypothesis
from screenwright.agent.loop.config.model import AgentConfig
from screenwright.agent.models.http_server import serve
from screenwright.agent.policy.grounded_policy import GroundedPolicy
from screenwright.envs.config import SettingError
from screenwright.testing import PointingModel, aim_in_space

SHOT = FakeEnv().observe().screenshot
DONE = "Thought: Done.\nAction: finished(content='ok')"


def grounded(replies: Sequence[str], points: Sequence[str]) -> GroundedPolicy:
    planner = ModelPolicy(ScriptedModel(replies), Planner())
    return GroundedPolicy(planner, ScriptedModel(points), dialect_named("gta1"))


def decide(policy: GroundedPolicy) -> list[object]:
    policy.open()
    return list(policy.decide(DecisionContext("a task", 1, (HistoryStep(SHOT),)), lambda: False))


def test_target_is_named_by_the_planner_and_located_by_the_grounder() -> None:
    policy = grounded(["Thought: t\nAction: click(target='the user's name')"], ["(100,50)"])
    *_, located, decided = decide(policy)
    assert isinstance(located, Replied)
    assert located.purpose == "ground"
    assert isinstance(decided, Decided)
    (click,) = decided.actions
    assert isinstance(click, Click)
    image = dialect_named("gta1").image_rule.resize(SHOT.size)
    assert click.at == ScreenPoint(100 * SHOT.size.width / image.width, 50 * SHOT.size.height / image.height)
    assert decided.traces[0].model.target == "the user's name"
    asked = policy.model.asked[0]  # type: ignore[attr-defined]  # a scripted model
    assert any("the user's name" in message.text for message in asked)
    assert sum(isinstance(part, ImagePart) for message in asked for part in message.parts) == 1


def test_each_target_of_a_drag_is_located() -> None:
    policy = grounded(["Action: drag(target='the file', end_target='the bin')"], ["(10,20)", "(300,400)"])
    decided = decide(policy)[-1]
    assert isinstance(decided, Decided)
    (drag,) = decided.actions
    assert isinstance(drag, Drag)
    assert [round(point.x) for point in drag.path] == [10, 298]
    assert [trace.model.target for trace in decided.traces] == ["the file", "the bin"]


def test_target_that_is_not_found_is_reported_to_the_planner() -> None:
    policy = grounded(
        ["Action: click(target='the moon')", "Action: click(target='the Name field')"], ["there is none", "(1,2)"]
    )
    events = decide(policy)
    failures = [event for event in events if isinstance(event, ParseFailed)]
    assert [failure.message.partition(" was")[0] for failure in failures] == ["The element 'the moon'"]
    assert isinstance(events[-1], Decided)
    second: Sequence[Message] = policy.planner.model.asked[1]  # type: ignore[attr-defined]  # a scripted model
    assert "'the moon' was not found" in second[-1].text


def test_point_of_another_planner_is_replaced_by_that_of_its_thought() -> None:
    reply = "Thought: Click the Save button.\nAction: click(start_box='(1,1)')"
    policy = GroundedPolicy(
        ModelPolicy(ScriptedModel([reply]), UiTars15()), ScriptedModel(["(200,100)"]), dialect_named("gta1")
    )
    decided = decide(policy)[-1]
    assert isinstance(decided, Decided)
    assert decided.traces[0].model.target == "Click the Save button."
    assert decided.traces[0].image.x == 200


def test_planner_keeps_its_own_point_if_the_grounder_finds_none() -> None:
    reply = "Thought: Click the Save button.\nAction: click(start_box='(28,28)')"
    policy = GroundedPolicy(
        ModelPolicy(ScriptedModel([reply]), UiTars15()), ScriptedModel(["?"]), dialect_named("gta1")
    )
    decided = decide(policy)[-1]
    assert isinstance(decided, Decided)
    assert decided.traces[0].model.target == ""
    assert decided.traces[0].image.x == 28


def test_episode_with_two_models_works_on_a_screen() -> None:
    env = FakeEnv()
    at = env.where("Name")
    image = dialect_named("gta1").image_rule.resize(SHOT.size)
    point = f"({at.x * image.width / SHOT.size.width:.2f},{at.y * image.height / SHOT.size.height:.2f})"
    replies = ["Action: click(target='the Name field')", "Action: type(content='Ada')", DONE]
    result = Agent(policy=grounded(replies, [point])).run("Enter Ada", env)
    assert (result.stop, result.answer, env.state.text) == (StopReason.FINISHED, "ok", "Ada")


def test_a_point_in_coordinates_is_not_a_target() -> None:
    for call in ("click(start_box='(1,2)')", "click(target=(1,2))", "click(target='')", "click()"):
        assert isinstance(Planner().parse(f"Action: {call}"), ParseFailure)


@pytest.mark.parametrize("target", ["Save", "it's 'the' \"button\", (1)", "a\\b"])
def test_what_the_planner_writes_it_reads(target: str) -> None:
    reply = Planner().parse(f"Action: click(target={target!r})")
    assert isinstance(reply, Reply)
    again = Planner().parse(Planner().format("why", reply.moves))
    assert isinstance(again, Reply)
    assert again.moves == reply.moves


def test_settings_build_a_planner_with_a_grounder() -> None:
    config = AgentConfig.of(
        model="http://127.0.0.1:9",
        dialect="planner",
        grounder="http://127.0.0.1:8",
        grounder_dialect="gta1",
    )
    policy = config.build_policy()
    assert isinstance(policy, GroundedPolicy)
    assert policy.model.info().endpoint == "http://127.0.0.1:8/v1"


def test_planner_without_a_grounder_is_refused() -> None:
    with pytest.raises(SettingError, match="add --grounder"):
        AgentConfig.of(model="http://127.0.0.1:9", dialect="planner").build_policy()
    with pytest.raises(SettingError, match="applies to a grounder"):
        AgentConfig.of(model="http://127.0.0.1:9", grounder_name="x").build_policy()


def test_grounder_is_offered_the_function_of_its_family() -> None:
    planner = ModelPolicy(ScriptedModel(["Action: click(target='Save')"]), Planner())
    call = '<tool_call>\n{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [5, 6]}}'
    grounder = ScriptedModel([call])
    assert isinstance(decide(GroundedPolicy(planner, grounder, dialect_named("qwen3.5")))[-1], Decided)
    [tool] = grounder.samplings[0].tools
    assert '"enum": ["left_click"]' in json.dumps(tool)


def test_grounder_is_checked_before_a_screen_opens() -> None:
    pair = {"model": "http://127.0.0.1:9", "dialect": "planner", "grounder": "http://127.0.0.1:9"}
    config = AgentConfig.of(**pair, grounder_dialect="gta1")
    with pytest.raises(SettingError, match=r"--grounder cannot be used: .*127\.0\.0\.1:9"):
        config.check_model(ScriptedModel([]))
    config = AgentConfig.of(**pair, grounder_dialect="planner")
    with pytest.raises(SettingError, match="--grounder"):
        config.check_model(ScriptedModel([]))
    with scripted_server(FINE, pages={"/v1/models": http(200, {"data": [{"id": "UI-Venus"}]})}) as (_, server):
        config = AgentConfig.of(**{**pair, "grounder": server.url}, calibrate=False)
        with pytest.raises(SettingError, match=r"add --grounder-dialect ui-venus-1\.5 or "):
            config.check_model(ScriptedModel([]))
        config = AgentConfig.of(**{**pair, "grounder": server.url})
        with pytest.raises(SettingError, match=r"--grounder cannot be used: UI-Venus fits none .* --grounder-dialect$"):
            config.check_model(ScriptedModel([]))


def test_grounder_is_measured_at_its_first_contact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    model = PointingModel(UiTars15(), aim_in_space(SpaceHypothesis(Grid(1000))), "ui-tars")
    lines: list[str] = []
    with serve(model, name="ui-tars") as server:
        config = AgentConfig.of(model="http://127.0.0.1:9", dialect="planner", grounder=server.url)
        planner = ScriptedModel(["Action: click(target='the Stop button')"])
        dialects = config.check_model(planner, lines.append)
        policy = config.build_policy(planner, dialects)
        assert isinstance(policy, GroundedPolicy)
        assert policy.dialect == UiTars10()
        assert lines[0].startswith("ui-tars: dialect ui-tars-1.0, prompt from ")
        wrong = AgentConfig.of(**config.flat(set_only=True), grounder_dialect="ui-tars-1.5")
        with pytest.raises(SettingError, match=r"--grounder cannot be used: .*use --grounder-dialect ui-tars-1\.0"):
            wrong.check_model(planner)
        policy.model.close()  # type: ignore[attr-defined]  # a served model
