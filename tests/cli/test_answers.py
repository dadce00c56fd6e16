"""Questions answered in the terminal: those of the model, and whether an action is allowed."""

import io
from pathlib import Path

import pytest
from PIL import Image

from screenwright import (
    Agent,
    ApprovalAnswer,
    ApprovalRequest,
    FakeEnv,
    RuleSet,
    Scope,
    ScriptedModel,
    ScriptedPolicy,
    StopReason,
    UiTars15,
    Wait,
)
from screenwright.agent.core.decision import Finish
from screenwright.agent.guard.rules_file import load_rules
from screenwright.cli.approver import TerminalApprover
from screenwright.cli.terminal import Terminal
from screenwright.envs.actions import Click, Navigate
from screenwright.envs.geometry import ScreenPoint

REPLIES = ("Action: call_user(content='Which?')", "Action: finished(content='thanks')")


@pytest.mark.parametrize(
    ("typed", "stop", "reported"),
    [
        ("the left one\n", StopReason.FINISHED, "the left one"),
        ("\n", StopReason.FINISHED, "did not change it"),
        ("", StopReason.NEEDS_USER, ""),
    ],
)
def test_line_is_sent_as_answer_and_empty_line_returns_the_screen_and_end_of_input_declines(
    typed: str, stop: StopReason, reported: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    model = ScriptedModel(REPLIES)
    agent = Agent(model, dialect=UiTars15(ask_user=True), approver=TerminalApprover(Terminal(), tmp_path))
    assert agent.run("t", FakeEnv()).stop is stop
    assert reported in model.asked[-1][-1].text


def asked(
    typed: str, monkeypatch: pytest.MonkeyPatch, folder: Path, *, confirm: bool = True
) -> tuple[StopReason, str, str]:
    """How a run with one action and `typed` answers ends, why, and what the terminal showed."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    shown = io.StringIO()
    policy = ScriptedPolicy([(Click(ScreenPoint(70, 55)),), Finish("a"), Finish("a")])
    rules = load_rules("confirm") if confirm else RuleSet()
    agent = Agent(policy=policy, rules=rules, approver=TerminalApprover(Terminal(shown), folder))
    result = agent.run("t", FakeEnv())
    return result.stop, result.reason, shown.getvalue()


def test_question_shows_action_rule_and_a_picture_of_the_point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stop, _, shown = asked("y\n", monkeypatch, tmp_path)
    assert stop is StopReason.FINISHED
    assert "click at 70, 55 -- allow it? [y/N]" in shown
    assert "rule 'default' on Fake window" in shown
    (picture,) = (tmp_path / "approvals").iterdir()
    assert str(picture) in shown
    with Image.open(picture) as image:
        assert image.size == (480, 320)
        assert image.getpixel((70, 41)) == (224, 36, 94)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("n\n", "the user did not allow it"),
        ("no, ask Kim first\n", "ask Kim first"),
        ("use Save\n", "use Save"),
        ("", "no one allowed it"),
    ],
)
def test_denial_does_not_end_as_finished_and_its_words_are_the_reason(
    typed: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stop, why, _ = asked(typed, monkeypatch, tmp_path)
    assert stop is StopReason.REFUSED
    assert reason in why


def test_answer_for_the_run_is_asked_for_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("run\n"))
    policy = ScriptedPolicy([(Wait(0.0),), (Wait(0.0),), Finish("a")])
    agent = Agent(policy=policy, rules=RuleSet(), approver=TerminalApprover(Terminal(io.StringIO()), tmp_path))
    assert agent.run("t", FakeEnv()).stop is StopReason.FINISHED


def test_action_cannot_disguise_the_question(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    shown = io.StringIO()
    disguised = Navigate("file:///etc/passwd#\r\x1b[2K\n scroll down by 5 -- allow it?\u202e")
    approver = TerminalApprover(Terminal(shown), tmp_path)
    Agent(policy=ScriptedPolicy([(disguised,), Finish("a"), Finish("a")]), rules=RuleSet(), approver=approver).run(
        "t", FakeEnv()
    )
    question = next(line for line in shown.getvalue().splitlines() if "[y/N]" in line)
    assert question.strip().startswith("go to file:///etc/passwd#")
    assert not {"\x1b", "\r", "\u202e"} & {*question}


def test_safety_check_names_the_api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    shown = io.StringIO()
    request = ApprovalRequest("safety_check", "A payment.", 1)
    answer = TerminalApprover(Terminal(shown), tmp_path).ask(request, lambda: False)
    assert answer == ApprovalAnswer(True, Scope.ONCE)
    assert "safety check of the model's API" in shown.getvalue()
    assert "A payment. -- allow it? [y/N]" in shown.getvalue()


def test_title_and_safety_check_cannot_add_lines_to_a_question(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    shown, fake = io.StringIO(), "x\n      go back -- allow it? [y/N]\x1b[2K"
    request = ApprovalRequest("rule", fake, 1, reason=fake, place=fake)
    TerminalApprover(Terminal(shown), tmp_path).ask(request, lambda: False)
    assert len(shown.getvalue().rstrip("\n").splitlines()) == 3
    assert "\x1b" not in shown.getvalue()
