"""Marks inside and next to controls, on drawn images."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from screenwright.agent.reader.vision.controls import ControlDetector
from screenwright.agent.reader.vision.marks import Grey, has_arrow, has_arrow_button_after, is_filled, password_dots
from screenwright.agent.reader.vision.screen import Area, ControlKind, Screen, TextSegment, Word
from screenwright.agent.reader.vision.task_text import remove_task_text

pytestmark = pytest.mark.reader


def canvas(width: int = 200, height: int = 40) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (width, height), 255)
    return image, ImageDraw.Draw(image)


def grey(image: Image.Image) -> Grey:
    return np.asarray(image, np.uint8)


@pytest.mark.parametrize("pitch", [9, 12], ids=["touching", "apart"])
@pytest.mark.parametrize("dots", [1, 9])
def test_dots_of_a_password_are_counted(pitch: int, dots: int) -> None:
    image, pen = canvas()
    for dot in range(dots):
        pen.ellipse((10 + pitch * dot, 16, 18 + pitch * dot, 24), fill=0)
    assert password_dots(grey(image), Area(5, 11, 195, 29)) == dots


def test_only_filled_circles_count_where_ocr_read_something() -> None:
    image, pen = canvas()
    for dot in range(2):
        pen.ellipse((10 + 12 * dot, 16, 18 + 12 * dot, 24), outline=0)
    assert password_dots(grey(image), Area(5, 11, 195, 29), discs=True) is None
    for dot in range(2):
        pen.ellipse((10 + 12 * dot, 16, 18 + 12 * dot, 24), fill=0)
    assert password_dots(grey(image), Area(5, 11, 195, 29), discs=True) == 2


def test_letters_are_not_dots_of_a_password() -> None:
    image, pen = canvas()
    pen.rectangle((10, 12, 13, 26), fill=0)
    pen.rectangle((20, 18, 24, 26), fill=0)
    assert password_dots(grey(image), Area(5, 10, 195, 30)) is None


CHEVRON = ((160, 17), (165, 22), (170, 17))


@pytest.mark.parametrize(
    ("strokes", "found"),
    [
        ([CHEVRON], True),
        ([((20, 20), (140, 20)), CHEVRON], True),
        ([((20, 20), (156, 20)), CHEVRON], False),
        ([((160, 22), (165, 17), (170, 22))], False),
        ([((160, 17), (170, 17), (170, 23), (160, 23), (160, 17))], False),
        ([], False),
    ],
    ids=["alone", "after text", "touching text", "up", "a box", "nothing"],
)
def test_an_arrow_that_ocr_took_into_the_last_word_is_found(
    strokes: list[tuple[tuple[int, int], ...]], found: bool
) -> None:
    image, pen = canvas()
    for stroke in strokes:
        pen.line(stroke, fill=0, width=2)
    word = Word("---", Area(20, 12, 174, 28), 0.8)
    assert has_arrow(grey(image), Area(10, 8, 180, 32), [word]) is found


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ([((166, 18), (174, 18), (170, 22))], True),
        ([((166, 22), (174, 22), (170, 18))], False),
        ([((166, 25), (174, 25), (170, 29)), ((166, 17), (174, 17), (170, 13))], False),
        ([], False),
    ],
    ids=["down", "up", "spin buttons", "empty"],
)
def test_arrow_in_a_button_of_its_own_is_found(marks: list[tuple[tuple[int, int], ...]], found: bool) -> None:
    image, pen = canvas()
    pen.rectangle((160, 10, 180, 30), outline=130)
    for mark in marks:
        pen.polygon(mark, fill=0)
    assert has_arrow_button_after(grey(image), Area(20, 10, 158, 30)) is found


def test_cross_that_clears_a_list_is_not_a_part_of_its_choice() -> None:
    image = Image.new("RGB", (400, 80), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((20, 20, 320, 50), outline="#888888")
    pen.polygon(((300, 32), (312, 32), (306, 38)), fill="black")
    words = (Word("Cobalt", Area(28, 26, 80, 44)), Word("X", Area(280, 26, 290, 44)))
    pixels = np.ascontiguousarray(np.asarray(image, np.uint8)[:, :, ::-1])
    found = ControlDetector(pixels).find([TextSegment((word,)) for word in words])
    assert [(control.kind, control.text) for control in found] == [(ControlKind.DROP_DOWN, "Cobalt")]


def test_label_left_of_a_radio_button_is_not_taken_for_its_background() -> None:
    image, pen = canvas()
    pen.ellipse((100, 10, 118, 28), outline=180)
    pen.rectangle((88, 17, 90, 28), fill=0)  # the end of the label of the radio button before it
    assert not is_filled(grey(image), Area(100, 10, 119, 29))
    pen.ellipse((105, 15, 113, 23), fill=0)
    assert is_filled(grey(image), Area(100, 10, 119, 29))


def lines(*texts: str) -> Screen:
    segments = (
        TextSegment((Word(text, Area(10, 10 + 20 * row, 10 + 8 * len(text), 26 + 20 * row)),))
        for row, text in enumerate(texts)
    )
    return Screen(800, 600, tuple(segments), ())


@pytest.mark.parametrize(
    ("task", "shown", "left"),
    [
        ("Check Express delivery.", ("Express delivery", "Save"), ["Express delivery", "Save"]),
        ("Check Gift wrap and Subscribe.", ("Gift wrap", "Subscribe"), ["Gift wrap", "Subscribe"]),
        ('Click on the "Save" button.', ('Click on the "Save" button.', "Save"), ["Save"]),
    ],
)
def test_only_text_that_repeats_the_task_with_its_verb_is_removed(
    task: str, shown: tuple[str, ...], left: list[str]
) -> None:
    assert [segment.text for segment in remove_task_text(lines(*shown), task).segments] == left
