"""Approvals of a session from a second terminal."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from screenwright import Action, ApprovalAnswer, ApprovalRequest, Observation, Scope, Supervision
from screenwright.agent.guard.guard import Ask, GuardDecision
from screenwright.cli.main import main
from screenwright.envs.temp_folder import TempFolder
from screenwright.session import client
from screenwright.session.approvals import Approving
from screenwright.session.daemon import SessionDaemon
from screenwright.session.held import HeldSession
from screenwright.session.protocol import FOLDER
from screenwright.session.tools import session_tools
from screenwright.testing import FakeEnv, eventually

GREET = FakeEnv().where("Greet")
AT_GREET: dict[str, Any] = {"at": [GREET.x, GREET.y]}


def ask(action: Action, observation: Observation) -> GuardDecision:
    """A guard that asks about each action."""
    return Ask("careful", "it clicks", scope=Scope.RUN)


class Held:
    """A session on the fake screen whose guard asks about each action, in a daemon."""

    def __init__(self, folder: Path, timeout_s: float | None = None) -> None:
        self.env = FakeEnv()
        supervision = Supervision(approval_timeout_s=timeout_s)
        self.session = HeldSession(self.env, folder / "run", ask, supervision=supervision)
        self.daemon = SessionDaemon(self.session, session_tools("fake"), TempFolder(FOLDER), 100)
        self.id = self.daemon.id
        self._thread = threading.Thread(target=self.daemon.run)
        self._thread.start()
        self._calls = ThreadPoolExecutor(2)

    def click(self) -> Future[dict[str, Any]]:
        """Start a call that needs an approval."""
        return self._calls.submit(client.call, self.id, "click", dict(AT_GREET))

    def close(self) -> None:
        """End the daemon and the calls."""
        self.daemon.stop()
        self._thread.join()
        self._calls.shutdown()


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Held]]:
    folder = Path(tempfile.mkdtemp(prefix="sw-"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    opened: list[Held] = []

    def open_one(timeout_s: float | None = None) -> Held:
        opened.append(Held(tmp_path, timeout_s))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
    shutil.rmtree(folder)


def asked(approving: Approving) -> tuple[int, ApprovalRequest]:
    question = approving.next_question()
    assert question is not None
    return question


def test_without_a_terminal_the_reason_says_how_to_approve(hold: Callable[..., Held]) -> None:
    held = hold()
    reply = held.click().result(30)
    assert reply["done"] is False
    assert "screenwright session approve" in reply["error"]
    assert held.env.state.presses == 0


def test_a_terminal_gets_the_question_and_its_yes_lets_the_action_through(hold: Callable[..., Held]) -> None:
    held = hold()
    with Approving(held.id) as approving:
        call = held.click()
        number, request = asked(approving)
        assert (request.kind, request.rule, request.reason) == ("rule", "careful", "it clicks")
        assert request.question.startswith("click at")
        assert request.image is not None
        assert Scope.RUN in request.scopes
        approving.answer(number, ApprovalAnswer(True, Scope.RUN))
        assert call.result(30)["done"] is True
        assert held.click().result(30)["done"] is True  # allowed for the run
    assert held.env.state.presses == 2


def test_a_no_reaches_the_caller_with_its_words(hold: Callable[..., Held]) -> None:
    held = hold()
    with Approving(held.id) as approving:
        call = held.click()
        number, _ = asked(approving)
        approving.answer(number, ApprovalAnswer(False, text="not this one"))
        assert "not this one" in call.result(30)["error"]
    assert held.env.state.presses == 0


def test_a_terminal_that_leaves_denies_and_lets_another_one_approve(hold: Callable[..., Held]) -> None:
    held = hold()
    with Approving(held.id) as approving:
        with pytest.raises(client.NoAnswer, match="another terminal"):
            Approving(held.id)
        call = held.click()
        asked(approving)
    assert call.result(30)["done"] is False
    eventually(lambda: client.running()[0]["approves"], False)
    with Approving(held.id):
        assert client.running()[0]["approves"] is True


def test_a_question_is_taken_back_when_its_time_is_over(hold: Callable[..., Held]) -> None:
    held = hold(timeout_s=0.05)
    with Approving(held.id) as approving:
        call = held.click()
        number, _ = asked(approving)
        eventually(lambda: approving.is_over(number), True)
        assert call.result(30)["done"] is False


def test_the_end_of_the_session_ends_the_terminal(hold: Callable[..., Held]) -> None:
    held = hold()
    with Approving(held.id) as approving:
        held.daemon.stop()
        assert approving.next_question() is None


def test_session_approve_asks_in_the_terminal_until_the_session_ends(
    hold: Callable[..., Held], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = hold()
    questions: list[str] = []
    replies: list[dict[str, Any]] = []

    def answer(self: object, question: str, cancelled: Callable[[], bool]) -> str:
        questions.append(question)
        return "yes"

    def work() -> None:
        eventually(lambda: client.running()[0]["approves"], True)
        replies.append(held.click().result(30))
        held.daemon.stop()

    monkeypatch.setattr("screenwright.cli.terminal.Terminal.ask", answer)
    agent = threading.Thread(target=work)
    agent.start()
    assert main(["session", "approve", "--session", held.id]) == 0
    agent.join()
    assert replies == [{"ok": True, "done": True}]
    assert "click at" in questions[0]
    assert "needs an approval" in capsys.readouterr().err
