import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.models.reader.instructions import (
    Await,
    Choose,
    DragOnto,
    Label,
    NotUnderstood,
    Pause,
    Press,
    Step,
    Strike,
    Tell,
    Tick,
    Turn,
    Write,
    read_instructions,
)
from screenwright.envs.actions import Direction


@pytest.mark.parametrize(
    ("sentence", "step"),
    [
        ("Click OK", Press(Label("OK"))),
        ('Click on the "Save as..." button.', Press(Label("Save as..."))),
        ("Press the Submit button", Press(Label("Submit"))),
        ("Double-click notes.txt", Press(Label("notes.txt"), 2)),
        ("Right click on the picture", Press(Label("picture"), right=True)),
        ("Click the second Delete link", Press(Label("Delete", 2))),
        ("Click the last 'Edit' button", Press(Label("Edit", -1))),
        ("Open the File menu", Press(Label("File"))),
        ("Select Large", Press(Label("Large"))),
        ('Type "Ada Lovelace" into the Full name field', Write("Ada Lovelace", Label("Full name"))),
        ("Enter 42 in the Age box", Write("42", Label("Age"))),
        ("Fill in the City field with Paris", Write("Paris", Label("City"))),
        ("Set Country to Peru", Write("Peru", Label("Country"))),
        ('Write "hello, world. Bye"', Write("hello, world. Bye")),
        ("Choose Ivory from the Paper list", Choose(Label("Ivory"), Label("Paper"))),
        ("Check the Express box", Tick(Label("Express"))),
        ("untick 'Send me mail'", Tick(Label("Send me mail"), on=False)),
        ("Press ctrl+s", Strike(("ctrl", "s"))),
        ("hit the Enter key", Strike(("enter",))),
        ("Scroll down", Turn(Direction.DOWN)),
        ("Scroll up until you see Contents", Turn(Direction.UP, Label("Contents"))),
        ("Drag Apple onto Basket", DragOnto(Label("Apple"), Label("Basket"))),
        ("Wait for 2 seconds", Pause(2.0)),
        ('Enter "a" in Name, "b" in City', NotUnderstood("Enter a in Name, b in City")),
        ("Enter your name 'Ada' in Name", NotUnderstood("Enter your name Ada in Name")),
        ('Type "Jane" and "Doe" into First and Last', NotUnderstood("Type Jane and Doe into First and Last")),
        ("Fill in Name with Ada, City with Rome", NotUnderstood("Fill in Name with Ada, City with Rome")),
        ("Click Terms and conditions", Press(Label("Terms and conditions"))),
        ("Wait until Done appears", Await(Label("Done"))),
        ("Tell me the order number", Tell(Label("order number"))),
        ("Book me the cheapest flight to Rome", NotUnderstood("Book me the cheapest flight to Rome")),
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


def test_numbered_lines_are_steps() -> None:
    assert len(read_instructions("1. Click File\n2. Click Save\n3. Press escape")) == 3


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(text: str) -> None:
    assert isinstance(read_instructions(text), tuple)
