"""What a dialog covers or darkens is out of reach, on drawn-up screens."""

import pytest

from screenwright.agent.reader.matching import find_targets
from screenwright.agent.reader.steps import Target
from screenwright.agent.reader.vision.front import front_of
from screenwright.agent.reader.vision.screen import Area, Colour, ControlKind, Screen, ScreenControl, TextSegment, Word

pytestmark = pytest.mark.reader

BLACK, WHITE, DIM, NAVY, GREY = (0, 0, 0), (255, 255, 255), (136, 136, 136), (20, 24, 40), (160, 160, 160)


def text(words: str, left: float, top: float, colour: Colour = BLACK, background: Colour = WHITE) -> TextSegment:
    return TextSegment((Word(words, Area(left, top, left + 8 * len(words), top + 16), 1.0, colour, background),))


def button(label: TextSegment) -> ScreenControl:
    area = label.area
    return ScreenControl(
        ControlKind.BUTTON, Area(area.left - 10, area.top - 4, area.right + 10, area.bottom + 4), label.text
    )


def screen(*segments: TextSegment, pane: Area | None = None) -> Screen:
    panes = (ScreenControl(ControlKind.PANE, pane),) if pane is not None else ()
    return Screen(800, 600, segments, (*panes, *(button(each) for each in segments)))


DIALOG = (text("New experiment", 320, 170), text("Create", 330, 300, WHITE, (22, 119, 255)))
BEHIND = (text("Create", 30, 20, BLACK, DIM), text("Compare", 120, 20, (70, 70, 70), DIM))


@pytest.mark.parametrize("pane", [Area(300, 150, 560, 340), None], ids=["framed", "frame not found"])
def test_button_behind_a_dialog_is_not_there(pane: Area | None) -> None:
    front = front_of(screen(*BEHIND, *DIALOG, pane=pane))
    assert find_targets(front, Target("Create")) == [DIALOG[1].area]
    assert find_targets(front, Target("Compare")) == []
    assert not any(control.text == "Compare" for control in front.controls)


@pytest.mark.parametrize(
    "others",
    [
        [text("Home", 20, 100, GREY, NAVY), text("Reports", 20, 140, GREY, NAVY)],
        [text("Create", 30, 20), text("Compare", 120, 20)],
        [text("Create", 30, 20, BLACK, (217, 217, 217))],
        [text("Above", 330, 200, BLACK, DIM)],
        [],
    ],
    ids=["dark sidebar", "the same page", "grey window", "grey band within", "nothing else"],
)
def test_nothing_is_hidden_without_a_dialog(others: list[TextSegment]) -> None:
    shown = screen(*others, *DIALOG, pane=Area(300, 150, 560, 340))
    assert front_of(shown) is shown


def test_empty_screen_is_its_own_front() -> None:
    assert front_of(Screen(800, 600, (), ())) == Screen(800, 600, (), ())
