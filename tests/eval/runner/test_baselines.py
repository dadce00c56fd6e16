"""The agents that an evaluation can measure: by name, by entry point, and by import path."""

import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tiny_models import tiny_model_maker

from screenwright import ScriptedModel
from screenwright.agent.models.http_server import ModelServer, serve
from screenwright.agent.record.events import Replied
from screenwright.agent.record.trajectory import read_run
from screenwright.cli.main import main
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.record import Record
from screenwright.eval.core.store import Store
from screenwright.eval.runner.baselines import make_agent_factory
from screenwright.eval.runner.evaluation import EvalError, Evaluation

OWN_AGENT = """
from screenwright.agent.core.decision import Finish
from screenwright.agent.policy.baselines import NullPolicy, ScriptedPolicy

def factory():
    return lambda instance, episode: ScriptedPolicy([Finish(f"{episode.task} by my factory")])

def nothing():
    return 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module of the user's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_agents", raising=False)
    Path("my_agents.py").write_text(OWN_AGENT)
    return tmp_path


@pytest.mark.parametrize(
    ("agent", "answer"), [("my_agents:factory", "press by my factory"), ("my_agents:NullPolicy", ""), ("null", "")]
)
def test_a_factory_a_policy_and_a_plugin_can_be_evaluated(folder: Path, agent: str, answer: str) -> None:
    flags = ["--agent", agent, "--root", ".", "--task", "press", "--seeds", "0", "--out", "out", "--workers", "0"]
    assert main(["eval", "toy", *flags]) == 0
    manifest = Store(Path("out")).manifest()
    (record,) = Store(Path("out")).records(manifest.episodes)
    assert (record.stop, record.answer) == ("finished", answer)


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        (
            "toaster",
            "--agent is 'toaster', but should be one of model, null, obedient, oracle, random, or package:factory",
        ),
        ("my_agents:Missing", "the agent my_agents:Missing cannot be imported: "),
        ("no_such_module:Agent", "the agent no_such_module:Agent cannot be imported: ModuleNotFoundError: No module"),
        (":", "the agent : cannot be imported: ValueError: Empty module name"),
        ("json:loads", "the agent json:loads cannot be created: TypeError: "),
        ("my_agents:nothing", "my_agents:nothing returns int, but should return an AgentFactory or a Policy"),
    ],
)
def test_an_agent_that_cannot_be_created_is_a_one_line_error(folder: Path, agent: str, message: str) -> None:
    with pytest.raises(ValueError, match="agent") as caught:
        make_agent_factory(EvalConfig.of(benchmark="toy", agent=agent))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_the_evaluated_model_can_be_set_by_an_environment_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCREENWRIGHT_STEPS", "3")
    flags = ["--root", ".", "--task", "press", "--seeds", "0", "--out", "out", "--workers", "0"]
    with serve(ScriptedModel(["Action: finished()"]), name="ui-tars-1.5-7b") as server:
        monkeypatch.setenv("SCREENWRIGHT_MODEL", server.url)
        monkeypatch.setenv("SCREENWRIGHT_CALIBRATE", "false")
        assert main(["eval", "toy", *flags]) == 0
    manifest = Store(Path("out")).manifest()
    (record,) = Store(Path("out")).records(manifest.episodes)
    assert (record.agent["endpoint"], record.agent["model"]) == (server.url, "ui-tars-1.5-7b")
    assert manifest.settings.limits.steps == 3


def test_a_model_name_that_the_server_does_not_have_is_refused_before_the_first_episode(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(ScriptedModel([]), name="ui-tars-1.5-7b") as server:
        flags = ["--root", ".", "--task", "press", "--out", "out", "--workers", "0", "--model", server.url]
        assert main(["eval", "toy", *flags, "--model-name", "ui-tars-2"]) == 2
    error = capsys.readouterr().err
    assert "ui-tars-2" in error
    assert "ui-tars-1.5-7b" in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


FINISH = "Action: finished()"


def served_by(*urls: str, tasks: Path, seeds: str = "0") -> EvalConfig:
    given = {"benchmark": "toy", "root": tasks, "task": ["press"], "seeds": seeds, "workers": 0, "calibrate": False}
    return EvalConfig.from_flat({**given, "model": ",".join(urls), "dialect": "ui-tars-1.5"})


def test_worker_whose_replica_is_lost_goes_on_with_the_next_one(tmp_path: Path) -> None:
    with serve(ScriptedModel([FINISH]), name="m") as one, serve(ScriptedModel([FINISH] * 4), name="m") as two:
        evaluation = Evaluation.create(served_by(one.url, two.url, tasks=tmp_path, seeds="0-3"), tmp_path / "out")
        records = list[Record]()
        for record in evaluation.run():
            records.append(record)
            one.close()
    assert [(record.stop, record.id.seed) for record in records] == [("finished", seed) for seed in (0, 2, 3, 1)]
    assert [record.agent["endpoint"] for record in records] == [one.url, two.url, two.url, two.url]
    assert ["model_lost" in str(record.errors) for record in records] == [False, False, False, True]


def test_evaluation_is_not_resumed_with_another_model(tmp_path: Path) -> None:
    with serve(ScriptedModel([FINISH]), name="one") as server:
        port = urlsplit(server.url).port or 0
        evaluation = Evaluation.create(served_by(server.url, tasks=tmp_path, seeds="0-1"), tmp_path / "out")
        with closing(evaluation.run()) as running:
            next(running)
    with (
        serve(ScriptedModel([FINISH]), name="two", port=port),
        pytest.raises(EvalError, match="the model of earlier episodes was one, and is two now: start another"),
    ):
        list(Evaluation.resume(tmp_path / "out").run())
    assert len(evaluation.records()) == 1


def test_worker_waits_for_a_server_that_restarts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(ScriptedModel([FINISH]), name="m") as server:
        port = urlsplit(server.url).port or 0
        evaluation = Evaluation.create(served_by(server.url, tasks=tmp_path, seeds="0-1"), tmp_path / "out")
        running, restarted = evaluation.run(), list[ModelServer]()
        first = next(running)

    def restart(_: float) -> None:
        restarted.append(serve(ScriptedModel([FINISH]), name="m", port=port))

    monkeypatch.setattr("screenwright.eval.runner.baselines.sleep", restart)
    second = next(running)
    restarted[0].close()
    assert (first.stop, second.stop) == ("finished", "finished")
    assert len(second.errors) == len(restarted) == 1


@pytest.mark.local
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_an_episode_that_is_repeated_samples_the_same(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the local extra: run scripts/test-local")
    tiny_model_maker()(tmp_path / "model")
    flags = ["--model", str(tmp_path / "model"), "--dialect", "gta1", "--max-image-pixels", "30000", "--root"]
    flags += [str(tmp_path), "--task", "press", "--seeds", "0", "--workers", "0", "--steps", "1"]
    flags += ["--temperature", "1.5", "--trials", "2", "--request", '{"max_tokens": 8}']

    def first_replies(name: str) -> list[str]:
        assert main(["eval", "toy", *flags, "--out", str(tmp_path / name)]) == 0
        store = Store(tmp_path / name)
        runs = [read_run(store.folder_of(episode)) for episode in store.manifest().episodes]
        return [next(event.text for event in run.events if isinstance(event, Replied)) for run in runs]

    one, other = first_replies("first")
    assert one != other
    assert first_replies("second") == [one, other]
