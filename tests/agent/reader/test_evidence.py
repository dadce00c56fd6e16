"""Which target is meant, whether a step is done, and where to continue after an interruption, on drawn-up screens."""

from dataclasses import replace

import pytest

from screenwright import Click, Hotkey, Scroll, Type, Wait
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, Finish
from screenwright.agent.reader.evidence import holds, missing_effect
from screenwright.agent.reader.instructions import read_instructions
from screenwright.agent.reader.matching import find_checkboxes, find_fields, find_targets
from screenwright.agent.reader.planner import plan
from screenwright.agent.reader.progress import task_progress
from screenwright.agent.reader.step_actions import ScreenState, click_areas
from screenwright.agent.reader.steps import CheckStep, ChooseStep, ClickStep, ElementType, Step, Target, TypeStep
from screenwright.agent.reader.vision.screen import DOT, Area, ControlKind, Screen, ScreenControl, TextSegment, Word

pytestmark = pytest.mark.reader

Part = TextSegment | ScreenControl | tuple[TextSegment | ScreenControl, ...]


def segment(text: str, left: float, top: float, gap: float = 5) -> TextSegment:
    words, x = [], left
    for word in text.split():
        words.append(Word(word, Area(x, top, x + 8 * len(word), top + 16)))
        x += 8 * len(word) + gap
    return TextSegment(tuple(words))


def button(text: str, left: float, top: float, *, disabled: bool = False) -> tuple[TextSegment, ScreenControl]:
    label = segment(text, left + 10, top + 4)
    frame = Area(left, top, label.area.right + 10, top + 24)
    return label, ScreenControl(ControlKind.BUTTON, frame, text, disabled=disabled)


def screen(*parts: Part) -> Screen:
    flat = [each for part in parts for each in (part if isinstance(part, tuple) else (part,))]
    segments = tuple(part for part in flat if isinstance(part, TextSegment))
    return Screen(800, 600, segments, tuple(part for part in flat if isinstance(part, ScreenControl)))


def field(label: str, top: float, text: str = "", width: float = 220) -> tuple[TextSegment | ScreenControl, ...]:
    box = ScreenControl(ControlKind.FIELD, Area(100, top, 100 + width, top + 24), text)
    return (segment(label, 10, top + 4), box, *([segment(text, 106, top + 4)] if text else []))


def checkbox(label: str, top: float, *, checked: bool) -> tuple[TextSegment | ScreenControl, ...]:
    box = ScreenControl(ControlKind.CHECKBOX, Area(10, top, 26, top + 16), checked=checked)
    return box, segment(label, 34, top)


# -- targets


def test_control_is_preferred_to_text_and_an_enabled_one_to_a_disabled_one() -> None:
    save = button("Save", 10, 100)
    assert find_targets(screen(segment("Save", 10, 10), save), Target("Save")) == [save[0].area]
    assert find_targets(screen(button("Save", 10, 10, disabled=True), save), Target("Save")) == [save[0].area]


def test_text_that_just_appeared_is_preferred() -> None:
    card, entry = button("Notebook", 10, 10), segment("Notebook", 400, 200)
    found = find_targets(screen(card, entry), Target("Notebook"), changed=(Area(380, 150, 600, 400),))
    assert found == [entry.area]


def test_equal_buttons_are_ambiguous_unless_one_is_named() -> None:
    both = screen(button("Delete", 10, 10), button("Delete", 10, 60))
    assert len(find_targets(both, Target("Delete"))) == 2
    asked = plan(task_progress(read_instructions('Click "Delete"'), ()), ScreenState(both)).action
    assert isinstance(asked, AskUser)
    assert (
        asked.question
        == "I cannot click 'Delete': 'Delete' is on the screen 2 times: name one of them, such as the second 'Delete'."
    )
    assert len(find_targets(both, Target("Delete", 2))) == 1


@pytest.mark.parametrize("text", ["you may archive or delete anything", "find out more", "Delete all", "Do not delete"])
def test_word_within_a_sentence_is_not_a_target(text: str) -> None:
    word = "more" if "more" in text else "delete"
    assert find_targets(screen(segment(text, 10, 10)), Target(word)) == []


@pytest.mark.parametrize("text", ["Inbox (3)", "+ Inbox", "Inbox *"])
def test_signs_and_numbers_next_to_a_label_do_not_count(text: str) -> None:
    assert find_targets(screen(segment(text, 10, 10)), Target("Inbox"))


def test_link_within_a_sentence_is_a_target() -> None:
    sentence = segment("read the terms first", 10, 10)
    link = ScreenControl(ControlKind.LINK, sentence.words[2].area, "terms")
    assert find_targets(screen(sentence, link), Target("terms")) == [sentence.words[2].area]


def test_entry_of_a_menu_bar_is_a_target() -> None:
    bar = segment("File Edit Search", 10, 10, gap=12)
    assert find_targets(screen(bar), Target("Search")) == [bar.words[2].area]


def test_links_between_separators_are_labels_of_their_own() -> None:
    row = segment("VIEW SITE / CHANGE PASSWORD / LOG OUT", 10, 10)
    assert find_targets(screen(row), Target("Log out")) == [Area.union(word.area for word in row.words[-2:])]
    assert find_targets(screen(row), Target("Change")) == []


def test_label_that_ocr_returned_in_two_parts_is_a_target() -> None:
    parts = (segment("wrap", 85, 8), segment("Gift", 47, 12))
    assert find_targets(screen(*parts), Target("Gift wrap")) == [Area.union(part.area for part in parts)]


def test_label_of_two_fields_is_ambiguous() -> None:
    assert len(find_fields(screen(field("Name", 10), field("Name", 60)), Target("Name"))) == 2
    assert len(find_fields(screen(field("Name", 10), field("Name", 60)), Target("Name", -1))) == 1


def test_text_is_never_typed_into_a_button() -> None:
    replace = button("Replace", 10, 100)
    assert find_fields(screen(replace), Target("Replace")) == []
    assert find_fields(screen(replace, field("Replace", 10)), Target("Replace"))[0].area.top == 10


@pytest.mark.parametrize("right_of_it", [button("Replace all", 200, 10), field("", 10)], ids=["button", "field"])
def test_caption_of_a_button_is_no_label(right_of_it: Part) -> None:
    assert find_fields(screen(button("Replace", 10, 10), right_of_it), Target("Replace")) == []


def test_text_is_not_typed_into_a_button_next_to_a_label() -> None:
    assert find_fields(screen(segment("Coupon", 10, 14), button("Apply", 100, 10)), Target("Coupon")) == []


def test_frame_around_several_fields_is_not_the_field_of_a_label() -> None:
    group = ScreenControl(ControlKind.PANE, Area(98, 8, 400, 200))
    assert [box.kind for box in find_fields(screen(field("Name", 10), group), Target("Name"))] == [ControlKind.FIELD]


def test_control_is_preferred_to_a_text_with_other_capitals() -> None:
    save = button("SAVE", 10, 100)
    assert find_targets(screen(segment("Save", 10, 10), save), Target("Save")) == [save[0].area]
    both = screen(button("SAVE", 10, 100), button("Save", 10, 200))
    assert [area.top for area in find_targets(both, Target("Save"))] == [204]


def test_check_box_is_found_if_its_label_occurs_elsewhere_too() -> None:
    found = find_checkboxes(screen(button("Gift", 200, 10), checkbox("Gift", 60, checked=False)), Target("Gift"))
    assert [box.area.top for box in found] == [60]


# -- dialogs and scrolling


def actions(task: str, *states: ScreenState) -> list[object]:
    """The action on each screen in turn."""
    thoughts: list[str] = []
    found: list[object] = []
    for state in states:
        planned = plan(task_progress(read_instructions(task), thoughts), state)
        reply = "Action: call_user(content='?')" if isinstance(planned.action, AskUser) else ""
        thoughts.append(f"Thought: {planned.thought}\n{reply}")
        found.append(planned.action)
    return found


DIALOG = ScreenControl(ControlKind.PANE, Area(50, 200, 400, 350))
CANCEL = button("Cancel", 100, 300)


def test_missing_label_never_presses_the_cancel_button_of_the_form() -> None:
    form = screen(field("Name", 210), DIALOG, button("OK", 250, 300), CANCEL)
    still = ScreenState(form, before=form, unchanged=True)
    done = actions('Click "Coupon".', *[still] * 6)
    assert not any(isinstance(action, Click) for action in done)
    assert isinstance(done[-1], AskUser)


def test_dialog_that_opened_over_the_target_is_dismissed() -> None:
    form = screen(field("Name", 10))
    covered = screen(DIALOG, button("OK", 250, 300), CANCEL)
    done = actions('Type "Ada" into Name.', ScreenState(form), ScreenState(covered, before=form))
    x, y = CANCEL[1].area.centre
    assert done[1] == Click(ModelPoint(round(x), round(y)))


def test_button_of_another_label_is_not_pressed() -> None:
    asks = screen(DIALOG, button("OK", 250, 300), CANCEL)
    assert click_areas(asks, Target("Submit")) == []
    [step] = read_instructions("Submit the form")
    assert isinstance(step, ClickStep)
    assert click_areas(asks, step.target) == [button("OK", 250, 300)[1].area]


@pytest.mark.parametrize(
    ("task", "pressed"), [("press login", True), ('press "login"', False), ("press Login", False), ("press ok", True)]
)
def test_verb_without_quotes_and_capitals_is_no_label(task: str, pressed: bool) -> None:
    [step] = read_instructions(task)
    assert isinstance(step, ClickStep)
    assert bool(click_areas(screen(field("Name", 10), button("OK", 10, 300)), step.target)) is pressed
    if task != "press ok":
        assert click_areas(screen(DIALOG, button("OK", 250, 300), CANCEL), step.target) == []


FORM_FIELD = ScreenControl(ControlKind.FIELD, Area(100, 230, 300, 254))
BAR = ScreenControl(ControlKind.SLIDER, Area(100, 230, 300, 240))


@pytest.mark.parametrize(
    "dialog",
    [
        (button("OK", 250, 300), CANCEL, FORM_FIELD),
        (button("OK", 250, 300), CANCEL, BAR),
        (button("Pause", 250, 300), CANCEL),
        (button("Stay", 250, 300), button("Close", 100, 300)),
        (button("Save", 250, 300), button("Discard", 100, 300)),
    ],
    ids=["form", "progress", "work", "close", "discard"],
)
def test_dialog_that_may_hold_work_is_never_dismissed(dialog: tuple[Part, ...]) -> None:
    form = screen(field("Name", 10))
    covered = ScreenState(screen(DIALOG, *dialog), before=form)
    still = ScreenState(covered.screen, before=covered.screen, unchanged=True)
    done = actions('Type "Ada" into Name.', ScreenState(form), covered, *[still] * 6)
    assert sum(isinstance(action, Click) for action in done) == 1  # on the field, before the dialog


def test_reader_does_not_scroll_over_a_number_field() -> None:
    middle = ScreenControl(ControlKind.FIELD, Area(300, 250, 500, 350), "42")
    shown = screen(middle)
    done = actions('Click "Save order".', *[ScreenState(shown, before=shown)] * 2)
    assert isinstance(done[1], Scroll)
    assert done[1].at is not None
    assert not (300 <= done[1].at.x <= 500 and 250 <= done[1].at.y <= 350)


def test_disabled_control_is_waited_for_and_then_reported() -> None:
    grey = screen(button("Save", 10, 10, disabled=True))
    still = ScreenState(grey, before=grey, unchanged=True)
    done = actions('Click "Save".', *[still] * 5)
    assert [type(action) for action in done] == [Wait, Wait, Click, Wait, AskUser]
    assert isinstance(done[-1], AskUser)
    assert done[-1].question == "I cannot click 'Save': it is disabled."


# -- effects


def problem(step: Step, *parts: Part) -> str:
    shown = screen(*parts)
    return missing_effect(step, ScreenState(shown, before=screen(), changed=(Area(0, 0, 800, 600),)))


CODE = tuple(ScreenControl(ControlKind.FIELD, Area(100 + 40 * i, 10, 130 + 40 * i, 40)) for i in range(6))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Adalbert", "Adalbert"),
        ("Adalbert", "Ada1bert"),
        ("5551234", "(555) 12-34"),
        ("2026-05-01", "05/01/2026"),
        ("secret", "oooooo"),
        ("secret", "......"),
        ("a text that is far too long for the field", "g for the field it is in"[:22]),
    ],
)
def test_text_in_its_field_has_arrived(typed: str, shown: str) -> None:
    assert problem(TypeStep(typed, Target("Name")), *field("Name", 10, shown, width=200)) == ""


@pytest.mark.parametrize(("typed", "shown"), [("Adalbert", "Adl"), ("Paris", "Oslo"), ("123456", "12"), ("42", "37")])
def test_text_that_lost_characters_is_reported(typed: str, shown: str) -> None:
    assert problem(TypeStep(typed, Target("Name")), *field("Name", 10, shown)) == f"the field shows {shown!r}"


def test_number_of_password_dots_is_checked() -> None:
    six = ScreenControl(ControlKind.FIELD, Area(100, 10, 300, 34), DOT * 6)
    assert problem(TypeStep("secret", Target("Password")), segment("Password", 10, 14), six) == ""
    assert problem(TypeStep("secret-123", Target("Password")), segment("Password", 10, 14), six)


@pytest.mark.parametrize(("typed", "expected"), [("42", ""), ("Adalbert", "the text did not appear"), ("Привет", "")])
def test_text_that_ocr_should_have_read_did_not_arrive(typed: str, expected: str) -> None:
    assert problem(TypeStep(typed, Target("Name")), *field("Name", 10)) == expected


def test_clock_that_changes_is_not_taken_for_typed_text() -> None:
    shown = screen(*field("Name", 10), segment("12:00:01", 600, 500))
    state = ScreenState(shown, before=shown, changed=(Area(590, 490, 700, 520),))
    assert missing_effect(TypeStep("42", Target("Name")), state) == "the text did not appear"


def test_typed_text_that_stands_elsewhere_too_has_arrived() -> None:
    heading = segment("Adalbert", 10, 500)
    shown = screen(segment("Adalbert", 300, 200), heading)
    state = ScreenState(shown, before=screen(heading), changed=(Area(290, 190, 500, 230),))
    assert missing_effect(TypeStep("Adalbert", None), state) == ""


def test_button_below_a_label_is_not_its_field() -> None:
    assert find_fields(screen(segment("Pieces", 10, 10), button("Save", 10, 40)), Target("Pieces")) == []


def test_radio_button_is_clicked_even_if_it_looks_selected() -> None:
    radio = ScreenControl(ControlKind.RADIO, Area(10, 60, 26, 76), checked=True)
    state = ScreenState(screen(radio, segment("Medium", 34, 60)))
    assert actions("Select Medium.", state) == [Click(ModelPoint(18, 68))]
    assert isinstance(actions("Check Gift.", ScreenState(screen(*checkbox("Gift", 60, checked=True))))[0], Finish)


def test_two_check_boxes_without_quotes_are_checked_one_after_the_other() -> None:
    def shown(gift: bool, express: bool) -> ScreenState:
        return ScreenState(screen(*checkbox("Gift", 60, checked=gift), *checkbox("Express", 90, checked=express)))

    gift, express = Click(ModelPoint(18, 68)), Click(ModelPoint(18, 98))
    task = "Check Gift and Express."
    done = actions(task, shown(False, False), shown(True, False), shown(True, True))
    assert done[:2] == [gift, express]
    assert isinstance(done[2], Finish)
    dead = actions(task, *[shown(False, False)] * 3)
    assert isinstance(dead[2], AskUser)


@pytest.mark.parametrize(
    "shown",
    ["* 冰冰 * *", "ooooo", "*****", "{{password}}", "{(password}}", "{{passwor", "[{{password}}", "password}}|"],
)
def test_asterisks_of_a_password_or_the_handle_over_it_have_arrived(shown: str) -> None:
    assert problem(TypeStep("s3cret-77", Target("Password")), *field("Password", 10, shown)) == ""


@pytest.mark.parametrize(("digits", "arrived"), [("123456", True), ("12", False)])
def test_boxes_for_single_characters_are_read_together(digits: str, arrived: bool) -> None:
    shown = [segment(digit, 108 + 40 * index, 17) for index, digit in enumerate(digits)]
    found = problem(TypeStep("123456", Target("Code")), segment("Code", 40, 17), *CODE, *shown)
    assert (found == "") is arrived


def test_state_of_a_check_box_and_the_choice_of_a_list_are_checked() -> None:
    assert problem(CheckStep(Target("Gift")), *checkbox("Gift", 10, checked=True)) == ""
    assert problem(CheckStep(Target("Gift")), *checkbox("Gift", 10, checked=False)) == (
        "it was clicked, but is still unchecked"
    )
    colours = (segment("Colour", 10, 14), segment("red", 106, 14))
    box = ScreenControl(ControlKind.DROP_DOWN, Area(100, 10, 300, 34), "red")
    assert problem(ChooseStep(Target("red"), Target("Colour")), *colours, box) == ""
    assert problem(ChooseStep(Target("blue"), Target("Colour")), *colours, box) == "'Colour' shows 'red'"


def test_list_without_a_legible_choice_is_reported() -> None:
    box = ScreenControl(ControlKind.DROP_DOWN, Area(100, 10, 300, 34))
    step = ChooseStep(Target("Cobalt"), Target("Colour"))
    assert problem(step, segment("Colour", 10, 14), box) == "'Colour' does not show it"


def test_dead_button_inside_a_large_field_is_reported() -> None:
    area = ScreenControl(ControlKind.TEXT_AREA, Area(0, 0, 700, 500))
    shown = screen(area, button("Save", 10, 60))
    still = ScreenState(shown, before=shown, unchanged=True)
    assert missing_effect(ClickStep(Target("Save")), still) == "it was clicked, but the screen did not change"


@pytest.mark.parametrize(("task", "doubtful"), [("Press f5", True), ("Press ctrl+a", False), ("Scroll down", True)])
def test_small_change_after_keys_is_checked_once_more(task: str, doubtful: bool) -> None:
    state = ScreenState(screen(), before=screen(), changed=(Area(600, 500, 650, 520),))
    assert isinstance(actions(task, state, state)[1], Wait) is doubtful


def test_click_needs_a_change_unless_it_focuses_an_input() -> None:
    form = screen(field("Name", 10), button("Save", 10, 60))
    still = ScreenState(form, before=form, unchanged=True)
    assert missing_effect(ClickStep(Target("Save")), still) == "it was clicked, but the screen did not change"
    assert missing_effect(ClickStep(Target("Name", None, ElementType.FIELD)), still) == ""


@pytest.mark.parametrize(
    ("task", "finished"), [("Press ctrl+a", True), ("Press left", True), ("Press f5", False), ("Scroll down", False)]
)
def test_keys_need_a_change_unless_they_only_select_or_move_the_caret(task: str, finished: bool) -> None:
    empty = screen()
    still = ScreenState(empty, before=empty, unchanged=True)
    assert isinstance(actions(task, *[still] * 3)[-1], AskUser) is not finished


# -- interruptions


def after_interruption(task: str, thoughts: list[str], shown: Screen) -> object:
    return plan(task_progress(read_instructions(task), thoughts), ScreenState(shown, interrupted=True)).action


FORM_TASK = 'Type "Ada" into Name. Check Gift. Click Save.'
TYPED = ["Step 1 of 3: x.", "Step 1 of 3, part 2: x.", "Step 1 of 3, part 3: x."]
CHECKED = [*TYPED, "Step 2 of 3: x."]
SAVE = button("Save", 10, 100)
EMPTY = screen(*field("Name", 10), *checkbox("Gift", 60, checked=False), SAVE)
FILLED = screen(*field("Name", 10, "Ada"), *checkbox("Gift", 60, checked=True), SAVE)


def test_lost_form_is_filled_again_from_the_first_instruction() -> None:
    assert after_interruption(FORM_TASK, CHECKED, EMPTY) == Click(ModelPoint(210, 22))


def test_form_that_is_still_filled_is_continued() -> None:
    x, y = SAVE[0].area.centre
    assert after_interruption(FORM_TASK, CHECKED, FILLED) == Click(ModelPoint(round(x), round(y)))


def test_lost_effect_after_a_click_is_reported() -> None:
    task = 'Click Save. Type "Ada" into Name. Click Save.'
    thoughts = ["Step 1 of 3: x.", "Step 2 of 3: x.", "Step 2 of 3, part 2: x.", "Step 2 of 3, part 3: x."]
    found = after_interruption(task, thoughts, EMPTY)
    assert found == AskUser(
        "I cannot type 'Ada' into 'Name': the task was interrupted, and the screen no longer shows its effect."
    )


def test_text_that_a_later_step_replaced_is_not_lost() -> None:
    task = 'Type "Bo" into Name. Click Add. Type "Ada" into Name. Click Save.'
    thoughts = ["Step 1 of 4, part 3: x.", "Step 2 of 4: x.", "Step 3 of 4, part 3: x."]
    x, y = SAVE[0].area.centre
    assert after_interruption(task, thoughts, FILLED) == Click(ModelPoint(round(x), round(y)))


def test_click_without_a_visible_trace_is_not_taken_for_done() -> None:
    found = after_interruption("Click Save. Click Name.", ["Step 1 of 2: x."], EMPTY)
    assert isinstance(found, AskUser)
    assert found.question.startswith("I cannot click 'Save': the task was interrupted after it")


def test_click_that_may_not_have_been_carried_out_needs_an_effect_of_its_own() -> None:
    progress = task_progress(read_instructions(FORM_TASK), [*CHECKED, "Step 3 of 3: x."])
    state = ScreenState(FILLED, interrupted=True, unconfirmed=True)
    found = plan(progress, state).action
    assert isinstance(found, AskUser)
    assert found.question.startswith("I cannot click 'Save': the task was interrupted during it")
    unchanged = plan(progress, replace(state, before=FILLED, unchanged=True))
    assert (unchanged.action, "waiting for its effect" in unchanged.thought) == (Wait(1.0), True)
    assert isinstance(plan(progress, replace(state, unconfirmed=False)).action, Finish)


def test_step_that_was_only_begun_is_done_again() -> None:
    assert after_interruption('Type "Ada" into Name.', TYPED[:2], EMPTY) == Click(ModelPoint(210, 22))


def test_nothing_is_finished_after_an_interruption_before_the_last_step_is_checked() -> None:
    assert not isinstance(after_interruption(FORM_TASK, [*CHECKED, "Step 3 of 3: x."], EMPTY), Finish)


def test_visible_effects_of_a_step_hold() -> None:
    assert holds(TypeStep("Ada", Target("Name")), FILLED) is True
    assert holds(TypeStep("Ada", Target("Name")), EMPTY) is False
    assert holds(CheckStep(Target("Gift")), FILLED) is True
    assert holds(ClickStep(Target("Save")), FILLED) is None


def test_refused_action_is_reported_with_its_reason() -> None:
    progress = task_progress(read_instructions("Click Save. Press ctrl+s"), ["Step 1 of 2: click 'Save'."])
    found = plan(progress, ScreenState(EMPTY, before=EMPTY, refusal="the user denied the action"))
    assert found.action == AskUser("I cannot click 'Save': the user denied the action.")


def test_typed_text_keeps_the_spaces_inside_its_quotes() -> None:
    assert read_instructions('Type " added"') == (TypeStep(" added"),)
    assert actions('Type " added"', ScreenState(EMPTY)) == [Type(" added")]
    assert actions("Press ctrl+s", ScreenState(EMPTY)) == [Hotkey(("ctrl", "s"))]
