import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.reader.instructions import parse_target, read_instructions
from screenwright.agent.reader.steps import (
    ActionStep,
    CheckStep,
    ChooseStep,
    ClickStep,
    DragStep,
    ElementType,
    ReadStep,
    ScrollStep,
    SearchInStep,
    SkipUnlessVisible,
    Step,
    Target,
    TypeStep,
    UnparsedStep,
    WaitForStep,
)
from screenwright.envs.actions import Direction, Hotkey, Navigate, Wait


@pytest.mark.parametrize(
    ("sentence", "step"),
    [
        ("Click OK", ClickStep(Target("OK"))),
        ('Click on the "Save as..." button.', ClickStep(Target("Save as...", None, ElementType.BUTTON))),
        ("Press the Submit button", ClickStep(Target("Submit", None, ElementType.BUTTON))),
        ("Double-click notes.txt", ClickStep(Target("notes.txt"), 2)),
        ("Right click on the picture", ClickStep(Target("picture"), right=True)),
        ("Click the second Delete link", ClickStep(Target("Delete", 2, ElementType.LINK))),
        ("Click the last 'Edit' button", ClickStep(Target("Edit", -1, ElementType.BUTTON))),
        ("Open the File menu", ClickStep(Target("File"))),
        ("Select Large", ClickStep(Target("Large"), select=True)),
        (
            'Type "Ada Lovelace" into the Full name field',
            TypeStep("Ada Lovelace", Target("Full name", None, ElementType.FIELD)),
        ),
        ("Enter 42 in the Age box", TypeStep("42", Target("Age", None, ElementType.FIELD))),
        ("Fill in the City field with Paris", TypeStep("Paris", Target("City", None, ElementType.FIELD))),
        ("Set Country to Peru", TypeStep("Peru", Target("Country"))),
        ('Write "hello, world. Bye"', TypeStep("hello, world. Bye")),
        ("Choose Ivory from the Paper list", ChooseStep(Target("Ivory"), Target("Paper", None, ElementType.LIST))),
        ("Check the Express box", CheckStep(Target("Express", None, ElementType.FIELD))),
        ("untick 'Send me mail'", CheckStep(Target("Send me mail"), on=False)),
        ("Press ctrl+s", ActionStep(Hotkey(("ctrl", "s")))),
        ("hit the Enter key", ActionStep(Hotkey(("enter",)))),
        ("Scroll down", ScrollStep(Direction.DOWN)),
        ("Scroll up until you see Contents", ScrollStep(Direction.UP, Target("Contents"))),
        ("Drag Apple onto Basket", DragStep(Target("Apple"), Target("Basket"))),
        ("Wait for 2 seconds", ActionStep(Wait(2.0))),
        ('Enter "a" in Name, "b" in City', UnparsedStep("Enter a in Name, b in City")),
        ("Enter your name 'Ada' in Name", UnparsedStep("Enter your name Ada in Name")),
        ('Type "Jane" and "Doe" into First and Last', UnparsedStep("Type Jane and Doe into First and Last")),
        ("Type Ada into the box with the red frame", UnparsedStep("Type Ada into the box with the red frame")),
        ("Type the text below into Name", UnparsedStep("Type the text below into Name")),
        ("Click as many circles as possible", UnparsedStep("Click as many circles as possible")),
        ('Type "into the unknown"', TypeStep("into the unknown")),
        ("Fill in Name with Ada, City with Rome", UnparsedStep("Fill in Name with Ada, City with Rome")),
        ("Click Terms and conditions", ClickStep(Target("Terms and conditions"))),
        ("Wait until Done appears", WaitForStep(Target("Done"))),
        ("Tell me the order number", ReadStep(Target("order number"))),
        ("Book me the cheapest flight to Rome", UnparsedStep("Book me the cheapest flight to Rome")),
        ("Click the button", ClickStep(Target("", None, ElementType.BUTTON))),
        ("Click button ONE", ClickStep(Target("ONE", None, ElementType.BUTTON))),
        ("Click on Tab #3", ClickStep(Target("Tab #3"))),
        ("Focus into the 3rd input textbox", ClickStep(Target("", 3, ElementType.FIELD))),
        ('Find and click on the link "here"', ClickStep(Target("here", None, ElementType.LINK))),
        ('Close the dialog box by clicking the "x"', ClickStep(Target("x"))),
        ("Close the window", ClickStep(Target("x", 1, ElementType.ICON))),
        ("Expand the section below", ClickStep(Target("", 1, ElementType.SECTION))),
        (
            'Type "ADA" in all lower case letters in the text input',
            TypeStep("ada", Target("", None, ElementType.FIELD)),
        ),
        ("Switch between the tabs to find it", SearchInStep(ElementType.TAB)),
        ("Go to example.org/path", ActionStep(Navigate("example.org/path"))),
        ("Open https://example.org", ActionStep(Navigate("https://example.org"))),
        ("Open Settings", ClickStep(Target("Settings"))),
        ("Click the red button", UnparsedStep("Click the red button")),
        ('Click "Red"', ClickStep(Target("Red"))),
        ("Select the cheapest flight", UnparsedStep("Select the cheapest flight")),
        ("Solve the puzzle", UnparsedStep("Solve the puzzle")),
    ],
)
def test_sentence_becomes_its_step(sentence: str, step: Step) -> None:
    assert read_instructions(sentence) == (step,)


def test_several_sentences_become_steps_in_order() -> None:
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
    ("sentence", "steps"),
    [
        ("Select a, b and c and click Submit", ["select 'a'", "select 'b'", "select 'c'", "click 'Submit'"]),
        ('Check "Terms and more" and "News"', ["check 'Terms and more'", "check 'News'"]),
        (
            'Enter the username "kim" and the password "x 1" into the text fields and press login.',
            ["type 'kim' into 'username'", "type 'x 1' into 'password'", "click 'login'"],
        ),
        (
            'Enter the code "x" into both text fields',
            ["type 'x' into the field number 1", "type 'x' into the field number 2"],
        ),
        ('Select "A" and "B" from the Size list', ["choose 'A' from 'Size'", "choose 'B' from 'Size'"]),
        ("Select nothing and click Submit", ["click 'Submit'"]),
    ],
)
def test_sentence_with_several_targets_becomes_several_steps(sentence: str, steps: list[str]) -> None:
    assert [str(step) for step in read_instructions(sentence)] == steps


@pytest.mark.parametrize(
    "text",
    [
        'If you see "Sold out", click Cancel, otherwise click Buy.',
        'If "Sold out" is shown, click Cancel. Otherwise, click Buy.',
    ],
)
def test_condition_skips_the_branch_that_does_not_apply(text: str) -> None:
    assert read_instructions(text) == (
        SkipUnlessVisible(Target("Sold out"), 2),
        ClickStep(Target("Cancel")),
        SkipUnlessVisible(None, 1),
        ClickStep(Target("Buy")),
    )


def test_it_refers_to_the_target_of_the_condition() -> None:
    steps = read_instructions('If there is a "Close" button, click it.')
    assert steps == (
        SkipUnlessVisible(Target("Close", None, ElementType.BUTTON), 2),
        ClickStep(Target("Close", None, ElementType.BUTTON)),
    )


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ('Scroll down until you see "Accept terms" and click it.', ClickStep(Target("Accept terms"))),
        ("Wait for Ready, then click it", ClickStep(Target("Ready"))),
        ('Click the Name field and type "Ada" into it.', TypeStep("Ada", Target("Name", None, ElementType.FIELD))),
        ("Double-click notes.txt. Right-click it", ClickStep(Target("notes.txt"), right=True)),
        ("Click Save. Press Escape. Click it", ClickStep(Target("Save"))),
        ("Click it", ClickStep(Target("it"))),
    ],
)
def test_it_refers_to_the_last_target(text: str, last: Step) -> None:
    assert read_instructions(text)[-1] == last


@pytest.mark.parametrize(
    ("description", "target"),
    [
        ("the Save button", Target("Save", None, ElementType.BUTTON)),
        ("field next to Email", Target("Email", None, ElementType.FIELD)),
        ("second Delete button", Target("Delete", 2, ElementType.BUTTON)),
        ("the check box for Gift wrap", Target("Gift wrap", None, ElementType.CHECKBOX)),
        ('"Terms of use"', Target("Terms of use")),
    ],
)
def test_description_of_an_element_is_parsed_into_text_and_type(description: str, target: Target) -> None:
    assert parse_target(description) == target


def test_numbered_lines_become_steps() -> None:
    assert len(read_instructions("1. Click File\n2. Click Save\n3. Press escape")) == 3


@given(st.text(max_size=300))
def test_any_text_is_parsed_without_an_exception(text: str) -> None:
    assert isinstance(read_instructions(text), tuple)
