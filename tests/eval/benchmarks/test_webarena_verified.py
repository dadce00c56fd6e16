"""WebArena-Verified: the two files that its scorer reads, with a double of the scorer.

The real scorer (1.2.3) was tested by hand; see docs/guides/benchmarks.md.
"""

import json
from collections.abc import Generator
from pathlib import Path

import pytest
from other_python import python_with

from screenwright import Agent, Result, ScriptedModel, StopReason, UiTars15, Usage
from screenwright.eval.benchmarks.registry import benchmark_for, benchmark_named
from screenwright.eval.benchmarks.webarena_verified import WebArenaVerified, agent_response
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.local_server import HttpResponse, LocalServer
from screenwright.eval.core.task import TaskError

API = """
import json
from types import SimpleNamespace as Some

def task(number, *urls):
    return Some(task_id=number, intent=f"Find {number}", sites=[Some(value="shopping")], start_urls=urls)

class WebArenaVerified:
    def __init__(self, config):
        config.read_text()

    def get_tasks(self):
        return [task(3, "__SHOPPING__/figs", "__SHOPPING__/"), task(7, "__MAP__")]

    def evaluate_task(self, task_id, agent_response, network_trace):
        answer = json.loads(agent_response.read_text())
        sent = json.loads(network_trace.read_text())["log"]["entries"]
        if answer["status"] == "BROKEN":
            return Some(score=0.0, status="error", error_msg="no such evaluator")
        right = answer["retrieved_data"] == [3.2] and any(one["request"]["url"].endswith("/figs") for one in sent)
        return Some(score=float(right), status="success" if right else "failure", error_msg=None)
"""


@pytest.fixture
def shop() -> Generator[str]:
    with LocalServer(lambda _: HttpResponse(b"<title>Figs</title><h1>Figs cost 3.20</h1>")) as server:
        yield server.url


def settings(folder: Path, **sites: str) -> EvalConfig:
    """Settings with a Python that has the double, and a configuration with those sites."""
    script = python_with({"webarena_verified.api": API}, folder)
    info = folder / "site" / "webarena_verified-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: webarena-verified\nVersion: 1.2.3\n")
    config = folder / "config.json"
    config.write_text(json.dumps({"environments": {name: {"urls": [url]} for name, url in sites.items()}}))
    given = {"benchmark": "webarena-verified", "python": script, "option": [f"config={config}"]}
    return EvalConfig.from_flat(given)


def answer(**values: object) -> str:
    return json.dumps({"task_type": "RETRIEVE", "status": "SUCCESS", "retrieved_data": None} | values)


@pytest.mark.browser
@pytest.mark.parametrize(("found", "score"), [([3.2], 1.0), ([4], 0.0)])
def test_an_episode_is_scored_by_its_answer_and_traffic(
    found: list[float], score: float, shop: str, tmp_path: Path
) -> None:
    benchmark = benchmark_for(settings(tmp_path, __SHOPPING__=shop))
    assert isinstance(benchmark, WebArenaVerified)
    task = benchmark.tasks()[0]
    with task.set_up(0) as instance:
        assert "Find 3" in instance.instruction
        assert f"Another site that you may need: {shop}/" in instance.instruction
        model = ScriptedModel([f"Action: finished(content='{answer(retrieved_data=found)}')"])
        result = Agent(model, dialect=UiTars15()).run(instance.instruction, instance.env, out=tmp_path / "run")
        outcome = instance.judge(result)
    benchmark.close()
    assert (outcome.done, outcome.score) == (score == 1.0, score)
    assert json.loads((tmp_path / "run" / "agent_response.json").read_text())["retrieved_data"] == found
    sent = json.loads((tmp_path / "run" / "network.har").read_text())["log"]["entries"]
    assert sent[0]["request"]["url"] == f"{shop}/figs"


@pytest.mark.browser
def test_a_scorer_error_is_a_task_error_not_a_failure(shop: str, tmp_path: Path) -> None:
    benchmark = benchmark_for(settings(tmp_path, __SHOPPING__=shop))
    assert isinstance(benchmark, WebArenaVerified)
    with benchmark.tasks()[0].set_up(0) as instance:
        model = ScriptedModel([f"Action: finished(content='{answer(status='BROKEN')}')"])
        result = Agent(model, dialect=UiTars15()).run(instance.instruction, instance.env, out=tmp_path / "run")
        with pytest.raises(TaskError, match="cannot score task 3: no such evaluator"):
            instance.judge(result)
    benchmark.close()


def test_tasks_start_at_the_urls_of_the_configuration(tmp_path: Path) -> None:
    benchmark = benchmark_for(settings(tmp_path, __SHOPPING__="http://127.0.0.1:7770/"))
    assert isinstance(benchmark, WebArenaVerified)
    first, second = benchmark.tasks()
    assert (first.name, first.category, benchmark.version) == ("3", "shopping", "1.2.3")
    assert first.urls == ("http://127.0.0.1:7770/figs", "http://127.0.0.1:7770/")
    with pytest.raises(TaskError, match="no URL for shopping, which task 7 needs"), second.set_up(0):
        pass
    benchmark.close()


def ended(stop: StopReason, answer: str = "") -> Result:
    return Result(stop, answer, "why", 1, Usage(), 1.0)


def test_the_answer_is_passed_on_unchanged() -> None:
    assert agent_response(ended(StopReason.FINISHED, "It is 3.20.")) == "It is 3.20."
    assert agent_response(ended(StopReason.FINISHED, f"```json\n{answer()}\n```")) == answer()
    gave_up = json.loads(agent_response(ended(StopReason.INFEASIBLE)))
    assert (gave_up["status"], gave_up["error_details"]) == ("UNKNOWN_ERROR", "infeasible: why")


def test_missing_parts_are_reported(tmp_path: Path) -> None:
    given = settings(tmp_path)
    with pytest.raises(ValueError, match="pip install webarena-verified"):
        benchmark_for(given.model_copy(update={"option": ()}))
    (tmp_path / "site" / "webarena_verified" / "api.py").unlink()
    with pytest.raises(TaskError, match=r"lacks webarena-verified \(webarena_verified.api\)"):
        _ = benchmark_for(given).version
    with pytest.raises(ValueError, match="leave out --root"):
        benchmark_named("webarena-verified", tmp_path)
