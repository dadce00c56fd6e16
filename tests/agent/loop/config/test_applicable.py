"""Every setting of an agent applies to its model or is refused; none is ignored."""

import json
from pathlib import Path
from typing import Any

import pytest
from scripted_http import FINE, VLLM_MODEL, http, scripted_server

from screenwright.agent.loop.config.model import AgentConfig
from screenwright.agent.policy.baselines import NullPolicy
from screenwright.envs.config import SettingError
from screenwright.eval.core.config import EvalConfig

SERVER = "http://127.0.0.1:9/v1"
SAMPLES: dict[str, Any] = {
    "model_name": "ui-tars-1.5",
    "image_uuids": True,
    "model_timeout": 7.0,
    "dialect": "ui-tars-1.5",
    "prompt": "browser",
    "thoughts": "planned",
    "language": "Chinese",
    "history": "window:2",
    "temperature": 0.5,
    "top_p": 0.5,
    "max_tokens": 77,
    "request": {"reasoning_effort": "low"},
    "several_actions": True,
    "grounder": SERVER,
    "grounder_name": "gta1",
    "grounder_dialect": "gta1",
    "image_format": "jpeg",
    "max_image_pixels": 1_000_000,
    "long_edge": 1000,
    "constrain": True,
    "calibrate": False,
}
"""A value for each setting that is not its default."""

DIALECT, GROUNDER = ("dialect", "ui-tars-1.5"), ("grounder", SERVER)
NEEDS = {
    "thoughts": DIALECT,
    "language": DIALECT,
    "several_actions": DIALECT,
    "grounder_name": GROUNDER,
    "grounder_dialect": GROUNDER,
}
"""Settings that need another one, in the models that have both."""

ASKING = {"history", "image_format"}
SAMPLING = {"temperature", "top_p", "max_tokens", "request"}
PROTOCOL = {
    *("dialect", "prompt", "thoughts", "language", "several_actions", "max_image_pixels"),
    *("grounder", "grounder_name", "grounder_dialect"),
}
APPLIES = {
    "served": {*ASKING, *SAMPLING, *PROTOCOL, "model_name", "image_uuids", "model_timeout", "constrain", "calibrate"},
    "local": {*ASKING, *SAMPLING, *PROTOCOL, "model_name"},
    "reader": {*ASKING, "prompt", "max_image_pixels"},
    "vendor": {*ASKING, *SAMPLING, "model_timeout", "long_edge"},
}


@pytest.fixture
def addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    monkeypatch.setattr("screenwright.agent.models.local.model._PACKAGES", ())  # nothing is loaded
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen2_5_vl"}))
    return {"served": SERVER, "local": str(tmp_path), "reader": "reader", "vendor": "openai:gpt-5.4"}


def problem_of(config: AgentConfig, name: str) -> str | None:
    """Why the setting `name` is refused; None if it is not."""
    try:
        config.build_policy()
    except SettingError as error:
        return error.problem if error.name == name else f"{error.name} is refused in its place"
    return None


@pytest.mark.parametrize("kind", ["served", "local", pytest.param("reader", marks=pytest.mark.reader), "vendor"])
def test_a_setting_applies_to_a_kind_of_model_or_is_refused_in_one_line(
    kind: str, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SAMPLES.keys() == AgentConfig.settings().keys() - {"model", "policy"}
    applied: set[str] = set()
    for name, value in SAMPLES.items():
        needs = [NEEDS[name]] if name in NEEDS and kind in ("served", "local") else []
        config = AgentConfig.of(**{"model": addresses[kind], **dict(needs), name: value})
        if (problem := problem_of(config, name)) is None:
            applied.add(name)
        else:
            assert "appl" in problem
            assert "leave it out" in problem
    assert applied == APPLIES[kind]


@pytest.mark.parametrize("name", [*SAMPLES, "model"])
def test_settings_of_models_are_refused_for_policies_and_baselines(name: str) -> None:
    value = SAMPLES.get(name, SERVER)
    with pytest.raises(SettingError, match=f"--{name.replace('_', '-')} applies to models, not to --policy"):
        AgentConfig.of(policy="null", **{name: value})
    with pytest.raises(SettingError, match=f"--{name.replace('_', '-')} applies to models, not to --agent null"):
        EvalConfig.of(benchmark="demo", agent="null", **{name: value})


def test_a_policy_without_such_settings_is_built() -> None:
    assert isinstance(AgentConfig.of(policy="null").build_policy(), NullPolicy)
    assert EvalConfig.of(benchmark="osworld", agent="null", preset="ui-tars-1.5-osworld-15").agent_kind == "null"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"model": "openai:gpt-5.4", "thoughts": "planned"}, "--thoughts does not apply to openai:gpt-5.4"),
        ({"model": "openai:gpt-5.4", "several_actions": True}, "--several-actions does not apply to openai:gpt-5.4"),
        ({"model": "openai:gpt-5.4", "model_name": "x"}, "--model-name does not apply to openai:gpt-5.4"),
        ({"model": SERVER, "grounder": "openai:gpt-5.4"}, "--grounder cannot be openai:gpt-5.4, whose API has its own"),
        ({"model": SERVER, "grounder": "reader", "grounder_name": "x"}, "--grounder-name does not apply to the reader"),
    ],
)
def test_the_advice_fits_the_model(addresses: dict[str, str], settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingError) as refused:
        AgentConfig.of(**settings).build_policy()
    assert str(refused.value).startswith(problem)


def test_the_name_of_a_vendors_model_may_be_a_setting_of_its_own(addresses: dict[str, str]) -> None:
    policy = AgentConfig.of(model="openai:", model_name="gpt-5.4").build_policy()
    assert policy.info().model.name == "gpt-5.4"


@pytest.mark.parametrize("request_", [{"seed": 7}, {"tool_choice": "none"}, {"json_schema": {}}])
def test_a_model_in_this_process_refuses_parameters_without_effect(
    addresses: dict[str, str], request_: dict[str, Any]
) -> None:
    [name] = request_
    with pytest.raises(SettingError, match=f"--request sets {name}, which a model in this process does not have"):
        AgentConfig.of(model=addresses["local"], request=request_).build_policy()


@pytest.mark.parametrize("name", ["constrain", "image_uuids"])
def test_what_only_vllm_has_is_refused_for_other_servers(name: str) -> None:
    flag = "--" + name.replace("_", "-")
    settings = {"dialect": "ui-tars-1.5", "calibrate": False, name: True}
    with scripted_server(FINE) as (_, server):
        config = AgentConfig.of(model=server.url, **settings)
        with pytest.raises(SettingError, match=rf"{flag} needs vLLM, and http\S+ is another server: leave it out"):
            config.check_model(config.model.build())
    with scripted_server(FINE, pages={"/v1/models": http(200, VLLM_MODEL)}) as (_, server):
        config = AgentConfig.of(model=server.url, **settings)
        assert config.check_model(config.model.build()).model is not None


@pytest.mark.parametrize(
    ("dialect", "settings", "problem"),
    [
        ("fara-7b", {"prompt": "mobile"}, "--prompt is mobile, but the dialect fara-7b has only browser: choose one"),
        ("ui-venus-ground", {"prompt": "browser"}, "--prompt is browser, but the dialect ui-venus-ground has a single"),
        ("gta1", {"constrain": True}, "--constrain needs a grammar, and the dialect gta1 has none: leave it out"),
    ],
)
def test_settings_that_the_dialect_does_not_have_are_refused(
    dialect: str, settings: dict[str, Any], problem: str
) -> None:
    config = AgentConfig.of(model=SERVER, dialect=dialect, **settings)
    with pytest.raises(SettingError) as refused:
        config.check_model(config.model.build())
    assert str(refused.value).startswith(problem)


# -- replicas


def models(name: str) -> dict[str, Any]:
    return {"/v1/models": http(200, {"data": [{"id": name}]})}


def test_replicas_of_different_models_are_refused() -> None:
    one, two = (scripted_server(FINE, pages=models(name)) for name in ("one", "two"))
    with one as (_, first), two as (_, second):
        config = AgentConfig.of(model=f"{first.url},{second.url}", dialect="ui-tars-1.5", calibrate=False)
        with pytest.raises(
            SettingError, match=rf"--model names replicas of different models, one and, at {second.url}"
        ):
            config.check_model(config.model.build(0))


def test_replicas_of_one_model_are_accepted_and_one_that_is_down_is_left_to_its_worker() -> None:
    with scripted_server(FINE) as (_, first), scripted_server(FINE) as (_, second):
        config = AgentConfig.of(model=f"{first.url},{second.url}", dialect="ui-tars-1.5", calibrate=False)
        assert config.check_model(config.model.build(0)).model is not None
        down = AgentConfig.of(**{**config.flat(set_only=True), "model": f"{first.url},{SERVER}"})
        assert down.check_model(down.model.build(0)).model is not None


def test_different_kinds_of_models_are_no_replicas(addresses: dict[str, str]) -> None:
    config = AgentConfig.of(model="openai:gpt-5.4,anthropic:claude-opus-5")
    with pytest.raises(SettingError, match=r"--model names replicas of different models, gpt-5\.4 and"):
        config.check_model(config.model.build(0))
