"""Judges with a scripted model server."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, Result, ScriptedModel, UiTars15
from screenwright.agent.core.messages import ImagePart
from screenwright.agent.core.model import ModelLost
from screenwright.agent.models.http_server import serve
from screenwright.agent.models.scripted import ScriptedReply
from screenwright.agent.models.served.model import ServedModel
from screenwright.eval.benchmarks.web_tasks import judge_run, online_mind2web, webvoyager
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.task import TaskError
from screenwright.eval.judges.webjudge import WebJudge, parse_points, parse_score, parse_status
from screenwright.eval.judges.webvoyager import WebVoyagerJudge, parse_verdict
from screenwright.eval.runner.evaluation import Evaluation

TASK = "Find the price of the cheapest fig"
YES = "The last screenshot shows a price of 3.20, which is what the answer says.\n\nSUCCESS"
NO = "The figs were never sorted by price. Verdict: NOT SUCCESS."
POINTS = "**Key Points**:\n1. the fig is found\n\n2. it is the cheapest"
STATUS = 'Thoughts: both points are met.\nStatus: "success"'


def scored(score: int) -> str:
    return f"1. **Reasoning**: A list of figs is seen.\n2. **Score**: {score}"


def run(folder: Path, *replies: str) -> Result:
    return Agent(ScriptedModel(replies), dialect=UiTars15()).run(TASK, FakeEnv(), out=folder)


@pytest.fixture
def answered(tmp_path: Path) -> Result:
    click = "Action: click(start_box='(100,64)')"
    return run(tmp_path / "run", click, click, "Action: finished(content='It costs 3.20')")


@contextmanager
def judge(*replies: ScriptedReply) -> Generator[tuple[ServedModel, ScriptedModel]]:
    script = ScriptedModel(replies)
    with serve(script, name="a-judge") as server, ServedModel(server.url, backoff_s=0.01) as model:
        yield model, script


def images(script: ScriptedModel, call: int) -> int:
    return sum(isinstance(part, ImagePart) for message in script.asked[call] for part in message.parts)


@pytest.mark.parametrize(("reply", "done"), [(YES, True), (NO, False)])
def test_the_webvoyager_judge_sees_task_answer_and_screenshots(answered: Result, reply: str, done: bool) -> None:
    with judge(reply) as (model, script):
        outcome = judge_run(WebVoyagerJudge(model), answered, TASK)
    assert outcome.done is done
    assert outcome.score is None
    assert "a-judge (prompts " in outcome.found
    sent = "\n".join(message.text for message in script.asked[0])
    assert TASK in sent
    assert "It costs 3.20" in sent
    assert "last 3 screenshots" in sent
    assert images(script, 0) == 3
    assert answered.run is not None
    log = json.loads((answered.run / "judge.json").read_text())
    assert log["replies"] == [reply]
    assert (log["model"], log["done"]) == ("a-judge", done)


def test_the_webvoyager_judge_uses_temperature_0_and_the_last_15_screenshots(tmp_path: Path) -> None:
    click = [f"Action: click(start_box='({x},64)')" for x in range(90, 108)]
    result = run(tmp_path, *click, "Action: finished(content='done')")
    with judge(YES) as (model, script):
        judge_run(WebVoyagerJudge(model), result, TASK)
    assert images(script, 0) == 15
    assert script.samplings[0].temperature == 0


def test_a_run_without_an_answer_fails_without_calling_the_judge(tmp_path: Path) -> None:
    result = run(tmp_path, "Action: finished()")
    with judge() as (model, script):
        outcome = judge_run(WebVoyagerJudge(model), result, TASK)
    assert not outcome.done
    assert "no answer" in outcome.found
    assert script.asked == []


@pytest.mark.parametrize("reply", ["", "I cannot tell.", "success, I think"])
def test_a_reply_without_a_verdict_is_retried_and_never_a_failure(answered: Result, reply: str) -> None:
    with judge(reply, YES) as (model, script):
        assert judge_run(WebVoyagerJudge(model), answered, TASK).done
        assert len(script.asked) == 2
    with judge(reply, reply, reply) as (model, _), pytest.raises(TaskError, match="no verdict in 3 replies"):
        judge_run(WebVoyagerJudge(model), answered, TASK)
    with judge(ModelLost("gone")) as (model, _), pytest.raises(TaskError, match="does not answer"):
        judge_run(WebVoyagerJudge(model), answered, TASK)


def test_webjudge_shows_the_screenshots_with_a_high_score(answered: Result) -> None:
    with judge(POINTS, scored(2), scored(3), scored(5), STATUS) as (model, script):
        outcome = judge_run(WebJudge(model), answered, TASK)
    assert outcome.done
    assert "2 screenshots" in outcome.found
    assert [images(script, call) for call in range(5)] == [0, 1, 1, 1, 2]
    last = script.asked[4][-1].text
    assert "1. the fig is found\n2. it is the cheapest" in last
    assert "1. click at 99, 65\n2. click at 99, 65" in last
    assert "1. A list of figs is seen." in last
    assert "3.20" not in last  # the answer is not an action


def test_webjudge_retries_without_a_score_or_status(answered: Result) -> None:
    with judge(POINTS, "fine", "good", "nice") as (model, _), pytest.raises(TaskError, match="last: nice"):
        judge_run(WebJudge(model), answered, TASK)
    replies = [POINTS, *[scored(1)] * 3, "done?", "well", "Status: failure"]
    with judge(*replies) as (model, script):
        assert not judge_run(WebJudge(model), answered, TASK).done
    assert images(script, 6) == 0


def test_replies_are_parsed_as_in_the_official_code() -> None:
    assert [parse_verdict(text) for text in (YES, NO, "SUCCESS but NOT SUCCESS", "?")] == [True, False, False, None]
    assert parse_points("1. one\n\n2. two") == "1. one\n2. two"
    assert parse_points(" \n") is None
    assert parse_score("### Reasoning: It costs 2\n### Score: [4]") == (4, "It costs 2")
    assert parse_score("Score: 9") is None
    assert parse_status("**Status**: failure, since success was not seen") is False
    assert parse_status("it was a success") is None


def test_custom_prompts_are_used_and_change_the_digest(answered: Result, tmp_path: Path) -> None:
    folder = tmp_path / "official"
    folder.mkdir()
    (folder / "judge_webvoyager_user.txt").write_text("Q: $task A: $answer N: $count")
    with judge(YES, YES) as (model, script):
        ours = judge_run(WebVoyagerJudge(model), answered, TASK).found
        theirs = judge_run(WebVoyagerJudge(model, folder), answered, TASK).found
    assert f"Q: {TASK} A: It costs 3.20 N: 3" in script.asked[1][-1].text
    assert ours.split(",")[0] != theirs.split(",")[0]
    (folder / "judge_webvoyager_user.txt").write_text("$question")
    with (
        judge(YES) as (model, _),
        pytest.raises(TaskError, match=r"judge_webvoyager_user\.txt: there is no 'question'"),
    ):
        judge_run(WebVoyagerJudge(model, folder), answered, TASK)


VOYAGER = {"web_name": "BBC News", "id": "BBC News--3", "ques": "What is new?", "web": "https://www.bbc.com/news/"}
MIND2WEB = {
    "task_id": "fb7b4f784cfde003e2548fdf4e8d6b4f",
    "confirmed_task": "Open the page",
    "website": "https://example.org/",
    "reference_length": 2,
    "level": "easy",
}


def test_task_files_are_identified_by_their_digest(tmp_path: Path) -> None:
    (tmp_path / "WebVoyager_data.jsonl").write_text(json.dumps(VOYAGER) + "\n")
    (tmp_path / "Online_Mind2Web.json").write_text(json.dumps([MIND2WEB]))
    (task,) = webvoyager(tmp_path).tasks()
    assert (task.name, task.category, task.question, task.url) == (
        "BBC-News--3", "BBC News", "What is new?", "https://www.bbc.com/news/",
    )  # fmt: skip
    (other,) = online_mind2web(tmp_path / "Online_Mind2Web.json").tasks()
    assert (other.name, other.category) == (MIND2WEB["task_id"], "easy")
    assert webvoyager(tmp_path).version.startswith("WebVoyager_data.jsonl ")
    before = webvoyager(tmp_path).version
    (tmp_path / "WebVoyager_data.jsonl").write_text(json.dumps(VOYAGER | {"ques": "And now?"}))
    assert webvoyager(tmp_path).version != before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps(VOYAGER) + "\n{", "line 2"),
        (json.dumps(VOYAGER | {"web": "ftp://x"}), "line 1: web"),
        (json.dumps(VOYAGER) + "\n" + json.dumps(VOYAGER), "two tasks named BBC-News--3"),
    ],
)
def test_an_invalid_task_file_is_reported_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "WebVoyager_data.jsonl").write_text(text)
    with pytest.raises(TaskError, match=message):
        webvoyager(tmp_path).tasks()
    with pytest.raises(TaskError, match="there is no Online_Mind2Web"):
        online_mind2web(tmp_path)


def test_a_missing_or_unneeded_judge_is_an_error_before_the_start(tmp_path: Path) -> None:
    (tmp_path / "WebVoyager_data.jsonl").write_text(json.dumps(VOYAGER))
    settings = EvalConfig.from_flat({"benchmark": "webvoyager", "root": tmp_path, "agent": "null"})
    with pytest.raises(ValueError, match="--judge"):
        Evaluation.create(settings, tmp_path / "out")
    with pytest.raises(ValueError, match="has no use for --judge"):
        Evaluation.create(EvalConfig.from_flat({"benchmark": "demo", "judge": "http://127.0.0.1:1"}), tmp_path / "out")


@pytest.mark.browser
def test_a_task_runs_in_the_browser_and_is_judged(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<title>Figs</title><h1>Figs cost 3.20</h1>")
    with judge(YES) as (model, script):
        (tmp_path / "WebVoyager_data.jsonl").write_text(json.dumps(VOYAGER))
        (task,) = webvoyager(tmp_path).tasks()
        task = replace(task, url=page.as_uri(), judge=WebVoyagerJudge(model))
        with task.set_up(0) as instance:
            agent = Agent(ScriptedModel(["Action: finished(content='3.20')"]), dialect=UiTars15())
            outcome = instance.judge(agent.run(instance.instruction, instance.env, out=tmp_path / "run"))
    assert outcome.done
    assert images(script, 0) == 1
