"""Controls and the relations of their areas: computed for all at once, and equal to those of each pair."""

from itertools import product

import numpy as np
import pytest
from PIL import Image, ImageDraw

from screenwright.agent.reader.vision.area_table import AreaTable, any_of_row
from screenwright.agent.reader.vision.controls import ControlDetector
from screenwright.agent.reader.vision.screen import Area, ControlKind, Pixels, TextSegment, Word
from screenwright.agent.reader.vision.shapes import is_same

pytestmark = pytest.mark.reader


def areas(seed: int, count: int = 60) -> list[Area]:
    """Small areas near each other, some of them equal, as they occur on screens."""
    rng = np.random.default_rng(seed)
    sides = [tuple(int(side) for side in rng.integers(0, 12, 4)) for _ in range(count)]
    return [Area(x, y, x + width + 9, y + height + 9) for x, y, width, height in sides] + [Area(1, 2, 30, 20)] * 2


def form() -> Pixels:
    """Two fields and a check box."""
    image = Image.new("RGB", (400, 200), "white")
    pen = ImageDraw.Draw(image)
    for top in (20, 100):
        pen.rectangle((120, top, 320, top + 30), outline="#888888")
    pen.rectangle((20, 160, 34, 174), outline="#888888")
    return np.ascontiguousarray(np.asarray(image, np.uint8)[:, :, ::-1])


def line(text: str, left: float, top: float) -> TextSegment:
    return TextSegment((Word(text, Area(left, top, left + 10 * len(text), top + 18)),))


def test_relations_of_a_table_equal_those_of_each_pair() -> None:
    found = areas(4)
    table = AreaTable.of(found)
    each = table[:, None]
    pairs = list(product(found, found))
    for slack in (0, 3.5):
        assert each.contains(table, slack).ravel().tolist() == [one.contains(two, slack) for one, two in pairs]
    assert each.is_same(table).ravel().tolist() == [is_same(one, two) for one, two in pairs]
    assert each.equals(table).ravel().tolist() == [one == two for one, two in pairs]
    inside = [one.left < 15 < one.right and one.top < 12.5 < one.bottom for one in found]
    assert table.holds_point(15, 12.5).tolist() == inside


def test_table_without_areas_relates_to_nothing() -> None:
    some, none = AreaTable.of(areas(1)), AreaTable.of(())
    assert any_of_row(some[:, None].contains(none, 0)) == [False] * 62
    assert any_of_row(none[:, None].contains(some, 0)) == []


def test_controls_after_a_text_changed_equal_those_of_a_new_detector() -> None:
    readings = [
        [line("Name", 20, 26), line("Oslo", 128, 26)],
        [line("Name", 20, 26)],
        [line("Name", 20, 26), line("Oslo", 128, 106), line("O", 22, 159)],
        [],
        [line("Large", 20, 26), TextSegment((Word("heading", Area(130, 20, 300, 80)),))],
    ]
    known = ControlDetector(form())
    for texts in readings:
        assert known.find(texts) == ControlDetector(form()).find(texts)
    kinds = [control.kind for control in known.find(readings[0])]
    assert kinds == [ControlKind.FIELD, ControlKind.FIELD, ControlKind.CHECKBOX]
