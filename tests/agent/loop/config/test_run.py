"""The settings tree of an agent: what its nodes build."""

from collections.abc import Callable
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, Limits, Price, ScriptedModel, UiTars15
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.loop.config.model import AgentConfig, ModelConfig
from screenwright.agent.loop.config.run import LimitsConfig, RecoveryConfig, RulesConfig, RunConfig
from screenwright.agent.models.served.model import ServedModel
from screenwright.envs.config import BrowserConfig, Config, DesktopConfig, SettingError

FINISH = "Action: finished(content='done')"
ASKING = RulesConfig(confirm=True)


def test_a_tree_is_built_from_nested_values_or_from_flat_names() -> None:
    nested = RunConfig(env=DesktopConfig(virtual=True), limits=LimitsConfig(steps=20), action_rules=ASKING)
    flat = RunConfig.from_flat({"env": "desktop", "virtual": "true", "steps": "20", "confirm": True})
    assert nested.flat() == flat.flat()
    assert nested.flat(set_only=True) == {"env": "desktop", "virtual": True, "steps": 20, "confirm": True}
    assert RunConfig.from_flat(nested.flat(set_only=True)) == flat
    assert RunConfig().flat() == RunConfig(env=BrowserConfig()).flat()


def test_sampling_settings_change_single_values_of_the_dialects_sampling() -> None:
    model = ScriptedModel([FINISH])
    config = AgentConfig.of(dialect="ui-tars-1.5", temperature=0.5, max_tokens=77)
    assert Agent(policy=config.build_policy(model)).run("t", FakeEnv()).finished
    official = UiTars15().sampling
    (used,) = model.samplings
    assert (used.temperature, used.max_tokens, used.top_p) == (0.5, 77, official.top_p)


def test_language_and_thoughts_change_the_prompt() -> None:
    def prompt(**settings: object) -> str:
        model = ScriptedModel([FINISH])
        Agent(policy=AgentConfig.of(dialect="ui-tars-1.5", **settings).build_policy(model)).run("t", FakeEnv())
        return "".join(message.text for message in model.asked[0])

    assert "Chinese" in prompt(language="Chinese")
    assert len(prompt(thoughts="planned")) > len(prompt())


def test_building_an_agent_does_not_contact_the_model() -> None:
    config = RunConfig.of(model="http://127.0.0.1:9/v1", temperature=0.5, critic="same")
    agent = config.build_agent()
    assert agent.supervision.restarts == 1
    assert agent.supervision.critic is not None


def test_replicas_are_used_in_turn() -> None:
    config = ModelConfig(model="http://a/v1,http://b/v1")
    models = [config.build(slot) for slot in range(3)]
    assert all(isinstance(model, ServedModel) for model in models)
    assert [model.info().endpoint for model in models] == ["http://a/v1", "http://b/v1", "http://a/v1"]


def test_limits_that_are_not_set_are_those_of_the_benchmark() -> None:
    assert LimitsConfig().build() == Limits()
    assert LimitsConfig(steps=7).build(Limits(30, 60.0)) == Limits(7, 60.0)


def test_without_recovery_nothing_is_added_to_the_models_own_loop() -> None:
    supervision = RecoveryConfig(recovery=False).build(lambda: ScriptedModel([]))
    assert supervision == NO_INTERVENTION


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RunConfig.of(env="vnc"), "--env vnc needs the address of the VNC server: --address HOST:PORT"),
        (lambda: RunConfig.of(env="desktop", url="x"), "--url applies to --env browser, not to desktop"),
        (
            lambda: RunConfig.of(env="toaster"),
            "--env is 'toaster', but should be one of android, browser, desktop, vnc",
        ),
        (lambda: RunConfig.of(env="desktop", virtual=True, hot_key="foo"), "--hot-key 'foo' is not a hot key; use"),
        (lambda: RunConfig.of(env="desktop", watch=True), "--watch needs a display of its own: add --virtual"),
        (lambda: RunConfig.of(window=True, headed=True), "--window is visible already"),
        (lambda: RunConfig.of(stepz=3), "--stepz is not a setting"),
        (lambda: RunConfig.of(steps=0), "--steps is 0, but should be greater than 0"),
        (lambda: AgentConfig.of(language="Chinese").build_dialect(), "--language needs --dialect"),
        (lambda: AgentConfig.of(thoughts="planned").build_dialect(), "--thoughts needs --dialect"),
        (
            lambda: AgentConfig.of(policy="null", dialect="holo2"),
            "--dialect applies to models, not to --policy: leave it out",
        ),
        (lambda: AgentConfig.of(request='{"top'), """--request is '{"top', but should be a JSON object"""),
        (lambda: AgentConfig.of(request="[1]"), "--request is [1], but should be a JSON object"),
        (lambda: ModelConfig.of(model=",").build(), "--model names no model"),
    ],
)
def test_an_error_is_one_line_that_names_the_setting(make: Callable[[], Config], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        make()
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_the_environments_of_the_settings_are_built_unopened(tmp_path: Path) -> None:
    pytest.importorskip("playwright")
    env = RunConfig.of(url="https://example.org", screen="800x600", scale=2, locale="de-DE").env.build(tmp_path)
    info = env.info()
    assert (info.kind, info.settings["viewport"], info.settings["scale"]) == ("browser", "800x600", "2")
    assert list(tmp_path.iterdir()) == []
    assert RunConfig.of(env="vnc", address="box:1").env.build().info().settings["address"] == "box:5901"
    assert RunConfig.of(env="android", device="emulator-1").env.build().info().settings["serial"] == "emulator-1"


def test_the_cost_settings_limit_the_cost_by_the_users_prices() -> None:
    agent = RunConfig.of(max_cost=0.5, prices={"m": {"input": 2, "output": 8.5}}).build_agent()
    assert (agent.limits.cost, agent.prices) == (0.5, {"m": Price(2.0, 8.5)})


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"max_cost": 1}, "--max-cost needs the price of the model: add --prices"),
        ({"prices": {"m": {"input": 1}}}, "--prices is invalid: m.output: Field required"),
        ({"prices": {"m": {"input": 1, "output": 1, "prompt": 1}}}, "--prices is invalid: m.prompt: Unexpected"),
        ({"prices": {"m": {"input": -1, "output": 1}}}, "--prices is invalid: m: Value error, the price of input"),
    ],
)
def test_wrong_prices_name_the_field(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(SettingError) as refused:
        RunConfig.of(**settings).build_agent()
    assert str(refused.value).startswith(problem)
