"""`screenwright run --output-schema`: the answer is JSON of the schema, and nothing else is printed."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT

from screenwright import Limits, SchemaAnswer, ScriptedModel, read_run
from screenwright.agent.core.limits import StopReason
from screenwright.agent.models.http_server import serve
from screenwright.cli.commands.run import EXIT_CODES
from screenwright.cli.main import main


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Runs a task on the screen of the third-party package, whose model always finishes with `answer`."""
    monkeypatch.syspath_prepend(ROOT / "tests" / "helpers" / "acme")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.json").write_text('{"type": "array", "items": {"type": "integer"}}')
    answers: list[str] = []
    model = ScriptedModel(lambda messages: f"Thought: done\nAction: finished(content='{answers[-1]}')")
    with serve(model, name="ui-tars-1.5") as server:

        def start(answer: str, *arguments: str) -> int:
            answers.append(answer)
            command = arguments if "--resume" in arguments else ("Count", "--env", "acme", "--out", "run", *arguments)
            return main(["run", *command, "--model", server.url, "--no-calibrate"])

        yield start
    sys.modules.pop("acme_screens", None)


def test_the_answer_is_printed_as_json(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("The numbers are [1, 2].", "--output-schema", "schema.json") == 0
    assert json.loads(capsys.readouterr().out) == [1, 2]


def test_another_answer_has_its_own_exit_code(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run('["one"]', "--output-schema", "schema.json") == EXIT_CODES[StopReason.INVALID_ANSWER] == 12
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "the answer was not accepted: 0: 'one' is not of type 'integer'" in printed.err


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "--output-schema other.json: No such file or directory"),
        ("[]", "--output-schema other.json is not a JSON object"),
        ('{"type": 7}', "--output-schema other.json is not a JSON schema"),
    ],
)
def test_a_file_without_a_schema_is_one_line(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], content: str | None, problem: str
) -> None:
    if content is not None:
        Path("other.json").write_text(content)
    assert run("x", "--output-schema", "other.json") == 2
    assert capsys.readouterr().err.startswith(f"screenwright: {problem}")
    assert not Path("run").exists()


def test_a_resumed_run_keeps_its_schema(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("none", "--output-schema", "schema.json") == 12
    assert run("[3]", "--resume", "run", "--output-schema", "schema.json") == 2
    assert run("[3]", "--resume", "run") == 0
    assert capsys.readouterr().out == "[3]\n"
    schema: Any = read_run("run").started.answer_schema
    assert SchemaAnswer(schema).read("[3]") == [3]
    assert read_run("run").started.limits == Limits()
