"""The text at a point, read for rules: what cannot be read is unknown, not empty."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from screenwright import ScreenPoint, Screenshot
from screenwright.agent.loop.target_text import target_text

pytestmark = pytest.mark.reader


def buttons(*texts: str) -> Screenshot:
    """A screen with one blue button per text, 300 px apart; the centre of the first is at 200, 122."""
    image = Image.new("RGB", (300 * len(texts) + 100, 300), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype("DejaVuSans.ttf", 18)
    for number, text in enumerate(texts):
        left = 100 + 300 * number
        draw.rounded_rectangle((left, 100, left + 200, 144), 6, fill="#2563eb")
        draw.text((left + 20, 112), text, font=font, fill="white")
    return Screenshot(image)


def test_button_is_read_also_at_its_edge_and_another_script_and_an_empty_place_are_told_apart() -> None:
    screenshot = buttons("Place order", "\u0423\u0434\u0430\u043b\u0438\u0442\u044c")
    assert target_text(screenshot, ScreenPoint(200, 122)) == "Place order"
    assert target_text(screenshot, ScreenPoint(292, 140)) == "Place order"
    assert target_text(screenshot, ScreenPoint(500, 122)) is None
    assert target_text(screenshot, ScreenPoint(200, 250)) == ""
    assert target_text(screenshot, ScreenPoint(5000, 5000)) == ""
