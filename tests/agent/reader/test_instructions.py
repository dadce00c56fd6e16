import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.reader.instructions import label_in, read_instructions
from screenwright.agent.reader.steps import (
    Await,
    Choose,
    DragOnto,
    GoTo,
    Label,
    LookIn,
    NotUnderstood,
    Pause,
    Pick,
    Press,
    Rotate,
    SkipUnless,
    Step,
    Strike,
    Tell,
    Thing,
    Tick,
    Write,
)
from screenwright.envs.actions import Direction


@pytest.mark.parametrize(
    ("sentence", "step"),
    [
        ("Click OK", Press(Label("OK"))),
        ('Click on the "Save as..." button.', Press(Label("Save as...", 1, Thing.BUTTON))),
        ("Press the Submit button", Press(Label("Submit", 1, Thing.BUTTON))),
        ("Double-click notes.txt", Press(Label("notes.txt"), 2)),
        ("Right click on the picture", Press(Label("picture"), right=True)),
        ("Click the second Delete link", Press(Label("Delete", 2, Thing.LINK))),
        ("Click the last 'Edit' button", Press(Label("Edit", -1, Thing.BUTTON))),
        ("Open the File menu", Press(Label("File"))),
        ("Select Large", Pick(Label("Large"))),
        ('Type "Ada Lovelace" into the Full name field', Write("Ada Lovelace", Label("Full name", 1, Thing.FIELD))),
        ("Enter 42 in the Age box", Write("42", Label("Age", 1, Thing.FIELD))),
        ("Fill in the City field with Paris", Write("Paris", Label("City", 1, Thing.FIELD))),
        ("Set Country to Peru", Write("Peru", Label("Country"))),
        ('Write "hello, world. Bye"', Write("hello, world. Bye")),
        ("Choose Ivory from the Paper list", Choose(Label("Ivory"), Label("Paper", 1, Thing.LIST))),
        ("Check the Express box", Tick(Label("Express", 1, Thing.FIELD))),
        ("untick 'Send me mail'", Tick(Label("Send me mail"), on=False)),
        ("Press ctrl+s", Strike(("ctrl", "s"))),
        ("hit the Enter key", Strike(("enter",))),
        ("Scroll down", Rotate(Direction.DOWN)),
        ("Scroll up until you see Contents", Rotate(Direction.UP, Label("Contents"))),
        ("Drag Apple onto Basket", DragOnto(Label("Apple"), Label("Basket"))),
        ("Wait for 2 seconds", Pause(2.0)),
        ('Enter "a" in Name, "b" in City', NotUnderstood("Enter a in Name, b in City")),
        ("Enter your name 'Ada' in Name", NotUnderstood("Enter your name Ada in Name")),
        ('Type "Jane" and "Doe" into First and Last', NotUnderstood("Type Jane and Doe into First and Last")),
        ("Type Ada into the box with the red frame", NotUnderstood("Type Ada into the box with the red frame")),
        ("Type the text below into Name", NotUnderstood("Type the text below into Name")),
        ("Click as many circles as possible", NotUnderstood("Click as many circles as possible")),
        ('Type "into the unknown"', Write("into the unknown")),
        ("Fill in Name with Ada, City with Rome", NotUnderstood("Fill in Name with Ada, City with Rome")),
        ("Click Terms and conditions", Press(Label("Terms and conditions"))),
        ("Wait until Done appears", Await(Label("Done"))),
        ("Tell me the order number", Tell(Label("order number"))),
        ("Book me the cheapest flight to Rome", NotUnderstood("Book me the cheapest flight to Rome")),
        ("Click the button", Press(Label("", 1, Thing.BUTTON))),
        ("Click button ONE", Press(Label("ONE", 1, Thing.BUTTON))),
        ("Click on Tab #3", Press(Label("Tab #3"))),
        ("Focus into the 3rd input textbox", Press(Label("", 3, Thing.FIELD))),
        ('Find and click on the link "here"', Press(Label("here", 1, Thing.LINK))),
        ('Close the dialog box by clicking the "x"', Press(Label("x"))),
        ("Close the window", Press(Label("x", 1, Thing.ICON))),
        ("Expand the section below", Press(Label("", 1, Thing.SECTION))),
        ('Type "ADA" in all lower case letters in the text input', Write("ada", Label("", 1, Thing.FIELD))),
        ("Switch between the tabs to find it", LookIn(Thing.TAB)),
        ("Go to example.org/path", GoTo("example.org/path")),
        ("Open https://example.org", GoTo("https://example.org")),
        ("Open Settings", Press(Label("Settings"))),
        ("Click the red button", NotUnderstood("Click the red button")),
        ('Click "Red"', Press(Label("Red"))),
        ("Select the cheapest flight", NotUnderstood("Select the cheapest flight")),
        ("Solve the puzzle", NotUnderstood("Solve the puzzle")),
    ],
)
def test_a_sentence_is_the_step_that_it_says(sentence: str, step: Step) -> None:
    assert read_instructions(sentence) == (step,)


def test_sentences_in_a_row_are_steps_in_order() -> None:
    text = (
        'First, click File, then click Save. Type "a. b, then c" into Name and press enter; check Express and click OK'
    )
    assert [str(step) for step in read_instructions(text)] == [
        "click 'File'",
        "click 'Save'",
        "type 'a. b, then c' into 'Name'",
        "press enter",
        "check 'Express'",
        "click 'OK'",
    ]


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Select a, b and c and click Submit", ["select 'a'", "select 'b'", "select 'c'", "click 'Submit'"]),
        ('Check "Terms and more" and "News"', ["check 'Terms and more'", "check 'News'"]),
        (
            'Enter the username "kim" and the password "x 1" into the text fields and press login.',
            ["type 'kim' into 'username'", "type 'x 1' into 'password'", "click 'login'"],
        ),
        (
            'Enter the code "x" into both text fields',
            ["type 'x' into the field", "type 'x' into the field number 2"],
        ),
        ('Select "A" and "B" from the Size list', ["choose 'A' from 'Size'", "choose 'B' from 'Size'"]),
        ("Select nothing and click Submit", ["click 'Submit'"]),
    ],
)
def test_several_things_in_one_sentence_are_several_steps(sentence: str, said: list[str]) -> None:
    assert [str(step) for step in read_instructions(sentence)] == said


@pytest.mark.parametrize(
    "text",
    [
        'If you see "Sold out", click Cancel, otherwise click Buy.',
        'If "Sold out" is shown, click Cancel. Otherwise, click Buy.',
    ],
)
def test_a_condition_leaves_out_the_branch_that_does_not_hold(text: str) -> None:
    assert read_instructions(text) == (
        SkipUnless(Label("Sold out"), 2),
        Press(Label("Cancel")),
        SkipUnless(None, 1),
        Press(Label("Buy")),
    )


def test_it_is_what_the_condition_named() -> None:
    steps = read_instructions('If there is a "Close" button, click it.')
    assert steps == (SkipUnless(Label("Close", 1, Thing.BUTTON), 2), Press(Label("Close", 1, Thing.BUTTON)))


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ('Scroll down until you see "Accept terms" and click it.', Press(Label("Accept terms"))),
        ("Wait for Ready, then click it", Press(Label("Ready"))),
        ('Click the Name field and type "Ada" into it.', Write("Ada", Label("Name", 1, Thing.FIELD))),
        ("Double-click notes.txt. Right-click it", Press(Label("notes.txt"), right=True)),
        ("Click Save. Press Escape. Click it", Press(Label("Save"))),
        ("Click it", Press(Label("it"))),
    ],
)
def test_it_is_what_was_named_last(text: str, last: Step) -> None:
    assert read_instructions(text)[-1] == last


@pytest.mark.parametrize(
    ("description", "label"),
    [
        ("the Save button", Label("Save", 1, Thing.BUTTON)),
        ("field next to Email", Label("Email", 1, Thing.FIELD)),
        ("second Delete button", Label("Delete", 2, Thing.BUTTON)),
        ("the check box for Gift wrap", Label("Gift wrap", 1, Thing.TICK)),
        ('"Terms of use"', Label("Terms of use")),
    ],
)
def test_a_description_of_one_thing_is_its_name_and_its_sort(description: str, label: Label) -> None:
    assert label_in(description) == label


def test_numbered_lines_are_steps() -> None:
    assert len(read_instructions("1. Click File\n2. Click Save\n3. Press escape")) == 3


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(text: str) -> None:
    assert isinstance(read_instructions(text), tuple)
