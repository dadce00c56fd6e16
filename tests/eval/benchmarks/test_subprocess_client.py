"""The client of driver scripts: every request gets an answer or an error in time."""

import sys
from pathlib import Path

import pytest

from screenwright.eval.benchmarks.subprocess_client import SubprocessClient
from screenwright.eval.core.task import TaskError

SCRIPT = """
import json, sys, time
options = json.loads(sys.argv[1])
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if request.get("sleep"):
        time.sleep(request["sleep"])
    if request.get("die"):
        sys.exit(3)
    print(request.get("print") or json.dumps({"echo": request, "options": options}), flush=True)
open(options["closed"], "w").close()
"""


@pytest.fixture
def client(tmp_path: Path) -> SubprocessClient:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    return SubprocessClient(Path(sys.executable), script, {"closed": str(tmp_path / "closed")}, "get it")


def test_requests_are_answered_and_close_ends_the_driver(client: SubprocessClient, tmp_path: Path) -> None:
    assert client.request({"a": "naïve ☃"}, 10)["echo"] == {"a": "naïve ☃"}
    client.close()
    client.close()
    assert (tmp_path / "closed").exists()


def test_a_driver_can_import_its_own_folder_despite_pythonsafepath(
    client: SubprocessClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    (tmp_path / "sibling.py").write_text("")
    (tmp_path / "script.py").write_text("import sibling\n" + SCRIPT)
    assert client.request({"a": 1}, 10)["echo"] == {"a": 1}
    client.close()


def test_a_driver_that_hangs_is_killed_and_restarted(client: SubprocessClient) -> None:
    with pytest.raises(TaskError, match=r"no answer within 0\.2 s"):
        client.request({"sleep": 60}, 0.2)
    assert client.request({"a": 1}, 10)["echo"] == {"a": 1}
    client.close()


def test_a_driver_that_dies_or_sends_garbage_is_an_error(client: SubprocessClient) -> None:
    with pytest.raises(TaskError, match="has ended"):
        client.request({"die": True}, 10)
    with pytest.raises(TaskError, match="invalid answer: 'hello"):
        client.request({"print": "hello"}, 10)
    with pytest.raises(TaskError, match="it went wrong"):
        client.request({"print": '{"error": "it went\\n wrong"}'}, 10)
    client.close()
