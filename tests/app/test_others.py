"""What others have made: runs of other processes, tags of the user, and evaluations."""

import base64
import hashlib
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from app_server import Client, FakeFactory, evaluate, record, serving, until

from screenwright.agent.record.lock import lock_folder
from screenwright.app import tail
from screenwright.app.history import run_id_of


@pytest.fixture
def client(tmp_path: Path) -> Generator[Client]:
    with serving(tmp_path, FakeFactory()) as client:
        yield client


def test_a_run_of_another_process_is_followed_until_it_ends(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "_EVERY_S", 0.02)
    folder = tmp_path / "runs" / "other"
    record(folder)
    log = folder / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:2]))
    with lock_folder(folder):
        [run] = client.runs()
        assert client.get("/api/runs").json["going_on"] == [run["id"]]
        with client.events(run["id"]) as messages:
            until(messages, "state", state="running elsewhere")
            until(messages, "observed", step=1)
            log.write_bytes(b"".join(lines))
            assert until(messages, "ended")["answer"] == "It says hello."
    with client.events(run["id"]) as messages:
        assert next(messages)["kind"] == "started"


def test_a_run_is_tagged(client: Client, tmp_path: Path) -> None:
    record(tmp_path / "runs" / "one")
    [run] = client.runs()
    assert client.post(f"/api/runs/{run['id']}/tags", {"tags": ["good", "good "]}).json == {"tags": ["good"]}
    assert client.runs("tag=good")[0]["tags"] == ["good"]
    assert client.runs("tag=bad") == []
    assert client.post(f"/api/runs/{run['id']}/tags", {"tags": ["x" * 41]}).status == 400
    assert client.post("/api/runs/0/tags", {"tags": []}).status == 404


def test_evaluations_are_listed_with_a_link_to_their_report(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "night"
    episode = evaluate(folder)
    (tmp_path / "runs" / "damaged").mkdir()
    (tmp_path / "runs" / "damaged" / "manifest.json").write_text("{}")
    [found] = client.get("/api/evaluations").json["evaluations"]
    assert (found["ended"], found["done"], found["planned"], found["going_on"]) == (1, 1, 2, False)
    assert found["name"].endswith("(night)")
    with lock_folder(folder):
        assert client.get("/api/evaluations").json["evaluations"][0]["going_on"] is True
    assert client.runs() == [], "an episode is part of its evaluation"
    address = f"/api/evaluations/{found['id']}"
    for path in ("report", f"episodes/{episode.path}/view.html"):
        page = client.get(f"{address}/{path}")
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        scripts = re.findall("<script>(.*?)</script>", page.body.decode(), re.DOTALL)
        assert len(scripts) == 1, "the hostile text is none"
        digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
        policy = page.headers["content-security-policy"]
        assert f"script-src 'sha256-{digest}';" in policy
        assert "connect-src" not in policy
        assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["0/report", "{}/episodes/task/1/view.html", "{}/episodes/../../x/view.html"])
def test_nothing_but_reports_and_episodes_is_served(client: Client, tmp_path: Path, path: str) -> None:
    evaluate(tmp_path / "runs" / "night")
    assert client.get(f"/api/evaluations/{path.format(run_id_of('night'))}").status == 404
