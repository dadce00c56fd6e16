"""The plugins of another package, found by entry point and run from the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from screenwright import read_run
from screenwright.cli.main import main

ACME = Path(__file__).parent / "helpers" / "acme"


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The package is installed; runs are recorded in this folder."""
    monkeypatch.syspath_prepend(ACME)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("acme_screens", None)


def test_env_and_policy_run_a_task(acme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--env", "acme", "--policy", "acme", "--out", "run", "Press Greet"]) == 0
    run = read_run("run")
    assert run.started.policy.model.name == "acme policy"
    assert sum(event.event == "acted" for event in run.events) == 1
    assert capsys.readouterr().out == "greeted\n"


def test_settings_of_an_env_are_flags_and_keys_of_the_settings_file(
    acme: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (acme / "screenwright.toml").write_text('[run]\nenv = "acme"\nacme_width = 400\n')
    assert main(["run", "--config", "screenwright.toml", "--policy", "acme", "--out", "file", "Press Greet"]) == 0
    assert read_run("file").started.env.settings == {"size": "400x480"}
    flags = ["--config", "screenwright.toml", "--policy", "acme"]
    assert main(["run", *flags, "--out", "flag", "--acme-width", "500", "Press Greet"]) == 0
    assert read_run("flag").started.env.settings == {"size": "500x480"}
    capsys.readouterr()
    for flags, problem in (
        (["--acme-width", "10"], "--acme-width is '10', but should be greater than or equal to 320"),
        (["--env", "desktop"], "screenwright.toml: [run] acme_width is not used: it does not apply to --env desktop"),
        (["--virtual"], "--virtual applies to --env desktop, not to acme"),
    ):
        assert main(["run", "--config", "screenwright.toml", *flags, "--policy", "acme", "Press Greet"]) == 2
        assert problem in capsys.readouterr().err


def test_model_and_dialect_run_a_task(acme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--env", "acme", "--model", "acme:hello", "--model-name", "A1", "--dialect", "acme", "--out", "run"]
    assert main(["run", *arguments, "Say hello"]) == 0
    assert capsys.readouterr().out == "hello\n"
    run = read_run("run")
    assert run.started.policy.dialect == "acme"
    assert any(event.event == "decided" and event.thought == "I am A1." for event in run.events)


def test_model_name_chooses_the_dialect(acme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--env", "acme", "--model", "acme:hello", "--model-name", "acme-corp/Acme_70B"]
    assert main(["run", *arguments, "--out", "run", "Say hello"]) == 0
    assert read_run("run").started.policy.dialect == "acme"
    assert main(["run", "--env", "acme", "--model", "acme:hello", "--model-name", "A1", "Say hello"]) == 2
    assert "no dialect is known for the model 'A1': choose one of acme, " in capsys.readouterr().err


def test_guard_denies_actions(acme: Path) -> None:
    code = main(["run", "--env", "acme", "--policy", "random", "--guard", "acme", "--out", "run", "Click around"])
    assert code == 5, "refused"
    reasons = {event.refused for event in read_run("run").events if event.event == "acted"}
    assert "Acme does not allow this" in reasons


@pytest.mark.parametrize(
    ("agent", "done"), [("acme_screens:factory", 1), ("acme_screens:AcmePolicy", 2), ("acme", 2), ("null", 0)]
)
def test_benchmark_measures_an_agent(acme: Path, agent: str, done: int) -> None:
    assert main(["eval", "acme", "--agent", agent, "--workers", "0", "--out", "eval"]) == 0
    records = [json.loads(file.read_text()) for file in sorted(acme.glob("eval/episodes/greet/*/episode.json"))]
    assert len(records) == 2
    assert sum(record["done"] for record in records) == done


@pytest.mark.slow
def test_worker_processes_find_the_plugins(acme: Path) -> None:
    path = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ACME), *sys.path])}
    command = [sys.executable, "-m", "screenwright", "eval", "acme", "--agent", "acme", "--workers", "2", "--out", "e"]
    subprocess.run(command, env=path, cwd=acme, check=True)
    assert len(list(acme.glob("e/episodes/greet/*/episode.json"))) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--env", "acem", "x"], "acem"),
        (["run", "--env", "acme", "--policy", "acem", "x"], "there is no policy 'acem'; available: acme, null, random"),
        (["run", "--env", "acme", "--model", "acem", "x"], "there is no model 'acem': name one of acme, "),
        (
            ["run", "--env", "acme", "--policy", "acme", "--guard", "acem", "x"],
            "there is no guard 'acem'; available: acme",
        ),
        (["eval", "acem"], "there is no benchmark 'acem'; did you mean acme?"),
        (["eval", "acme", "--root", "."], "needs no data folder: leave out --root"),
    ],
)
def test_unknown_names_list_the_available_ones(
    acme: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
