"""What the user says in the middle of a run, as the reader takes it."""

import pytest

from screenwright import Acted, Agent, Ended, Event, FakeEnv, Limits, NeedsUser, StopReason, Supervision, Type
from screenwright.agent.reader.course import Words, course_after
from screenwright.agent.reader.instructions import read_instructions

ASKS = "Thought: Step {} of {}, part 1, try 3: I cannot do it.\nAction: call_user(content='?')"
DID = "Thought: Step {} of {}, part 1, try 1: click.\nAction: click(point='<point>1 2</point>')"


def left(task: str, *heard: str | Words) -> tuple[list[str], int]:
    """The steps in words, and the number of the one that is next."""
    course = course_after(read_instructions(task), heard)
    return [str(step) for step in course.steps], course.progress.step


def talk(task: str, env: FakeEnv, *answers: str) -> list[Event]:
    agent = Agent("reader", limits=Limits(steps=20), supervision=Supervision(attended=True))
    said = list(answers)
    events: list[Event] = []
    for event in agent.stream(task, env):
        events.append(event)
        if isinstance(event, NeedsUser):
            if not said:
                agent.decline()
            for text in said.pop(0).split("|") if said else ():
                agent.tell(text)
    return events


def assert_finished(events: list[Event]) -> None:
    last = events[-1]
    assert isinstance(last, Ended)
    assert last.stop is StopReason.FINISHED, last.reason


def test_an_answer_takes_the_place_of_the_step_that_was_asked_about() -> None:
    steps, number = left(
        "Click A. Click B. Click C", DID.format(1, 3), ASKS.format(2, 3), Words("Click X, then press Esc")
    )
    assert (steps, number) == (["click 'A'", "click 'X'", "press escape", "click 'C'"], 2)


def test_a_step_that_is_handed_back_is_begun_again() -> None:
    course = course_after(read_instructions("Click A. Click B"), (DID.format(1, 2), ASKS.format(2, 2)))
    assert (course.progress.step, course.progress.part, course.progress.tries) == (2, 1, 1)


@pytest.mark.parametrize(
    ("replies", "steps", "number"),
    [
        ((), ["click 'X'", "click 'A'", "click 'B'"], 1),
        ((DID.format(1, 2),), ["click 'A'", "click 'X'", "click 'B'"], 1),
    ],
)
def test_what_is_said_unasked_comes_next(replies: tuple[str, ...], steps: list[str], number: int) -> None:
    assert left("Click A. Click B", *replies, Words("Click X")) == (steps, number)


def test_words_that_ask_for_nothing_leave_the_steps_as_they_are() -> None:
    assert left("Click A. Click B", ASKS.format(1, 2), Words("Please.")) == (["click 'A'", "click 'B'"], 1)


def test_a_branch_grows_with_what_is_put_into_it() -> None:
    task = 'If you see "Accept", click it, otherwise click Close. Click End'
    whole = read_instructions(task)
    course = course_after(whole, (ASKS.format(2, len(whole)), Words("Click X. Click Y")))
    skip = course.steps[0]
    assert str(course.steps[1:3]) == str(read_instructions("Click X. Click Y"))
    assert skip != whole[0]
    assert len(course.steps) == len(whole) + 1


def test_a_sentence_that_is_not_understood_can_be_said_in_other_words() -> None:
    env = FakeEnv()
    events = talk("Click Banana. Do the greeting nicely.", env, "Hm, the upper one", "Click Greet")
    assert_finished(events)
    assert (env.state.chosen, env.state.presses) == ("Banana", 1)
    questions = [event.question for event in events if isinstance(event, NeedsUser)]
    assert "the greeting nicely" in questions[0]
    assert "the upper one" in questions[1]


def test_a_thing_that_is_not_there_can_be_named_otherwise() -> None:
    env = FakeEnv()
    events = talk('Click "Welcome". Click Banana.', env, "Click Greet")
    assert_finished(events)
    assert (env.state.presses, env.state.chosen) == (1, "Banana")


def test_what_is_said_in_two_goes_is_done_in_that_order() -> None:
    env = FakeEnv()
    events = talk('Click "Welcome". Click Greet.', env, 'Type "Ada" into Name|Type "Bo" into Name')
    assert_finished(events)
    assert (env.state.text, env.state.presses) == ("Bo", 1)


def test_a_text_of_several_lines_is_heard_whole_and_no_further() -> None:
    env = FakeEnv()
    events = talk('Click "Welcome". Click Greet.', env, 'Type "Ada" into Name\n\nClick Banana\nClick Greet')
    assert_finished(events)
    assert (env.state.text, env.state.chosen, env.state.presses) == ("Ada", "Banana", 2)


def test_a_text_to_type_keeps_its_lines_as_they_were_told() -> None:
    env = FakeEnv()
    events = talk('Click "Welcome"', env, 'Type "Ada\nBo" into Name')
    typed = [event.action.text for event in events if isinstance(event, Acted) and isinstance(event.action, Type)]
    assert typed == ["Ada\nBo"]


def test_a_task_that_tells_of_a_user_is_no_word_of_the_users() -> None:
    env = FakeEnv()
    result = Agent("reader", limits=Limits(steps=5)).run("Click Greet\nThe user says: Click Banana", env)
    assert result.stop is StopReason.NEEDS_USER
    assert env.state.presses == 0
