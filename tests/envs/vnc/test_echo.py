"""Characters that a server's keyboard lacks, on generated frames."""

import pytest

from screenwright.envs.settle import RawFrame
from screenwright.envs.vnc.echo import CharactersDropped, Echo

WIDTH = 400
CELL = 8


class Field:
    """A screen that draws each character but those of `lacking` in a cell; `hides` draws none."""

    def __init__(self, lacking: str = "", hides: bool = False) -> None:
        self.lacking, self.hides = lacking, hides
        self.pressed, self._drawn, self.captures = "", 0, 0
        self.caret = 0
        self.echo = Echo(self.capture, 0.03)

    def press(self, character: str) -> None:
        self.pressed += character
        self._drawn += 0 if self.hides or character in self.lacking else CELL

    def capture(self) -> RawFrame:
        self.captures += 1
        caret = self.caret if self.captures % 2 else 0
        row = b"\xff\xff\xff\0" * self._drawn + b"\0\xff\0\0" * caret
        return RawFrame(WIDTH, 1, row + bytes(4 * WIDTH - len(row)))

    def type(self, text: str) -> bool:
        """Whether the text was drawn."""
        self.echo.begin(text)
        self.echo.press(text, self.press)
        return not self.echo.is_hidden


def test_text_that_is_drawn_is_pressed_completely() -> None:
    field = Field()
    assert field.type("a text, twice")
    captures = field.captures
    assert field.type("a text, twice")
    assert field.pressed == "a text, twice" * 2
    assert field.captures == captures  # it is not watched again


def test_the_first_character_that_is_not_drawn_ends_the_text_and_is_named() -> None:
    field = Field(lacking="tx")
    with pytest.raises(CharactersDropped) as dropped:
        field.type("a text")
    assert (dropped.value.lacking, dropped.value.typed) == ("t", "a t")
    assert field.pressed == "a t"


def test_characters_at_the_start_are_missed_when_a_later_one_is_drawn() -> None:
    field = Field(lacking="t")
    with pytest.raises(CharactersDropped) as dropped:
        field.type("the")
    assert (dropped.value.lacking, dropped.value.typed) == ("t", "th")


def test_the_rest_of_a_text_is_watched_as_a_whole_after_two_characters_that_were_not_drawn() -> None:
    field = Field(lacking="the")
    with pytest.raises(CharactersDropped) as dropped:
        field.type("the end")
    assert (dropped.value.lacking, field.pressed) == ("th", "the end")


@pytest.mark.parametrize(("caret", "lacking"), [(2, "t"), (CELL, "a")], ids=["thin", "as wide as a character"])
def test_a_blinking_caret_is_not_a_character(caret: int, lacking: str) -> None:
    field = Field(lacking)
    field.caret = caret
    with pytest.raises(CharactersDropped, match=lacking):
        field.type("at")


def test_a_prompt_that_hides_its_text_proves_nothing() -> None:
    field = Field()
    field.type("se")
    field.hides = True
    assert not field.type("secret word")
    assert field.pressed == "se" + "secret word"
    field.hides = False
    assert field.type("secret word")


def test_after_a_character_was_dropped_every_character_is_watched() -> None:
    field = Field()
    assert field.type("ever")
    field.lacking = "ov"
    with pytest.raises(CharactersDropped, match="o"):
        field.type("ro")
    with pytest.raises(CharactersDropped, match="v"):
        field.type("ever")
