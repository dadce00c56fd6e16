"""User messages during a run of the reader."""

import pytest

from screenwright import Acted, Agent, Ended, Event, FakeEnv, Limits, NeedsUser, StopReason, Supervision, Type
from screenwright.agent.reader.instructions import read_instructions
from screenwright.agent.reader.progress import UserText, task_progress

ASKED = "Thought: Step {} of {}, part 1, attempt 3: I cannot do it.\nAction: call_user(content='?')"
CLICKED = "Thought: Step {} of {}: click.\nAction: click(point='<point>1 2</point>')"


def progress_of(task: str, *replies: str | UserText) -> tuple[list[str], int]:
    """All steps as text, and the number of the next one."""
    progress = task_progress(read_instructions(task), replies)
    return [str(step) for step in progress.steps], progress.cursor.step


def run_with_answers(task: str, env: FakeEnv, *answers: str) -> list[Event]:
    agent = Agent("reader", limits=Limits(steps=20), supervision=Supervision(attended=True))
    remaining = list(answers)
    events: list[Event] = []
    for event in agent.stream(task, env):
        events.append(event)
        if isinstance(event, NeedsUser):
            if not remaining:
                agent.decline()
            for text in remaining.pop(0).split("|") if remaining else ():
                agent.send_message(text)
    return events


def assert_finished(events: list[Event]) -> None:
    last = events[-1]
    assert isinstance(last, Ended)
    assert last.stop is StopReason.FINISHED, last.reason


def test_answer_replaces_the_step_that_the_question_was_about() -> None:
    steps, number = progress_of(
        "Click A. Click B. Click C", CLICKED.format(1, 3), ASKED.format(2, 3), UserText("Click X, then press Esc")
    )
    assert (steps, number) == (["click 'A'", "click 'X'", "press escape", "click 'C'"], 2)


def test_step_restarts_after_a_question() -> None:
    progress = task_progress(read_instructions("Click A. Click B"), (CLICKED.format(1, 2), ASKED.format(2, 2)))
    assert (progress.cursor.step, progress.cursor.part, progress.cursor.tries) == (2, 1, 1)


@pytest.mark.parametrize(
    ("replies", "steps", "number"),
    [
        ((), ["click 'X'", "click 'A'", "click 'B'"], 1),
        ((CLICKED.format(1, 2),), ["click 'A'", "click 'X'", "click 'B'"], 1),
    ],
)
def test_unprompted_message_is_inserted_as_the_next_step(
    replies: tuple[str, ...], steps: list[str], number: int
) -> None:
    assert progress_of("Click A. Click B", *replies, UserText("Click X")) == (steps, number)


def test_message_without_an_instruction_changes_no_steps() -> None:
    assert progress_of("Click A. Click B", ASKED.format(1, 2), UserText("Please.")) == (["click 'A'", "click 'B'"], 1)


def test_inserted_steps_extend_the_conditional_branch() -> None:
    task = 'If you see "Accept", click it, otherwise click Close. Click End'
    whole = read_instructions(task)
    progress = task_progress(whole, (ASKED.format(2, len(whole)), UserText("Click X. Click Y")))
    skip = progress.steps[0]
    assert str(progress.steps[1:3]) == str(read_instructions("Click X. Click Y"))
    assert skip != whole[0]
    assert len(progress.steps) == len(whole) + 1


def test_unparsed_sentence_can_be_rephrased_by_the_user() -> None:
    env = FakeEnv()
    events = run_with_answers("Click Banana. Do the greeting nicely.", env, "Hm, the upper one", "Click Greet")
    assert_finished(events)
    assert (env.state.chosen, env.state.presses) == ("Banana", 1)
    questions = [event.question for event in events if isinstance(event, NeedsUser)]
    assert "the greeting nicely" in questions[0]
    assert "the upper one" in questions[1]


def test_missing_target_can_be_replaced_by_the_user() -> None:
    env = FakeEnv()
    events = run_with_answers('Click "Welcome". Click Banana.', env, "Click Greet")
    assert_finished(events)
    assert (env.state.presses, env.state.chosen) == (1, "Banana")


def test_two_messages_are_executed_in_order() -> None:
    env = FakeEnv()
    events = run_with_answers('Click "Welcome". Click Greet.', env, 'Type "Ada" into Name|Type "Bo" into Name')
    assert_finished(events)
    assert (env.state.text, env.state.presses) == ("Bo", 1)


def test_multi_line_message_is_read_to_its_end_and_no_further() -> None:
    env = FakeEnv()
    events = run_with_answers('Click "Welcome". Click Greet.', env, 'Type "Ada" into Name\n\nClick Banana\nClick Greet')
    assert_finished(events)
    assert (env.state.text, env.state.chosen, env.state.presses) == ("Ada", "Banana", 2)


def test_text_to_type_keeps_its_line_breaks() -> None:
    env = FakeEnv()
    events = run_with_answers('Click "Welcome"', env, 'Type "Ada\nBo" into Name')
    typed = [event.action.text for event in events if isinstance(event, Acted) and isinstance(event.action, Type)]
    assert typed == ["Ada\nBo"]


def test_task_that_quotes_a_user_message_is_not_taken_for_one() -> None:
    env = FakeEnv()
    result = Agent("reader", limits=Limits(steps=5)).run("Click Greet\nThe user says: Click Banana", env)
    assert result.stop is StopReason.NEEDS_USER
    assert env.state.presses == 0
