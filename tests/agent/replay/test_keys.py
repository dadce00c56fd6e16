"""Keys with a single character, which are found by its picture."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from screenwright import ScreenPoint
from screenwright.agent.replay.keys import located_by_character
from screenwright.agent.replay.located import Ambiguous, Found, Located, Missing
from screenwright.agent.replay.pattern import Anchor
from screenwright.envs.screenshot import Screenshot

pytestmark = pytest.mark.reader  # OpenCV comes with the extra; nothing is read

KEYS = "7 8 9 / 4 5 6 * 1 2 3 - 0 . = +"
AT = {key: (58 + 50 * (index % 4), 56 + 45 * (index // 4)) for index, key in enumerate(KEYS.split())}


def keypad(keys: str, *, font: int = 18, dark: bool = False, move: int = 0) -> Screenshot:
    """A keypad with four keys in a row; `_` leaves one out."""
    back, fill, ink = ("#202225", "#303338", "#eeeeee") if dark else ("#eeeeee", "#fafafa", "#111111")
    image = Image.new("RGB", (400, 300), back)
    draw, face = ImageDraw.Draw(image), ImageFont.load_default(font)
    for index, key in enumerate(keys.split()):
        x, y = 40 + move + 50 * (index % 4), 40 + move + 45 * (index // 4)
        if key != "_":
            draw.rectangle((x, y, x + 36, y + 32), outline="#888888", fill=fill)
            draw.text((x + 18, y + 16), key, fill=ink, font=face, anchor="mm")
    return Screenshot(image)


RECORDED = keypad(KEYS)


def find(key: str, now: Screenshot, recorded: Screenshot = RECORDED) -> Located | None:
    return located_by_character(Anchor(recorded, ScreenPoint(*AT[key])), now, 1.0, key)


@pytest.mark.parametrize("key", ["7", "5", "4", "0"])
@pytest.mark.parametrize(("font", "dark", "move"), [(22, False, 0), (15, False, 24), (20, True, 24)])
def test_key_is_found_in_another_size_and_theme(key: str, font: int, dark: bool, move: int) -> None:
    located = find(key, keypad(KEYS, font=font, dark=dark, move=move))
    assert isinstance(located, Found), located
    x, y = AT[key]
    assert abs(located.point.x - x - move) < 4
    assert abs(located.point.y - y - move) < 4


@pytest.mark.parametrize("key", ["6", "8", "9", "5", "0", "=", "+"])
@pytest.mark.parametrize("font", [15, 18, 22])
def test_key_that_is_gone_is_not_found_as_another_one(key: str, font: int) -> None:
    assert not isinstance(find(key, keypad(KEYS.replace(key, "_"), font=font, dark=True)), Found)


@pytest.mark.parametrize("pair", ["6 8", "8 6", "8 B", "0 O", "1 l", "5 S", "2 Z", "+ x", "= +"])
def test_lookalike_in_the_place_of_a_key_is_not_clicked(pair: str) -> None:
    key, other = pair.split()
    keys = " ".join("_" if one == other else one for one in KEYS.split())  # neither screen has the other key
    recorded = keypad(keys)
    for font in (15, 18, 22):
        located = find(key, keypad(keys.replace(key, other), font=font, dark=True), recorded)
        assert not isinstance(located, Found), font


def test_key_that_is_there_twice_is_ambiguous() -> None:
    assert isinstance(find("5", keypad(f"{KEYS} 5", font=20)), Ambiguous)


def test_key_among_other_keys_or_at_another_side_of_them_is_missing() -> None:
    assert isinstance(find("5", keypad("A B C D E 5 F G H")), Missing)
    assert isinstance(find("5", keypad(KEYS.replace("5", "_") + " _ _ _ 5")), Missing)


def test_few_keys_do_not_identify_one() -> None:
    assert find("5", RECORDED, keypad("_ _ _ _ _ 5")) is None
