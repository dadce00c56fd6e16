"""The reader on synthetic `Screen` values, and with OCR on the fake environment and on drawn images."""

from dataclasses import replace

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
from screenwright.agent.reader.instructions import read_instructions
from screenwright.agent.reader.matching import find_checkboxes, find_fields, find_targets, value_of
from screenwright.agent.reader.planner import PlannedAction, ground, plan
from screenwright.agent.reader.progress import task_progress
from screenwright.agent.reader.step_actions import ScreenState
from screenwright.agent.reader.steps import Target
from screenwright.agent.reader.vision.perception import read_image
from screenwright.agent.reader.vision.screen import Area, ControlKind, Screen, ScreenControl, TextSegment, Word
from screenwright.envs.actions import ActionIn, Scroll, Type, Wait

pytestmark = pytest.mark.reader


def segment(text: str, left: float, top: float) -> TextSegment:
    words, x = [], left
    for word in text.split():
        words.append(Word(word, Area(x, top, x + 8 * len(word), top + 16)))
        x += 8 * len(word) + 5
    return TextSegment(tuple(words))


def screen(*segments: TextSegment, controls: tuple[ScreenControl, ...] = ()) -> Screen:
    return Screen(800, 600, segments, controls)


FORM = screen(
    segment("Name", 10, 10),
    segment("City", 10, 50),
    segment("Express delivery", 40, 90),
    segment("Gift wrap", 240, 90),
    segment("Save", 20, 130),
    segment("Save and close", 120, 130),
    segment("Order number: 4711", 10, 200),
    controls=(
        ScreenControl(ControlKind.FIELD, Area(80, 8, 300, 28)),
        ScreenControl(ControlKind.FIELD, Area(80, 48, 300, 68)),
        ScreenControl(ControlKind.CHECKBOX, Area(16, 90, 32, 106), checked=False),
        ScreenControl(ControlKind.CHECKBOX, Area(216, 90, 232, 106), checked=True),
        ScreenControl(ControlKind.BUTTON, Area(10, 126, 70, 150), "Save"),
        ScreenControl(ControlKind.BUTTON, Area(110, 126, 260, 150), "Save and close"),
    ),
)


def next_action(task: str, *replies: str, on: Screen = FORM) -> object:
    return planned(task, *replies, on=on).action


def planned(task: str, *replies: str, on: Screen = FORM) -> PlannedAction:
    return plan(task_progress(read_instructions(task), replies), ScreenState(on))


def test_whole_text_matches_before_part_of_a_text() -> None:
    assert find_targets(FORM, Target("Save")) == [segment("Save", 20, 130).area]
    assert find_targets(FORM, Target("Save and close")) == [segment("Save and close", 120, 130).area]


def test_part_of_a_longer_text_is_not_a_match() -> None:
    several = screen(segment("Replace all in:", 10, 10), segment("Replace All", 10, 60))
    assert find_targets(several, Target("Replace")) == []
    assert find_targets(several, Target("Replace All")) == [segment("Replace All", 10, 60).area]


def test_one_wrong_letter_is_tolerated_in_a_long_text_but_not_in_a_short_one() -> None:
    assert find_targets(screen(segment("Prefercnces", 10, 10)), Target("Preferences"))
    assert not find_targets(screen(segment("OX", 10, 10)), Target("OK"))


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("Subscribe", "Unsubscribe"),
        ("Install", "Uninstall"),
        ("Please install", "Please uninstall"),
        ("Chapter 12", "Chapter 13"),
        ("Coupon", "Coupons"),
        ("Save", "Saved"),
        ("Reopened", "Open"),
    ],
)
def test_another_word_is_not_a_misread_one(wanted: str, shown: str) -> None:
    assert not find_targets(screen(segment(shown, 10, 10)), Target(wanted))


@pytest.mark.parametrize(("wanted", "shown"), [("Pay by card", "OPay by card"), ("Chapter 12", "Chaptcr l2")])
def test_signs_and_letters_that_ocr_adds_or_confuses_are_tolerated(wanted: str, shown: str) -> None:
    assert find_targets(screen(segment(shown, 10, 10)), Target(wanted))


def test_lookalike_letters_match_unless_the_exact_text_exists() -> None:
    assert find_targets(screen(segment("0K", 10, 10)), Target("OK"))
    both = screen(segment("Il1", 10, 10), segment("lI1", 10, 60))
    assert find_targets(both, Target("lI1")) == [segment("lI1", 10, 60).area]


def test_ordinals_count_in_reading_order() -> None:
    rows = screen(segment("Delete", 100, 90), segment("Delete", 100, 10), segment("Delete", 100, 50))
    assert [find_targets(rows, Target("Delete", number)) for number in (1, 2, 3, -1, 4)] == [
        *([segment("Delete", 100, top).area] for top in (10, 50, 90, 90)),
        [],
    ]


def test_fields_and_check_boxes_are_found_by_their_labels() -> None:
    [city], [gift] = find_fields(FORM, Target("City")), find_checkboxes(FORM, Target("Gift wrap"))
    assert city.area.top == 48
    assert (gift.area.left, gift.checked) == (216, True)
    assert value_of(FORM, Target("order number")) == "4711"


def test_typing_first_clicks_the_field_and_selects_its_text() -> None:
    task = 'Type "Paris" into City. Click Save.'
    first = planned(task)
    assert first.action == Click(ModelPoint(190, 58))
    second = planned(task, first.thought)
    assert second.action == Hotkey(("ctrl", "a"))
    third = planned(task, first.thought, second.thought)
    assert third.action == Type("Paris")
    filled = replace(FORM, segments=(*FORM.segments, segment("Paris", 86, 50)))
    fourth = planned(task, first.thought, second.thought, third.thought, on=filled)
    assert fourth.action == Click(ModelPoint(36, 138))
    thoughts = [step.thought for step in (first, second, third, fourth)]
    assert isinstance(next_action(task, *thoughts), Finish)


def test_existing_text_of_a_field_is_replaced() -> None:
    env = FakeEnv()
    env.execute(Click(env.where("Name")))
    env.execute(Type("Rome"))
    assert Agent("reader", limits=Limits(steps=8)).run("Set Name to Paris.", env).finished
    assert env.state.text == "Paris"


def test_check_box_in_the_wanted_state_is_not_clicked() -> None:
    assert isinstance(next_action("Check Gift wrap."), Finish)
    assert next_action("Uncheck Gift wrap.") == Click(ModelPoint(224, 98))


def test_read_value_is_the_answer() -> None:
    assert next_action("Tell me the order number") == Finish("4711")


def test_progress_needs_only_the_last_thought() -> None:
    task = "Click Name. Click City. Click Save."
    assert next_action(task, "Step 2 of 3: click 'City'.") == Click(ModelPoint(36, 138))


def test_missing_target_leads_to_waiting_then_scrolling_then_a_question() -> None:
    replies: list[str] = []
    actions: list[object] = []
    for _ in range(20):
        step = planned("Click Checkout", *replies)
        actions.append(step.action)
        if isinstance(step.action, AskUser):
            break
        replies.append(f"Thought: {step.thought}\nAction: {'wait()' if isinstance(step.action, Wait) else 'scroll()'}")
    assert isinstance(actions[0], Wait)
    assert all(isinstance(action, Scroll) for action in actions[1:-1])
    assert isinstance(actions[-1], AskUser)
    assert "Checkout" in actions[-1].question


def test_unparsed_sentence_is_asked_about_before_any_action() -> None:
    first: ActionIn[ModelPoint] | object = next_action("Click Save. Then pay with the company card.")
    assert isinstance(first, AskUser)
    assert "pay with the company card" in first.question


UNSUPPORTED = (
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


@pytest.mark.parametrize("task", UNSUPPORTED)
def test_task_that_needs_knowledge_arithmetic_or_colours_ends_with_a_question_and_no_action(task: str) -> None:
    replies: list[str] = []
    for _ in range(30):
        next_plan = planned(task, *replies)
        if isinstance(next_plan.action, AskUser):
            return
        assert isinstance(next_plan.action, Wait | Scroll)  # searching for an element of that name is allowed
        replies.append(next_plan.thought)
    pytest.fail("the reader never asked the user")


@pytest.mark.parametrize(("task", "clicked"), [
    ("If you see Save, click it, otherwise click Express delivery", segment("Save", 20, 130)),
    ('If you see Delete, click it, otherwise click "Save and close"', segment("Save and close", 120, 130)),
    ("Click Delete if you can", None),
])  # fmt: skip
def test_condition_on_the_screen_selects_the_click(task: str, clicked: TextSegment | None) -> None:
    first = next_action(task)
    if clicked is None:
        assert not isinstance(first, Click)
    else:
        assert isinstance(first, Click)
        across, down = clicked.area.centre
        assert (first.at.x, first.at.y) == (round(across), round(down))


def test_typed_text_is_taken_literally_from_the_sentence() -> None:
    replies: list[str] = []
    while not isinstance((found := planned('Enter "aB, cD and then." in the City field', *replies)).action, Type):
        assert len(replies) < 6
        replies.append(found.thought)
    assert found.action.text == "aB, cD and then."


@pytest.mark.parametrize(("description", "middle"), [
    ('the "Save" button', (40, 138)),
    ("field for City", (190, 58)),
    ("check box for Gift wrap", (224, 98)),
])  # fmt: skip
def test_description_is_grounded_at_the_centre_of_its_element(description: str, middle: tuple[int, int]) -> None:
    found = ground(description, FORM).action
    assert isinstance(found, Click)
    assert abs(found.at.x - middle[0]) <= 4
    assert abs(found.at.y - middle[1]) <= 4


def test_description_of_a_missing_element_is_not_grounded() -> None:
    assert isinstance(ground("the Delete button", FORM).action, AskUser)


def test_fake_env_is_read_with_its_controls_and_their_states() -> None:
    env = FakeEnv()
    env.execute(Click(env.where("Express")))
    seen = read_image(env.observe().screenshot.image)
    texts = {found.text for found in seen.segments}
    assert {"File", "Greet", "Name", "Express", "Small", "Large", "Banana"} <= texts
    states = {name: find_checkboxes(seen, Target(name))[0].checked for name in ("Express", "Small", "Large")}
    assert states == {"Express": True, "Small": True, "Large": False}


@pytest.mark.parametrize("size", [Size(640, 480), Size(1280, 720)])
def test_literal_task_succeeds_on_the_fake_env(size: Size) -> None:
    env = FakeEnv(size)
    task = 'Type "Ada" into Name. Check Express. Click "Large". Click Greet. Click Banana. Click File. Click Save.'
    result = Agent("reader", limits=Limits(steps=20)).run(task, env)
    assert result.stop is StopReason.FINISHED, result.reason
    state = env.state
    assert (state.text, state.checked, state.size, state.presses) == ("Ada", True, "Large", 1)
    assert (state.chosen, state.saved) == ("Banana", "Ada")


def test_unsupported_task_ends_with_a_question_and_without_an_action() -> None:
    env = FakeEnv()
    events = list(Agent("reader").stream("Find the cheapest fruit and order it", env))
    assert not any(isinstance(event, Acted) for event in events)
    last = events[-1]
    assert last.event == "ended"
    assert last.stop is StopReason.NEEDS_USER


def test_prompt_without_a_task_or_screenshot_raises_model_lost() -> None:
    with pytest.raises(ModelLost, match="contains no task"):
        ReaderModel().complete([Message.of("user", "hello")], Sampling())
    with pytest.raises(ModelLost, match="contains no screenshot"):
        ReaderModel().complete([Message.of("user", "## User Instruction\nClick OK")], Sampling())


def test_single_short_word_on_an_empty_page_is_read() -> None:
    image = Image.new("RGB", (1280, 720), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 68, 58, 88), fill="#efefef", outline="#767676")
    pen.text((18, 70), "More", fill="black", font=ImageFont.load_default(14))
    assert find_targets(read_image(image), Target("More"))


def test_target_is_grounded_when_its_long_name_is_the_only_text() -> None:
    image = Image.new("RGB", (600, 400), "white")
    ImageDraw.Draw(image).text((200, 150), "final-report.txt", fill="black", font=ImageFont.load_default(20))
    point = Agent("reader").ground(image, "final-report.txt")
    assert point is not None
    assert 190 < point.x < 360
    assert 140 < point.y < 180
