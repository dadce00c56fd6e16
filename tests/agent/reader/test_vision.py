"""Reading pictures: what was read before costs nothing, and a change is read as if all were new."""

from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from screenwright.agent.reader.vision import ocr
from screenwright.agent.reader.vision.detection import Part, parts_of
from screenwright.agent.reader.vision.ocr import LineReader, read_line
from screenwright.agent.reader.vision.perception import read_image
from screenwright.agent.reader.vision.screen import Area, ControlKind, Screen

pytestmark = pytest.mark.reader

ROWS = ("Invoice number", "Delivery address", "Street and city", "Country", "Telephone")


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> LineReader:
    """A reader of its own that has seen nothing yet."""
    fresh = LineReader()
    monkeypatch.setattr(ocr, "reader", lambda: fresh)
    return fresh


def looked(reader: LineReader) -> int:
    return reader.parts.looked if reader.parts is not None else 0


def form(filled: int | None = None, *, dark: bool = False, scale: float = 1.0) -> Image.Image:
    """Five fields below one another, 100 pixels apart, with "Oslo 1870" in the `filled` one."""
    ground, ink = ("#202124", "#e8e8e8") if dark else ("white", "#202020")
    image = Image.new("RGB", (round(800 * scale), round(560 * scale)), ground)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(17 * scale)
    for row, name in enumerate(ROWS):
        top = (40 + 100 * row) * scale
        pen.text((40 * scale, top + 4 * scale), name, fill=ink, font=font)
        pen.rectangle((260 * scale, top, 560 * scale, top + 32 * scale), outline="#8a8a8a", width=max(round(scale), 1))
        if row == filled:
            pen.text((268 * scale, top + 4 * scale), "Oslo 1870", fill=ink, font=font)
    return image


def texts(screen: Screen) -> list[str]:
    return [piece.text for piece in screen.pieces]


def test_a_picture_that_was_read_before_needs_no_network(reader: LineReader) -> None:
    first = read_image(form())
    before = reader.recognised, looked(reader)
    assert min(before) >= len(ROWS) - 1
    assert read_image(form()) == first
    assert (reader.recognised, looked(reader)) == before


def test_only_what_changed_is_looked_at(reader: LineReader) -> None:
    read_image(form())
    before = reader.recognised, looked(reader)
    changed = read_image(form(filled=2))
    assert "Oslo 1870" in " ".join(texts(changed))
    assert reader.recognised - before[0] <= 3
    assert looked(reader) - before[1] == 1


def test_a_change_is_read_as_if_all_were_new(monkeypatch: pytest.MonkeyPatch, reader: LineReader) -> None:
    seen = [read_image(form(filled)) for filled in (None, 0, 3)]
    for filled, screen in zip((None, 0, 3), seen, strict=True):
        anew = LineReader()
        monkeypatch.setattr(ocr, "reader", lambda anew=anew: anew)
        assert read_image(form(filled)) == screen


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("dark", [False, True])
def test_a_form_is_read_light_and_dark_at_both_scales(dark: bool, scale: float) -> None:
    screen = read_image(form(1, dark=dark, scale=scale))
    assert texts(screen) == [*ROWS[:2], "Oslo 1870", *ROWS[2:]]
    fields = screen.of_kind(ControlKind.FIELD)
    assert [round(field.area.centre[1] / scale / 100) for field in fields] == [1, 2, 3, 4, 5]
    assert [field.text for field in fields] == ["", "Oslo 1870", "", "", ""]


def pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(image, np.uint8)


def test_nothing_is_looked_at_where_nothing_is_drawn() -> None:
    assert list(parts_of(pixels(Image.new("RGB", (640, 480), "navy")))) == []
    parts = list(parts_of(pixels(form())))
    assert sum((part.right - part.left) * (part.bottom - part.top) for part in parts) < 0.6 * 800 * 560


def test_parts_hold_all_that_is_drawn_and_do_not_overlap() -> None:
    dice = np.random.default_rng(4)
    for _ in range(50):
        image = Image.new("RGB", (900, 700), "white")
        pen = ImageDraw.Draw(image)
        for _ in range(int(dice.integers(1, 12))):
            left, top = int(dice.integers(0, 850)), int(dice.integers(0, 680))
            pen.rectangle((left, top, left + int(dice.integers(4, 300)), top + int(dice.integers(4, 60))), fill="black")
        drawn = pixels(image)
        parts = list(parts_of(drawn))
        above, before = drawn[1:, 1:] != drawn[:-1, 1:], drawn[1:, 1:] != drawn[1:, :-1]
        for row, column in np.argwhere(above.any(axis=2) & before.any(axis=2)):  # more than an edge of a frame
            assert any(part.left <= column < part.right and part.top <= row < part.bottom for part in parts)
        assert not any(_overlap(one, other) for one, other in combinations(parts, 2))


def _overlap(one: Part, other: Part) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > 0 and down > 0


@pytest.mark.parametrize("area", [Area(10, 10, 40, 10), Area(-9, 4, -2, 12), Area(70, 4, 90, 12), Area(5, 40, 30, 60)])
def test_where_no_pixel_is_nothing_is_read(area: Area) -> None:
    assert read_line(np.full((30, 60, 3), 255, np.uint8), area) is None
