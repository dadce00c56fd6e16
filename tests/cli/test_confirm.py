"""The guard `confirm`, which asks the user before each action."""

import io

from screenwright import (
    Action,
    Agent,
    Allow,
    Deny,
    FakeEnv,
    Guard,
    GuardDecision,
    Navigate,
    Observation,
    ScriptedPolicy,
    Wait,
)
from screenwright._plugins import load_plugin
from screenwright._text import printable
from screenwright.agent.core.decision import Finish
from screenwright.agent.core.limits import StopReason
from screenwright.cli.run import ConfirmGuard
from screenwright.cli.terminal import Terminal


class AnsweringTerminal(Terminal):
    """Answers each question in turn."""

    def __init__(self, *answers: str) -> None:
        super().__init__(io.StringIO())
        self.answers, self.questions = list(answers), list[str]()

    def ask(self, question: str) -> str | None:
        self.questions.append(question)
        return self.answers.pop(0)


def allow_all(action: Action, observation: Observation) -> Allow | Deny:
    return Allow()


def play(*answers: str, guard: Guard = allow_all) -> tuple[StopReason, list[str]]:
    terminal = AnsweringTerminal(*answers)
    policy = ScriptedPolicy([(Wait(0.0),), Finish("a"), Finish("a")])
    result = Agent(policy=policy, guard=ConfirmGuard(guard, terminal)).run("t", FakeEnv())
    return result.stop, terminal.questions


def test_confirmed_action_is_carried_out() -> None:
    stop, questions = play("y")
    assert stop is StopReason.FINISHED
    assert "wait 0 s -- allow it? [y/N]" in questions[0]


def test_denied_action_does_not_end_as_finished() -> None:
    assert play("n")[0] is StopReason.REFUSED


def test_user_is_not_asked_about_an_action_that_the_other_guard_denies() -> None:
    assert play(guard=lambda action, observation: Deny("no")) == (StopReason.REFUSED, [])


class Refusing:
    """A guard that allows every action and denies every safety check."""

    def __call__(self, action: Action, observation: Observation) -> GuardDecision:
        return Allow()

    def answer_safety_check(self, question: str, *_: object) -> GuardDecision:
        return Deny("never")


def test_safety_check_is_asked_unless_the_other_guard_denies_it() -> None:
    terminal, observation = AnsweringTerminal("y", "n"), FakeEnv().observe()
    guard = ConfirmGuard(allow_all, terminal)
    assert guard.answer_safety_check("A payment.", (), observation) == Allow()
    assert guard.answer_safety_check("A payment.", (), observation) == Deny("the user denied the action")
    assert terminal.questions[0].strip() == "safety check of the model's API: A payment. -- allow it? [y/N]"
    assert ConfirmGuard(Refusing(), terminal).answer_safety_check("A payment.", (), observation) == Deny("never")
    assert len(terminal.questions) == 2


def test_an_address_cannot_change_the_question() -> None:
    terminal = AnsweringTerminal("n")
    action = Navigate("file:///etc/passwd#\r\x1b[2K\n      scroll down by 5\u202e" + "x" * 5000)
    ConfirmGuard(allow_all, terminal)(action, FakeEnv().observe())
    (question,) = terminal.questions
    assert question.startswith("      go to file:///etc/passwd# \N{REPLACEMENT CHARACTER}[2K scroll down by 5")
    assert question.endswith("… -- allow it? [y/N]")
    assert question == printable(question)


def test_guard_is_registered() -> None:
    assert load_plugin("guard", "confirm") is ConfirmGuard
