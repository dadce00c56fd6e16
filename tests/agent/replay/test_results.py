"""Whether an action had the effect that it had in the recording."""

import pytest
from PIL import Image, ImageDraw

from screenwright import Click, Hotkey, ScreenPoint
from screenwright.agent.replay.recipe import RecipeStep
from screenwright.agent.replay.results import Done, result_problem
from screenwright.envs.geometry import Box
from screenwright.envs.screenshot import Screenshot

pytestmark = pytest.mark.reader  # OpenCV comes with the extra; nothing is read

FIELD = Box(160, 115, 430, 148)
AT = ScreenPoint(300, 130)


def page(ground: str, ink: str, frame: int, *, caret: bool = False, calendar: bool = False) -> Screenshot:
    """A page with a field, whose frame is `frame` pixels wide, in a theme."""
    image = Image.new("RGB", (640, 400), ground)
    draw = ImageDraw.Draw(image)
    draw.text((40, 124), "Value", fill=ink)
    draw.rectangle((FIELD.left, FIELD.top, FIELD.right, FIELD.bottom), outline=ink, width=frame)
    if caret:
        draw.line((170, 120, 170, 142), fill=ink)
    for row in range(5 if calendar else 0):
        draw.text((170, 160 + 20 * row), "1 2 3 4 5 6 7", fill=ink)
    return Screenshot(image)


LIGHT, FOCUSED = page("white", "black", 1), page("white", "black", 4, caret=True)
DARK, FOCUSED_DARK = page("black", "white", 1), page("black", "white", 1, caret=True)


def problem(after: Screenshot, now: Screenshot, field: Box | None) -> str:
    step = RecipeStep("click", Click(AT), LIGHT, after)
    return result_problem(Done(step, DARK, AT, AT, 1.0, field), now)


def test_focus_of_a_field_is_drawn_otherwise_in_another_theme() -> None:
    assert problem(FOCUSED, FOCUSED_DARK, FIELD) == ""


def test_other_effect_of_a_click_on_a_field_is_reported() -> None:
    opened = page("white", "black", 4, caret=True, calendar=True)
    assert problem(opened, FOCUSED_DARK, FIELD) == "the action had another effect than in the recording"
    assert problem(FOCUSED, DARK, FIELD) == "nothing changed on the screen, as it did in the recording"


def test_frame_of_what_is_no_field_has_to_change() -> None:
    assert problem(FOCUSED, FOCUSED_DARK, None) == "the action had another effect than in the recording"


def test_key_whose_effect_is_there_already_needs_no_change() -> None:
    selected = page("white", "black", 4, caret=True)
    step = RecipeStep("select all", Hotkey(("ctrl", "a")), LIGHT, selected)
    assert result_problem(Done(step, selected), selected) == ""
    assert "nothing changed" in result_problem(Done(step, LIGHT), LIGHT)
    assert "nothing changed" in result_problem(Done(step, FOCUSED_DARK), FOCUSED_DARK)
