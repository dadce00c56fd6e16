"""Presets: a figure labelled with one was made with its settings, and every deviation is listed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from screenwright import ScriptedModel, UiTars15
from screenwright.agent.models.http_server import serve
from screenwright.cli.main import main
from screenwright.envs.config import SettingError
from screenwright.eval.benchmarks.registry import benchmark_named, benchmark_names
from screenwright.eval.benchmarks.web_tasks import webvoyager
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.manifest import MANIFEST, make_manifest
from screenwright.eval.core.presets import PRESETS
from screenwright.eval.core.task import release
from screenwright.eval.runner.baselines import make_agent_factory

OFFICIAL = "ui-tars-1.5-osworld-15"


def settings(**given: object) -> EvalConfig:
    return EvalConfig.from_flat({"benchmark": "osworld", "preset": OFFICIAL, **given})


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve(ScriptedModel([]), name="a-model") as server:
        yield server.url


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_belongs_to_a_known_benchmark_and_builds(name: str, server: str) -> None:
    preset = PRESETS[name]
    assert preset.benchmark in benchmark_names()
    assert preset.source
    given = EvalConfig.from_flat({"benchmark": preset.benchmark, "preset": name, "model": server, "calibrate": False})
    assert given.protocol == f"preset {name}"
    release(make_agent_factory(given))


def test_a_preset_sets_what_the_official_runner_sets() -> None:
    given = settings()
    agent = given.agent
    assert (given.limits.steps, agent.history) == (15, "window:5")
    assert (agent.temperature, agent.top_p, agent.max_tokens) == (0, 0.9, 1000)
    assert not given.recovery.recovery
    assert given.options == {"ready_s": 60, "rest_s": 20, "unfinished": "fail", "pause_s": 3}
    assert [settings(preset=f"ui-tars-1.5-osworld-{steps}").limits.steps for steps in (50, 100)] == [50, 100]


def test_settings_given_with_a_preset_override_it_and_are_listed() -> None:
    given = settings(steps="30", temperature=0.0, option=["provider_name=docker", "pause_s=1"])
    assert given.limits.steps == 30
    assert given.options["provider_name"] == "docker"
    assert given.protocol == f"preset {OFFICIAL}, changed: steps 30 (15), pause_s 1 (3)"


def test_a_preset_is_kept_in_the_manifest_and_when_repeated(tmp_path: Path) -> None:
    (tmp_path / "WebVoyager_data.jsonl").write_text("")
    given = EvalConfig.from_flat(
        {"benchmark": "webvoyager", "preset": "ui-tars-1.5-webvoyager", "root": tmp_path, "steps": 30}
    )
    manifest = make_manifest(given, webvoyager(tmp_path), ())
    again = MANIFEST.validate_json(MANIFEST.dump_json(manifest))
    assert again.protocol == "preset ui-tars-1.5-webvoyager, changed: steps 30 (100)"
    assert again.settings == given
    assert any("step budget" in line for line in again.differs)
    assert EvalConfig.from_flat(again.settings.flat(set_only=True)).protocol == again.protocol
    assert "protocol" in json.loads(MANIFEST.dump_json(manifest))


def test_a_preset_of_another_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingError, match="there is no preset 'mine'"):
        settings(preset="mine")
    assert main(["eval", "demo", "--preset", OFFICIAL]) == 2
    assert capsys.readouterr().err == f"screenwright: the preset {OFFICIAL} is for osworld, not for demo\n"


def test_the_language_reaches_the_prompt() -> None:
    assert "Chinese" in UiTars15(language="Chinese").render("x", ())[1].text
    plain = {"benchmark": "demo", "model": "http://127.0.0.1:1", "language": "Chinese"}
    with pytest.raises(ValueError, match="needs --dialect"):
        make_agent_factory(EvalConfig.from_flat(plain))
    with pytest.raises(ValueError, match="does not support --language: leave it out"):
        make_agent_factory(EvalConfig.from_flat({**plain, "dialect": "gta1"}))
    assert benchmark_named("demo").name == "demo"
