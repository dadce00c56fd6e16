"""A script in a Python of its own: whatever it does, the one who asks gets an answer or a reason in time."""

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
    asked = json.loads(line)
    if asked.get("sleep"):
        time.sleep(asked["sleep"])
    if asked.get("die"):
        sys.exit(3)
    print(asked.get("say") or json.dumps({"echo": asked, "options": options}), flush=True)
open(options["told"], "w").close()
"""


@pytest.fixture
def driven(tmp_path: Path) -> SubprocessClient:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    return SubprocessClient(Path(sys.executable), script, {"told": str(tmp_path / "told")}, "get it")


def test_questions_are_answered_and_it_ends_in_order(driven: SubprocessClient, tmp_path: Path) -> None:
    assert driven.ask({"a": "naïve ☃"}, 10)["echo"] == {"a": "naïve ☃"}
    driven.close()
    driven.close()
    assert (tmp_path / "told").exists()


def test_it_finds_what_lies_beside_it_wherever_python_is_told_to_look(
    driven: SubprocessClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "script.py").write_text("import beside\n" + SCRIPT)
    assert driven.ask({"a": 1}, 10)["echo"] == {"a": 1}
    driven.close()


def test_one_that_hangs_is_ended_and_another_is_started(driven: SubprocessClient) -> None:
    with pytest.raises(TaskError, match=r"no answer within 0\.2 s"):
        driven.ask({"sleep": 60}, 0.2)
    assert driven.ask({"a": 1}, 10)["echo"] == {"a": 1}
    driven.close()


def test_one_that_dies_or_talks_nonsense_is_told(driven: SubprocessClient) -> None:
    with pytest.raises(TaskError, match="has ended"):
        driven.ask({"die": True}, 10)
    with pytest.raises(TaskError, match="no answer: 'hello"):
        driven.ask({"say": "hello"}, 10)
    with pytest.raises(TaskError, match="it went wrong"):
        driven.ask({"say": '{"error": "it went\\n wrong"}'}, 10)
    driven.close()
