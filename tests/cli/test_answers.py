"""The model's questions, answered in the terminal."""

import io

import pytest

from screenwright import Agent, Ended, FakeEnv, NeedsUser, ScriptedModel, StopReason, Supervision, UiTars15
from screenwright.cli.run import answer
from screenwright.cli.terminal import Terminal

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
    typed: str, stop: StopReason, reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    model = ScriptedModel(REPLIES)
    agent = Agent(model, dialect=UiTars15(ask_user=True), supervision=Supervision(attended=True))
    last = None
    for event in agent.stream("t", FakeEnv()):
        last = event
        if isinstance(event, NeedsUser):
            answer(agent, Terminal())
    assert isinstance(last, Ended)
    assert last.stop is stop
    assert reported in model.asked[-1][-1].text
