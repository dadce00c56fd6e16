"""Whether a step is done, on drawn-up screens."""

from dataclasses import replace

import pytest
from drawn_screens import Part, actions, button, checkbox, field, screen, segment

from screenwright import Click, Move, Wait
from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, Finish
from screenwright.agent.reader.evidence import holds, missing_effect
from screenwright.agent.reader.matching import find_fields
from screenwright.agent.reader.step_actions import ScreenState
from screenwright.agent.reader.steps import CheckStep, ChooseStep, ClickStep, ElementType, Step, Target, TypeStep
from screenwright.agent.reader.vision.screen import DOT, Area, ControlKind, ScreenControl

pytestmark = pytest.mark.reader


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
    [
        "* 冰冰 * *",
        "ooooo",
        "*****",
        "{{password}}",
        "{(password}}",
        "{{passwor",
        "[{{password}}",
        "password}}|",
        "{{password}} asswo",
    ],
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


@pytest.mark.parametrize(
    ("now", "has_pointer", "wanted"),
    [
        (button("Save", 10, 60), True, Move),
        (button("Save", 10, 60), False, Finish),  # a phone has no pointer
        (button("Saved", 10, 60), True, Finish),
    ],
)
def test_change_of_nothing_but_the_clicked_control_may_come_from_the_pointer(
    now: Part, has_pointer: bool, wanted: type
) -> None:
    before, changed = screen(segment("Order", 10, 10), button("Save", 10, 60)), (Area(0, 48, 96, 96),)
    clicked = ScreenState(
        screen(segment("Order", 10, 10), now), before=before, changed=changed, has_pointer=has_pointer
    )
    action = actions('Click "Save".', ScreenState(before), clicked)[1]
    assert isinstance(action, wanted)
    if isinstance(action, Move):
        assert action.to == ModelPoint(30, 18)  # on the heading, which a replay finds again


def test_click_whose_only_change_stays_without_the_pointer_has_an_effect() -> None:
    before, changed = screen(button("Bold", 10, 60)), (Area(0, 48, 96, 96),)
    clicked = ScreenState(before, before=before, changed=changed)
    assert isinstance(
        actions('Click "Bold".', ScreenState(before), clicked, replace(clicked, is_pointer_away=True))[2], Finish
    )
    still = replace(clicked, changed=(), unchanged=True, is_pointer_away=True)
    _, moved, waited, asked = actions('Click "Bold".', ScreenState(before), clicked, still, still)
    assert (type(moved), type(waited), type(asked)) == (Move, Wait, AskUser)


def test_page_that_is_lost_shows_no_effect() -> None:
    form = screen(button("Save", 10, 60))
    lost = ScreenState(screen(), before=form, changed=(Area(0, 0, 800, 600),), lost_page="the page crashed")
    assert actions('Click "Save".', ScreenState(form), lost)[1] == AskUser("I cannot click 'Save': the page crashed.")


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


def test_visible_effects_of_a_step_hold() -> None:
    empty, filled = (
        screen(*field("Name", 10, name), *checkbox("Gift", 60, checked=gift), button("Save", 10, 100))
        for name, gift in (("", False), ("Ada", True))
    )
    assert holds(TypeStep("Ada", Target("Name")), filled) is True
    assert holds(TypeStep("Ada", Target("Name")), empty) is False
    assert holds(CheckStep(Target("Gift")), filled) is True
    assert holds(ClickStep(Target("Save")), filled) is None
