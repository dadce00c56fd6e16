"""Which target is meant, on drawn-up screens."""

import pytest
from drawn_screens import Part, button, checkbox, field, screen, segment

from screenwright.agent.core.decision import AskUser
from screenwright.agent.reader.instructions import read_instructions
from screenwright.agent.reader.matching import find_checkboxes, find_fields, find_targets
from screenwright.agent.reader.planner import plan
from screenwright.agent.reader.progress import task_progress
from screenwright.agent.reader.step_actions import ScreenState
from screenwright.agent.reader.steps import Target
from screenwright.agent.reader.vision.screen import Area, ControlKind, ScreenControl

pytestmark = pytest.mark.reader


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
