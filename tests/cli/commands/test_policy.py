"""`screenwright policy`: rules on recorded runs, and rules in words."""

import json
from pathlib import Path

import pytest

from screenwright import Agent, Click, FakeEnv, Hotkey, RuleSet, ScreenPoint, ScriptedPolicy, Type, Wait
from screenwright.agent.core.decision import Finish
from screenwright.agent.guard.explain import explain
from screenwright.agent.guard.rules import Rule
from screenwright.agent.guard.rules_file import PRESETS, load_rules
from screenwright.cli.main import main

RULES = """
default = "allow"

[[rule]]
name = "shortcuts"
do = "deny"
keys = ["ctrl+a"]
reason = "no shortcuts"

[[rule]]
do = "ask"
text = ["card_number"]
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    actions = (Click(ScreenPoint(196, 97)), Type("4111 1111"), Type(" 1111 1111"), Hotkey(("ctrl", "a")), Wait(0.0))
    policy = ScriptedPolicy([(action,) for action in actions] + [Finish()])
    Agent(policy=policy).run("t", FakeEnv(), out=tmp_path / "run")
    (tmp_path / "rules.toml").write_text(RULES)
    return tmp_path / "run"


def test_check_lists_what_would_be_asked_and_denied_at_which_step(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "check", str(run), "--rules", str(run.parent / "rules.toml")]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{run}: 5 actions: 3 allowed, 1 asked about, 1 denied"
    assert lines == [
        "     3  ask    type ' 1111 1111'  -- rule 2",
        "     4  deny   press ctrl+a  -- no shortcuts (shortcuts)",
    ]


def test_check_prints_json_and_adds_up_several_runs(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = str(run.parent / "rules.toml")
    assert main(["policy", "check", str(run), "--rules", rules, "--json"]) == 0
    verdicts = [json.loads(line)["verdict"] for line in capsys.readouterr().out.splitlines()]
    assert verdicts == ["allow", "allow", "ask", "deny", "allow"]
    assert main(["policy", "check", str(run), str(run), "--rules", rules]) == 0
    assert "in all: 10 actions" in capsys.readouterr().out.splitlines()[-1]


def test_check_of_a_run_that_is_not_there_or_of_wrong_rules_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "check", str(tmp_path), "--rules", "careful"]) == 2
    assert main(["policy", "explain", "nothing"]) == 2
    assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == ["screenwright"] * 2


def test_explain_has_a_sentence_for_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "careful"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rules = load_rules("careful")
    assert len(lines) == len(rules.rule) + 2
    payment = "where the text under the point says something like buy or pay; each time. [payments]"
    assert any(payment in line for line in lines)
    assert lines[-2:] == [f"{len(rules.rule) + 1}. Allow everything else.", f"sha256 {rules.sha256}"]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_explained(name: str) -> None:
    assert all(line.partition(". ")[2] for line in explain(load_rules(name)))


def test_every_key_of_a_rule_appears_in_its_explanation() -> None:
    every = {
        "do": "ask", "name": "x", "actions": ["click"], "text": ["any"], "keys": ["ctrl+c"], "host": ["a.example"],
        "elsewhere": True, "path": ["/b"], "title": ["c"], "program": ["d"], "region": [1, 2, 3, 4], "target": ["pay"],
        "target_text": ["e"], "transfer": ["upload"], "more_than": 5, "scope": "once", "reason": "f",
    }  # fmt: skip
    assert every.keys() == Rule.model_fields.keys()
    (line, _) = explain(RuleSet.model_validate({"rule": [every]}))
    assert line == (
        "1. Ask about click actions that type any text, that press ctrl+c, on a.example and subdomains, on hosts that "
        "the task does not name, where the path is /b, in windows titled c, in windows of d, from 1, 2 to 3, 4 of the "
        "screen, where the text under the point says something like pay or 'e', that upload files, after more than 5 "
        "of them; each time. [x] Reason: f."
    )


def test_rules_are_not_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "screenwright.toml").write_text('rules = "trusted"\n')
    assert main(["run", "x"]) == 2
    assert "rules is never taken from there: use --rules, or your own file" in capsys.readouterr().err


def test_run_is_resumed_with_its_rules_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    policy = ScriptedPolicy([(Wait(0.0),)] * 3)
    agent = Agent(policy=policy, rules=load_rules("read-only"))
    events = agent.stream("t", FakeEnv(), out=tmp_path / "run")
    while next(events).event != "stepped":
        pass
    events.close()
    assert main(["run", "--resume", "run"]) == 2
    assert "the run was started with other rules: name them again with --rules" in capsys.readouterr().err
