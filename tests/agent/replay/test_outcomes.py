"""Whether a screen is the one at which a recording starts. What is written on it is given."""

import pytest
from PIL import Image, ImageDraw

from screenwright.agent.reader.vision.screen import Area, Screen, TextSegment, Word
from screenwright.agent.replay.outcomes import resembles
from screenwright.agent.replay.target import OcrReader
from screenwright.envs.screenshot import Screenshot

pytestmark = pytest.mark.reader  # OpenCV comes with the extra; nothing is read

LETTER = "garden.txt - Editor", "File Edit View Help", "The door stays open until noon."


class Written(OcrReader):
    """Reads the texts that were drawn."""

    def __init__(self) -> None:
        self.texts: dict[Screenshot, tuple[str, ...]] = {}

    def window(self, texts: tuple[str, ...], x: int, y: int) -> Screenshot:
        """A screen with a window in which texts are written."""
        image = Image.new("RGB", (640, 400), "grey")
        draw = ImageDraw.Draw(image)
        draw.rectangle((x, y, x + 300, y + 200), fill="white", outline="black")
        for index, text in enumerate(texts):
            draw.text((x + 10, y + 10 + 30 * index), text, fill="black")
        shown = Screenshot(image)
        self.texts[shown] = texts
        return shown

    def screen(self, screenshot: Screenshot) -> Screen:
        words = [text.split() for text in self.texts[screenshot]]
        area = Area(0, 0, 10, 10)
        segments = tuple(TextSegment(tuple(Word(word, area) for word in line)) for line in words)
        return Screen(640, 400, segments, ())


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (LETTER, True),
        ((*LETTER[:2], "The door", "stays open until noon."), True),
        (("garden.txt - Editor", "File Edit View Help", "Nobody is at home today."), False),
        ((*LETTER, "Save the changes before closing?", "Save", "Cancel"), False),
        (LETTER[:1], False),
    ],
)
def test_window_that_was_moved_is_recognized_by_what_is_written_in_it(texts: tuple[str, ...], expected: bool) -> None:
    reader = Written()
    recorded, moved = reader.window(LETTER, 20, 20), reader.window(texts, 290, 150)
    assert resembles(recorded, 1.0, moved, 1.0, reader) is expected


def test_few_words_do_not_identify_a_screen() -> None:
    reader = Written()
    recorded, moved = reader.window(("Editor",), 20, 20), reader.window(("Editor",), 290, 150)
    assert not resembles(recorded, 1.0, moved, 1.0, reader)
