"""A held session that gives a task to an agent on its screen."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from session_callers import Approving, when_started
from slow_env import SlowEnv

from screenwright import (
    Action,
    Agent,
    ApprovalAnswer,
    AskUser,
    Click,
    Deny,
    Finish,
    Limits,
    Secret,
    StopReason,
    Type,
    Wait,
    read_run,
)
from screenwright.session.caller import Caller, CallRefused, SessionEnded
from screenwright.session.held import HeldSession
from screenwright.testing import FakeEnv, ScriptedPolicy

GREET = FakeEnv().where("Greet")
NAME = FakeEnv().where("Name")


@pytest.fixture
def env() -> FakeEnv:
    return FakeEnv()


def playing(*script: tuple[Action, ...] | Finish | AskUser) -> Callable[[], Agent]:
    return lambda: Agent(policy=ScriptedPolicy(script))


def test_a_task_runs_on_the_same_screen_and_has_its_own_recording(env: FakeEnv, tmp_path: Path) -> None:
    lines: list[str] = []
    agent = playing((Click(GREET),), Finish("greeted"))
    with HeldSession(env, tmp_path / "run", open_agent=agent) as session:
        reply = session.run_task("Press Greet", Caller(progress=lines.append))
        assert (reply.result.stop, reply.result.answer) == (StopReason.FINISHED, "greeted")
        session.look()
    assert env.state.presses == 1
    assert [line.split(":")[0] for line in lines] == ["step 1", "step 2"]
    assert read_run(tmp_path / "run-task-1").started.task == "Press Greet"
    notes = [event.text for event in read_run(tmp_path / "run").events if event.event == "note"]
    assert notes == ["a task runs, recorded in run-task-1"]


def test_guard_and_rules_apply_to_a_task_too(env: FakeEnv, tmp_path: Path) -> None:
    agent = playing((Click(GREET),), (Click(GREET),), (Click(GREET),))
    with HeldSession(env, tmp_path / "run", lambda action, seen: Deny("no"), open_agent=agent) as session:
        assert session.run_task("Press Greet").result.stop is StopReason.REFUSED
    assert env.state.presses == 0


def test_questions_of_a_task_go_to_the_caller(env: FakeEnv, tmp_path: Path) -> None:
    approver = Approving(ApprovalAnswer(True, text="Ada"))
    agent = playing(AskUser("Which name?"), Finish("done"))
    with HeldSession(env, tmp_path / "run", open_agent=agent) as session:
        assert session.run_task("Greet", Caller(approver=approver)).result.stop is StopReason.FINISHED
    assert [one.question for one in approver.asked] == ["Which name?"]


def test_without_anyone_to_ask_a_question_ends_the_task(env: FakeEnv, tmp_path: Path) -> None:
    with HeldSession(env, tmp_path / "run", open_agent=playing(AskUser("Which name?"))) as session:
        assert session.run_task("Greet").result.stop is StopReason.NEEDS_USER


def test_secrets_of_the_session_stay_hidden_from_a_task(env: FakeEnv, tmp_path: Path) -> None:
    agent = playing((Click(NAME),), (Type("{{pin}}"),), Finish())
    allowing = Caller(approver=Approving(ApprovalAnswer(True)))
    with HeldSession(env, tmp_path / "run", secrets=(Secret("pin", "4711-secret"),), open_agent=agent) as session:
        session.run_task("Type 4711-secret", allowing)
        assert env.state.text == "4711-secret"
    log = (tmp_path / "run-task-1" / "events.jsonl").read_text()
    assert "4711-secret" not in log
    assert "Type {{pin}}" in log


def test_a_cancelled_task_ends_and_the_session_goes_on(tmp_path: Path) -> None:
    env = SlowEnv()
    cancelled = threading.Event()
    with HeldSession(env, tmp_path / "run", open_agent=playing((Wait(600),))) as session:
        canceller = threading.Thread(target=when_started, args=(env, cancelled.set))
        canceller.start()
        assert session.run_task("Wait", Caller(cancelled=cancelled.is_set)).result.stop is StopReason.CANCELLED
        canceller.join()
        session.look()


def test_while_a_task_runs_other_calls_are_refused(tmp_path: Path) -> None:
    env = SlowEnv()
    with HeldSession(env, tmp_path / "run", open_agent=playing((Wait(600),))) as session:
        cancelled = threading.Event()
        task = threading.Thread(target=session.run_task, args=("Wait", Caller(cancelled=cancelled.is_set)))
        task.start()
        assert env.started.wait(60)
        with pytest.raises(CallRefused, match="a task is running"):
            session.look()
        cancelled.set()
        task.join()
        session.look()


def test_tasks_count_for_the_limits_of_the_session(env: FakeEnv, tmp_path: Path) -> None:
    agent = playing((Click(GREET),), (Click(GREET),), (Click(GREET),))
    with HeldSession(env, tmp_path / "run", limits=Limits(steps=3), open_agent=agent) as session:
        session.look()
        assert session.run_task("Press").result.stop is StopReason.STEP_LIMIT
        assert env.state.presses == 2
        with pytest.raises(SessionEnded, match="reached the limit of 3 steps"):
            session.look()


def test_a_model_that_cannot_be_opened_refuses_the_task_only(env: FakeEnv, tmp_path: Path) -> None:
    with HeldSession(env, tmp_path / "run", open_agent=lambda: Agent("nonsense")) as session:
        with pytest.raises(CallRefused, match="there is no model 'nonsense'"):
            session.run_task("Press Greet")
        session.look()
