"""The reader at work: on screens made of values, and, with its OCR, on the fake screen and on a page."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from screenwright import (
    Acted,
    Agent,
    Click,
    FakeEnv,
    Hotkey,
    Limits,
    Message,
    ModelLost,
    ReaderModel,
    Sampling,
    Size,
    StopReason,
)
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, Finish
from screenwright.agent.reader.course import course_after
from screenwright.agent.reader.finding import find, find_box, find_tick, text_at
from screenwright.agent.reader.instructions import read_instructions
from screenwright.agent.reader.moves import ReaderPlan, Sight
from screenwright.agent.reader.planner import ground, plan
from screenwright.agent.reader.steps import Label
from screenwright.agent.reader.vision.perception import read_image
from screenwright.agent.reader.vision.screen import Area, ControlKind, Piece, Screen, ScreenControl, Word
from screenwright.envs.actions import ActionIn, Scroll, Type, Wait

pytestmark = pytest.mark.reader


def piece(text: str, left: float, top: float) -> Piece:
    words, place = [], left
    for word in text.split():
        words.append(Word(word, Area(place, top, place + 8 * len(word), top + 16)))
        place += 8 * len(word) + 5
    return Piece(tuple(words))


def screen(*pieces: Piece, controls: tuple[ScreenControl, ...] = ()) -> Screen:
    return Screen(800, 600, pieces, controls)


FORM = screen(
    piece("Name", 10, 10),
    piece("City", 10, 50),
    piece("Express delivery", 40, 90),
    piece("Gift wrap", 240, 90),
    piece("Save", 20, 130),
    piece("Save and close", 120, 130),
    piece("Order number: 4711", 10, 200),
    controls=(
        ScreenControl(ControlKind.FIELD, Area(80, 8, 300, 28)),
        ScreenControl(ControlKind.FIELD, Area(80, 48, 300, 68)),
        ScreenControl(ControlKind.CHECKBOX, Area(16, 90, 32, 106), checked=False),
        ScreenControl(ControlKind.CHECKBOX, Area(216, 90, 232, 106), checked=True),
        ScreenControl(ControlKind.BUTTON, Area(10, 126, 70, 150), "Save"),
        ScreenControl(ControlKind.BUTTON, Area(110, 126, 260, 150), "Save and close"),
    ),
)


def move(task: str, *replies: str, on: Screen = FORM) -> object:
    return planned(task, *replies, on=on).move


def planned(task: str, *replies: str, on: Screen = FORM) -> ReaderPlan:
    return plan(course_after(read_instructions(task), replies), Sight(on))


def test_a_whole_text_is_meant_rather_than_a_part_of_one() -> None:
    assert find(FORM, Label("Save")) == piece("Save", 20, 130).area
    assert find(FORM, Label("Save and close")) == piece("Save and close", 120, 130).area


def test_a_part_of_several_texts_means_none_of_them() -> None:
    several = screen(piece("Replace all in:", 10, 10), piece("Replace All", 10, 60))
    assert find(several, Label("Replace")) is None
    assert find(several, Label("Replace All")) == piece("Replace All", 10, 60).area


def test_one_wrong_letter_is_forgiven_in_a_long_text_but_not_in_a_short_one() -> None:
    assert find(screen(piece("Prefercnces", 10, 10)), Label("Preferences")) is not None
    assert find(screen(piece("OX", 10, 10)), Label("OK")) is None


def test_letters_that_look_alike_are_one_unless_the_very_text_is_there_too() -> None:
    assert find(screen(piece("0K", 10, 10)), Label("OK")) is not None
    both = screen(piece("Il1", 10, 10), piece("lI1", 10, 60))
    assert find(both, Label("lI1")) == piece("lI1", 10, 60).area


def test_ordinals_count_in_the_order_of_reading() -> None:
    rows = screen(piece("Delete", 100, 90), piece("Delete", 100, 10), piece("Delete", 100, 50))
    assert [find(rows, Label("Delete", number)) for number in (1, 2, 3, -1, 4)] == [
        *(piece("Delete", 100, top).area for top in (10, 50, 90, 90)),
        None,
    ]


def test_fields_and_check_boxes_are_found_by_what_stands_beside_them() -> None:
    city, gift = find_box(FORM, Label("City")), find_tick(FORM, Label("Gift wrap"))
    assert city is not None
    assert gift is not None
    assert city.area.top == 48
    assert (gift.area.left, gift.checked) == (216, True)
    assert text_at(FORM, Label("order number")) == "4711"


def test_a_text_is_typed_after_its_field_was_clicked_and_what_stood_there_selected() -> None:
    task = 'Type "Paris" into City. Click Save.'
    first = planned(task)
    assert first.move == Click(ModelPoint(190, 58))
    second = planned(task, first.thought)
    assert second.move == Hotkey(("ctrl", "a"))
    third = planned(task, first.thought, second.thought)
    assert third.move == Type("Paris")
    fourth = planned(task, first.thought, second.thought, third.thought)
    assert fourth.move == Click(ModelPoint(36, 138))
    thoughts = [step.thought for step in (first, second, third, fourth)]
    assert isinstance(move(task, *thoughts), Finish)


def test_what_stands_in_a_named_field_is_replaced() -> None:
    env = FakeEnv()
    env.execute(Click(env.where("Name")))
    env.execute(Type("Rome"))
    assert Agent("reader", limits=Limits(steps=8)).run("Set Name to Paris.", env).finished
    assert env.state.text == "Paris"


def test_a_box_that_is_as_wanted_is_left_alone() -> None:
    assert isinstance(move("Check Gift wrap."), Finish)
    assert move("Uncheck Gift wrap.") == Click(ModelPoint(224, 98))


def test_what_is_told_is_the_answer() -> None:
    assert move("Tell me the order number") == Finish("4711")


def test_progress_is_read_from_the_last_thought_alone() -> None:
    task = "Click Name. Click City. Click Save."
    assert move(task, "Step 2 of 3, part 1, try 1: click 'City'.") == Click(ModelPoint(36, 138))


def test_what_is_not_there_is_waited_for_then_looked_for_then_asked_about_and_never_guessed() -> None:
    replies: list[str] = []
    moves: list[object] = []
    for _ in range(20):
        step = planned("Click Checkout", *replies)
        moves.append(step.move)
        if isinstance(step.move, AskUser):
            break
        replies.append(f"Thought: {step.thought}\nAction: {'wait()' if isinstance(step.move, Wait) else 'scroll()'}")
    assert isinstance(moves[0], Wait)
    assert all(isinstance(move, Scroll) for move in moves[1:-1])
    assert isinstance(moves[-1], AskUser)
    assert "Checkout" in moves[-1].question


def test_a_task_with_a_sentence_it_does_not_understand_is_asked_about_before_anything_is_done() -> None:
    first: ActionIn[ModelPoint] | object = move("Click Save. Then pay with the company card.")
    assert isinstance(first, AskUser)
    assert "pay with the company card" in first.question


BEYOND = (
    "Order the cheapest of the things in stock.",
    "Click the button that is the capital of France.",
    "Click the red circle.",
    "Enter the sum of 17 and 25 into Name.",
    "Select the words similar to big.",
    "Work out which payment has the lower fee and use it.",
    "Type the name of the president into City.",
    "Click the largest button.",
    "Reply to the most recent complaint politely.",
    "Select the colour of the sky.",
)


@pytest.mark.parametrize("task", BEYOND)
def test_what_needs_knowledge_arithmetic_or_colours_ends_with_a_question_and_nothing_done(task: str) -> None:
    replies: list[str] = []
    for _ in range(30):
        next_plan = planned(task, *replies)
        if isinstance(next_plan.move, AskUser):
            return
        assert isinstance(next_plan.move, Wait | Scroll)  # it may look for a thing of that name, and no more
        replies.append(next_plan.thought)
    pytest.fail("it never said that it cannot")


@pytest.mark.parametrize(("task", "clicked"), [
    ("If you see Save, click it, otherwise click Express delivery", piece("Save", 20, 130)),
    ('If you see Delete, click it, otherwise click "Save and close"', piece("Save and close", 120, 130)),
    ("Click Delete if you can", None),
])  # fmt: skip
def test_a_condition_on_the_screen_decides_what_is_clicked(task: str, clicked: Piece | None) -> None:
    first = move(task)
    if clicked is None:
        assert not isinstance(first, Click)
    else:
        assert isinstance(first, Click)
        across, down = clicked.area.centre
        assert (first.at.x, first.at.y) == (round(across), round(down))


def test_what_was_typed_is_taken_from_the_sentence_letter_by_letter() -> None:
    replies: list[str] = []
    while not isinstance((found := planned('Enter "aB, cD and then." in the City field', *replies)).move, Type):
        assert len(replies) < 6
        replies.append(found.thought)
    assert found.move.text == "aB, cD and then."


@pytest.mark.parametrize(("description", "middle"), [
    ('the "Save" button', (40, 138)),
    ("field for City", (190, 58)),
    ("check box for Gift wrap", (224, 98)),
])  # fmt: skip
def test_a_described_thing_is_grounded_in_its_middle(description: str, middle: tuple[int, int]) -> None:
    found = ground(description, FORM).move
    assert isinstance(found, Click)
    assert abs(found.at.x - middle[0]) <= 4
    assert abs(found.at.y - middle[1]) <= 4


def test_a_described_thing_that_is_not_there_is_not_grounded() -> None:
    assert isinstance(ground("the Delete button", FORM).move, AskUser)


def test_the_fake_screen_is_read_with_its_controls_and_their_state() -> None:
    env = FakeEnv()
    env.execute(Click(env.where("Express")))
    seen = read_image(env.observe().screenshot.image)
    texts = {found.text for found in seen.pieces}
    assert {"File", "Greet", "Name", "Express", "Small", "Large", "Banana"} <= texts
    states = {name: find_tick(seen, Label(name)) for name in ("Express", "Small", "Large")}
    assert {name: tick.checked for name, tick in states.items() if tick is not None} == {
        "Express": True,
        "Small": True,
        "Large": False,
    }


@pytest.mark.parametrize("size", [Size(640, 480), Size(1280, 720)])
def test_a_literal_task_is_done_on_the_fake_screen(size: Size) -> None:
    env = FakeEnv(size)
    task = 'Type "Ada" into Name. Check Express. Click "Large". Click Greet. Click Banana. Click File. Click Save.'
    result = Agent("reader", limits=Limits(steps=20)).run(task, env)
    assert result.stop is StopReason.FINISHED, result.reason
    state = env.state
    assert (state.text, state.checked, state.size, state.presses) == ("Ada", True, "Large", 1)
    assert (state.chosen, state.saved) == ("Banana", "Ada")


def test_what_it_cannot_do_ends_with_a_question_and_without_a_click() -> None:
    env = FakeEnv()
    events = list(Agent("reader").stream("Find the cheapest fruit and order it", env))
    assert not any(isinstance(event, Acted) for event in events)
    last = events[-1]
    assert last.event == "ended"
    assert last.stop is StopReason.NEEDS_USER


def test_without_a_task_or_a_picture_there_is_no_reply() -> None:
    with pytest.raises(ModelLost, match="without a task"):
        ReaderModel().complete([Message.of("user", "hello")], Sampling())
    with pytest.raises(ModelLost, match="without a picture"):
        ReaderModel().complete([Message.of("user", "## User Instruction\nClick OK")], Sampling())


def test_a_short_word_alone_on_an_empty_page_is_read() -> None:
    image = Image.new("RGB", (1280, 720), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 68, 58, 88), fill="#efefef", outline="#767676")
    pen.text((18, 70), "More", fill="black", font=ImageFont.load_default(14))
    assert find(read_image(image), Label("More")) is not None


def test_a_place_is_found_where_nothing_but_its_long_name_stands() -> None:
    image = Image.new("RGB", (600, 400), "white")
    ImageDraw.Draw(image).text((200, 150), "final-report.txt", fill="black", font=ImageFont.load_default(20))
    point = Agent("reader").ground(image, "final-report.txt")
    assert point is not None
    assert 190 < point.x < 360
    assert 140 < point.y < 180
